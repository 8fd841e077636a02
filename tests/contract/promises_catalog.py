"""Promises: what Glue holds, and how a change set gets there."""

from __future__ import annotations

from tests.contract.promise import Promise

CATALOG: tuple[Promise, ...] = (
    Promise(
        "glue:well-formed",
        "CONTRACT.md#What a Glue table holds",
        "Physical names match [a-z0-9_]{1,128}.",
        (
            "tests/e2e/test_odd_names.py::test_commands_take_and_show_names_of_whatever_kind",
            "tests/e2e/test_odd_names.py::test_names_of_whatever_kind_are_synced_by_a_well_formed_name_or_named_as_failed",
            "tests/contract/test_glue_contents.py::test_names_are_well_formed_and_the_smallest_source_has_the_plain_one",
            "tests/unit/mapping/test_names.py::test_every_name_is_well_formed_and_its_own_name",
        ),
    ),
    Promise(
        "glue:collision:newcomers",
        "CONTRACT.md#What a Glue table holds",
        "Among newcomers the smallest source by code point gets the plain name, the others a short hash.",
        (
            "tests/contract/test_glue_contents.py::test_names_are_well_formed_and_the_smallest_source_has_the_plain_one",
            "tests/e2e/test_safety.py::test_pairs_that_differ_only_by_case_both_arrive_under_names_that_stay",
            "tests/unit/mapping/test_names.py::test_the_smallest_source_by_code_point_gets_the_plain_name",
        ),
    ),
    Promise(
        "glue:collision:holder",
        "CONTRACT.md#What a Glue table holds",
        "Who holds a name in the target keeps it.",
        (
            "tests/e2e/test_safety.py::test_pairs_that_differ_only_by_case_both_arrive_under_names_that_stay",
            "tests/unit/mapping/test_names.py::test_holders_keep_their_names_when_others_come",
            "tests/unit/targets/glue/test_table_input.py::test_a_column_in_use_keeps_its_name_when_a_smaller_one_comes",
            "tests/e2e/test_mapping.py::test_a_database_name_that_a_space_holds_is_said_with_the_one_used_instead",
            "tests/contract/test_assistants.py::test_a_database_name_that_a_space_holds_is_explained",
        ),
    ),
    Promise(
        "glue:rename:case",
        "CONTRACT.md#What a Glue table holds",
        "An asset of whose name only the case has changed keeps its table, and every name it had is told.",
        (
            "tests/e2e/test_renames.py::test_a_change_of_case_is_one_update_of_the_same_table_and_nothing_of_others_is_lost",
            "tests/e2e/test_renames.py::test_whoever_asks_is_told_of_both_names",
            "tests/e2e/test_renames.py::test_a_space_whose_every_name_changes_case_trips_no_guard_and_makes_no_table",
            "tests/e2e/test_renames.py::test_a_retired_table_comes_back_to_life_under_the_new_name",
            "tests/e2e/test_renames.py::test_a_name_that_goes_back_gets_its_table_back",
            "tests/e2e/test_renames.py::test_a_lost_state_finds_the_table_by_its_new_name",
            "tests/e2e/test_renames.py::test_a_state_that_is_lost_before_the_table_is_written_still_keeps_to_it",
            "tests/e2e/test_design_objects.py::test_a_table_that_the_catalog_never_lists_keeps_its_table_under_a_name_of_another_case",
            "tests/e2e/test_renames.py::test_what_is_known_of_the_table_may_be_lost_before_it_is_written",
            "tests/e2e/test_renames.py::test_a_kill_anywhere_leaves_one_table_for_each_asset",
            "tests/unit/discovery/test_renamed_assets.py::test_each_destination_moves_by_itself_and_one_that_knows_the_new_name_keeps_both",
            "tests/unit/discovery/test_renamed_assets.py::test_a_hold_ends_and_a_retired_table_stays_one",
            "tests/unit/discovery/test_renamed_assets.py::test_what_a_run_of_before_wrote_meanwhile_goes_over_too_and_is_looked_at",
        ),
    ),
    Promise(
        "glue:rename:proof",
        "CONTRACT.md#What a Glue table holds",
        "Only a complete listing and Datasphere's own word prove that a name is gone; until then the asset waits.",
        (
            "tests/e2e/test_renames.py::test_what_a_listing_that_is_not_whole_leaves_out_waits_and_then_keeps_its_table",
            "tests/e2e/test_renames.py::test_two_names_that_are_listed_together_are_two_assets_whatever_vanishes_later",
            "tests/unit/discovery/test_renamed_assets.py::test_any_other_answer_moves_nothing_and_it_is_asked_again",
            "tests/unit/discovery/test_renamed_assets.py::test_what_is_managed_no_more_does_not_move",
            "tests/unit/planning/decisions/test_renames.py::test_anything_else_proves_nothing",
            "tests/unit/planning/decisions/test_renames.py::test_whether_an_asset_is_listed_is_known_only_of_a_space_that_was_listed",
        ),
    ),
    Promise(
        "glue:rename:guess",
        "CONTRACT.md#Deletion",
        "What may be a rename is shown on both items, moved by nobody, and counted by the guards.",
        (
            "tests/e2e/test_renames.py::test_a_likely_rename_is_shown_side_by_side_and_the_guard_counts_it",
            "tests/e2e/test_renames.py::test_what_a_missing_asset_may_be_by_now_is_told_as_a_guess",
            "tests/unit/planning/decisions/test_renames.py::test_the_nearest_likeness_decides",
            "tests/unit/planning/decisions/test_renames.py::test_one_that_moved_to_another_space_is_guessed_after_those_of_its_own",
            "tests/unit/planning/decisions/test_renames.py::test_no_asset_is_in_two_pairs_and_the_order_says_nothing",
        ),
    ),
    Promise(
        "glue:rename:undo",
        "CONTRACT.md#Undo",
        "The undo of a rename gives the table its former source and holds it; what was planned before is refused.",
        (
            "tests/e2e/test_renames.py::test_an_undo_gives_the_table_its_former_name_and_holds_it_so",
            "tests/e2e/test_renames.py::test_a_run_of_before_is_not_undone_over_the_new_name",
            "tests/e2e/test_renames.py::test_a_change_set_of_before_is_refused_item_by_item",
        ),
    ),
    Promise(
        "glue:rename:column",
        "CONTRACT.md#Deletion",
        "A column of whose name only the case has changed is no lost column.",
        ("tests/e2e/test_renames.py::test_columns_of_whose_names_only_the_case_changes_stay_and_trip_no_guard",),
    ),
    Promise(
        "glue:parameters:database",
        "CONTRACT.md#What a Glue table holds",
        "A database carries managed-by, source, kind, label and fingerprint.",
        (
            "tests/contract/test_glue_contents.py::test_the_database_of_a_space_says_whose_it_is",
            "tests/unit/targets/glue/test_table_input.py::test_a_database_carries_its_space",
        ),
    ),
    Promise(
        "glue:parameters:table",
        "CONTRACT.md#What a Glue table holds",
        "A table carries managed-by, source exactly as in Datasphere, kind, label and fingerprint.",
        (
            "tests/contract/test_glue_contents.py::test_a_table_says_what_it_stands_for",
            "tests/unit/targets/glue/test_table_input.py::test_a_table_is_as_the_contract_says",
        ),
    ),
    Promise(
        "glue:parameters:column",
        "CONTRACT.md#What a Glue table holds",
        "A column carries name, type, label, role and aggregation.",
        (
            "tests/contract/test_glue_contents.py::test_a_column_keeps_its_meaning",
            "tests/unit/targets/glue/test_table_input.py::test_columns_are_as_the_contract_says",
        ),
    ),
    Promise(
        "glue:texts",
        "CONTRACT.md#What a Glue table holds",
        "The label alone, unless a rule says more, goes into Description and Comment, cut at AWS's byte limits.",
        (
            "tests/contract/test_glue_contents.py::test_labels_are_cut_at_bytes_and_stay_whole_in_parameters",
            "tests/unit/targets/glue/test_types_and_texts.py::test_one_line_fits_and_is_allowed",
            "tests/unit/targets/glue/test_types_and_texts.py::test_several_lines_fit_and_are_allowed",
        ),
    ),
    Promise(
        "glue:types",
        "CONTRACT.md#What a Glue table holds",
        "Types are mapped as the contract lists them, all else to string, the original in spheresync.type.",
        (
            "tests/contract/test_glue_contents.py::test_types_are_those_of_the_contract",
            "tests/unit/targets/glue/test_types_and_texts.py::test_types",
        ),
    ),
    Promise(
        "glue:view-definition",
        "CONTRACT.md#What a Glue table holds",
        "The SQL text of a view is kept in spheresync.view-definition, size-checked, never in ViewOriginalText.",
        (
            "tests/unit/targets/glue/test_table_input.py::test_a_table_is_as_the_contract_says",
            "tests/unit/targets/glue/test_table_input.py::test_what_is_too_large_for_a_parameter_is_named_and_left_out",
            "tests/contract/test_glue_contents.py::test_a_table_says_what_it_stands_for",
        ),
    ),
    Promise(
        "glue:conflict",
        "CONTRACT.md#What a Glue table holds",
        "A table that Spheresync did not create is a conflict: it stays as it is, the run goes on, exit 1.",
        (
            "tests/e2e/test_safety.py::test_a_table_of_our_name_that_is_not_ours_is_a_conflict_and_stays_as_it_is",
            "tests/e2e/test_safety.py::test_a_conflict_stays_one_until_the_way_is_free",
            "tests/e2e/test_safety.py::test_a_conflict_in_a_database_with_a_hashed_name_settles",
            "tests/contract/test_glue_contents.py::test_another_installation_takes_the_tables_for_foreign",
            "tests/e2e/test_full.py::test_a_table_that_is_not_ours_any_more_is_a_conflict_and_stays",
        ),
    ),
    Promise(
        "glue:foreign-database",
        "CONTRACT.md#What a Glue table holds",
        "A database that Spheresync did not create is used and never changed.",
        (
            "tests/contract/test_glue_contents.py::test_a_foreign_database_is_used_and_never_changed",
            "tests/e2e/test_safety.py::test_a_table_of_our_name_that_is_not_ours_is_a_conflict_and_stays_as_it_is",
        ),
    ),
    Promise(
        "glue:foreign-parameters",
        "CONTRACT.md#What a Glue table holds",
        "Parameters that others set survive an update.",
        (
            "tests/e2e/test_safety.py::test_foreign_parameters_survive_an_update",
            "tests/e2e/test_full.py::test_foreign_parameters_that_a_full_sync_has_seen_survive_the_next_update_of_one_read_and_one_write",
            "tests/integration/test_glue_target.py::TestUpdate::test_merges_what_others_added_meanwhile",
        ),
    ),
    Promise(
        "glue:texts-by-hand",
        "CONTRACT.md#Configuration",
        "A description or comment edited by hand follows drift: report, keep or overwrite.",
        (
            "tests/e2e/test_safety.py::test_what_somebody_edits_after_the_preview_is_not_overwritten_and_the_rest_is_applied",
            "tests/integration/test_glue_target.py::TestUpdate::test_a_text_edited_by_hand_follows_the_policy",
            "tests/unit/targets/glue/test_merge.py::test_edited_texts_follow_the_policy",
        ),
    ),
    Promise(
        "glue:missing-table",
        "CONTRACT.md#Configuration",
        "A table deleted by hand is made again at its next update where drift.missing is overwrite.",
        (
            "tests/integration/test_glue_target.py::TestUpdate::test_makes_a_deleted_table_again_where_the_policy_says_so",
            "tests/integration/test_glue_target.py::TestUpdate::test_refuses_a_deleted_table_otherwise",
        ),
    ),
    Promise(
        "plan:full",
        "CONTRACT.md#Command line: `spheresync`",
        "sync --full compares with what the target really holds, by pages, and writes only what differs.",
        (
            "tests/e2e/test_full.py::test_nothing_edited_is_looked_at_by_page_and_not_written",
            "tests/e2e/test_full.py::test_a_part_of_the_catalog_is_compared_with_its_own_databases_only",
            "tests/e2e/test_full.py::test_a_table_deleted_and_made_again_by_hand_at_the_same_version_is_found",
            "tests/e2e/test_full.py::test_a_renamed_installation_still_knows_its_tables",
            "tests/unit/planning/decisions/test_drift.py::test_a_table_that_nobody_edited_is_as_wanted",
        ),
    ),
    Promise(
        "plan:full:drift",
        "CONTRACT.md#Configuration",
        "What a full sync finds edited or deleted follows drift: named and left, kept, or written over.",
        (
            "tests/e2e/test_full.py::test_fields_that_somebody_edited_are_written_again_and_foreign_ones_stay",
            "tests/e2e/test_full.py::test_an_edited_text_follows_the_policy_and_a_later_update_knows_it_still",
            "tests/e2e/test_full.py::test_an_edited_column_that_may_stay_is_left_and_named_and_an_update_over_it_is_refused",
            "tests/e2e/test_full.py::test_a_deleted_table_follows_the_policy",
            "tests/e2e/test_full.py::test_a_deleted_database_is_made_again_with_all_its_tables",
            "tests/unit/planning/decisions/test_drift.py::test_an_edit_is_written_over_only_where_the_policy_says_so",
        ),
    ),
    Promise(
        "readme:databases-of-others",
        "README.md#What you can rely on",
        "Databases of others stay theirs.",
        (
            "tests/e2e/test_database_ownership.py::test_no_table_is_made_there_and_preview_sync_and_status_say_why",
            "tests/e2e/test_database_ownership.py::test_one_that_turns_out_to_be_closed_when_it_is_to_be_made_is_refused_too",
            "tests/e2e/test_database_ownership.py::test_an_installation_that_was_named_anew_goes_on_in_its_databases",
            "tests/e2e/test_database_ownership.py::test_a_database_of_ours_that_others_made_anew_gets_no_table_by_whatever_door",
            "tests/e2e/test_database_ownership.py::test_nor_does_one_that_became_a_link_or_another_systems",
            "tests/e2e/test_database_ownership.py::test_nor_does_an_undo_bring_tables_back_into_it",
            "tests/e2e/test_database_ownership.py::test_one_that_others_marked_and_that_still_holds_our_tables_stays_in_use",
            "tests/e2e/test_database_ownership.py::test_a_run_that_makes_tables_looks_at_each_database_once_and_others_at_none",
        ),
    ),
    Promise(
        "state:rebuilt",
        "CONTRACT.md#What a Glue table holds",
        "With an empty state the target is listed first: a lost state is rebuilt from AWS, not rewritten.",
        ("tests/e2e/test_sync.py::test_names_survive_the_loss_of_the_state",),
    ),
    Promise(
        "state:rebuilt:edits",
        "CONTRACT.md#Configuration",
        "A text that somebody edited before the loss of the state follows drift: as any other.",
        (
            "tests/e2e/test_unknown_tables.py::test_one_whose_asset_is_gone_and_whose_checkpoint_is_lost_is_retired_after_a_full_sync",
            "tests/e2e/test_unknown_tables.py::test_a_copy_is_named_by_each_look_and_a_part_of_the_tenant_says_nothing_of_others",
            "tests/e2e/test_unknown_tables.py::test_a_damaged_former_table_is_told_with_what_brings_it_back",
            "tests/e2e/test_lost_state.py::test_a_copy_that_a_person_made_is_never_taken_for_ours",
            "tests/e2e/test_lost_state.py::test_a_copy_of_a_retired_table_is_never_deleted_with_it",
            "tests/e2e/test_lost_state.py::test_a_table_of_ours_that_names_another_asset_by_now_stays",
            "tests/e2e/test_lost_state.py::test_texts_edited_before_the_loss_follow_the_policy",
            "tests/e2e/test_lost_state.py::test_edits_are_told_from_ours_though_datasphere_moved_on_and_what_is_in_doubt_stays",
            "tests/e2e/test_lost_state.py::test_a_table_whose_marker_names_a_space_that_is_not_listed_is_told_as_that_with_what_helps",
            "tests/unit/targets/glue/test_last_written.py::test_any_texts_edited_are_put_back_where_no_rule_set_them",
            "tests/unit/targets/glue/test_last_written.py::test_where_nothing_proves_it_no_text_is_ours_and_the_rest_is_as_it_is",
        ),
    ),
    Promise(
        "plan:nothing-to-do",
        "CONTRACT.md#Command line: `spheresync`",
        "A sync or preview that finds nothing to do makes no AWS call at all, STS included.",
        (
            "tests/e2e/test_sync.py::test_first_sync_creates_every_asset_and_the_second_asks_aws_nothing",
            "tests/contract/test_change_sets.py::test_a_change_set_is_seen_first_and_applied_once",
            "tests/integration/test_glue_door.py::test_nobody_asks_sts_who_we_are",
        ),
    ),
    Promise(
        "plan:prerequisites",
        "CONTRACT.md#MCP server",
        "A change set shows every call that will be made, what must exist first included.",
        (
            "tests/contract/test_change_sets.py::test_a_change_set_shows_every_call_that_will_be_made",
            "tests/contract/test_change_sets.py::test_people_read_what_is_made_first",
            "tests/unit/server/test_answer_summaries.py::test_what_is_created_first_is_named_in_short",
            "tests/unit/server/test_mcp_tools.py::test_the_text_of_a_preview_names_what_is_created_first",
            "tests/unit/planning/test_prerequisites.py::test_a_sync_lists_the_databases_that_it_creates",
            "tests/unit/planning/test_prerequisites.py::test_the_repair_of_a_deleted_database_lists_it",
        ),
    ),
    Promise(
        "plan:field-diff",
        "CONTRACT.md#MCP server",
        "A planned item holds its strategy and the field-level before and after.",
        (
            "tests/e2e/test_sync.py::test_one_label_is_one_update_and_one_type_is_a_full_one",
            "tests/unit/targets/test_field_changes.py::test_no_change_exactly_when_equal",
        ),
    ),
    Promise(
        "plan:forget",
        "CONTRACT.md#Words",
        "What left the scope is forgotten, left in place, and adopted when it comes back.",
        ("tests/e2e/test_safety.py::test_a_filter_added_between_runs_forgets_and_deletes_nothing",),
    ),
    Promise(
        "plan:rename",
        "CONTRACT.md#Configuration",
        "A rule that renames makes the new table and marks the old one as retired.",
        ("tests/e2e/test_mapping.py::test_a_rule_that_renames_makes_the_new_table_and_marks_the_old_one",),
    ),
    Promise(
        "apply:expired",
        "CONTRACT.md#Command line: `spheresync`",
        "An expired change set is refused, exit 3.",
        (
            "tests/contract/test_change_sets.py::test_an_expired_change_set_is_refused",
            "tests/unit/server/test_cli.py::test_errors_are_one_document_too",
        ),
    ),
    Promise(
        "apply:stale:mapping",
        "CONTRACT.md#Command line: `spheresync`",
        "A change set is refused as a whole when mapping or scope moved since.",
        ("tests/contract/test_change_sets.py::test_a_change_set_of_another_mapping_or_scope_is_refused_as_a_whole",),
    ),
    Promise(
        "apply:stale:wholly",
        "CONTRACT.md#Command line: `spheresync`",
        "A wholly stale change set is refused, exit 3.",
        ("tests/contract/test_change_sets.py::test_a_change_set_of_which_everything_moved_is_refused",),
    ),
    Promise(
        "apply:stale:item",
        "CONTRACT.md#What a Glue table holds",
        "What somebody edited after the preview is refused item by item, and the rest is applied.",
        (
            "tests/e2e/test_safety.py::test_what_somebody_edits_after_the_preview_is_not_overwritten_and_the_rest_is_applied",
        ),
    ),
    Promise(
        "apply:same-run",
        "CONTRACT.md#MCP server",
        "apply always answers the run of that change set.",
        (
            "tests/contract/test_change_sets.py::test_a_change_set_is_seen_first_and_applied_once",
            "tests/e2e/test_cli_dog.py::test_applying_again_answers_the_same_run",
            "tests/e2e/test_mcp_dog.py::test_an_assistant_brings_a_space_to_aws",
        ),
    ),
    Promise(
        "plan:rename:settled",
        "CONTRACT.md#Command line: `spheresync`",
        "After a rename the next sync has nothing to do and makes no AWS call.",
        (
            "tests/contract/test_mapping_trips_no_guard.py::test_what_was_renamed_is_settled_at_once",
            "tests/e2e/test_mapping.py::test_a_rule_that_renames_makes_the_new_table_and_marks_the_old_one",
        ),
    ),
)
