"""Promises: drift."""

from __future__ import annotations

from tests.contract.promise import Promise

_DRIFT = "tests/e2e/test_drift.py"
_LOOKS = "tests/e2e/test_drift_sweeps.py"
_OVERWRITE = "tests/e2e/test_drift_overwrite.py"
_OVERWRITTEN = "tests/e2e/test_overwritten_edits.py"
_PROBLEMS = "tests/unit/service/test_asset_problems.py"
_FOUND = "tests/unit/planning/decisions/test_drift_findings.py"

DRIFT: tuple[Promise, ...] = (
    Promise(
        "cli:drift",
        "CONTRACT.md#Command line: `spheresync`",
        "drift compares checkpoints with what the targets hold now, and repairs.",
        (
            f"{_DRIFT}::test_each_kind_is_found_explained_and_repaired_and_nothing_else_is_named",
            f"{_DRIFT}::test_a_repair_puts_back_what_was_written_and_leaves_what_is_new_to_the_sync",
            f"{_DRIFT}::test_a_repair_leaves_new_mapping_rules_to_the_sync",
            f"{_DRIFT}::test_what_was_written_there_before_is_no_edit_of_others",
            f"{_DRIFT}::test_what_is_unchanged_says_as_of_when_aws_was_looked_at",
            f"{_DRIFT}::test_what_the_policy_keeps_is_synced_and_named_among_what_others_changed",
            "tests/unit/service/test_last_look.py::test_an_asset_says_whether_aws_was_looked_at_since_it_was_written",
            f"{_DRIFT}::test_a_database_that_is_gone_comes_back_with_its_tables",
            f"{_DRIFT}::test_a_retired_table_stays_retired_and_a_forgotten_one_is_nobodys",
            f"{_DRIFT}::test_a_repair_leaves_what_a_revert_holds_held",
            f"{_DRIFT}::test_what_was_edited_again_since_the_look_is_refused",
            f"{_FOUND}::test_a_repair_with_every_policy_at_overwrite_restores_the_very_table",
            "tests/unit/server/test_cli.py::test_a_repair_ends_as_its_run",
            "tests/unit/server/test_cli.py::test_exit_codes_of_drift",
        ),
    ),
    Promise(
        "cli:drift:only-drift",
        "CONTRACT.md#Command line: `spheresync`",
        "What waits for a sync is no drift; a look is one paged reading per database, and Datasphere is not read.",
        (
            f"{_LOOKS}::test_what_only_waits_for_a_sync_is_no_drift_and_a_look_is_nothing_but_pages",
            f"{_LOOKS}::test_a_part_of_the_catalog_is_looked_at_by_itself_and_pages_are_read_without_looking_again",
            f"{_LOOKS}::test_what_a_run_writes_meanwhile_is_not_judged",
            f"{_FOUND}::test_a_table_as_aws_gives_it_back_has_not_drifted",
        ),
    ),
    Promise(
        "cli:drift:overwrite",
        "CONTRACT.md#Command line: `spheresync`",
        "What the policies leave is put back where it is asked for by name, by a change set that carries that.",
        (
            f"{_OVERWRITE}::test_what_is_only_reported_is_put_back_where_it_is_asked_for_by_name",
            f"{_OVERWRITE}::test_a_repair_that_was_asked_for_is_applied_as_reviewed_whatever_is_configured_then",
            f"{_OVERWRITE}::test_nobody_overwrites_what_is_not_named",
            f"{_OVERWRITE}::test_a_former_run_says_that_what_it_left_was_repaired_since",
            f"{_OVERWRITE}::test_a_table_that_others_deleted_is_not_shown_as_active",
            f"{_PROBLEMS}::test_what_the_next_sync_writes_over_and_what_it_leaves_are_told_apart_with_the_way_to_mend_both",
        ),
    ),
    Promise(
        "cli:drift:told-when-overwritten",
        "CONTRACT.md#Configuration",
        "Whatever writes over an edit of others by policy says so: the field, what stood there, the policy, the undo.",
        (
            f"{_OVERWRITTEN}::test_a_sync_that_did_not_look_before_tells_what_it_wrote_over",
            f"{_OVERWRITTEN}::test_the_audit_log_has_the_digest_of_what_stood_there",
            "tests/e2e/test_lake_formation.py::test_a_table_that_is_gone_is_one_table_in_however_many_targets",
            f"{_OVERWRITTEN}::test_a_run_that_is_tried_again_names_the_drift_that_it_writes_over",
            f"{_OVERWRITTEN}::test_a_preview_names_the_drift_before_anything_is_written",
            f"{_OVERWRITTEN}::test_a_table_that_a_run_made_again_is_told",
            "tests/unit/planning/decisions/test_overwritten.py::test_a_finding_says_what_was_there_and_how_it_comes_back",
        ),
    ),
    Promise(
        "cli:drift:errors",
        "CONTRACT.md#Command line: `spheresync`",
        "What could not be read is an error: it is neither free of drift nor deleted.",
        (
            f"{_LOOKS}::test_what_could_not_be_read_is_an_error_and_nothing_is_called_deleted_or_clean",
            f"{_LOOKS}::test_a_database_that_may_not_be_read_is_named_and_the_others_are_compared",
            "tests/integration/test_glue_reads.py::test_tables_come_a_page_at_a_time_and_a_failing_page_ends_them",
        ),
    ),
    Promise(
        "cli:drift:unseen",
        "CONTRACT.md#Command line: `spheresync`",
        "Nobody changed it is said of tables that were compared alone; what could not be seen is in status and doctor.",
        (
            f"{_LOOKS}::test_what_could_not_be_looked_at_is_in_the_status_and_in_the_doctors_findings_until_it_was",
            f"{_LOOKS}::test_a_table_that_may_not_be_written_is_among_the_doctors_findings",
            f"{_LOOKS}::test_a_look_before_anything_was_written_says_nothing_of_what_was_written_later",
            "tests/unit/service/test_health.py::test_nobody_changed_a_table_is_said_of_those_only_that_were_compared",
            "tests/unit/service/test_health.py::test_drift_is_told_as_of_the_look_and_is_nobodys_failure",
            "tests/unit/state/test_drift.py::test_what_only_a_look_at_everything_could_not_see_stays_known",
        ),
    ),
    Promise(
        "config:drift:found",
        "CONTRACT.md#Configuration",
        "What drift finds is repaired only where `drift:` says overwrite; report names it, keep lets it be.",
        (
            f"{_DRIFT}::test_what_the_policies_let_stand_is_named_and_not_repaired",
            f"{_DRIFT}::test_a_text_that_stays_is_told_as_long_as_it_stays_and_others_of_the_table_are_repaired",
            f"{_FOUND}::test_what_a_repair_leaves_is_what_was_written_but_for_what_was_said_to_stay",
        ),
    ),
    Promise(
        "glue:conflict:drift",
        "CONTRACT.md#What a Glue table holds",
        "A table that is not ours any more is named as a conflict and never touched, by no later update either.",
        (
            f"{_DRIFT}::test_what_is_not_ours_any_more_is_told_and_never_touched",
            f"{_DRIFT}::test_a_foreign_table_of_the_same_version_is_not_written_over_by_a_later_update",
            f"{_DRIFT}::test_a_table_made_anew_by_hand_tells_who_made_it",
        ),
    ),
    Promise(
        "mcp:detect-drift",
        "CONTRACT.md#MCP server",
        "detect_drift answers the change set of the repair.",
        (
            f"{_LOOKS}::test_an_assistant_finds_drift_in_dog_and_the_status_says_so_until_it_is_repaired",
            f"{_LOOKS}::test_a_look_is_written_down_and_people_are_told_in_plain_words",
            "tests/unit/server/test_mcp_tools.py::test_drift_says_what_the_repair_is_and_that_nothing_was_written",
        ),
    ),
)
