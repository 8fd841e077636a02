"""Promises: what you can rely on."""

from __future__ import annotations

from tests.contract.promise import Promise

README: tuple[Promise, ...] = (
    Promise(
        "readme:seen-first",
        "docs/explanation/guarantees.md#What you can rely on",
        "Nothing changes before you have seen it.",
        (
            "tests/contract/test_change_sets.py::test_a_change_set_is_seen_first_and_applied_once",
            "tests/contract/test_change_sets.py::test_an_expired_change_set_is_refused",
            "tests/e2e/test_safety.py::test_what_somebody_edits_after_the_preview_is_not_overwritten_and_the_rest_is_applied",
        ),
    ),
    Promise(
        "readme:errors",
        "docs/explanation/guarantees.md#What you can rely on",
        "An error is never an empty list.",
        (
            "tests/e2e/test_safety.py::test_one_space_that_answers_503_deletes_nothing_and_is_named",
            "tests/e2e/test_safety.py::test_a_listing_that_is_not_whole_counts_no_miss",
            "tests/e2e/test_safety.py::test_most_assets_vanishing_is_refused_before_the_first_removal",
            "tests/contract/test_removals.py::test_an_empty_listing_removes_nothing_and_the_rest_goes_on",
            "tests/e2e/test_safety.py::test_every_asset_of_a_space_losing_columns_waits_for_a_person",
            "tests/e2e/test_safety.py::test_a_part_of_a_space_may_lose_columns",
        ),
    ),
    Promise(
        "readme:names",
        "docs/explanation/guarantees.md#What you can rely on",
        "No name breaks anything.",
        (
            "tests/e2e/test_odd_names.py::test_spaces_that_cannot_be_named_are_told_and_leave_the_others_alone",
            "tests/unit/runtime/test_unspellable_names.py::test_whatever_names_there_are_the_others_are_synced_as_ever",
        ),
    ),
    Promise(
        "readme:renames",
        "docs/explanation/guarantees.md#What you can rely on",
        "A change of case keeps the table.",
        (
            "tests/e2e/test_renames.py::test_a_change_of_case_is_one_update_of_the_same_table_and_nothing_of_others_is_lost",
            "tests/e2e/test_renames.py::test_a_likely_rename_is_shown_side_by_side_and_the_guard_counts_it",
            "tests/e2e/test_renames.py::test_columns_of_whose_names_only_the_case_changes_stay_and_trip_no_guard",
            "tests/unit/discovery/test_renamed_assets.py::test_it_moves_once_the_tenant_says_that_the_former_name_is_gone",
        ),
    ),
    Promise(
        "readme:others-work",
        "docs/explanation/guarantees.md#What you can rely on",
        "Other people's work survives.",
        (
            "tests/e2e/test_safety.py::test_a_table_of_our_name_that_is_not_ours_is_a_conflict_and_stays_as_it_is",
            "tests/e2e/test_safety.py::test_foreign_parameters_survive_an_update",
            "tests/integration/test_glue_target.py::TestUpdate::test_a_text_edited_by_hand_follows_the_policy",
        ),
    ),
    Promise(
        "readme:unchanged",
        "docs/explanation/guarantees.md#What you can rely on",
        "Unchanged costs nothing.",
        (
            "tests/e2e/test_sync.py::test_first_sync_creates_every_asset_and_the_second_asks_aws_nothing",
            "tests/e2e/test_sync.py::test_one_label_is_one_update_and_one_type_is_a_full_one",
            "tests/bench/test_counts.py::test_one_percent_changed_is_exactly_one_percent_of_writes",
        ),
    ),
    Promise(
        "readme:crash",
        "docs/explanation/guarantees.md#What you can rely on",
        "A crash loses nothing.",
        (
            "tests/faults/test_processes.py::test_ten_kills_in_the_middle_of_an_apply_lose_nothing_and_write_nothing_twice",
            "tests/e2e/test_sync.py::test_names_survive_the_loss_of_the_state",
            "tests/faults/test_state_processes.py::test_kill_9_loses_nothing_that_was_acknowledged",
        ),
    ),
    Promise(
        "readme:undo",
        "docs/explanation/guarantees.md#What you can rely on",
        "A run can be undone.",
        (
            "tests/e2e/test_undo.py::test_tables_are_byte_equal_again_and_the_undo_is_reviewed_first",
            "tests/e2e/test_undo.py::test_what_a_person_changed_since_is_refused_item_by_item",
            "tests/e2e/test_undo.py::test_a_retired_and_a_deleted_table_come_back_whole_and_stay",
        ),
    ),
    Promise(
        "readme:audit",
        "docs/explanation/guarantees.md#What you can rely on",
        "The audit log proves itself.",
        (
            "tests/contract/test_audit_log.py::test_verify_says_so_by_its_exit_code",
            "tests/contract/store_promises.py::StorePromises::test_an_audit_entry_is_kept_only_with_its_change",
        ),
    ),
    Promise(
        "readme:hostile",
        "docs/explanation/guarantees.md#What you can rely on",
        "What others send cannot bring it down.",
        (
            "tests/unit/source/test_document_budget.py::test_a_document_beyond_the_budget_is_the_finding_of_its_asset_alone",
            "tests/unit/source/test_document_budget.py::test_each_count_has_an_end",
            "tests/unit/source/test_document_budget.py::test_reading_definitions_leaves_the_event_loop_free",
            "tests/unit/source/test_odd_definitions.py::test_an_odd_column_is_a_finding_of_its_own",
            "tests/unit/source/test_odd_definitions.py::test_what_is_wrong_elsewhere_is_no_matter_of_the_asset",
            "tests/unit/mapping/test_patterns.py::test_each_part_of_a_glob_is_searched_for_once_however_long_the_text",
            "tests/unit/state/test_audit.py::test_exports_hold_nothing_that_steers_or_hides_and_lose_nothing",
            "tests/unit/state/test_folder_guard.py::test_what_is_open_to_others_is_closed_and_named",
            "tests/unit/state/test_folder_guard.py::test_a_symbolic_link_is_not_followed",
            "tests/faults/test_signals_while_others_hang.py::test_a_sync_ends_while_aws_hangs_and_the_next_one_loses_and_doubles_nothing",
            "tests/faults/test_signals_while_others_hang.py::test_a_server_ends_while_aws_hangs",
            "tests/faults/test_signals_while_others_hang.py::test_a_discovery_ends_while_the_tenant_hangs",
        ),
    ),
    Promise(
        "readme:assistants",
        "docs/explanation/guarantees.md#What you can rely on",
        "Assistants never steer SAP.",
        (
            "tests/contract/test_assistants.py::test_who_says_nothing_is_a_viewer_and_reads_the_store_only",
            "tests/unit/server/test_mcp_tools.py::test_deletes_are_done_only_after_the_person_said_yes",
        ),
    ),
)
