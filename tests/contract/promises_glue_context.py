"""Promises: terms and attachments of Glue's business context on the tables of Glue."""

from __future__ import annotations

from tests.contract.promise import Promise

_CONTEXT = "tests/e2e/test_glue_context.py"
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
            f"{_CONTEXT}::test_each_destination_has_its_own_context",
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
        ),
    ),
    Promise(
        "gluecontext:reversible",
        _SOURCE,
        "An undo and a delete take away exactly what is ours, and what others put there survives; a lost state finds "
        "everything again and makes no duplicate.",
        (
            f"{_CONTEXT}::test_a_lost_state_finds_all_again_and_makes_no_duplicate",
            f"{_CONTEXT}::test_what_others_put_there_survives_update_undo_and_what_is_ours_goes",
            f"{_CONTEXT}::test_context_goes_as_its_table_does",
            f"{_CONTEXT}::test_a_context_that_another_installation_keeps_is_a_conflict",
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
            f"{_CONTEXT}::test_a_table_that_others_dropped_comes_back_with_its_context",
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
