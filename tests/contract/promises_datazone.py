"""Promises: the assets of DataZone that stand for the tables of Glue."""

from __future__ import annotations

from tests.contract.promise import Promise

_ZONE = "tests/e2e/test_datazone.py"
_TERMS = "tests/e2e/test_datazone_terms.py"
_PLACES = "tests/e2e/test_datazone_places.py"
_TAKE_OVER = "tests/e2e/test_datazone_take_over.py"
_BOUND = "tests/e2e/test_datazone_bound.py"
_PUBLISHERS = "tests/e2e/test_datazone_publishers.py"
_TARGET = "tests/integration/test_datazone_target.py"
_EVENTS = "tests/unit/targets/datazone/test_lineage_events.py"
_SOURCE = "CONTRACT.md#Other targets"

DATAZONE: tuple[Promise, ...] = (
    Promise(
        "datazone:assets",
        _SOURCE,
        "On the asset that a data source imported a revision with our form, terms and names of columns, else an asset "
        "of ours; what is as it was takes no call.",
        (
            f"{_ZONE}::test_an_imported_asset_gets_one_revision_with_our_form_and_terms_and_a_second_sync_does_nothing",
            f"{_ZONE}::test_a_table_that_nobody_imported_gets_an_asset_of_ours",
            f"{_ZONE}::test_a_domain_or_project_that_is_not_there_is_told_by_doctor",
            f"{_PLACES}::test_a_domain_or_project_that_is_not_there_is_told_once_with_what_to_check",
        ),
    ),
    Promise(
        "datazone:glossary",
        _SOURCE,
        "Glossary and terms are found before they are made; those of others, and edited texts, stay as they are.",
        (
            f"{_TERMS}::test_a_definition_that_changed_waits_for_its_run_however_often_it_is_previewed",
            f"{_ZONE}::test_a_glossary_and_terms_of_others_are_used_and_stay_as_they_are",
            f"{_ZONE}::test_a_definition_that_changes_updates_that_term_once_and_no_asset",
            f"{_ZONE}::test_a_definition_that_somebody_edited_stays",
            f"{_TERMS}::test_a_term_and_a_glossary_that_somebody_renamed_stay_the_same_ones",
            f"{_TERMS}::test_another_glossary_takes_the_place_of_the_former_on_every_asset",
            f"{_TERMS}::test_relations_that_others_made_stay_and_ours_follows_its_context_file",
            f"{_TERMS}::test_a_glossary_of_another_project_is_used_and_nothing_is_written_into_it",
            f"{_TERMS}::test_what_is_disabled_is_put_on_no_asset_and_stays_disabled",
            f"{_TERMS}::test_no_term_is_made_in_a_glossary_that_is_disabled",
            f"{_TERMS}::test_a_wider_term_that_is_taken_out_of_the_context_file_goes",
        ),
    ),
    Promise(
        "datazone:places",
        _SOURCE,
        "What is known of one domain or project says nothing of another, which is filled anew.",
        (
            f"{_PLACES}::test_another_domain_is_filled_by_the_next_sync_and_the_former_stays_as_it_is",
            f"{_PLACES}::test_another_project_gets_assets_of_its_own",
        ),
    ),
    Promise(
        "datazone:reversible",
        _SOURCE,
        "An undo and a delete take away exactly what is ours, and what others put there survives; a lost state finds "
        "everything again and makes no duplicate.",
        (
            f"{_ZONE}::test_an_undo_takes_back_what_is_ours_and_leaves_what_was_there",
            f"{_ZONE}::test_assets_go_as_their_tables_do",
            f"{_ZONE}::test_a_lost_state_finds_its_assets_again_and_makes_no_duplicate",
            f"{_ZONE}::test_what_stands_for_a_former_table_is_found_by_a_lost_state_and_goes_with_it",
            f"{_PLACES}::test_a_lost_state_lets_assets_go_whose_source_is_gone_meanwhile",
            f"{_BOUND}::test_a_lost_state_finds_what_stands_for_a_bound_table",
            f"{_BOUND}::test_a_lost_state_takes_back_what_stands_for_a_bound_table_whose_asset_is_gone_meanwhile",
            f"{_BOUND}::test_tables_that_change_hands_come_right_in_two_runs",
            f"{_BOUND}::test_a_table_whose_asset_is_gone_is_the_next_ones_and_nothing_of_it_is_deleted_later",
            f"{_ZONE}::test_what_others_put_on_an_asset_survives_update_undo_and_delete",
            f"{_ZONE}::test_an_asset_of_ours_gives_way_to_the_one_that_a_data_source_imports",
            f"{_TAKE_OVER}::test_what_others_put_on_an_asset_of_ours_goes_on_with_the_imported_one",
            f"{_TAKE_OVER}::test_what_others_say_otherwise_on_both_is_for_them_to_settle",
            f"{_TAKE_OVER}::test_an_asset_of_ours_goes_with_its_source_also_beside_an_imported_one",
            f"{_ZONE}::test_an_asset_that_another_installation_writes_is_a_conflict",
        ),
    ),
    Promise(
        "datazone:apart",
        _SOURCE,
        "Throttles, outages and lost answers leave nothing undone or done twice, and leave Glue's items alone.",
        (
            f"{_ZONE}::test_throttles_change_nothing_in_the_result",
            f"{_ZONE}::test_an_answer_that_is_lost_is_looked_after",
            f"{_ZONE}::test_a_service_that_is_down_leaves_its_own_behind_and_the_next_run_does_just_that",
        ),
    ),
    Promise(
        "datazone:drift",
        _SOURCE,
        "What others change of ours is drift, told and repaired as `drift:` says.",
        (
            f"{_ZONE}::test_what_others_changed_of_ours_is_drift_and_repaired_as_the_policy_says",
            f"{_ZONE}::test_a_form_that_others_took_off_is_put_on_again",
            f"{_TAKE_OVER}::test_drift_says_what_became_of_an_asset_and_of_its_listing",
            f"{_TERMS}::test_a_form_of_ours_that_somebody_made_unreadable_is_written_again",
        ),
    ),
    Promise(
        "datazone:limits",
        _SOURCE,
        "What DataZone would not take fails its own asset, with what to do.",
        (
            f"{_ZONE}::test_so_many_terms_as_datazone_takes_and_one_more",
            f"{_TARGET}::test_terms_of_others_count_for_the_twenty",
            f"{_TARGET}::test_forms_of_others_count_for_the_ten",
            f"{_TARGET}::test_a_form_as_long_as_datazone_takes_and_one_more",
            f"{_TARGET}::test_a_definition_of_every_length_that_datazone_takes_and_one_more",
            f"{_TARGET}::test_an_external_identifier_is_never_too_long",
        ),
    ),
    Promise(
        "datazone:publishing",
        _SOURCE,
        "Publishing is an item of its own and an access change: never, with a second person's word, or at once; what "
        "we published is unpublished again, what others published stays.",
        (
            f"{_ZONE}::test_each_revision_is_published_as_an_item_of_its_own",
            f"{_ZONE}::test_with_review_publishing_waits_for_a_second_person",
            f"{_TAKE_OVER}::test_an_asset_of_ours_stays_published_until_the_imported_one_is",
            f"{_TAKE_OVER}::test_an_imported_asset_waits_for_a_second_person_in_every_later_sync",
            f"{_TAKE_OVER}::test_an_asset_that_is_published_is_deleted_once_a_second_person_has_unpublished_it",
            f"{_ZONE}::test_what_we_published_is_unpublished_by_undo_and_delete_and_what_others_published_stays",
            f"{_PUBLISHERS}::test_a_delete_takes_back_what_we_published_and_nothing_of_others",
            f"{_PUBLISHERS}::test_who_published_is_noted_once_and_costs_no_write_later",
            f"{_PUBLISHERS}::test_what_we_published_counts_as_ours_also_where_the_answer_was_lost",
            f"{_PUBLISHERS}::test_an_undone_publication_is_forgotten",
            f"{_PUBLISHERS}::test_nothing_is_published_that_does_not_say_who_did_and_nothing_says_so_that_is_not",
            f"{_PUBLISHERS}::test_an_imported_asset_that_others_published_stays_published_where_ours_was_before",
            f"{_PUBLISHERS}::test_an_asset_of_ours_that_others_published_stays_until_they_unpublish_it",
        ),
    ),
    Promise(
        "datazone:lineage",
        _SOURCE,
        "Lineage is told as OpenLineage events about the tables that a data source imports; what is not taken holds up "
        "nothing and is told later.",
        (
            f"{_ZONE}::test_lineage_is_told_with_the_table_that_a_data_source_imports",
            f"{_ZONE}::test_lineage_that_is_not_taken_holds_up_nothing_and_is_told_later",
            f"{_ZONE}::test_only_a_run_tells_lineage_however_much_a_preview_has_found_anew",
            f"{_ZONE}::test_a_run_that_leaves_datazone_out_tells_it_nothing_and_the_next_one_that_does_not_all_of_it",
            f"{_EVENTS}::test_an_event_as_long_as_datazone_takes_keeps_its_columns_and_one_more_goes_without",
        ),
    ),
)
