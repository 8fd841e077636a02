"""Promises: what operators see of it."""

from __future__ import annotations

from tests.contract.promise import Promise

OBSERVING: tuple[Promise, ...] = (
    Promise(
        "observe:logs:json",
        "docs/how-to/watch-it.md#Watch it",
        "Logs are one line each on stderr, as JSON where SPHERESYNC_LOG says so, with run and asset, and no secret.",
        (
            "tests/e2e/test_observing.py::test_json_logs_tell_the_run_and_the_asset_and_no_secret",
            "tests/e2e/test_observing.py::test_a_style_of_logs_that_does_not_exist_is_a_configuration_error",
            "tests/unit/observe/test_logs.py::test_no_line_holds_a_secret_or_an_address",
            "tests/unit/observe/test_logs.py::test_whatever_is_logged_is_one_line",
        ),
    ),
    Promise(
        "observe:emf",
        "docs/how-to/watch-it.md#Watch it",
        "On AWS Lambda CloudWatch finds the figures of each run, and of a server every minute, in the log's lines.",
        (
            "tests/e2e/test_observing.py::test_on_lambda_cloudwatch_reads_the_figures_of_each_run_out_of_the_log",
            "tests/e2e/test_observing.py::test_a_server_on_lambda_tells_how_the_state_stands",
            "tests/unit/observe/test_log_metrics.py::test_no_line_has_more_figures_than_cloudwatch_takes",
        ),
    ),
    Promise(
        "observe:metrics",
        "CONTRACT.md#Command line: `spheresync`",
        "/metrics tells Prometheus what the local state knows, in agreement with what the simulators counted.",
        (
            "tests/e2e/test_observing.py::test_metrics_tell_what_the_tenant_and_glue_counted",
            "tests/e2e/test_observing.py::test_a_guard_that_trips_is_counted",
            "tests/unit/server/test_figures.py::test_every_figure_is_told_under_its_name",
            "tests/unit/server/test_figures.py::test_there_is_no_sample_more_for_more_assets",
            "tests/unit/service/test_gone_spaces.py::test_a_space_that_is_kept_out_for_its_name_or_refused_is_unread_by_that_reason",
        ),
    ),
    Promise(
        "observe:health",
        "CONTRACT.md#Command line: `spheresync`",
        "/healthz and /readyz answer 503 with the reason when the process stands still or cannot do its work.",
        (
            "tests/e2e/test_observing.py::test_a_server_is_alive_and_ready_and_says_why_not",
            "tests/e2e/test_observing.py::test_a_state_that_another_process_locks_is_not_ready",
            "tests/e2e/test_observing.py::test_a_server_answers_supervisors_while_it_reads_a_hostile_definition",
            "tests/faults/test_bulkheads.py::test_a_process_that_cannot_say_how_it_is_doing_is_not_ready",
            "tests/unit/observe/test_loop_health.py::test_a_loop_that_stands_still_is_named_and_one_that_goes_on_is_well_again",
            "tests/unit/observe/test_loop_health.py::test_a_step_that_did_its_work_and_waits_has_no_failure_any_more",
        ),
    ),
    Promise(
        "observe:status",
        "docs/how-to/watch-it.md#Watch it",
        "Health is degraded while assets are late or could not be read, and tells how old the last reading is.",
        (
            "tests/unit/service/test_freshness.py::test_late_assets_are_wrong_whoever_should_have_read_them",
            "tests/unit/service/test_freshness.py::test_a_command_line_that_is_in_time_needs_no_scheduler",
            "tests/unit/service/test_freshness.py::test_assets_that_cannot_be_read_are_late_for_that_and_no_request_limit_helps",
            "tests/unit/service/test_health.py::test_what_is_counted_adds_up",
            "tests/unit/service/test_open_problems.py::test_each_kind_is_told_once_with_examples",
            "tests/unit/service/test_health.py::test_spaces_that_nobody_read_are_said_beside_what_is_known",
            "tests/e2e/test_unread_spaces.py::test_a_space_that_is_gone_and_was_asked_for_by_name_is_a_failure",
            "tests/unit/service/test_gone_spaces.py::test_late_assets_of_a_space_that_is_gone_need_the_space_and_no_sync",
            "tests/e2e/test_outages.py::test_a_space_of_which_no_definition_is_served_counts_as_not_read",
            "tests/e2e/test_outages.py::test_one_asset_that_is_not_exposed_is_named_by_the_status",
            "tests/unit/discovery/test_unserved_spaces.py::test_one_that_is_asked_for_alone_is_judged_by_what_is_known_of_the_others",
            "tests/e2e/test_unread_spaces.py::test_late_assets_degrade_health_and_a_sync_mends_it",
            "tests/e2e/test_unread_spaces.py::test_a_definition_that_could_not_be_read_is_not_unchanged_in_a_later_plan_either",
            "tests/e2e/test_unread_spaces.py::test_a_space_that_cannot_be_listed_is_told_and_is_known_after_a_look_at_another",
            "tests/e2e/test_unread_spaces.py::test_a_definition_that_was_refused_is_explained_as_that_with_what_to_do",
            "tests/e2e/test_unread_spaces.py::test_a_tenant_that_gives_no_list_makes_no_change_set_and_changes_no_status",
        ),
    ),
    Promise(
        "observe:standing",
        "docs/how-to/watch-it.md#Watch it",
        "What a look finds counts in where assets stand at once, and is as old as its first finding.",
        (
            "tests/unit/planning/test_statuses_after_drift_sweep.py::test_what_a_plan_has_proved_to_be_as_it_should_be_is_synced",
            "tests/unit/planning/test_statuses_after_drift_sweep.py::test_a_conflict_is_as_old_as_its_first_finding_whoever_looks_again",
        ),
    ),
    Promise(
        "plan:never-read",
        "docs/how-to/use-your-own-tenant.md#Use it on your own tenant",
        "A preview says when what it goes by was read, and what of its scope nobody has read yet.",
        (
            "tests/e2e/test_never_read.py::test_a_preview_of_a_fresh_installation_says_that_nothing_was_read",
            "tests/e2e/test_never_read.py::test_a_preview_names_what_of_its_scope_was_never_read_and_says_as_of_when_it_is",
            "tests/e2e/test_never_read.py::test_listed_and_never_read_is_told_too",
        ),
    ),
    Promise(
        "observe:spans",
        "docs/how-to/watch-it.md#Watch it",
        "Spans and durations go where OTEL_* says, agree with what was called, hold no secret, and none go unasked.",
        (
            "tests/e2e/test_telemetry.py::test_spans_and_durations_go_to_a_collector_in_agreement_with_what_was_called",
            "tests/e2e/test_telemetry.py::test_a_collector_that_is_not_there_costs_no_result",
            "tests/e2e/test_telemetry.py::test_spans_on_the_console_are_lines_on_stderr_and_none_come_unasked",
            "tests/unit/observe/test_spans.py::test_a_failure_is_told_by_its_kind_and_never_by_its_text",
            "tests/unit/observe/test_spans.py::test_nothing_is_exported_unless_the_environment_says_so",
        ),
    ),
    Promise(
        "observe:alerts",
        "docs/how-to/watch-it.md#Watch it",
        "People are told once when something is wrong and once when it is over, also when a process is out.",
        (
            "tests/e2e/test_alerts.py::test_drift_is_told_of_until_it_is_repaired",
            "tests/e2e/test_alerts.py::test_a_guard_is_told_of_once_and_its_end_too",
            "tests/e2e/test_alerts.py::test_a_failed_run_is_told_of_by_whichever_process_keeps_the_schedule",
            "tests/e2e/test_alerts.py::test_a_broken_audit_log_is_told_of",
            "tests/e2e/test_alerts.py::test_commands_alone_tell_once_when_it_begins_and_once_when_it_is_over",
            "tests/e2e/test_alerts.py::test_a_notice_that_a_command_cannot_deliver_fails_nothing_and_goes_with_the_next",
            "tests/e2e/test_alerts.py::test_drift_that_a_command_finds_and_repairs_is_told_of",
            "tests/e2e/test_alerts.py::test_a_server_without_a_scheduler_tells_how_its_runs_end",
            "tests/e2e/test_alerts.py::test_what_alerts_ask_of_aws_is_counted_apart_from_what_syncs_ask",
            "tests/e2e/test_alerts.py::test_work_that_waits_for_a_person_and_a_client_that_ends_are_told_of",
            "tests/unit/alerts/test_alerting.py::test_each_is_told_once_when_it_begins_and_once_when_it_is_over",
            "tests/unit/alerts/test_alerting.py::test_what_lasts_is_reminded_of_once_a_day_with_its_present_text",
            "tests/unit/alerts/test_alerting.py::test_a_channel_that_is_out_gets_it_later_and_keeps_nobody_else_waiting",
            "tests/integration/test_alert_channels.py::test_sns_is_published_to_in_the_region_of_the_topic",
            "tests/integration/test_alert_channels.py::test_a_mail_goes_to_everybody_from_a_verified_sender",
        ),
    ),
    Promise(
        "observe:alerts:channels",
        "docs/how-to/watch-it.md#Watch it",
        "doctor looks at channels without sending, and sends a test when told; no output holds a webhook.",
        (
            "tests/e2e/test_alerts.py::test_doctor_looks_at_channels_and_sends_only_when_told",
            "tests/e2e/test_alerts.py::test_no_output_holds_a_webhook",
            "tests/unit/alerts/test_alerting.py::test_a_redirect_is_not_followed_and_nothing_names_the_url",
            "tests/unit/alerts/test_messages.py::test_slack_gets_no_control_sequence",
            "tests/unit/alerts/test_messages.py::test_teams_gets_text_runs_in_which_nothing_is_markdown",
        ),
    ),
)
