"""Promises: the command line and the embedded environment."""

from __future__ import annotations

from tests.contract.promise import Promise

COMMAND_LINE: tuple[Promise, ...] = (
    Promise(
        "cli:env",
        "CONTRACT.md#Command line: `spheresync`",
        "Every command takes --env (or SPHERESYNC_ENV) and --config, wherever they stand.",
        (
            "tests/unit/server/test_cli.py::test_global_options_stand_anywhere",
            "tests/unit/config/test_settings.py::test_the_flag_beats_the_variable_beats_the_file",
        ),
    ),
    Promise(
        "cli:json:one-document",
        "CONTRACT.md#Command line: `spheresync`",
        "With --json stdout holds exactly one document at every exit code, errors too.",
        (
            "tests/unit/server/test_cli.py::test_every_command_answers_people_and_programs",
            "tests/unit/server/test_cli.py::test_errors_are_one_document_too",
            "tests/unit/server/test_cli.py::test_an_option_without_its_value_does_not_swallow_json",
            "tests/e2e/test_cli_dog.py::test_mistakes_are_usage_errors_in_one_document",
            "tests/unit/server/test_loading.py::test_a_signal_while_modules_load_is_one_kind_line",
        ),
    ),
    Promise(
        "cli:json:tool-answers",
        "CONTRACT.md#Command line: `spheresync`",
        "The document is what the tool of the same meaning answers.",
        ("tests/unit/server/test_cli.py::test_json_is_what_the_tools_answer",),
    ),
    Promise(
        "cli:json:quiet",
        "CONTRACT.md#Command line: `spheresync`",
        "Logs and progress only ever go to stderr.",
        (
            "tests/unit/server/test_cli.py::test_people_see_what_changes_and_what_comes_next",
            "tests/unit/server/test_cli.py::test_progress_bar_needs_a_terminal",
        ),
    ),
    Promise(
        "cli:exit:run",
        "CONTRACT.md#Command line: `spheresync`",
        "apply and sync wait for the end and exit 0 done, 1 failed or partly failed, 3 refused.",
        (
            "tests/unit/server/test_cli.py::test_exit_code_of_a_run",
            "tests/unit/server/test_cli.py::test_scope_and_flags_reach_the_service",
        ),
    ),
    Promise(
        "cli:exit:usage",
        "CONTRACT.md#Command line: `spheresync`",
        "A usage or configuration error exits 2.",
        (
            "tests/unit/server/test_cli.py::test_errors_are_one_document_too",
            "tests/e2e/test_cli_dog.py::test_mistakes_are_usage_errors_in_one_document",
            "tests/e2e/test_mapping.py::test_bad_rules_are_all_named_and_nothing_is_done",
        ),
    ),
    Promise(
        "cli:exit:changes",
        "CONTRACT.md#Command line: `spheresync`",
        "preview --exit-code exits 4 when there are changes and 0 when there are none.",
        (
            "tests/contract/test_change_sets.py::test_a_change_set_is_seen_first_and_applied_once",
            "tests/unit/server/test_cli.py::test_exit_codes_of_preview",
            "tests/e2e/test_cli_dog.py::test_a_second_sync_finds_nothing_and_calls_aws_not_once",
        ),
    ),
    Promise(
        "cli:exit:failures-and-guard",
        "CONTRACT.md#Command line: `spheresync`",
        "Failures and a guard together exit 1.",
        (
            "tests/contract/test_removals.py::test_deletes_are_allowed_by_flag_but_only_max_deletes_lifts_a_guard_and_is_audited",
        ),
    ),
    Promise(
        "cli:no-questions",
        "CONTRACT.md#Command line: `spheresync`",
        "No command asks a question when stdin is no terminal or with --json.",
        (
            "tests/unit/server/test_cli.py::test_every_command_answers_people_and_programs",
            "tests/e2e/test_sync.py::test_first_sync_creates_every_asset_and_the_second_asks_aws_nothing",
        ),
    ),
    Promise(
        "cli:role",
        "CONTRACT.md#Command line: `spheresync`",
        "The command line acts as admin unless SPHERESYNC_ROLE says less.",
        ("tests/unit/server/test_cli.py::test_the_role_may_say_less",),
    ),
    Promise(
        "cli:utf8",
        "CONTRACT.md#Words",
        "Output is UTF-8 whatever the locale.",
        ("tests/unit/server/test_processes.py::test_output_is_utf8_whatever_the_locale",),
    ),
    Promise(
        "cli:discover",
        "CONTRACT.md#Command line: `spheresync`",
        "discover reads Datasphere into the local catalog; listed = mapped + filtered + failed.",
        (
            "tests/contract/test_scope_flags.py::test_a_preview_plans_what_its_flags_admit",
            "tests/contract/test_tenant_requests.py::test_never_more_than_ten_requests_at_once",
        ),
    ),
    Promise(
        "cli:assets",
        "CONTRACT.md#Command line: `spheresync`",
        "assets lists the local catalog by space, kind, tier, status and query.",
        (
            "tests/contract/test_scope_flags.py::test_assets_are_filtered",
            "tests/contract/test_scope_flags.py::test_a_list_is_paged_by_an_opaque_cursor",
            "tests/unit/state/test_catalog.py::test_pages_filter_and_follow_each_other",
        ),
    ),
    Promise(
        "cli:scope",
        "CONTRACT.md#Command line: `spheresync`",
        "preview and sync do no more than --space, --asset, --tier and --target admit.",
        (
            "tests/contract/test_scope_flags.py::test_a_preview_plans_what_its_flags_admit",
            "tests/contract/test_scope_flags.py::test_a_sync_of_one_asset_reads_and_writes_that_one",
            "tests/contract/test_scope_flags.py::test_an_asset_outside_of_the_spaces_given_is_a_usage_error",
            "tests/contract/test_scope_flags.py::test_a_space_or_tier_of_which_no_asset_given_is_would_be_synced_by_none_and_is_a_usage_error",
            "tests/contract/test_scope_flags.py::test_an_asset_of_another_tier_than_those_given_is_a_usage_error",
            "tests/contract/test_scope_flags.py::test_an_asset_whose_tier_changes_with_a_new_label_is_taken_by_that_tier",
            "tests/unit/server/test_cli.py::test_scope_and_flags_reach_the_service",
        ),
    ),
    Promise(
        "cli:scope:unknown",
        "CONTRACT.md#Command line: `spheresync`",
        "A space or asset that does not exist is named with the nearest that do.",
        (
            "tests/contract/test_scope_flags.py::test_an_asset_in_the_wrong_case_is_told_its_right_name_by_every_command_that_takes_one",
            "tests/e2e/test_safety.py::test_a_space_that_does_not_exist_is_named_with_those_that_do",
            "tests/contract/test_scope_flags.py::test_all_wrong_names_are_told_at_once",
            "tests/e2e/test_cli_dog.py::test_remedies_name_commands_and_not_tools",
        ),
    ),
    Promise(
        "cli:preview:no-refresh",
        "CONTRACT.md#Command line: `spheresync`",
        "preview --no-refresh plans from the local catalog and asks nobody.",
        (
            "tests/bench/test_counts.py::test_a_plan_without_refresh_asks_nobody",
            "tests/contract/test_removals.py::test_misses_of_any_command_add_up_and_the_policy_delete_retires_first_and_deletes_next",
        ),
    ),
    Promise(
        "cli:sync:full",
        "CONTRACT.md#Command line: `spheresync`",
        "sync --full reads and compares everything anew.",
        ("tests/contract/test_scope_flags.py::test_a_sync_of_one_asset_reads_and_writes_that_one",),
    ),
    Promise(
        "cli:runs",
        "CONTRACT.md#Command line: `spheresync`",
        "runs answers the history, and one run with its counts.",
        ("tests/e2e/test_cli_dog.py::test_what_was_done_is_on_record",),
    ),
    Promise(
        "cli:doctor",
        "CONTRACT.md#Command line: `spheresync`",
        "doctor tests every connection and permission and explains each failure.",
        (
            "tests/e2e/test_cli_dog.py::test_every_connection_works",
            "tests/unit/service/test_policies.py::test_every_call_of_a_target_is_granted_and_nothing_else",
            "tests/unit/service/test_policies.py::test_each_destination_has_a_policy_on_its_own_databases",
            "tests/contract/test_tenant_requests.py::test_a_wrong_secret_is_explained",
            "tests/integration/test_glue_reads.py::test_the_doctor_names_each_missing_permission",
            "tests/integration/test_glue_reads.py::test_the_doctor_explains_a_service_that_is_away",
            "tests/unit/source/test_tenant.py::test_the_connection_test",
            "tests/unit/source/test_tenant.py::test_a_space_without_access_is_named_with_the_remedy",
        ),
    ),
    Promise(
        "cli:give-up",
        "CONTRACT.md#Command line: `spheresync`",
        "When the tenant answers nothing useful for datasphere.give_up_after, the command gives up, exit 1.",
        (
            "tests/e2e/test_safety.py::test_an_outage_changes_nothing_and_the_next_run_goes_on",
            "tests/unit/source/test_http.py::test_an_outage_ends_once_however_much_there_is_to_read",
        ),
    ),
    Promise(
        "cli:light-start",
        "CONTRACT.md#Command line: `spheresync`",
        "A command that only reads the catalog loads neither the MCP nor the AWS library.",
        (
            "tests/e2e/test_cli_dog.py::test_reading_the_catalog_loads_neither_mcp_nor_boto3",
            "tests/unit/server/test_processes.py::test_commands_load_neither_mcp_nor_boto3",
        ),
    ),
    Promise(
        "dog:first-answer",
        "CONTRACT.md#What a Glue table holds",
        "An empty dog store is discovered once before the first answer.",
        ("tests/e2e/test_cli_dog.py::test_an_empty_dog_store_is_discovered_before_the_first_answer",),
    ),
    Promise(
        "dog:content-stays",
        "CONTRACT.md#What a Glue table holds",
        "The embedded tenant and AWS keep their content in the state folder, across processes and restarts.",
        (
            "tests/e2e/test_cli_dog.py::test_a_second_sync_finds_nothing_and_calls_aws_not_once",
            "tests/unit/dog/test_aws.py::TestPersistence::test_another_process_finds_the_same_content",
            "tests/unit/dog/test_store.py::test_edits_last",
        ),
    ),
    Promise(
        "dog:demo",
        "CONTRACT.md#Two commands on a fresh machine",
        "make demo shows the main job, a sync with nothing to do and an incremental one, and ends by itself.",
        (
            "tests/contract/test_demo.py::test_the_demo_tells_the_main_job_and_ends_by_itself",
            "tests/contract/test_demo.py::test_somebody_who_has_seen_enough_is_told_so_in_one_line",
        ),
    ),
)
