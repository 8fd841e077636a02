"""Promises: tables that others made, onto which only what is known of an asset is written."""

from __future__ import annotations

from tests.contract.promise import Promise

_BOUND = "tests/e2e/test_bound_tables.py"
_KNOWN = "tests/e2e/test_bound_table_knowledge.py"
_PLACES = "tests/e2e/test_bound_table_places.py"
_RANDOM = "tests/unit/planning/test_bound_tables_at_random.py"
_SCHEDULE = "tests/unit/schedule/test_bound_tables.py"
_UNIT = "tests/unit/targets/glue/test_bound_table.py"
_SOURCE = "CONTRACT.md#Bound tables"

BOUND_TABLES: tuple[Promise, ...] = (
    Promise(
        "glue:bound:written",
        _SOURCE,
        "Only empty texts and parameters under `spheresync.` are written; columns match by name in any case, then "
        "by `spheresync.name`; what has no partner, and a type that differs, is a finding.",
        (
            f"{_BOUND}::test_the_meaning_of_an_asset_is_written_and_nothing_else_and_a_second_sync_does_nothing",
            f"{_BOUND}::test_tables_of_every_kind_are_bound_and_given_back",
            f"{_BOUND}::test_a_view_that_could_not_be_written_back_is_left_alone",
            f"{_BOUND}::test_iceberg_tables_keep_no_version_for_it_and_others_do",
            f"{_BOUND}::test_a_bound_table_that_may_not_be_seen_fails_by_itself",
            f"{_BOUND}::test_a_lost_answer_is_looked_into_and_nothing_is_written_twice",
            f"{_UNIT}::test_a_name_that_is_equal_wins_over_one_that_is_folded_and_one_that_fits_several_is_nobodys",
            f"{_UNIT}::test_only_a_type_that_does_not_hold_what_the_asset_has_is_told",
            f"{_UNIT}::test_binding_changes_nothing_that_is_not_ours",
            f"{_UNIT}::test_what_was_bound_is_taken_back_whole",
            f"{_UNIT}::test_texts_are_cut_at_the_limits_of_aws_and_stay_whole_in_parameters",
        ),
    ),
    Promise(
        "glue:bound:held",
        _SOURCE,
        "A bound table that does not exist yet is held with that reason, and looked for again by every run.",
        (
            f"{_BOUND}::test_a_table_that_does_not_exist_yet_is_waited_for_and_found_by_the_next_run",
            f"{_BOUND}::test_a_table_that_its_owner_drops_is_waited_for_and_never_made",
            f"{_BOUND}::test_a_table_that_its_owner_makes_anew_is_bound_again",
            f"{_SCHEDULE}::test_what_waits_for_a_table_is_set_aside_for_nobody_and_asked_for_again_at_its_turn",
        ),
    ),
    Promise(
        "glue:bound:taken-back",
        _SOURCE,
        "When the asset or the rule is gone, what is ours is taken back; a bound table is never deleted.",
        (
            f"{_BOUND}::test_rules_bind_a_table_of_ours_away_and_back_as_they_name_it_anew",
            f"{_BOUND}::test_another_table_is_bound_and_what_is_ours_taken_back_from_the_former",
            f"{_BOUND}::test_what_is_ours_is_taken_back_when_the_asset_is_gone_and_written_again_when_it_is_back",
            f"{_BOUND}::test_a_rule_or_scope_that_leaves_the_asset_out_takes_back_what_is_ours_and_trips_no_guard",
            f"{_BOUND}::test_what_the_owner_had_under_our_prefix_and_what_stood_empty_comes_back",
            f"{_RANDOM}::test_whatever_people_do_the_owner_has_his_tables_in_the_end",
            "tests/e2e/test_bound_table_columns.py::test_what_is_ours_on_a_column_that_leaves_goes_in_the_same_sync",
            f"{_BOUND}::test_guards_count_what_is_taken_back_with_what_is_retired",
            f"{_BOUND}::test_the_deletion_policy_decides_whether_and_never_deletes",
        ),
    ),
    Promise(
        "glue:bound:one-asset",
        _SOURCE,
        "One table stands for one asset: who holds it keeps it, among newcomers the smallest name gets it.",
        (
            f"{_BOUND}::test_of_two_assets_that_rules_bind_to_one_table_the_first_keeps_it",
            f"{_BOUND}::test_among_newcomers_the_smallest_name_is_bound",
            f"{_BOUND}::test_a_table_of_another_installation_is_a_conflict",
            f"{_BOUND}::test_an_asset_whose_name_changes_its_case_keeps_its_bound_table",
            f"{_PLACES}::test_a_table_of_others_that_replaced_ours_is_bound_in_place_and_given_back",
            f"{_PLACES}::test_a_table_that_another_asset_left_and_others_made_anew_is_free_to_be_bound",
            f"{_PLACES}::test_a_rule_that_awaits_a_table_where_one_of_ours_is_to_be_keeps_no_database_from_being_made",
            f"{_PLACES}::test_assets_that_change_places_come_right_in_two_syncs",
            f"{_PLACES}::test_an_asset_that_waits_for_a_table_lets_go_of_the_one_that_another_waits_for",
            f"{_PLACES}::test_a_bound_table_that_others_moved_with_our_marks_is_taken_up_and_the_former_place_let_go",
            f"{_PLACES}::test_a_table_of_ours_is_retired_though_the_one_that_its_asset_is_bound_to_was_marked_already",
        ),
    ),
    Promise(
        "glue:bound:drift",
        _SOURCE,
        "An edit of our text follows the drift policy, a text of theirs stays, and their commits are no drift.",
        (
            f"{_BOUND}::test_an_edit_of_our_text_follows_the_drift_policy_and_a_text_of_theirs_is_never_overwritten",
            f"{_BOUND}::test_an_edit_that_a_write_left_is_put_right_by_a_drift_repair_once_the_policy_says_so",
            f"{_UNIT}::test_a_column_that_its_owner_renames_takes_our_text_along_and_gives_it_back",
            f"{_BOUND}::test_a_commit_of_its_owner_stays_and_what_it_took_away_is_written_again",
        ),
    ),
    Promise(
        "glue:bound:undo",
        _SOURCE,
        "Undo puts back what stood there, with what the owner did since, and is refused where somebody changed ours.",
        (
            f"{_BOUND}::test_undo_puts_back_what_stood_there_and_the_undo_of_that_writes_it_again",
            f"{_BOUND}::test_undo_keeps_what_the_owner_did_since_and_is_refused_where_somebody_changed_ours",
            f"{_BOUND}::test_undo_of_a_take_back_writes_it_again",
            f"{_KNOWN}::test_a_table_that_an_undo_found_deleted_is_not_unchanged_afterwards",
            f"{_KNOWN}::test_an_edit_that_kept_an_undo_from_being_planned_is_looked_into_by_the_next_sync",
        ),
    ),
    Promise(
        "glue:bound:lost",
        _SOURCE,
        "A lost state finds its bound tables again and writes nothing twice.",
        (
            f"{_BOUND}::test_a_lost_state_finds_its_bound_tables_and_writes_nothing_twice",
            f"{_KNOWN}::test_a_bound_table_that_nothing_knows_of_is_named_by_a_look_and_taken_back_after_a_full_sync",
            f"{_BOUND}::test_a_lost_state_takes_back_what_no_rule_binds_any_more_and_what_is_gone",
            f"{_BOUND}::test_a_lost_state_takes_back_what_was_ours_where_the_only_bound_asset_of_a_database_is_gone",
        ),
    ),
    Promise(
        "glue:bound:shown",
        _SOURCE,
        "A preview shows each field before and after, and apply writes just that; every answer names the bound table.",
        (
            f"{_BOUND}::test_a_preview_shows_each_field_before_and_after_and_apply_writes_just_that",
            f"{_BOUND}::test_what_the_owner_changes_between_preview_and_apply_is_kept_and_an_edit_of_ours_refuses",
            f"{_BOUND}::test_every_answer_names_the_bound_table_and_what_of_it_does_not_fit",
            f"{_BOUND}::test_many_bound_tables_are_read_a_page_at_a_time",
            f"{_KNOWN}::test_an_asset_on_a_bound_table_counts_as_verified",
        ),
    ),
    Promise(
        "glue:bound:crawlers",
        _SOURCE,
        "doctor names a crawler that removes what is ours from a bound table.",
        (f"{_BOUND}::test_doctor_names_crawlers_that_remove_what_is_ours",),
    ),
)
