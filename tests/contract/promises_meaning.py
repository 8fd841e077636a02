"""Promises: what of Datasphere's meaning is read beyond the consumption API, and how it is told."""

from __future__ import annotations

from tests.contract.promise import Promise

_OBJECTS = "tests/e2e/test_design_objects.py"
_SOURCE = "tests/unit/source/test_objects.py"
_ROLE = "tests/unit/discovery/test_missing_role.py"
_UNPROVEN = "tests/unit/discovery/test_unproven_assets.py"
_CSN = "tests/unit/source/csn"
_EVENTS = "tests/e2e/test_lineage_events.py"
_TRACE = "tests/unit/lineage/test_trace.py"
_PASSED = "tests/unit/lineage/test_passed_objects.py"
_TRANSFORMATIONS = "tests/unit/lineage/test_transformation_flows.py"

MEANING: tuple[Promise, ...] = (
    Promise(
        "mapping:label",
        "CONTRACT.md#Configuration",
        "Rules go by the label of the definition, so the plan of an unchanged tenant is the same whoever lists it how.",
        ("tests/e2e/test_label_rules.py::test_a_plan_of_an_unchanged_tenant_is_the_same_whatever_label_the_list_has",),
    ),
    Promise(
        "source:objects",
        "CONTRACT.md#Configuration",
        "With objects on, local tables, flows and full CSN come from the design-time object API.",
        (
            f"{_OBJECTS}::test_what_is_deployed_becomes_tables_and_a_second_sync_finds_nothing_to_do",
            f"{_OBJECTS}::test_without_the_switch_they_stay_unknown",
            f"{_OBJECTS}::test_a_flow_is_known_and_no_table_is_made_of_it",
            f"{_OBJECTS}::test_without_a_discovery_document_or_the_content_of_a_space_all_is_read_one_by_one",
            f"{_SOURCE}::test_every_type_is_listed_to_its_empty_page",
            f"{_SOURCE}::test_the_content_of_a_space_saves_single_reads",
            f"{_SOURCE}::test_an_object_is_the_same_whichever_way_it_is_read",
            f"{_SOURCE}::test_a_space_without_texts_or_types_has_its_objects_read_one_by_one",
        ),
    ),
    Promise(
        "source:objects:complete",
        "CONTRACT.md#Deletion",
        "A list of objects that failed, or that a server serves by half, takes nothing away.",
        (
            f"{_OBJECTS}::test_lists_that_fail_take_nothing_away",
            f"{_OBJECTS}::test_a_table_that_is_gone_is_retired_once_the_tenant_says_so",
            f"{_SOURCE}::test_a_server_that_ignores_skip_lists_nothing_whole",
            f"{_SOURCE}::test_an_error_is_never_an_empty_list",
            f"{_SOURCE}::test_no_view_is_listed_by_half_its_facts_where_the_catalog_is_not_whole",
        ),
    ),
    Promise(
        "source:objects:role",
        "CONTRACT.md#Configuration",
        "Where a role is missing that may read objects, what is exposed goes on, and nothing that CSN told is lost.",
        (
            f"{_ROLE}::test_what_consumption_serves_goes_on_where_a_role_is_missing_and_all_comes_with_the_role",
            f"{_ROLE}::test_what_was_known_by_csn_is_kept_and_told_where_the_role_is_taken_away",
            f"{_ROLE}::test_an_outage_of_the_object_api_is_no_missing_role",
        ),
    ),
    Promise(
        "source:objects:off",
        "CONTRACT.md#Configuration",
        "With objects switched off again, what only they told stays, is no failure, and says why it is not read.",
        (
            f"{_OBJECTS}::test_switched_off_what_only_objects_told_stays_and_is_told_as_not_read_and_no_failure",
            f"{_OBJECTS}::test_switched_on_again_all_of_it_is_read_as_if_it_had_never_been_off",
            f"{_OBJECTS}::test_what_is_exposed_is_read_on_without_objects_and_what_csn_told_goes_as_the_preview_shows",
            f"{_OBJECTS}::test_left_out_by_a_rule_what_only_objects_told_is_managed_no_more_and_told_no_more",
        ),
    ),
    Promise(
        "source:objects:offered",
        "CONTRACT.md#Deletion",
        "A list of objects that was offered and is no more is no empty list, as long as known assets would be in it.",
        (
            f"{_UNPROVEN}::test_a_list_that_is_not_offered_any_more_is_no_empty_list",
            f"{_UNPROVEN}::test_a_list_that_was_never_offered_is_none_to_miss",
            f"{_UNPROVEN}::test_what_is_left_out_misses_no_list",
            f"{_SOURCE}::test_kinds_of_which_no_list_is_offered_are_said",
            f"{_SOURCE}::test_a_list_that_is_not_there_is_not_to_be_mended_by_exposing_something",
        ),
    ),
    Promise(
        "source:objects:paths",
        "CONTRACT.md#Configuration",
        "No name of an object leads a request to another path than its own.",
        (
            f"{_SOURCE}::test_no_name_leads_to_another_path_than_its_own",
            f"{_SOURCE}::test_a_name_that_walks_a_path_is_an_error_of_its_asset_and_asks_nobody",
        ),
    ),
    Promise(
        "source:objects:unproven",
        "CONTRACT.md#Deletion",
        "While a list of objects cannot be read, nothing is written by another list that it may contradict.",
        (
            f"{_UNPROVEN}::test_what_two_lists_hold_waits_also_while_one_of_them_cannot_be_read",
            f"{_UNPROVEN}::test_a_contradiction_of_what_was_written_before_stands_while_a_list_cannot_be_read",
            f"{_UNPROVEN}::test_what_was_read_before_as_what_it_is_goes_on_and_what_is_new_waits_in_one_sentence",
            f"{_UNPROVEN}::test_no_kind_changes_by_the_one_list_that_answered",
            f"{_UNPROVEN}::test_what_is_left_out_is_not_told_as_waiting",
            f"{_UNPROVEN}::test_nobody_reads_by_a_former_entry_what_two_lists_hold_now",
            f"{_SOURCE}::test_what_an_unread_list_may_hold_too_is_unproven_but_what_the_catalog_holds_where_a_role_is_missing",
        ),
    ),
    Promise(
        "source:csn",
        "CONTRACT.md#What a Glue table holds",
        "CSN gives exact types, labels in every language, keys, relations, hierarchies and measures.",
        (
            f"{_CSN}/test_sample_documents.py::test_an_analytic_model_has_the_types_of_what_it_selects",
            f"{_CSN}/test_definition.py::test_labels_in_every_language",
            f"{_CSN}/test_definition.py::test_a_foreign_key_of_two_columns_and_conditions_of_other_forms",
            f"{_CSN}/test_definition.py::test_a_structure_that_holds_itself_is_a_finding_and_no_column",
            f"{_CSN}/test_definition.py::test_an_element_that_is_no_object_is_a_finding",
            f"{_CSN}/test_hostile.py::test_any_document_is_read_or_refused",
            f"{_CSN}/test_budgets.py::test_a_hostile_document_is_read_or_refused_within_bounds",
            "tests/fuzz/test_fuzz.py::test_a_reader_reads_or_refuses_whatever_coverage_leads_to",
            f"{_SOURCE}::test_the_documents_of_an_exposed_view_are_merged",
        ),
    ),
    Promise(
        "source:csn:types",
        "CONTRACT.md#What a Glue table holds",
        "A column without a type has exactly that of the column it is selected from, or is told to have none.",
        tuple(
            f"tests/unit/discovery/test_types_from_sources.py::{test}"
            for test in (
                "test_through_objects_and_associations_in_whatever_order_they_are_read",
                "test_it_follows_its_source_in_the_same_run_and_only_then",
                "test_a_source_that_comes_later_gives_its_types_then",
                "test_exactly_or_not_at_all",
                "test_what_a_pass_that_died_left_waiting_the_next_one_settles",
                "test_assets_with_all_their_types_cost_nothing",
            )
        ),
    ),
    Promise(
        "glue:keys",
        "CONTRACT.md#What a Glue table holds",
        "Primary and foreign keys are parameters of the table.",
        (
            "tests/unit/targets/glue/test_table_input.py::test_keys_and_relations_are_facts_of_the_table",
            f"{_OBJECTS}::test_what_is_deployed_becomes_tables_and_a_second_sync_finds_nothing_to_do",
        ),
    ),
    Promise(
        "mcp:lineage",
        "CONTRACT.md#MCP server",
        "get_lineage answers nodes and edges, to columns that exist.",
        (
            f"{_TRACE}::test_through_views_to_tables_of_other_spaces",
            f"{_TRACE}::test_no_edge_leads_to_a_column_that_is_not_there",
            f"{_TRACE}::test_a_data_flow_fills_columns_and_a_chain_runs_it",
            f"{_TRACE}::test_a_column_that_only_another_column_of_the_flow_carries_shows_no_flow",
            f"{_TRACE}::test_a_flow_that_does_not_tell_of_columns_is_where_a_column_ends",
            f"{_TRACE}::test_the_recorded_view_has_the_edges_of_its_document_and_no_other",
            "tests/unit/lineage/test_sample_edges.py::test_every_object_has_the_edges_of_its_document_and_no_other",
            "tests/e2e/test_lineage.py::test_a_model_leads_back_to_a_connection_and_on_to_its_table",
            "tests/e2e/test_lineage.py::test_a_column_that_its_source_does_not_have_is_a_finding_and_no_edge",
            "tests/e2e/test_lineage.py::test_an_assistant_is_answered_in_its_text",
            "tests/e2e/test_lineage.py::test_a_measure_of_a_model_is_aggregated_and_no_edge_is_explained",
            "tests/e2e/test_lineage.py::test_what_is_not_known_of_a_lineage_is_told_as_such",
            "tests/e2e/test_lineage.py::test_what_refers_to_an_asset_by_associations_is_told_apart_from_data_flow",
            "tests/e2e/test_lineage.py::test_what_never_has_a_table_is_explained_without_one",
            "tests/e2e/test_lineage.py::test_the_requests_that_whole_spaces_spared_are_told",
            "tests/e2e/test_lineage.py::test_every_lineage_fits_into_one_answer_and_says_what_it_leaves_out",
        ),
    ),
    Promise(
        "mcp:lineage:passed",
        "CONTRACT.md#MCP server",
        "What a path over associations passes through is lineage, whichever way it is asked for.",
        (
            f"{_PASSED}::test_every_object_on_the_way_is_an_edge",
            f"{_PASSED}::test_an_object_on_the_way_that_nobody_has_read_ends_it_and_is_named",
            f"{_PASSED}::test_what_is_passed_leads_on_to_who_passes_it",
            f"{_PASSED}::test_it_is_looked_for_again_where_an_association_leads_elsewhere",
        ),
    ),
    Promise(
        "mcp:lineage:transformations",
        "CONTRACT.md#MCP server",
        "Transformation flows are followed through the query that they hold; what is not followed is said.",
        (
            f"{_TRANSFORMATIONS}::test_its_query_is_followed_to_the_columns_of_its_target",
            f"{_TRANSFORMATIONS}::test_a_mapping_of_what_the_query_has_not_is_said_and_no_edge",
            f"{_TRANSFORMATIONS}::test_an_operator_that_is_not_followed_is_said_and_no_edge_between_columns",
            f"{_TRANSFORMATIONS}::test_a_target_without_mappings_is_said",
            f"{_PASSED}::test_what_of_a_query_is_not_followed_is_said",
            f"{_PASSED}::test_a_measure_that_only_a_text_makes_is_said",
        ),
    ),
    Promise(
        "mcp:lineage:checked",
        "CONTRACT.md#MCP server",
        "A column that is gone upstream is a finding at its readers, in the run that finds it and until it is back.",
        (
            "tests/e2e/test_broken_lineage.py::test_a_column_that_is_gone_upstream_is_told_at_its_reader_until_it_is_back",
            "tests/e2e/test_broken_lineage.py::test_the_reader_that_broke_is_told_as_lineage_too",
            "tests/e2e/test_broken_lineage.py::test_what_a_process_that_died_left_unchecked_the_next_one_checks",
        ),
    ),
    Promise(
        "config:lineage",
        "CONTRACT.md#Configuration",
        "lineage.openlineage tells what changed as OpenLineage events, sooner or later, and holds up nothing.",
        (
            f"{_EVENTS}::test_each_change_is_one_line_of_a_file_and_nothing_changed_is_none",
            f"{_EVENTS}::test_what_says_nothing_new_of_lineage_is_not_told_again_but_to_another_receiver",
            f"{_EVENTS}::test_a_receiver_that_is_down_holds_up_nothing_and_is_told_later",
            f"{_EVENTS}::test_one_event_that_is_refused_keeps_no_other_from_being_told",
            f"{_EVENTS}::test_a_redirect_is_not_followed",
            f"{_EVENTS}::test_what_a_killed_server_had_to_tell_the_next_one_tells",
            f"{_EVENTS}::test_a_file_that_cannot_be_written_is_told_of_and_gets_all_of_it_later",
            f"{_EVENTS}::test_the_file_is_never_one_of_the_state",
            f"{_EVENTS}::test_who_is_told_no_more_leaves_nothing_waiting",
            "tests/unit/lineage/test_receivers.py::test_a_full_disk_leaves_no_half_line",
            "tests/unit/lineage/test_receivers.py::test_a_line_that_a_process_died_in_gives_way_to_the_next",
        ),
    ),
    Promise(
        "cli:lineage",
        "CONTRACT.md#Command line: `spheresync`",
        "lineage tells where an asset comes from and where it goes, and writes OpenLineage.",
        (
            "tests/e2e/test_lineage.py::test_a_model_leads_back_to_a_connection_and_on_to_its_table",
            "tests/e2e/test_lineage.py::test_lineage_is_written_as_openlineage_events",
            "tests/e2e/test_lineage.py::test_wrong_names_say_what_is_valid",
        ),
    ),
)
