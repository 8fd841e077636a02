"""Promises: several destinations, each with its own account, Region, catalog, prefix and spaces."""

from __future__ import annotations

from tests.contract.promise import Promise

_PLACES = "tests/e2e/test_destinations.py"
_NAMES = "tests/e2e/test_destination_names.py"
_SHARED = "tests/e2e/test_shared_places.py"
_UNIT = "tests/unit/config/test_destinations.py"

DESTINATIONS: tuple[Promise, ...] = (
    Promise(
        "config:destinations",
        "CONTRACT.md#Configuration",
        "One change set spans several destinations; each has its role, Region, catalog, prefix and spaces.",
        (
            f"{_PLACES}::test_one_change_set_spans_all_and_each_holds_what_it_is_for",
            f"{_PLACES}::test_people_read_in_which_destination_something_is_made_first",
            f"{_PLACES}::test_another_catalog_of_the_account_is_asked_by_its_id",
            f"{_PLACES}::test_one_change_is_one_write_in_each_and_scopes_choose",
            f"{_SHARED}::test_what_destinations_of_one_home_share_is_made_once",
            f"{_PLACES}::test_keys_that_end_in_the_middle_of_a_run_are_renewed",
            f"{_UNIT}::test_rules_of_a_destination_have_its_prefix_and_its_spaces",
        ),
    ),
    Promise(
        "config:destinations:names",
        "CONTRACT.md#Other targets",
        "Ids are derived from installation and asset: a destination of another name finds what stands there.",
        (
            f"{_NAMES}::test_another_name_of_a_destination_finds_what_it_has_made",
            f"{_NAMES}::test_what_an_earlier_version_made_by_that_name_is_found_again_and_not_made_twice",
            f"{_NAMES}::test_a_lost_state_takes_up_nothing_that_rules_leave_out_so_the_second_sync_has_nothing_to_let_go",
            f"{_NAMES}::test_destinations_that_have_changed_names_are_refused_until_the_names_are_back",
            f"{_UNIT}::test_what_keeps_the_objects_of_destinations_apart_is_never_their_names",
        ),
    ),
    Promise(
        "config:destinations:apart",
        "CONTRACT.md#Other targets",
        "A destination that is down leaves its own behind and nothing else, and the next run does just those.",
        (
            f"{_PLACES}::test_a_destination_that_is_down_leaves_its_own_behind_and_nothing_else",
            f"{_PLACES}::test_a_wrong_external_id_is_told_with_where_it_stands",
        ),
    ),
    Promise(
        "config:destinations:care",
        "CONTRACT.md#Other targets",
        "Undo, drift and scope hold for each destination by itself.",
        (
            f"{_PLACES}::test_undo_restores_each_destination",
            f"{_PLACES}::test_drift_is_found_where_it_is",
            f"{_PLACES}::test_a_space_that_a_destination_is_no_more_for_leaves_its_tables",
            f"{_PLACES}::test_a_destination_that_is_another_one_by_now_is_not_taken_for_in_sync",
            f"{_PLACES}::test_a_mistyped_space_lets_go_of_nothing_and_is_told",
            f"{_PLACES}::test_answers_say_which_destination_they_are_about",
            f"{_PLACES}::test_a_guard_that_holds_back_in_two_destinations_names_each",
            f"{_SHARED}::test_a_region_of_the_environment_that_changes_is_a_moved_destination",
            f"{_SHARED}::test_credentials_of_another_account_write_nothing_there",
        ),
    ),
    Promise(
        "config:destinations:shared",
        "CONTRACT.md#Other targets",
        "One table is one destination's: no other in that place writes, retires, deletes or reports it as foreign.",
        (
            f"{_SHARED}::test_one_place_under_two_names_is_refused_before_anything_is_written",
            f"{_SHARED}::test_what_another_destination_has_in_use_is_never_removed",
            f"{_SHARED}::test_two_destinations_do_not_write_one_table",
            f"{_SHARED}::test_two_destinations_do_not_bind_one_table",
            f"{_SHARED}::test_what_a_destination_could_not_write_is_no_trouble_once_it_is_taken_out",
            f"{_SHARED}::test_a_bound_table_stays_one_destination_s_however_often_the_other_looks",
            f"{_SHARED}::test_tables_of_another_destination_are_neither_foreign_nor_copies",
            f"{_SHARED}::test_a_name_that_comes_back_is_proven_again_and_advice_names_no_live_table",
        ),
    ),
    Promise(
        "config:destinations:problems",
        "CONTRACT.md#Configuration",
        "Every fault of the destinations is told at once, with its place and the fix.",
        (
            f"{_UNIT}::test_all_faults_are_told_at_once",
            f"{_UNIT}::test_each_fault_is_told_with_its_place_and_what_to_do",
        ),
    ),
)
