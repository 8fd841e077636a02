"""Promises: the undo of runs."""

from __future__ import annotations

from tests.contract.promise import Promise

UNDO: tuple[Promise, ...] = (
    Promise(
        "cli:revert",
        "CONTRACT.md#Undo",
        "revert makes a change set; applying it restores byte-equal TableInputs, and writes nothing before.",
        (
            "tests/e2e/test_undo.py::test_an_undo_of_an_undo_says_since_when_and_by_which_run_it_holds",
            "tests/e2e/test_undo.py::test_tables_are_byte_equal_again_and_the_undo_is_reviewed_first",
            "tests/e2e/test_undo.py::test_edits_by_hand_that_a_run_wrote_over_come_back_exactly",
            "tests/e2e/test_undo.py::test_an_edit_that_only_an_undo_has_met_counts_as_known_everywhere_and_as_nobodys_failure",
            "tests/e2e/test_undo.py::test_a_database_that_the_undone_run_made_stays_and_is_told_of_where_it_ends_empty",
            "tests/e2e/test_undo_of_five_targets.py::test_an_undo_calls_what_it_deletes_by_name_and_tells_of_no_database_in_which_a_table_stays",
            "tests/e2e/test_undo.py::test_a_run_without_changes_has_nothing_to_undo_and_says_so",
        ),
    ),
    Promise(
        "cli:revert:every-target",
        "CONTRACT.md#Undo",
        "What a run changed comes back in every target, of bound tables too.",
        (
            "tests/e2e/test_undo_of_five_targets.py::test_a_run_that_wrote_onto_a_table_of_others_is_undone_in_every_target",
            "tests/e2e/test_undo_of_five_targets.py::test_an_undo_of_an_undo_and_of_that_goes_back_and_forth_in_every_target_of_bound_tables_too",
            "tests/e2e/test_undo_of_five_targets.py::test_what_an_undo_holds_in_one_target_is_held_in_those_that_add_to_it",
            "tests/e2e/test_undo_of_five_targets.py::test_the_undo_of_another_prefix_holds_in_every_target_until_it_is_released",
            "tests/e2e/test_undo_of_five_targets.py::test_the_undo_of_a_delete_publishes_again_what_the_run_had_unpublished",
            "tests/e2e/test_undo_of_five_targets.py::test_an_undo_is_finished_by_another_once_a_target_is_there_again",
            "tests/e2e/test_undo_walk.py::test_what_stood_in_each_target_stands_there_again_to_any_depth_of_undo",
            "tests/e2e/test_undo_walk.py::test_whatever_write_of_an_undo_its_process_dies_after_the_next_command_ends_it",
        ),
    ),
    Promise(
        "cli:revert:says-what-it-deletes",
        "docs/how-to/recover.md#Undo a run",
        "An undo says how many tables of which spaces it deletes, that no guard stands before it, and what is unread.",
        (
            "tests/unit/planning/test_told_of_undo.py::test_it_says_how_many_of_which_spaces_and_that_no_guard_stands_before_it",
            "tests/unit/planning/test_told_of_undo.py::test_a_space_that_cannot_be_read_is_named_with_the_reason",
            "tests/e2e/test_undo_dog.py::test_an_assistant_makes_the_undo_and_applies_it",
        ),
    ),
    Promise(
        "cli:revert:held-without-table",
        "docs/how-to/recover.md#Undo a run",
        "A held asset whose table an undo deleted says so, and so do the status and the list of deleted ones.",
        (
            "tests/unit/service/test_asset_problems.py::test_a_held_one_without_a_table_says_that_the_undo_deleted_it_and_when",
            "tests/unit/service/test_health.py::test_held_assets_without_a_table_are_told_as_that",
            "tests/e2e/test_undo.py::test_what_an_undo_leaves_without_a_table_is_told_wherever_it_is_missed",
        ),
    ),
    Promise(
        "cli:release",
        "CONTRACT.md#Undo",
        "Restored assets are held until they change in Datasphere or a person releases them.",
        (
            "tests/e2e/test_undo.py::test_what_was_restored_is_held_until_it_changes_or_a_person_releases_it",
            "tests/e2e/test_undo.py::test_an_asset_that_vanishes_after_its_undo_is_retired_as_any",
            "tests/unit/planning/decisions/test_holds.py::test_whatever_became_of_the_table_it_is_held_until_the_asset_changes",
            "tests/e2e/test_undo.py::test_leaving_the_scope_and_coming_back_are_undone_without_a_call",
            "tests/unit/service/test_asset_problems.py::test_a_held_one_that_is_gone_says_so_and_what_releasing_it_does",
        ),
    ),
    Promise(
        "runs:revert:others",
        "CONTRACT.md#Undo",
        "What others had written into a restored table before stays theirs: no later sync takes it for ours.",
        (
            "tests/unit/planning/test_edits_of_others_stay.py::test_nothing_that_others_wrote_is_written_over",
            "tests/integration/test_glue_ownership.py::test_a_text_edited_in_a_table_that_the_state_does_not_know_stays",
            "tests/integration/test_glue_ownership.py::test_a_new_table_where_another_installation_has_one_is_a_conflict",
        ),
    ),
    Promise(
        "runs:revert:refused",
        "CONTRACT.md#Undo",
        "What somebody else changed since is refused, item by item.",
        (
            "tests/e2e/test_undo.py::test_what_a_person_changed_since_is_refused_item_by_item",
            "tests/e2e/test_undo.py::test_an_edit_between_review_and_apply_is_refused_too",
            "tests/unit/planning/decisions/test_undo.py::test_what_others_did_since_refuses_it_and_is_named",
            "tests/e2e/test_undo.py::test_what_another_run_wrote_since_is_refused_and_says_which",
            "tests/e2e/test_undo.py::test_a_renaming_of_which_one_table_was_edited_is_left_whole",
        ),
    ),
    Promise(
        "runs:revert:deletes",
        "CONTRACT.md#Deletion",
        "What a run created is deleted by its undo only where deletes are allowed (until then it stays open), once.",
        ("tests/e2e/test_undo.py::test_a_created_table_goes_only_where_deletes_are_allowed_and_is_not_made_again",),
    ),
    Promise(
        "runs:revert:removals",
        "CONTRACT.md#Undo",
        "Retired and deleted tables come back whole, and stay.",
        ("tests/e2e/test_undo.py::test_a_retired_and_a_deleted_table_come_back_whole_and_stay",),
    ),
    Promise(
        "runs:revert:again",
        "CONTRACT.md#Undo",
        "An undo is a run like any other: it can be undone.",
        ("tests/e2e/test_undo.py::test_an_undo_can_be_undone",),
    ),
    Promise(
        "runs:revert:renaming",
        "CONTRACT.md#Undo",
        "The tables of an asset are restored together, whatever the rules say by now.",
        (
            "tests/e2e/test_undo.py::test_a_renaming_is_undone_with_both_tables_though_the_rules_moved_since",
            "tests/e2e/test_undo.py::test_a_renaming_undone_without_deletes_leaves_the_new_table_beside",
        ),
    ),
    Promise(
        "cli:revert:words",
        "CONTRACT.md#Command line: `spheresync`",
        "revert and release are for admins, and say what is wrong with a name.",
        ("tests/e2e/test_undo.py::test_what_cannot_be_asked_is_refused_in_words",),
    ),
    Promise(
        "runs:revert:killed",
        "CONTRACT.md#Command line: `spheresync`",
        "An undo whose process dies is taken over, and holds what it restored.",
        ("tests/faults/test_undo_killed.py::test_an_undo_that_is_killed_goes_on_and_holds_all_that_it_restored",),
    ),
    Promise(
        "runs:revert:of-killed",
        "CONTRACT.md#Undo",
        "What a run had sent when its process died, or was not answered, is undone with it.",
        (
            "tests/faults/test_undo_of_killed_runs.py::test_the_undo_of_a_run_that_was_killed_leaves_nothing_of_it_on_a_table_of_others",
            "tests/faults/test_undo_of_killed_runs.py::test_what_was_written_and_not_answered_is_undone",
            "tests/e2e/test_undo_of_half_written.py::test_nothing_stays_of_what_a_first_write_began_and_another_ended",
            "tests/e2e/test_undo_of_half_written.py::test_the_undo_of_the_run_that_ended_half_a_change_takes_back_all_of_it",
        ),
    ),
    Promise(
        "mcp:revert-run",
        "CONTRACT.md#MCP server",
        "revert_run answers the change set of the undo.",
        (
            "tests/e2e/test_undo_dog.py::test_an_assistant_makes_the_undo_and_applies_it",
            "tests/e2e/test_undo_dog.py::test_what_an_undo_deleted_is_made_again_and_not_new_in_datasphere",
        ),
    ),
)
