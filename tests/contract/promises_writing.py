"""Promises: what is written to AWS, and what is done about its errors."""

from __future__ import annotations

from tests.contract.promise import Promise

_DESTINATIONS = "tests/unit/execution/test_two_destinations.py"
_WHOSE = "tests/e2e/test_table_ownership.py"
_CONTAINER = "tests/e2e/test_one_container.py"
_OWNERSHIP = "tests/integration/test_glue_ownership.py"
_CREDENTIALS = "tests/integration/test_aws_credentials.py"
_NAMES = "tests/e2e/test_prefix_changed.py"
_CODES = "tests/unit/targets/aws/test_error_codes.py"
_SOURCE = "CONTRACT.md#Before a table is written"

_STANDING = "tests/unit/planning/test_target_findings.py"

WRITING: tuple[Promise, ...] = (
    Promise(
        "glue:converges",
        "CONTRACT.md#What a Glue table holds",
        "Whatever was edited at once and in whatever order, tables, search and lineage end as a new installation's.",
        (
            "tests/e2e/test_random_batches.py::test_batches_of_edits_end_where_a_new_installation_begins",
            "tests/e2e/test_random_operations.py::test_whatever_people_do_all_ends_as_it_should",
        ),
    ),
    Promise(
        "glue:targets:life",
        "CONTRACT.md#Other targets",
        "A life of tables in each target, which runs on a real account too: others' edits stay, deletes are ours only.",
        ("tests/e2e/test_real_account.py::test_a_whole_life",),
    ),
    Promise(
        "glue:known",
        _SOURCE,
        "What is known of a table stays known until a write or a look shows otherwise; each sync looks at it again.",
        (
            f"{_STANDING}::test_a_known_conflict_stays_one_in_every_sync_and_is_gone_once_the_way_is_free",
            f"{_STANDING}::test_what_drift_knows_is_where_an_asset_stands_and_a_sync_mends_it",
            f"{_STANDING}::test_an_edit_that_others_undid_is_over_after_one_look",
            f"{_STANDING}::test_what_new_policies_leave_is_looked_at_once_and_told_from_then_on",
            f"{_STANDING}::test_a_repair_that_was_not_taken_is_no_sync",
            "tests/unit/state/test_unwritten.py::test_a_conflict_that_a_former_version_knew_is_known_with_its_remedy",
        ),
    ),
    Promise(
        "glue:known:unwritten",
        "CONTRACT.md#MCP server",
        "What was not written is remembered for each asset until it is, whatever else was synced since.",
        (
            f"{_STANDING}::test_what_was_not_taken_is_known_until_it_is_written",
            f"{_STANDING}::test_what_nobody_wants_any_more_is_forgotten",
            f"{_STANDING}::test_what_an_undo_holds_names_the_run_that_was_undone",
            f"{_STANDING}::test_a_space_that_lists_nothing_is_told_from_the_first_listing_to_the_last",
            "tests/unit/state/test_unwritten.py::test_a_problem_is_as_old_as_its_kind_and_has_the_newest_words",
            "tests/unit/state/test_unwritten.py::test_groups_name_the_first_three_of_each_kind",
            "tests/unit/service/test_asset_problems.py::test_whoever_is_missing_retired_deleted_or_held_is_never_without_a_word",
        ),
    ),
    Promise(
        "glue:conflict:made-anew",
        _SOURCE,
        "A table that is not ours any more, dropped and made anew by others too, is a conflict, shown in the preview.",
        (
            f"{_WHOSE}::test_a_table_that_others_dropped_and_made_anew_is_a_conflict_in_preview_apply_and_sync",
            f"{_WHOSE}::test_a_first_preview_of_a_new_asset_shows_that_its_name_is_taken",
            f"{_WHOSE}::test_many_new_assets_cost_a_listing_of_their_database",
            f"{_WHOSE}::test_a_copy_of_ours_with_other_content_is_a_conflict_until_a_person_compares_all",
            f"{_WHOSE}::test_a_table_made_anew_is_neither_retired_nor_deleted_nor_restored",
            f"{_WHOSE}::test_a_preview_shows_what_others_edited_and_applies_over_just_that",
            f"{_OWNERSHIP}::test_a_table_that_others_made_anew_at_the_same_version_is_never_touched",
            f"{_OWNERSHIP}::test_what_changed_since_the_page_was_read_is_looked_at_again",
        ),
    ),
    Promise(
        "glue:reads",
        _SOURCE,
        "At most one read and one write for a changed table, by pages where many change; none for an unchanged one.",
        (
            f"{_WHOSE}::test_a_changed_table_is_one_read_and_one_write_and_a_new_one_no_read",
            f"{_WHOSE}::test_where_a_whole_database_changes_pages_are_read",
            f"{_WHOSE}::test_pages_that_may_not_be_read_cost_a_read_by_name_each",
            "tests/bench/test_counts.py::test_one_percent_changed_is_exactly_one_percent_of_writes",
            "tests/unit/targets/test_read_ahead.py::test_six_hundred_tables_of_a_database_are_six_pages_in_whatever_order",
            "tests/unit/execution/test_reads_before_writes.py::test_a_table_of_unknown_version_is_read_once_and_written_once",
        ),
    ),
    Promise(
        "glue:targets:apart",
        _SOURCE,
        "Each target and destination has its own checkpoints: one that is down leaves its own behind and nothing else.",
        (
            f"{_DESTINATIONS}::test_each_destination_gets_every_table_and_has_its_own_checkpoints",
            f"{_DESTINATIONS}::test_a_destination_that_is_out_while_planned_keeps_no_other_from_its_tables",
            f"{_DESTINATIONS}::test_a_destination_that_is_out_while_written_leaves_the_checkpoints_of_the_other_alone",
            f"{_DESTINATIONS}::test_a_scope_chooses_the_destination",
            f"{_DESTINATIONS}::test_an_undo_spans_both_destinations",
            f"{_DESTINATIONS}::test_drift_of_one_destination_is_found_and_mended_there",
            f"{_DESTINATIONS}::test_a_destination_that_is_out_keeps_no_other_from_being_compared",
            f"{_DESTINATIONS}::test_a_job_to_write_is_about_the_destination_that_lags",
            f"{_DESTINATIONS}::test_guards_count_each_destination_by_itself",
            "tests/unit/runtime/test_scope.py::test_targets_and_destinations_choose_among_those_in_force",
            "tests/unit/runtime/test_scope.py::test_a_choice_that_leaves_no_target_is_refused",
            "tests/unit/runtime/test_scope.py::test_a_scope_of_a_former_version_is_about_every_target",
        ),
    ),
    Promise(
        "glue:hidden",
        _SOURCE,
        "What Lake Formation hides cannot be seen: it is never called deleted, made again, retired or written over.",
        (
            f"{_WHOSE}::test_a_table_that_is_hidden_is_never_called_deleted",
            f"{_WHOSE}::test_a_table_that_only_a_listing_left_out_is_compared",
            f"{_WHOSE}::test_a_lost_state_leaves_a_hidden_table_alone",
            f"{_WHOSE}::test_a_table_that_a_lost_state_could_not_see_keeps_what_others_edited",
            f"{_OWNERSHIP}::test_a_table_that_cannot_be_seen_is_left_alone_and_said_to_be_hidden",
        ),
    ),
    Promise(
        "plan:preview:without-aws",
        _SOURCE,
        "A preview of known databases needs no AWS: where nobody could look, it says so.",
        (f"{_WHOSE}::test_a_preview_needs_no_aws_and_says_that_nobody_looked",),
    ),
    Promise(
        "readme:one-fault",
        "docs/explanation/guarantees.md#What you can rely on",
        "One fault stays one fault.",
        (
            f"{_CONTAINER}::test_a_database_that_is_refused_fails_its_space_with_the_reason_and_all_else_is_written",
            f"{_CONTAINER}::test_a_database_and_a_table_are_tried_again_after_an_answer_that_passes",
            f"{_CONTAINER}::test_a_database_that_may_not_be_listed_fails_its_space_and_a_lost_state_knows_the_others",
            f"{_CONTAINER}::test_a_sign_in_that_has_ended_stops_a_run_with_the_step_that_mends_it",
            f"{_OWNERSHIP}::test_a_write_that_was_answered_with_a_code_that_passes_is_looked_at_and_tried_again",
            f"{_CREDENTIALS}::test_a_missing_sso_token_asks_to_sign_in",
            f"{_CODES}::test_every_error_code_of_the_services_that_are_asked_is_classified",
            f"{_CODES}::test_every_exception_of_botocore_is_classified",
        ),
    ),
    Promise(
        "glue:targets:name-kept",
        "CONTRACT.md#What a Glue table holds",
        "The name of an installation is kept with what was written under it: another prefix makes nobody a stranger to "
        "his LF-Tags, assets and tables, what moved away is retired in every target. Another name goes into "
        "the tables, and is refused where anything of other targets was written under the former.",
        (
            f"{_NAMES}::test_another_prefix_leaves_nothing_of_ours_to_strangers",
            f"{_NAMES}::test_a_full_sync_moves_what_another_prefix_names_and_loses_nothing_with_the_state",
            f"{_NAMES}::test_another_name_is_refused_wherever_something_would_be_planned_or_written_and_the_former_goes_on",
            f"{_NAMES}::test_what_stands_under_another_name_is_a_conflict_for_an_empty_state_and_says_whose_it_is",
        ),
    ),
)
