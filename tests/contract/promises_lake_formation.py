"""Promises: LF-Tags on the tables of Glue and on their columns."""

from __future__ import annotations

from tests.contract.promise import Promise

_LAKE = "tests/e2e/test_lake_formation.py"
_ATTACKED = "tests/e2e/test_lake_formation_attacked.py"
_TAGS = "tests/unit/targets/lakeformation/test_design.py"
_SOURCE = "CONTRACT.md#Other targets"

LAKE_FORMATION: tuple[Promise, ...] = (
    Promise(
        "lakeformation:tags",
        _SOURCE,
        "Tables and columns carry the tags of lakeformation.tags, each key by itself, changed in place; columns of the "
        "same tags take one call, and what is as it was takes none.",
        (
            f"{_LAKE}::test_tables_and_columns_carry_what_is_known_and_a_second_sync_does_nothing",
            f"{_LAKE}::test_one_tag_that_changes_is_one_call_in_place_and_none_to_glue",
            f"{_ATTACKED}::test_tags_under_keys_that_the_settings_have_no_more_go_where_a_plan_looks_first",
            f"{_LAKE}::test_a_bound_table_is_tagged_by_its_own_columns_and_left_as_it_was",
            f"{_LAKE}::test_a_value_that_no_tag_can_have_fails_its_own_assets",
            f"{_LAKE}::test_only_the_tables_of_glue_can_be_tagged",
            f"{_TAGS}::test_requests_bring_any_set_to_any_other_and_touch_no_other_key",
            f"{_TAGS}::test_a_merge_is_settled_after_one_write_and_keeps_what_is_not_ours",
        ),
    ),
    Promise(
        "lakeformation:foreign",
        _SOURCE,
        "Tags of others survive update, undo and removal; a key of others is used only where that is allowed, and a "
        "table of others is never tagged.",
        (
            f"{_LAKE}::test_a_key_that_is_not_wanted_any_more_is_taken_away_and_what_others_put_there_stays",
            f"{_LAKE}::test_a_key_of_others_is_used_only_where_that_is_allowed",
            f"{_LAKE}::test_a_table_of_somebody_else_is_never_tagged",
            f"{_ATTACKED}::test_a_table_that_somebody_made_in_the_place_of_ours_is_never_tagged",
            f"{_ATTACKED}::test_a_key_of_others_is_not_used_though_it_has_the_values",
            f"{_ATTACKED}::test_what_the_policy_lets_stand_never_becomes_ours",
        ),
    ),
    Promise(
        "lakeformation:apart",
        _SOURCE,
        "Throttles, outages and lost answers leave nothing undone or done twice, and leave Glue's items alone; a lost "
        "state finds its tags again.",
        (
            f"{_LAKE}::test_throttles_change_nothing_in_the_result",
            f"{_LAKE}::test_an_answer_that_is_lost_is_looked_after",
            f"{_LAKE}::test_a_service_that_is_down_leaves_its_own_behind_and_the_next_run_does_just_that",
            f"{_LAKE}::test_a_lost_state_finds_its_tags_again_and_writes_nothing",
        ),
    ),
    Promise(
        "lakeformation:with-the-table",
        _SOURCE,
        "Tags go with their table and come back with it; drift of them is found and repaired.",
        (
            f"{_LAKE}::test_tags_stay_as_long_as_a_table_does",
            f"{_LAKE}::test_an_asset_that_is_gone_stands_where_its_table_stands",
            f"{_LAKE}::test_the_undo_of_a_first_sync_deletes_tables_and_leaves_no_tag",
            f"{_LAKE}::test_a_table_that_an_undo_brings_back_has_its_tags_again",
            f"{_LAKE}::test_a_table_that_is_made_again_is_tagged_again",
            f"{_ATTACKED}::test_a_column_keeps_its_tag_as_long_as_its_table_keeps_it",
            f"{_ATTACKED}::test_a_column_that_leaves_and_comes_back_is_protected_again",
            f"{_ATTACKED}::test_a_tag_that_went_with_its_column_is_not_taken_away_again_by_a_run_that_looked_before",
            f"{_ATTACKED}::test_a_table_that_we_made_again_meanwhile_is_tagged_again",
            f"{_ATTACKED}::test_an_undo_brings_columns_back_with_their_tags",
            f"{_ATTACKED}::test_a_tag_that_somebody_deleted_is_made_again",
            f"{_ATTACKED}::test_half_of_the_tags_that_a_write_was_to_put_there_is_nobody_elses_edit",
            f"{_ATTACKED}::test_an_undo_brings_back_tags_under_keys_that_the_settings_have_no_more",
            f"{_LAKE}::test_an_undo_restores_the_tags_and_nothing_of_others",
            f"{_LAKE}::test_what_others_changed_is_drift_and_repaired_as_the_policy_says",
        ),
    ),
    Promise(
        "lakeformation:access",
        _SOURCE,
        "Each change of a tag is an access change, shown apart, and waits for a second person where "
        "approvals.four_eyes names access; a table that IAM_ALLOWED_PRINCIPALS still reads is a finding.",
        (
            f"{_LAKE}::test_access_changes_wait_for_a_second_person",
            f"{_ATTACKED}::test_assets_whose_tags_wait_for_a_second_person_are_not_in_sync",
            f"{_LAKE}::test_a_table_that_everybody_reads_is_told_of",
            f"{_LAKE}::test_a_preview_says_who_gains_and_who_loses_what",
            f"{_LAKE}::test_a_repair_of_access_is_told_and_asked_as_a_sync_of_it_is",
            f"{_LAKE}::test_a_repair_of_access_waits_for_a_second_person_and_says_so",
            f"{_LAKE}::test_what_may_not_be_read_of_grants_is_said_and_holds_up_nothing",
        ),
    ),
)
