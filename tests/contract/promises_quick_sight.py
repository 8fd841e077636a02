"""Promises: data sets and topics of QuickSight on tables that can be queried."""

from __future__ import annotations

from tests.contract.promise import Promise

_QUICK = "tests/e2e/test_quick_sight.py"
_HALVES = "tests/e2e/test_quick_sight_halves.py"
_LABELS = "tests/e2e/test_quick_sight_labels.py"
_ACCESS = "tests/e2e/test_quick_sight_access.py"
_DESIGN = "tests/unit/targets/quicksight/test_design.py"
_SOURCE = "CONTRACT.md#Other targets"
_NAMES = "tests/e2e/test_quick_sight_names.py"
_OWNERSHIP = "tests/e2e/test_quick_sight_ownership.py"

QUICK_SIGHT: tuple[Promise, ...] = (
    Promise(
        "quicksight:data-sets",
        _SOURCE,
        "What can be queried has a data set with friendly names and folders by role, on one data source, and for the "
        "kinds of quicksight.topics a topic; one label is one call, and what is as it was takes none.",
        (
            f"{_QUICK}::test_a_bound_table_has_a_data_set_and_a_second_sync_does_nothing",
            f"{_QUICK}::test_a_label_that_changes_is_one_update_and_nothing_else",
            f"{_QUICK}::test_kinds_that_are_named_get_a_topic",
            f"{_QUICK}::test_assets_without_a_data_set_are_no_trouble_of_the_status",
            f"{_QUICK}::test_an_explanation_foretells_no_name_that_a_data_set_does_not_get",
            f"{_QUICK}::test_another_workgroup_is_another_data_source",
            f"{_QUICK}::test_what_is_missing_or_wrong_in_the_settings_is_told",
            f"{_QUICK}::test_an_account_without_quick_sight_is_told_once_with_what_to_do",
            f"{_QUICK}::test_doctor_asks_for_each_permission_and_names_what_is_denied",
        ),
    ),
    Promise(
        "quicksight:queryable",
        "CONTRACT.md#Configuration",
        "`queryable` of a mapping rule, and a bound table, say what gets a data set; what is not wanted any more is "
        "retired and deleted by the rules of removal, and Glue holds what it held.",
        (
            f"{_QUICK}::test_what_can_be_queried_is_said_by_a_rule_and_what_is_not_any_more_goes_by_the_removal_rules",
            f"{_QUICK}::test_a_table_of_ours_that_holds_metadata_only_gets_its_data_set_by_a_rule",
            f"{_QUICK}::test_a_data_set_goes_with_its_asset_and_comes_back_with_it",
            f"{_OWNERSHIP}::test_a_data_set_that_takes_no_update_any_more_is_retired_by_its_tags_and_deleted",
        ),
    ),
    Promise(
        "quicksight:foreign",
        _SOURCE,
        "What others made of a data set survives update and undo, their rights stay, and a data set of others is never "
        "touched; a delete takes away what we made and nothing that is shared.",
        (
            f"{_QUICK}::test_what_others_made_of_a_data_set_survives_update_and_undo",
            f"{_QUICK}::test_a_column_that_is_gone_takes_rules_of_its_own_along_and_waits_for_what_else_reads_it",
            f"{_QUICK}::test_rights_follow_the_settings_and_those_of_others_stay",
            f"{_OWNERSHIP}::test_tags_and_rights_that_others_change_or_take_away_are_as_they_left_them",
            f"{_OWNERSHIP}::test_a_data_set_that_somebody_deleted_is_made_again_without_rights_of_others",
            f"{_QUICK}::test_a_data_set_of_somebody_else_is_never_touched",
            f"{_QUICK}::test_whatever_is_said_of_a_data_set_calls_it_one",
            f"{_QUICK}::test_the_undo_of_a_first_sync_deletes_what_was_made_and_an_undo_of_that_brings_it_back",
        ),
    ),
    Promise(
        "quicksight:drift",
        _SOURCE,
        "What others changed of ours is found and put back; a text of theirs stays where the policy lets it.",
        (
            f"{_QUICK}::test_what_others_changed_of_ours_is_drift_and_put_back",
            f"{_QUICK}::test_a_text_of_others_stays_where_the_policy_lets_it",
            f"{_QUICK}::test_a_column_that_others_name_anew_stands_in_the_way_of_no_later_write",
            f"{_QUICK}::test_a_folder_or_data_source_that_somebody_deletes_is_made_again",
        ),
    ),
    Promise(
        "quicksight:labels",
        _SOURCE,
        "A column whose label stays is called as before whatever other columns do, and a change set says which columns "
        "it names anew and that analyses which use the former names break.",
        (
            f"{_LABELS}::test_a_preview_says_which_columns_analyses_will_miss_and_so_does_one_of_the_undo",
            f"{_LABELS}::test_a_label_that_another_column_gets_is_told_as_that",
            f"{_LABELS}::test_who_holds_a_label_keeps_it_and_no_other_column_slips_into_its_place",
            f"{_DESIGN}::test_a_column_whose_label_stays_is_called_as_before_whatever_the_others_do",
        ),
    ),
    Promise(
        "quicksight:access",
        _SOURCE,
        "Owners and viewers who change, and those whom a new data set gives rights, are an access change: shown apart, "
        "with who gains and loses what, and waiting for a second person where approvals.four_eyes names access.",
        (
            f"{_ACCESS}::test_owners_and_viewers_who_change_are_shown_apart_with_who_gains_and_loses_what",
            f"{_ACCESS}::test_owners_and_viewers_who_change_wait_for_a_second_person_and_so_does_their_undo",
            f"{_ACCESS}::test_a_new_data_set_that_people_get_to_see_waits_for_a_second_person",
        ),
    ),
    Promise(
        "quicksight:halves",
        _SOURCE,
        "What a write of ours that ended half-way has left is nobody else's edit: the next one goes on from there, no "
        "undo is refused for it, and what others did beside it stays.",
        (
            f"{_HALVES}::test_a_label_that_changes_again_after_half_a_write_is_written",
            f"{_HALVES}::test_a_label_that_is_as_before_again_after_half_a_write_is_put_back",
            f"{_HALVES}::test_a_column_that_half_a_write_took_away_goes_from_the_topic_too",
            f"{_HALVES}::test_several_halves_one_after_the_other_are_ours_and_what_others_did_beside_them_stays",
            f"{_HALVES}::test_half_a_write_is_no_drift_and_what_others_did_beside_it_is",
            f"{_HALVES}::test_an_undo_is_not_refused_for_half_a_write_of_ours",
            f"{_HALVES}::test_half_an_undo_is_ours_too",
            f"{_HALVES}::test_what_others_said_of_a_column_in_the_topic_survives_half_a_write",
            f"{_HALVES}::test_half_a_delete_is_done_by_the_next_one",
        ),
    ),
    Promise(
        "quicksight:apart",
        _SOURCE,
        "Throttles, outages and lost answers leave nothing undone or made twice, and leave Glue's items alone; a lost "
        "state finds everything again and makes no duplicate.",
        (
            f"{_QUICK}::test_faults_leave_nothing_undone_or_done_twice",
            f"{_QUICK}::test_a_service_that_is_down_leaves_its_own_behind_and_nothing_of_glue",
            f"{_QUICK}::test_a_lost_state_finds_everything_again_and_makes_no_duplicate",
            f"{_QUICK}::test_a_lost_state_finds_data_sets_that_kept_their_ids_through_a_change_of_the_prefix",
            f"{_QUICK}::test_what_a_lost_state_finds_again_is_no_new_data_set_and_no_undo_deletes_it",
            f"{_DESIGN}::test_ids_follow_from_installation_and_asset_and_what_keeps_destinations_apart",
        ),
    ),
    Promise(
        "quicksight:limits",
        _SOURCE,
        "Each limit is held at it and refused one beyond, with what to do.",
        (
            f"{_DESIGN}::test_columns_are_taken_up_to_the_limit_and_one_more_is_refused_with_what_to_do",
            f"{_DESIGN}::test_steps_are_taken_up_to_the_limit_and_one_more_is_refused",
            f"{_DESIGN}::test_texts_are_cut_at_their_limits",
            f"{_DESIGN}::test_names_of_what_is_shared_and_synonyms_are_cut_at_their_limits",
            f"{_DESIGN}::test_a_column_of_a_name_that_is_too_long_for_quick_sight_is_left_out",
            f"{_DESIGN}::test_principals_are_taken_up_to_the_limit_and_one_more_is_refused",
        ),
    ),
    Promise(
        "quicksight:topics-of-others",
        _SOURCE,
        "A topic of our id that we did not make is a conflict in each sync: it is never changed, taken for ours "
        "or deleted, whatever becomes of our data set.",
        (
            f"{_OWNERSHIP}::test_a_topic_of_somebody_else_is_a_conflict_and_stays_one",
            f"{_OWNERSHIP}::test_what_is_shared_and_somebody_else_made_is_a_conflict_and_stays_one",
            f"{_OWNERSHIP}::test_a_topic_of_ours_that_lost_its_tags_is_nobody_s_to_change",
        ),
    ),
    Promise(
        "quicksight:names-by-hand",
        "docs/how-to/quicksight.md#Data sets and topics in QuickSight",
        "A name that somebody gave a data set or topic by hand stays through every new label of ours and is told as "
        "long as it stands, as the drift policy says.",
        (f"{_NAMES}::test_a_name_given_by_hand_stays_through_every_new_label_and_is_told",),
    ),
)
