"""Promises: the MCP server."""

from __future__ import annotations

from tests.contract.promise import Promise

ASSISTANTS: tuple[Promise, ...] = (
    Promise(
        "mcp:name",
        "CONTRACT.md#MCP server",
        "The server's name is spheresync.",
        ("tests/contract/test_assistants.py::test_who_says_nothing_is_a_viewer_and_reads_the_store_only",),
    ),
    Promise(
        "mcp:schemas",
        "CONTRACT.md#MCP server",
        "Every tool has structured output with a schema, a title and correct annotations.",
        (
            "tests/unit/server/test_mcp_tools.py::test_every_tool_and_argument_is_described",
            "tests/unit/server/test_mcp_tools.py::test_tools_list_is_the_golden_one_in_both_eras",
            "tests/unit/server/test_mcp_tools.py::test_every_tool_answers_its_model",
        ),
    ),
    Promise(
        "mcp:audit-export",
        "docs/how-to/connect-an-assistant.md#What an assistant may do",
        "The audit log is exported as a resource, for who may see all of it.",
        (
            "tests/contract/test_assistants.py::test_the_audit_log_is_exported_as_a_resource_that_ends_with_the_head_of_the_chain",
        ),
    ),
    Promise(
        "mcp:hosts",
        "docs/how-to/connect-an-assistant.md#Over stdio",
        "Each block for a host of assistants starts the server.",
        ("tests/e2e/test_host_snippets.py::test_the_block_of_each_host_starts_a_server_that_answers",),
    ),
    Promise(
        "mcp:tasks",
        "CONTRACT.md#MCP server",
        "A long run is followed as a task, over any server on the state, and by notifications.",
        (
            "tests/contract/test_followed_runs.py::test_a_task_outlives_its_server_and_ends_with_the_result_of_the_run",
            "tests/contract/test_followed_runs.py::test_who_follows_the_status_hears_of_a_run_of_another_process",
            "tests/contract/test_followed_runs.py::test_who_follows_nothing_hears_nothing",
            "tests/unit/server/test_tasks.py::test_another_server_on_the_state_knows_the_task_and_another_caller_does_not",
        ),
    ),
    Promise(
        "mcp:calls:audited",
        "docs/how-to/connect-an-assistant.md#What an assistant may do",
        "Calls that may change something and refused ones are audited; callers have limits.",
        (
            "tests/unit/server/test_tool_calls.py::test_calls_that_may_change_something_are_entered_with_the_digest_of_their_arguments",
            "tests/e2e/test_two_callers.py::test_each_caller_has_lists_calls_and_audit_rows_of_its_own",
        ),
    ),
    Promise(
        "mcp:open-change-sets",
        "CONTRACT.md#MCP server",
        "What may still be applied is listed, whoever made it.",
        (
            "tests/e2e/test_open_change_sets.py::test_what_may_still_be_applied_is_listed_newest_first_until_it_is_applied",
            "tests/e2e/test_open_change_sets.py::test_what_would_do_nothing_is_counted_and_not_listed",
        ),
    ),
    Promise(
        "mcp:errors",
        "CONTRACT.md#MCP server",
        "Errors are tool errors whose text says what to do next.",
        (
            "tests/unit/server/test_mcp_tools.py::test_errors_say_what_to_do_next",
            "tests/unit/server/test_mcp_tools.py::test_errors_of_the_product_keep_their_remedy",
            "tests/e2e/test_mcp_dog.py::test_a_sync_finds_nothing_the_second_time",
        ),
    ),
    Promise(
        "mcp:errors:answered",
        "docs/how-to/connect-an-assistant.md#Connect an assistant",
        "Every request is answered under its id, also one that cannot be read.",
        (
            "tests/unit/server/test_message_validation.py::test_over_stdio_each_is_answered_and_the_connection_goes_on",
            "tests/unit/server/test_message_validation.py::test_over_http_each_is_answered_in_both_eras",
            "tests/unit/server/test_message_validation.py::test_a_request_is_passed_on_readable_or_answered_under_its_id",
        ),
    ),
    Promise(
        "mcp:arguments",
        "docs/how-to/connect-an-assistant.md#Connect an assistant",
        "null and an empty cursor mean not given, an empty list is refused, and a boolean is one and nothing like one.",
        (
            "tests/unit/server/test_arguments.py::test_an_empty_list_is_refused_as_it_would_be_taken_for_everything",
            "tests/unit/server/test_arguments.py::test_a_boolean_is_no_number",
            "tests/unit/server/test_arguments.py::test_null_for_an_optional_argument_means_not_given",
            "tests/unit/server/test_arguments.py::test_an_empty_cursor_means_the_first_page",
            "tests/unit/server/test_arguments.py::test_a_boolean_is_one_and_nothing_like_one",
        ),
    ),
    Promise(
        "mcp:paths",
        "docs/how-to/connect-an-assistant.md#Connect an assistant",
        "No answer over MCP or HTTP holds a path of the server's machine.",
        (
            "tests/e2e/test_no_paths.py::test_no_tool_and_no_resource_names_a_path_of_the_server",
            "tests/e2e/test_no_paths.py::test_no_page_names_a_path_of_the_server",
        ),
    ),
    Promise(
        "mcp:lists",
        "CONTRACT.md#MCP server",
        "Lists take limit and an opaque cursor and answer items, total and next_cursor.",
        (
            "tests/e2e/test_mcp_dog.py::test_an_assistant_brings_a_space_to_aws",
            "tests/contract/test_scope_flags.py::test_a_list_is_paged_by_an_opaque_cursor",
            "tests/contract/test_scope_flags.py::test_a_cursor_fits_one_list_and_its_filters",
        ),
    ),
    Promise(
        "mcp:main-job",
        "CONTRACT.md#MCP server",
        "An assistant lists, describes, explains, previews, applies and looks at the record.",
        ("tests/e2e/test_mcp_dog.py::test_an_assistant_brings_a_space_to_aws",),
    ),
    Promise(
        "mcp:left-out",
        "CONTRACT.md#MCP server",
        "What scope or a rule leaves out is said to be that, with which, and neither empty nor unchanged.",
        ("tests/e2e/test_out_of_scope.py::test_what_scope_or_a_rule_leaves_out_is_said_with_which",),
    ),
    Promise(
        "apply:part",
        "CONTRACT.md#Command line: `spheresync`",
        "A part of a change set is applied by naming its assets; the rest is left, and told as that.",
        (
            "tests/e2e/test_apply_part.py::test_only_what_is_named_is_done_with_the_databases_that_it_needs",
            "tests/e2e/test_apply_part.py::test_what_could_not_be_read_elsewhere_is_no_failure_of_a_part",
            "tests/e2e/test_apply_part.py::test_findings_about_other_assets_are_not_repeated",
            "tests/e2e/test_apply_part.py::test_an_undo_is_done_as_a_whole_and_deletes_only_where_somebody_allows_it",
            "tests/e2e/test_apply_part.py::test_an_assistant_applies_a_part_and_is_told_that_the_rest_is_left",
        ),
    ),
    Promise(
        "mcp:trial",
        "CONTRACT.md#Command line: `spheresync`",
        "Rules that are tried are shown with what would change; nothing of a trial is saved, and none is applied.",
        (
            "tests/e2e/test_trial_rules.py::test_what_would_change_is_shown_and_nothing_is_kept",
            "tests/e2e/test_trial_rules.py::test_what_is_planned_without_the_rules_too_is_left_out_whatever_the_moment",
            "tests/e2e/test_trial_rules.py::test_a_guard_that_holds_nothing_back_by_the_rules_is_no_finding_of_their_trial",
            "tests/e2e/test_trial_rules.py::test_what_is_wrong_with_the_rules_is_named_and_nothing_done",
            "tests/e2e/test_lake_formation.py::test_a_trial_tells_of_changes_of_access_that_follow_from_its_rules_only",
            "tests/e2e/test_trial_rules.py::test_an_assistant_tries_to_leave_out_all_dates_of_birth",
        ),
    ),
    Promise(
        "mcp:retry",
        "CONTRACT.md#MCP server",
        "What failed in a run is tried again by naming it, and told where it failed for the same reason.",
        (
            "tests/e2e/test_retry.py::test_a_command_tries_again_just_what_failed",
            "tests/e2e/test_retry.py::test_an_assistant_tries_again_what_failed_and_learns_what_is_as_it_was",
            "tests/e2e/test_retry.py::test_an_undo_that_failed_in_part_says_how_the_rest_is_undone_and_is_no_sync",
        ),
    ),
    Promise(
        "mcp:status:oldest-reading",
        "CONTRACT.md#MCP server",
        "A refresh of a part does not pass for a reading of the whole: the status says how old the oldest reading is.",
        (
            "tests/e2e/test_unread_spaces.py::test_a_refresh_of_one_asset_does_not_pass_for_one_of_all",
            "tests/unit/service/test_freshness.py::test_a_reading_of_a_part_does_not_pass_for_one_of_the_whole",
        ),
    ),
    Promise(
        "mcp:preview:beside-a-run",
        "CONTRACT.md#MCP server",
        "A preview that is made while a run is under way says so.",
        ("tests/e2e/test_unread_spaces.py::test_a_preview_beside_a_run_says_that_it_may_write_some_of_it",),
    ),
    Promise(
        "mcp:refresh",
        "CONTRACT.md#MCP server",
        "A refresh is answered by a reading that began after it was asked for, the first one of a process too.",
        (
            "tests/e2e/test_mcp_dog.py::test_the_first_refresh_of_a_server_reads_what_was_edited_since_it_opened",
            "tests/e2e/test_mcp_dog.py::test_a_command_on_an_empty_store_reads_it_once_and_tells_that_reading",
        ),
    ),
    Promise(
        "mcp:size",
        "CONTRACT.md#MCP server",
        "tools/list stays under 24 KB.",
        (
            "tests/contract/test_assistants.py::test_the_list_of_all_tools_is_small_and_read_only_beats_the_role",
            "tests/unit/server/test_mcp_tools.py::test_tools_list_leaves_room_for_later_tools",
        ),
    ),
    Promise(
        "mcp:resources",
        "CONTRACT.md#MCP server",
        "Resources are spaces, assets, change sets, runs and config.",
        (
            "tests/contract/test_assistants.py::test_who_says_nothing_is_a_viewer_and_reads_the_store_only",
            "tests/unit/server/test_mcp_resources.py::test_resources_are_those_of_the_contract",
            "tests/unit/server/test_mcp_resources.py::test_resources_answer_what_the_tools_answer",
        ),
    ),
    Promise(
        "mcp:prompts",
        "CONTRACT.md#MCP server",
        "Prompts are one Markdown file each.",
        (
            "tests/unit/server/test_mcp_resources.py::test_prompts_have_arguments_and_text",
            "tests/unit/server/test_mcp_resources.py::test_prompts_name_only_tools_and_arguments_that_exist",
        ),
    ),
    Promise(
        "mcp:role:default",
        "CONTRACT.md#MCP server",
        "Over stdio the caller has SPHERESYNC_ROLE, by default admin in dog and viewer in wolf and bear.",
        (
            "tests/contract/test_assistants.py::test_who_says_nothing_is_a_viewer_and_reads_the_store_only",
            "tests/unit/server/test_processes.py::test_default_role_over_stdio_is_that_of_the_environment",
        ),
    ),
    Promise(
        "mcp:role:listed",
        "CONTRACT.md#MCP server",
        "Tools a caller may not use are not listed.",
        (
            "tests/contract/test_assistants.py::test_who_says_nothing_is_a_viewer_and_reads_the_store_only",
            "tests/unit/server/test_mcp_tools.py::test_only_tools_of_the_role_are_listed",
            "tests/unit/server/test_mcp_tools.py::test_closed_tools_are_refused_with_the_reason",
        ),
    ),
    Promise(
        "mcp:callers",
        "CONTRACT.md#Access",
        "Who asks is found at each request: lists, calls, questions and audit entries go by that caller and its roles.",
        (
            "tests/e2e/test_two_callers.py::test_each_caller_has_lists_calls_and_audit_rows_of_its_own",
            "tests/e2e/test_two_callers.py::test_who_has_no_role_sees_and_gets_nothing",
            "tests/unit/server/test_callers.py::test_lists_and_calls_go_by_the_role_that_the_caller_has_by_now",
            "tests/unit/server/test_callers.py::test_a_question_is_answered_by_whom_it_was_put_to",
            "tests/unit/server/test_callers.py::test_each_route_asks_on_behalf_of_its_caller",
            "tests/unit/server/test_callers.py::test_the_faces_of_a_server_make_no_principal_themselves",
        ),
    ),
    Promise(
        "mcp:read-only",
        "CONTRACT.md#MCP server",
        "serve --read-only beats every role.",
        (
            "tests/contract/test_assistants.py::test_the_list_of_all_tools_is_small_and_read_only_beats_the_role",
            "tests/unit/server/test_mcp_tools.py::test_only_tools_of_the_role_are_listed",
        ),
    ),
    Promise(
        "mcp:http",
        "CONTRACT.md#Command line: `spheresync`",
        "Over HTTP: MCP at /mcp, dashboard at /, /healthz, /readyz and /metrics.",
        (
            "tests/e2e/test_mcp_dog.py::test_http_serves_the_same_to_a_viewer",
            "tests/unit/server/test_processes.py::test_http_serves_mcp_and_the_operators_routes",
        ),
    ),
    Promise(
        "mcp:http:loopback",
        "CONTRACT.md#MCP server",
        "Where no issuer is configured the server binds to loopback only.",
        (
            "tests/unit/server/test_cli.py::test_errors_are_one_document_too",
            "tests/unit/server/test_processes.py::test_every_loopback_name_is_served_and_no_other",
            "tests/unit/server/test_processes.py::test_http_serves_mcp_and_the_operators_routes",
        ),
    ),
    Promise(
        "mcp:http:ports",
        "CONTRACT.md#Command line: `spheresync`",
        "Default ports are 8000 in dog and 5000 in wolf.",
        ("tests/contract/test_default_ports.py::test_a_server_over_http_says_its_default_port",),
    ),
    Promise(
        "mcp:deletes",
        "CONTRACT.md#MCP server",
        "allow_deletes counts only once a person confirmed; a client that cannot ask is told the command line.",
        (
            "tests/unit/server/test_mcp_tools.py::test_deletes_are_done_only_after_the_person_said_yes",
            "tests/contract/test_assistants.py::test_a_person_sees_the_table_before_it_is_deleted",
            "tests/unit/server/test_mcp_tools.py::test_the_question_names_tables_and_what_a_guard_holds_back",
            "tests/unit/server/test_mcp_tools.py::test_a_malformed_yes_is_a_plain_no",
            "tests/unit/server/test_mcp_tools.py::test_no_means_that_nothing_is_done",
            "tests/unit/server/test_mcp_tools.py::test_a_client_that_cannot_ask_gets_the_command_line",
        ),
    ),
    Promise(
        "mcp:store-only",
        "CONTRACT.md#MCP server",
        "The tools read Spheresync's own store; no tool call makes an assistant steer SAP's API.",
        ("tests/contract/test_assistants.py::test_who_says_nothing_is_a_viewer_and_reads_the_store_only",),
    ),
)
