"""Promises: the configuration and its mapping rules."""

from __future__ import annotations

from tests.contract.promise import Promise

CONFIGURATION: tuple[Promise, ...] = (
    Promise(
        "config:environment-wins",
        "CONTRACT.md#Configuration",
        "SPHERESYNC_<SECTION>__<KEY> overrides the file.",
        ("tests/unit/config/test_settings.py::test_the_environment_wins_over_the_file",),
    ),
    Promise(
        "config:every-key",
        "CONTRACT.md#Configuration",
        "The file with every key that acceptance uses loads.",
        (
            "tests/unit/config/test_settings.py::test_the_contract_example_loads",
            "tests/unit/config/test_settings.py::test_nothing_at_all_is_dog_with_the_contract_defaults",
        ),
    ),
    Promise(
        "config:file-named",
        "CONTRACT.md#Command line: `spheresync`",
        "SPHERESYNC_CONFIG names the file, as --config does, which wins; a named file that is not there is an error.",
        ("tests/e2e/test_settings_edited.py::test_a_variable_names_the_file_as_the_option_does",),
    ),
    Promise(
        "config:every-key:counts",
        "CONTRACT.md#Configuration",
        "What config validate accepts runs, and every key that is accepted has an effect.",
        (
            "tests/unit/config/test_accepted_runs.py::test_what_is_accepted_of_a_key_can_be_worked_with",
            "tests/unit/config/test_every_setting_counts.py::test_every_key_is_read_outside_of_the_configuration",
            "tests/unit/config/test_every_setting_counts.py::test_every_key_names_the_test_that_proves_its_effect",
            "tests/e2e/test_settings_edited.py::test_a_limit_of_glue_calls_counts_for_every_call_and_follows_the_file",
            "tests/e2e/test_settings_edited.py::test_doctor_tries_what_a_setting_switches_on",
        ),
    ),
    Promise(
        "config:edited:counts",
        "docs/how-to/use-your-own-tenant.md#The configuration file",
        "Settings that are edited while a process runs count for whatever begins; what is under way keeps its own.",
        (
            "tests/e2e/test_settings_edited.py::test_a_new_client_secret_is_used_at_once",
            "tests/e2e/test_settings_edited.py::test_a_new_request_limit_counts_for_what_is_under_way",
            "tests/e2e/test_settings_edited.py::test_a_run_is_planned_and_applied_by_one_generation_of_settings",
            "tests/unit/runtime/test_providers.py::test_what_begins_takes_the_new_settings_and_what_is_under_way_keeps_the_old",
        ),
    ),
    Promise(
        "config:edited:refused",
        "CONTRACT.md#Words",
        "One installation serves one tenant: another tenant, state folder or environment is refused while running too.",
        (
            "tests/e2e/test_settings_edited.py::test_another_tenant_is_refused_while_running_too",
            "tests/e2e/test_settings_edited.py::test_another_state_folder_or_environment_is_refused_while_running",
        ),
    ),
    Promise(
        "config:variables",
        "CONTRACT.md#Configuration",
        "${VAR} is taken from the environment.",
        ("tests/unit/config/test_settings.py::test_variables_are_filled_in_once_and_escapes_stay",),
    ),
    Promise(
        "config:unknown-key",
        "CONTRACT.md#Configuration",
        "Unknown keys are errors that name the nearest known key.",
        (
            "tests/e2e/test_mapping.py::test_bad_rules_are_all_named_and_nothing_is_done",
            "tests/unit/config/test_settings.py::test_all_problems_come_at_once_each_with_place_and_fix",
        ),
    ),
    Promise(
        "config:https",
        "CONTRACT.md#Configuration",
        "The tenant is reached by plain http only on loopback.",
        (
            "tests/unit/config/test_settings.py::test_a_base_url_is_checked_and_never_repeated",
            "tests/unit/source/test_http.py::test_plain_http_goes_to_this_machine_only",
        ),
    ),
    Promise(
        "config:token-url",
        "CONTRACT.md#Configuration",
        "The token URL is optional: derived from the tenant host, and checked.",
        (
            "tests/unit/config/test_settings.py::test_token_urls_are_derived_for_sap_hosts_only",
            "tests/unit/config/test_settings.py::test_another_host_needs_its_token_url",
            "tests/unit/source/test_oauth.py::test_a_token_url_in_plain_http_is_refused",
        ),
    ),
    Promise(
        "config:redacted",
        "CONTRACT.md#Command line: `spheresync`",
        "config show prints effective settings with secrets redacted.",
        (
            "tests/e2e/test_cli_dog.py::test_settings_are_shown_without_secrets",
            "tests/contract/test_tenant_requests.py::test_no_output_and_no_state_holds_a_secret",
            "tests/unit/config/test_settings.py::test_secrets_show_nowhere",
        ),
    ),
    Promise(
        "config:validate",
        "CONTRACT.md#Command line: `spheresync`",
        "config validate names every problem.",
        (
            "tests/unit/server/test_cli.py::test_configuration_problems_are_listed_one_by_one",
            "tests/unit/config/test_value_errors.py::test_a_bad_file_is_told_in_plain_words",
            "tests/unit/config/test_value_errors.py::test_a_bad_variable_is_told_in_plain_words",
            "tests/unit/config/test_settings.py::test_all_problems_come_at_once_each_with_place_and_fix",
        ),
    ),
    Promise(
        "config:aws-chain",
        "CONTRACT.md#Configuration",
        "AWS credentials, region and endpoints come from boto3's standard chain.",
        (
            "tests/integration/test_glue_door.py::test_either_variable_names_the_region",
            "tests/integration/test_glue_door.py::test_without_a_region_the_text_names_what_to_set",
            "tests/e2e/test_sync.py::test_first_sync_creates_every_asset_and_the_second_asks_aws_nothing",
        ),
    ),
    Promise(
        "config:installation",
        "CONTRACT.md#What a Glue table holds",
        "managed-by names the installation, by default derived from tenant host and prefix.",
        (
            "tests/contract/test_glue_contents.py::test_a_table_says_what_it_stands_for",
            "tests/unit/config/test_settings.py::test_the_derived_installation_is_the_same_for_the_same_tenant_and_prefix",
        ),
    ),
    Promise(
        "mapping:scope",
        "CONTRACT.md#Configuration",
        "Scope globs over SPACE/NAME: `*` is any characters, case matters, exclude wins.",
        (
            "tests/unit/mapping/test_rules.py::test_globs",
            "tests/unit/mapping/test_rules.py::test_a_star_is_any_text",
            "tests/unit/mapping/test_rules.py::test_exclude_wins_and_says_which_glob",
            "tests/contract/test_scope_flags.py::test_assets_are_filtered",
        ),
    ),
    Promise(
        "mapping:rules",
        "CONTRACT.md#Configuration",
        "Every rule that matches applies and a later one wins, key by key.",
        (
            "tests/unit/mapping/test_rules.py::test_every_matching_rule_applies_and_a_later_one_wins_key_by_key",
            "tests/e2e/test_mapping.py::test_a_rule_that_renames_makes_the_new_table_and_marks_the_old_one",
        ),
    ),
    Promise(
        "mapping:rules:match",
        "CONTRACT.md#Configuration",
        "Each key of a match is a glob or a list of globs, and all given keys must match.",
        (
            "tests/unit/mapping/test_rules.py::test_all_given_keys_must_match",
            "tests/unit/mapping/test_rules.py::test_an_asset_left_out_by_a_rule_says_which_and_a_later_rule_may_let_it_in",
        ),
    ),
    Promise(
        "mapping:rules:set",
        "CONTRACT.md#Configuration",
        "A rule may set tier, table, database, description and tags.",
        (
            "tests/e2e/test_mapping.py::test_a_rule_that_renames_makes_the_new_table_and_marks_the_old_one",
            "tests/e2e/test_mapping.py::test_two_spaces_may_share_a_database_and_no_table_is_lost",
            "tests/e2e/test_mapping.py::test_a_rule_that_names_the_own_database_of_a_space_leads_there",
            "tests/unit/targets/glue/test_table_input.py::test_rules_reach_description_tags_and_columns",
        ),
    ),
    Promise(
        "mapping:rules:columns",
        "CONTRACT.md#Configuration",
        "Column rules leave a column out or give it a type.",
        (
            "tests/unit/mapping/test_rules.py::test_column_rules_apply_in_order_and_win_key_by_key",
            "tests/unit/targets/glue/test_table_input.py::test_rules_reach_description_tags_and_columns",
        ),
    ),
    Promise(
        "mapping:prefix",
        "CONTRACT.md#Configuration",
        "The database of a space is prefix + space, made well-formed.",
        (
            "tests/unit/mapping/test_rules.py::test_names_come_from_prefix_space_and_templates",
            "tests/contract/test_glue_contents.py::test_the_database_of_a_space_says_whose_it_is",
        ),
    ),
)
