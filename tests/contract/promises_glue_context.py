"""Promises: terms and attachments of Glue's business context on the tables of Glue."""

from __future__ import annotations

from tests.contract.promise import Promise

_CONTEXT = "tests/e2e/test_glue_context.py"
_ATTACKED = "tests/e2e/test_glue_context_attacked.py"
_TERMS = "tests/e2e/test_glue_context_terms.py"
_KILLED = "tests/faults/test_glue_context_killed.py"
_SOURCE = "CONTRACT.md#Other targets"

GLUE_CONTEXT: tuple[Promise, ...] = (
    Promise(
        "gluecontext:terms",
        _SOURCE,
        "Attachments and terms on tables and on their columns; what is as it was takes no call, and one table that "
        "changes takes one read and one write.",
        (
            f"{_CONTEXT}::test_tables_and_columns_get_attachments_and_terms_and_a_second_sync_does_nothing",
            f"{_CONTEXT}::test_one_table_that_changes_takes_one_read_and_one_write",
            f"{_CONTEXT}::test_a_column_that_goes_takes_what_is_said_of_it_along_whatever_the_attachment_on_the_table_says",
            f"{_CONTEXT}::test_each_destination_has_its_own_context",
            f"{_ATTACKED}::test_texts_of_every_length_are_cut_or_told",
            f"{_ATTACKED}::test_a_term_that_is_too_long_fails_what_uses_it_and_says_so",
            f"{_ATTACKED}::test_a_bound_table_of_a_name_that_no_asset_has_fails_alone",
            f"{_ATTACKED}::test_values_of_persons_reach_no_attachment",
        ),
    ),
    Promise(
        "gluecontext:glossary",
        _SOURCE,
        "Glossary and terms are found before they are made; those of others, and edited texts, stay as they are.",
        (
            f"{_CONTEXT}::test_a_glossary_and_terms_of_others_are_used_and_stay_as_they_are",
            f"{_CONTEXT}::test_a_definition_that_changes_updates_that_term_once_and_no_table",
            f"{_CONTEXT}::test_a_definition_that_somebody_edited_stays",
            f"{_TERMS}::test_a_term_and_a_glossary_that_somebody_renamed_stay_the_same_ones",
            f"{_TERMS}::test_another_glossary_takes_the_place_of_the_former_on_every_table",
            f"{_CONTEXT}::test_of_more_terms_than_glue_takes_the_first_are_kept_and_that_is_told",
            f"{_CONTEXT}::test_with_terms_of_others_there_may_be_too_many_which_fails_that_table_alone",
            f"{_ATTACKED}::test_two_installations_share_glossary_and_form_types_and_leave_each_other_alone",
            f"{_ATTACKED}::test_a_glossary_of_many_pages_is_read_to_its_end",
            f"{_ATTACKED}::test_a_list_without_an_end_is_an_error_and_no_list",
            f"{_ATTACKED}::test_rows_without_name_or_id_are_nobodys",
        ),
    ),
    Promise(
        "gluecontext:reversible",
        _SOURCE,
        "An undo and a delete take away exactly what is ours, and what others put there survives; a lost state finds "
        "everything again and makes no duplicate.",
        (
            f"{_CONTEXT}::test_a_lost_state_finds_all_again_and_makes_no_duplicate",
            f"{_CONTEXT}::test_a_context_is_its_table_s_though_the_asset_has_another_case_since_the_state_was_lost",
            f"{_CONTEXT}::test_what_others_put_there_survives_update_undo_and_what_is_ours_goes",
            f"{_CONTEXT}::test_context_goes_as_its_table_does",
            f"{_CONTEXT}::test_a_context_that_another_installation_keeps_is_a_conflict",
            f"{_ATTACKED}::test_an_attachment_of_others_that_has_our_name_is_a_conflict_and_stays",
            f"{_ATTACKED}::test_an_attachment_of_others_in_the_place_of_ours_stays",
            f"{_ATTACKED}::test_half_of_what_a_write_was_to_put_there_is_nobody_elses_edit",
            f"{_ATTACKED}::test_members_that_others_added_to_our_form_type_stay_when_it_gets_what_it_lacks",
            f"{_ATTACKED}::test_a_term_that_others_had_put_there_stays_when_ours_goes",
            f"{_ATTACKED}::test_nothing_goes_onto_a_table_that_somebody_made_in_the_place_of_ours",
            f"{_ATTACKED}::test_a_table_that_a_rule_names_anew_has_its_context_there",
            f"{_ATTACKED}::test_a_bound_table_gets_its_context_and_gives_it_back",
            f"{_ATTACKED}::test_an_asset_that_leaves_the_scope_and_comes_back_keeps_its_context",
            f"{_ATTACKED}::test_an_undo_refuses_what_others_changed_since_and_brings_back_the_rest",
            f"{_ATTACKED}::test_an_undo_of_a_delete_brings_the_table_back_with_its_context",
            f"{_ATTACKED}::test_a_form_type_of_others_that_has_our_name_is_told_once_and_stays",
        ),
    ),
    Promise(
        "gluecontext:drift",
        _SOURCE,
        "What others changed or took away of ours is drift and is put back.",
        (
            f"{_CONTEXT}::test_what_others_changed_of_ours_is_drift_and_repaired",
            f"{_CONTEXT}::test_an_attachment_that_others_took_away_is_put_on_again",
            f"{_TERMS}::test_an_attachment_of_ours_that_somebody_made_unreadable_is_written_again",
            f"{_TERMS}::test_terms_are_ours_also_after_our_attachment_says_nothing_any_more",
            f"{_CONTEXT}::test_a_table_that_others_dropped_comes_back_with_its_context",
            f"{_ATTACKED}::test_form_types_and_attachments_that_others_deleted_are_made_again",
            f"{_ATTACKED}::test_a_form_type_that_was_deleted_is_made_again_where_one_table_changes",
            f"{_ATTACKED}::test_a_glossary_that_others_deleted_with_its_terms_is_made_again_once",
            f"{_ATTACKED}::test_a_term_that_others_deleted_is_made_again_once",
            f"{_ATTACKED}::test_a_column_that_leaves_and_comes_back_has_its_context_again",
            f"{_ATTACKED}::test_a_column_that_others_dropped_comes_back_with_its_context",
            f"{_ATTACKED}::test_what_the_policy_lets_stand_stays_away",
            f"{_ATTACKED}::test_what_became_of_tables_while_the_target_was_off_is_made_good_once_it_is_on",
        ),
    ),
    Promise(
        "gluecontext:apart",
        _SOURCE,
        "Throttles, outages, lost answers and kills leave nothing undone or done twice, and leave Glue's items alone.",
        (
            f"{_CONTEXT}::test_throttles_change_nothing_in_the_result",
            f"{_CONTEXT}::test_an_answer_that_is_lost_is_looked_after",
            f"{_CONTEXT}::test_a_service_that_is_down_leaves_its_own_behind_and_the_next_run_does_just_that",
            f"{_KILLED}::test_what_a_killed_run_began_is_ended_by_the_next_and_known_as_ours",
            f"{_ATTACKED}::test_whatever_call_is_refused_glue_goes_on_and_the_next_run_mends_it",
            f"{_ATTACKED}::test_one_table_that_may_not_be_touched_fails_alone",
        ),
    ),
    Promise(
        "gluecontext:absent",
        _SOURCE,
        "Where the SDK, the Region or the catalog has no business context, one finding tells that; all else goes on.",
        (
            f"{_CONTEXT}::test_where_there_is_no_business_context_that_is_told_once_and_all_else_goes_on",
            f"{_CONTEXT}::test_what_all_tables_need_and_cannot_be_made_is_told_once",
            f"{_CONTEXT}::test_a_catalog_that_takes_no_attachments_is_not_tried_for_every_table",
        ),
    ),
)
