"""Promises: what is synced by itself."""

from __future__ import annotations

from tests.contract.promise import Promise

SCHEDULE: tuple[Promise, ...] = (
    Promise(
        "plan:scheduler-writes",
        "docs/how-to/connect-an-assistant.md#Connect an assistant",
        "A preview says what of it a scheduler writes by itself, when, and how to hold that.",
        (
            "tests/unit/service/test_scheduler_writes.py::test_what_was_never_synced_is_written_at_once_and_how_to_hold_it_is_said",
            "tests/unit/service/test_scheduler_writes.py::test_where_nothing_is_written_by_itself_nothing_is_said_of_it",
        ),
    ),
    Promise(
        "cli:serve:scheduler",
        "CONTRACT.md#Command line: `spheresync`",
        "The scheduler runs inside the server, one per state, by lease; when its process dies another takes over.",
        ("tests/e2e/test_schedule.py::test_two_servers_share_one_schedule_and_one_takes_over_from_the_other",),
    ),
    Promise(
        "config:scheduler:first-sync",
        "CONTRACT.md#Configuration",
        "Until a person has applied one change set, the scheduler only saves one for review.",
        (
            "tests/e2e/test_schedule.py::test_nothing_is_written_before_a_person_has_applied_what_the_scheduler_proposes",
            "tests/contract/store_run_promises.py::RunPromises::test_only_a_person_approves",
        ),
    ),
    Promise(
        "config:tiers:due",
        "CONTRACT.md#Configuration",
        "A tier is due by its interval, window and time zone; what was never synced is due at once.",
        (
            "tests/e2e/test_schedule.py::test_a_changed_model_arrives_by_itself_and_a_changed_view_waits_for_its_turn",
            "tests/e2e/test_schedule.py::test_what_was_never_synced_is_written_at_once_whatever_its_tier",
            "tests/e2e/test_schedule.py::test_what_a_command_has_read_and_nobody_has_written_is_not_read_again_but_written_when_it_is_due",
            "tests/unit/schedule/test_due.py::test_without_a_window_it_is_the_interval_and_at_most_a_tenth_more",
            "tests/unit/schedule/test_due.py::test_with_a_window_it_is_always_inside_it_and_in_bounds",
            "tests/unit/schedule/test_due.py::test_a_daily_window_gives_one_moment_each_day_for_ever",
            "tests/unit/schedule/test_windows.py::test_what_settings_accept_of_a_tier_neither_raises_nor_stands_still",
            "tests/unit/schedule/test_windows.py::test_in_every_zone_a_window_occurs_exactly_once_a_day",
        ),
    ),
    Promise(
        "config:tiers:now",
        "CONTRACT.md#Configuration",
        "An asset is due by the interval, the rules and the clock of now, whatever was planned by those of then.",
        (
            "tests/e2e/test_schedule_overtaken.py::test_an_edited_interval_or_tier_counts_while_the_server_runs",
            "tests/e2e/test_schedule_overtaken.py::test_an_interval_that_was_edited_while_no_server_ran_counts_for_the_next",
            "tests/unit/schedule/test_due_by.py::test_it_is_due_no_later_than_its_last_reading_and_the_interval_of_the_tier_it_has_now",
            "tests/unit/schedule/test_due_by.py::test_a_back_off_is_never_shortened_by_its_own_settings",
            "tests/unit/schedule/test_replanned.py::test_what_is_due_by_the_settings_and_the_clock_of_now_is_asked_for",
            "tests/unit/schedule/test_replanned.py::test_a_job_that_waits_by_a_clock_that_was_ahead_is_done",
        ),
    ),
    Promise(
        "config:tiers:lost",
        "CONTRACT.md#Configuration",
        "What is listed and in scope keeps its turns, whatever the state has lost of them.",
        (
            "tests/e2e/test_schedule_overtaken.py::test_what_is_listed_is_read_again_whatever_the_schedule_lost",
            "tests/unit/schedule/test_replanned.py::test_a_plan_that_is_missing_or_damaged_is_made_anew_from_the_last_reading",
            "tests/faults/test_missing_rows.py::test_the_next_look_of_a_scheduler_makes_good_what_is_missing",
        ),
    ),
    Promise(
        "mcp:manage-schedule",
        "CONTRACT.md#MCP server",
        "manage_schedule pauses, resumes and runs a tier now.",
        (
            "tests/e2e/test_schedule.py::test_a_paused_tier_waits_and_one_that_is_to_run_now_runs",
            "tests/e2e/test_schedule.py::test_a_run_that_somebody_asks_for_says_that_it_wrote_assets_of_a_paused_tier",
            "tests/e2e/test_schedule.py::test_run_now_of_a_paused_tier_without_assets_does_not_say_that_something_is_written",
            "tests/e2e/test_schedule.py::test_run_now_says_whether_anybody_reads",
            "tests/e2e/test_schedule.py::test_a_tier_that_does_not_exist_is_a_usage_error",
            "tests/unit/server/test_mcp_tools.py::test_every_tool_answers_its_model",
        ),
    ),
    Promise(
        "runs:scheduled:killed",
        "CONTRACT.md#Command line: `spheresync`",
        "Killed in the middle of its first sync, the next server finishes and writes nothing twice.",
        (
            "tests/e2e/test_schedule.py::test_killed_in_its_first_sync_the_next_server_finishes_and_writes_nothing_twice",
        ),
    ),
    Promise(
        "config:drift:sweep",
        "CONTRACT.md#Configuration",
        "The scheduler looks for drift, tells it, and repairs nothing by itself.",
        ("tests/e2e/test_schedule.py::test_drift_is_looked_for_by_itself_and_left_to_a_person",),
    ),
    Promise(
        "runs:scheduled:life",
        "CONTRACT.md#Command line: `spheresync`",
        "Over months of outages, deaths and clock jumps no change is lost, none written twice, and tiers are kept.",
        (
            "tests/faults/test_simulated_year.py::test_a_short_life_of_a_scheduler",
            "tests/faults/test_simulated_year.py::test_a_year_of_a_scheduler",
        ),
    ),
    Promise(
        "deletion:scheduled",
        "CONTRACT.md#Deletion",
        "The guards hold for what is removed by itself too, however many rounds of listings there are.",
        ("tests/e2e/test_schedule.py::test_most_assets_vanishing_trips_the_guard_round_after_round",),
    ),
    Promise(
        "cli:schedule:jobs",
        "docs/how-to/keep-it-running.md#The schedule",
        "The queue is there to be seen; a job can be ended, or tried again once its cause is gone.",
        (
            "tests/e2e/test_schedule.py::test_what_a_command_has_written_waits_in_no_queue",
            "tests/unit/service/test_job_queue.py::test_a_job_whose_process_has_ended_is_told_as_such_and_counts_as_queued",
            "tests/e2e/test_schedule.py::test_a_person_sees_the_queue_and_has_a_job_that_was_set_aside_tried_again",
            "tests/e2e/test_schedule.py::test_a_job_that_a_person_ends_is_gone_until_its_turn_comes_again",
        ),
    ),
    Promise(
        "runs:scheduled:set-aside",
        "CONTRACT.md#What a Glue table holds",
        "A conflict that the scheduler meets is told, and left to a person.",
        ("tests/e2e/test_schedule.py::test_what_only_a_person_can_settle_is_tried_once_and_told",),
    ),
    Promise(
        "mcp:sync-status:ledger",
        "CONTRACT.md#MCP server",
        "What the status says was used is what the tenant and AWS counted.",
        ("tests/e2e/test_schedule.py::test_the_ledger_says_what_the_tenant_and_glue_counted",),
    ),
)
