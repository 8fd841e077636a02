"""Promises: when a table goes."""

from __future__ import annotations

from tests.contract.promise import Promise

_TOGETHER = "tests/e2e/test_guards_of_all_targets.py"

REMOVAL: tuple[Promise, ...] = (
    Promise(
        "deletion:misses",
        "CONTRACT.md#Deletion",
        "Only a complete listing of a readable space counts a miss.",
        (
            "tests/e2e/test_safety.py::test_a_listing_that_is_not_whole_counts_no_miss",
            "tests/e2e/test_safety.py::test_one_space_that_answers_503_deletes_nothing_and_is_named",
            "tests/contract/test_removals.py::test_a_space_that_may_no_longer_be_read_counts_no_miss",
        ),
    ),
    Promise(
        "deletion:misses:whole-listing",
        "CONTRACT.md#Deletion",
        "However the tenant spells its pages, a listing that is not whole retires no table of a live asset.",
        (
            "tests/e2e/test_listings.py::test_a_listing_that_is_not_whole_never_retires_a_table",
            "tests/e2e/test_listings.py::test_every_page_arrives_however_the_next_one_is_linked",
            "tests/unit/source/test_listing_completeness.py::test_what_looks_like_another_next_link_makes_the_listing_incomplete",
            "tests/unit/source/test_listing_completeness.py::test_a_count_in_any_spelling_must_agree_with_the_rows",
            "tests/unit/source/test_listing_completeness.py::test_whatever_is_no_member_of_a_listing_makes_it_incomplete_and_is_named",
            "tests/unit/source/test_listing_completeness.py::test_a_context_must_name_what_was_asked_for",
        ),
    ),
    Promise(
        "deletion:misses:confirmed",
        "CONTRACT.md#Deletion",
        "A row that a listing lost between two pages retires nothing: the asset itself is asked for first.",
        (
            "tests/unit/discovery/test_vanished_assets.py::test_an_asset_that_is_still_served_is_not_missed_and_told",
            "tests/unit/discovery/test_vanished_assets.py::test_nothing_is_known_to_be_gone_while_what_is_listed_is_not_served_either",
            "tests/unit/discovery/test_vanished_assets.py::test_an_asset_that_the_catalog_still_answers_with_is_not_missed",
            "tests/unit/source/test_tenant.py::test_only_an_answer_that_datasphere_itself_gives_proves_that_an_asset_is_gone",
            "tests/e2e/test_outages.py::test_404_for_every_definition_is_no_proof_that_anything_is_gone",
            "tests/unit/discovery/test_vanished_assets.py::test_any_other_answer_leaves_the_table_for_another_time",
            "tests/unit/discovery/test_vanished_assets.py::test_at_most_so_many_are_asked_for_and_the_rest_waits",
        ),
    ),
    Promise(
        "deletion:misses:disputed",
        "CONTRACT.md#Deletion",
        "An asset that is listed twice with different content is a finding and stays as it was.",
        (
            "tests/e2e/test_listings.py::test_an_asset_that_is_listed_twice_with_different_content_is_a_finding_and_stays_as_it_was",
            "tests/unit/source/test_listing_completeness.py::test_an_asset_that_is_listed_twice_with_different_content_is_told_and_stays_listed",
        ),
    ),
    Promise(
        "source:page-bound",
        "CONTRACT.md#Deletion",
        "A page of any size takes bounded memory, and failures of one kind are told as one.",
        (
            "tests/unit/source/test_listing_completeness.py::test_a_page_that_is_too_large_takes_no_more_memory_than_its_bytes",
            "tests/unit/source/test_listing_completeness.py::test_many_bad_rows_are_one_problem_with_examples",
        ),
    ),
    Promise(
        "deletion:misses:any-command",
        "CONTRACT.md#Deletion",
        "A miss counts whichever command listed.",
        (
            "tests/contract/test_removals.py::test_misses_of_any_command_add_up_and_the_policy_delete_retires_first_and_deletes_next",
        ),
    ),
    Promise(
        "deletion:retire",
        "CONTRACT.md#Deletion",
        "At the third miss in a row the table is retired: kept, marked in Parameters and description.",
        (
            "tests/e2e/test_safety.py::test_a_vanished_asset_is_retired_at_the_third_miss_then_deleted_where_allowed",
            "tests/contract/test_removals.py::test_misses_of_any_command_add_up_and_the_policy_delete_retires_first_and_deletes_next",
            "tests/unit/targets/glue/test_table_input.py::test_a_retired_table_is_the_same_and_says_so",
        ),
    ),
    Promise(
        "deletion:delete",
        "CONTRACT.md#Deletion",
        "Where deletes are allowed the next change set deletes what is retired.",
        (
            "tests/e2e/test_safety.py::test_a_vanished_asset_is_retired_at_the_third_miss_then_deleted_where_allowed",
            "tests/contract/test_removals.py::test_misses_of_any_command_add_up_and_the_policy_delete_retires_first_and_deletes_next",
        ),
    ),
    Promise(
        "deletion:revived",
        "CONTRACT.md#Deletion",
        "A retired table comes back to life if the asset does.",
        ("tests/e2e/test_safety.py::test_a_retired_table_comes_back_to_life_with_its_asset",),
    ),
    Promise(
        "deletion:policy:keep",
        "CONTRACT.md#Deletion",
        "deletion.policy keep never retires.",
        ("tests/contract/test_removals.py::test_what_the_configuration_spares_is_not_retired",),
    ),
    Promise(
        "deletion:policy:delete",
        "CONTRACT.md#Deletion",
        "deletion.policy delete allows deletes.",
        (
            "tests/contract/test_removals.py::test_misses_of_any_command_add_up_and_the_policy_delete_retires_first_and_deletes_next",
        ),
    ),
    Promise(
        "deletion:grace",
        "CONTRACT.md#Configuration",
        "grace is the least time between the first miss and the retirement.",
        ("tests/contract/test_removals.py::test_what_the_configuration_spares_is_not_retired",),
    ),
    Promise(
        "deletion:guard:many",
        "CONTRACT.md#Deletion",
        "More than 20 or 10 %, per space or in all, at least 1: no removal is done, all else is, exit 3.",
        (
            "tests/e2e/test_safety.py::test_most_assets_vanishing_is_refused_before_the_first_removal",
            "tests/contract/test_removals.py::test_whoever_names_one_of_many_at_a_time_passes_no_guard",
            "tests/unit/planning/decisions/test_guards.py::test_the_limit_is_the_smaller_of_twenty_and_ten_percent_but_at_least_one",
            "tests/unit/planning/decisions/test_guards.py::test_many_small_spaces_together_are_held_back_by_the_limit_over_all",
        ),
    ),
    Promise(
        "deletion:guard:empty",
        "CONTRACT.md#Deletion",
        "An empty listing removes nothing, everything else goes on, exit 3.",
        (
            "tests/contract/test_removals.py::test_an_empty_listing_removes_nothing_and_the_rest_goes_on",
            "tests/unit/planning/decisions/test_guards.py::test_an_empty_listing_removes_nothing_even_where_one_would_be_allowed",
        ),
    ),
    Promise(
        "deletion:guard:columns",
        "CONTRACT.md#Deletion",
        "Where every asset of a space of 20 or more loses columns in one listing, those updates wait for a person.",
        (
            "tests/e2e/test_safety.py::test_every_asset_of_a_space_losing_columns_waits_for_a_person",
            "tests/unit/planning/decisions/test_guards.py::test_every_asset_of_a_large_space_losing_columns_waits_for_a_person",
        ),
    ),
    Promise(
        "deletion:guard:mapping",
        "CONTRACT.md#Deletion",
        "New mappings and templates never trip a guard.",
        (
            "tests/e2e/test_safety.py::test_a_filter_added_between_runs_forgets_and_deletes_nothing",
            "tests/contract/test_mapping_trips_no_guard.py::test_rules_that_rename_everything_and_drop_columns_trip_no_guard",
        ),
    ),
    Promise(
        "deletion:guard:lifted",
        "CONTRACT.md#Deletion",
        "--allow-deletes does not lift a guard; --max-deletes N lifts both for that one run.",
        (
            "tests/contract/test_removals.py::test_deletes_are_allowed_by_flag_but_only_max_deletes_lifts_a_guard_and_is_audited",
            "tests/e2e/test_safety.py::test_most_assets_vanishing_is_refused_before_the_first_removal",
            "tests/e2e/test_safety.py::test_every_asset_of_a_space_losing_columns_waits_for_a_person",
        ),
    ),
    Promise(
        "deletion:guard:audited",
        "CONTRACT.md#Deletion",
        "--max-deletes is audited.",
        (
            "tests/contract/test_removals.py::test_deletes_are_allowed_by_flag_but_only_max_deletes_lifts_a_guard_and_is_audited",
        ),
    ),
    Promise(
        "deletion:guard:apply",
        "CONTRACT.md#Deletion",
        "`--allow-deletes` does not lift a guard, at apply either.",
        ("tests/e2e/test_recovery.py::test_allowing_deletes_at_apply_does_not_lift_the_guard",),
    ),
    Promise(
        "deletion:space-gone",
        "CONTRACT.md#Deletion",
        "A space that is no longer listed counts no miss, and is named.",
        (
            "tests/e2e/test_recovery.py::test_a_space_that_the_tenant_no_longer_lists_is_named_and_left_alone",
            "tests/e2e/test_unread_spaces.py::test_a_space_that_is_not_listed_any_more_is_told_at_every_door",
            "tests/e2e/test_unread_spaces.py::test_what_the_remedy_says_ends_the_trouble",
            "tests/unit/discovery/test_listed_spaces.py::test_each_known_asset_is_listed_missed_or_told_as_not_read",
        ),
    ),
    Promise(
        "deletion:forget:back",
        "CONTRACT.md#Words",
        "What was forgotten and comes back into scope is adopted, and managed as before.",
        ("tests/e2e/test_recovery.py::test_what_left_the_scope_and_came_back_is_managed_again",),
    ),
    Promise(
        "glue:database:missing",
        "CONTRACT.md#Configuration",
        "What somebody deleted by hand is made again (`drift: {missing: overwrite}`), its database too.",
        ("tests/e2e/test_recovery.py::test_a_database_deleted_by_hand_is_made_again",),
    ),
    Promise(
        "source:give-up:throttled",
        "CONTRACT.md#Command line: `spheresync`",
        "A tenant that only asks to wait is given up after `datasphere.give_up_after` too.",
        ("tests/e2e/test_recovery.py::test_a_tenant_that_asks_to_wait_for_ever_is_given_up",),
    ),
    Promise(
        "deletion:offered",
        "CONTRACT.md#Deletion",
        "Where deletes are not allowed a retired table stays as it is, and offering its delete is no change.",
        (
            "tests/e2e/test_recovery.py::test_a_preview_that_only_offers_deletes_shows_no_change_and_applying_it_is_no_refusal",
        ),
    ),
    Promise(
        "glue:managed-by:renamed",
        "CONTRACT.md#What a Glue table holds",
        "`managed-by` follows the installation's name.",
        ("tests/e2e/test_recovery.py::test_a_renamed_installation_marks_its_tables_anew",),
    ),
    Promise(
        "deletion:former",
        "CONTRACT.md#Deletion",
        "A table that rules left behind is retired, and deleted where deletes are allowed, like any retired one.",
        (
            "tests/e2e/test_former_tables.py::test_it_is_offered_in_a_preview_and_deleted_only_where_allowed",
            "tests/e2e/test_former_tables.py::test_an_approved_offer_is_carried_out_by_apply",
            "tests/e2e/test_former_tables.py::test_the_policy_keep_neither_marks_nor_deletes_it",
            "tests/e2e/test_former_tables.py::test_a_table_gives_way_only_to_one_that_is_there",
            "tests/unit/state/test_catalog.py::test_former_tables_come_back_until_they_are_forgotten",
        ),
    ),
    Promise(
        "deletion:former:care",
        "CONTRACT.md#What a Glue table holds",
        "A former table that somebody edited is not deleted, and one that is not ours any more is left alone.",
        (
            "tests/e2e/test_former_tables.py::test_what_somebody_edited_is_not_deleted_and_what_is_gone_or_taken_is_not_followed",
        ),
    ),
    Promise(
        "deletion:former:guard",
        "CONTRACT.md#Deletion",
        "Tables that rules left behind trip no guard, and are found again after the loss of the state.",
        (
            "tests/e2e/test_former_tables.py::test_many_are_deleted_by_the_policy_and_trip_no_guard_even_after_the_loss_of_the_state",
        ),
    ),
    Promise(
        "deletion:former:again",
        "CONTRACT.md#What a Glue table holds",
        "A former table keeps its name, and is taken into use again when rules go back to it.",
        (
            "tests/e2e/test_former_tables.py::test_rules_that_go_back_take_it_into_use_again_under_its_name",
            "tests/e2e/test_former_tables.py::test_a_newcomer_does_not_take_its_name",
        ),
    ),
    Promise(
        "deletion:touched",
        "CONTRACT.md#Deletion",
        "A retired table that somebody changed since is deleted only by a person who has seen that in a preview.",
        (
            "tests/e2e/test_retired_tables.py::test_a_previewed_retirement_goes_by_the_drift_policy_over_what_was_edited_by_hand",
            "tests/e2e/test_retired_tables.py::test_a_retirement_over_an_edit_that_the_policy_leaves_says_what_to_do_and_is_done_after_it",
            "tests/e2e/test_retired_tables.py::test_what_others_changed_since_is_left_by_a_sync_and_deleted_once_a_person_has_seen_it",
            "tests/e2e/test_retired_tables.py::test_it_is_deleted_only_once_the_tenant_says_that_its_asset_is_gone",
            "tests/e2e/test_retired_tables.py::test_nothing_goes_by_a_plan_that_reads_nothing_before_the_tenant_was_asked",
            "tests/e2e/test_retired_tables.py::test_with_a_policy_that_deletes_it_still_waits_for_a_person",
            "tests/e2e/test_retired_tables.py::test_an_edit_that_was_taken_back_is_no_edit",
        ),
    ),
    Promise(
        "deletion:taken",
        "CONTRACT.md#What a Glue table holds",
        "A retired table that others took over or deleted is let go.",
        (
            "tests/e2e/test_retired_tables.py::test_what_others_took_over_is_a_conflict_once_and_then_theirs",
            "tests/e2e/test_retired_tables.py::test_what_somebody_deleted_already_is_deleted",
        ),
    ),
    Promise(
        "deletion:left-out",
        "CONTRACT.md#Deletion",
        "A delete that was not allowed is told as left out.",
        (
            "tests/e2e/test_retired_tables.py::test_a_delete_that_was_not_allowed_is_told_as_left_out",
            "tests/e2e/test_retired_tables.py::test_a_change_set_that_was_applied_without_its_deletes_says_so_whenever_it_is_asked_for",
            "tests/unit/server/test_mcp_tools.py::test_apply_is_offered_only_where_it_does_something_and_as_it_does_it",
            "tests/unit/server/test_mcp_tools.py::test_who_allows_deletes_of_a_spent_change_set_is_told_that_nothing_was_done",
        ),
    ),
    Promise(
        "deletion:guards:every-target",
        "CONTRACT.md#Deletion",
        "Guards count by the tables managed there; what they hold of an asset they hold in every target, whichever "
        "targets a run is about, and --allow-deletes lifts none.",
        (
            f"{_TOGETHER}::test_a_data_set_stays_where_a_guard_holds_its_table_whatever_is_allowed",
            f"{_TOGETHER}::test_a_guard_on_tables_that_are_retired_already_keeps_their_data_sets",
            "tests/e2e/test_guards_of_columns.py::test_a_data_set_keeps_its_columns_where_a_guard_holds_the_update_of_its_table",
            f"{_TOGETHER}::test_data_sets_of_a_few_of_many_tables_go_with_them",
        ),
    ),
)
