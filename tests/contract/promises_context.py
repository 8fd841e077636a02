"""Promises: business context files."""

from __future__ import annotations

from tests.contract.promise import Promise

_UNIT = "tests/unit/mapping/test_context.py"
_CONTRACT = "tests/contract/test_context.py"
_MANY = "tests/e2e/test_context.py"
_FILES = "tests/unit/config/test_context_files.py"

CONTEXT: tuple[Promise, ...] = (
    Promise(
        "config:context",
        "CONTRACT.md#Configuration",
        "Every entry of a context file that matches applies, and a later one wins, key by key.",
        (
            f"{_UNIT}::test_a_later_entry_wins_key_by_key",
            f"{_UNIT}::test_each_key_of_a_column_is_won_by_the_later_entry",
            f"{_UNIT}::test_files_count_in_the_order_of_their_names_and_places_say_file_and_line",
            f"{_UNIT}::test_entries_are_found_as_if_each_was_tried_in_order",
            "tests/e2e/test_mcp_dog.py::test_rules_that_do_not_count_for_an_asset_and_sections_without_files_are_told_as_such",
        ),
    ),
    Promise(
        "config:context:problems",
        "docs/how-to/business-context.md#Business context",
        "Every problem of all context files is told at once, with file, line and fix.",
        (
            f"{_CONTRACT}::test_every_problem_of_all_files_is_told_at_once_with_file_line_and_fix",
            f"{_FILES}::test_what_is_wrong_between_files_is_told_beside_what_is_wrong_in_one",
            f"{_FILES}::test_whatever_a_file_holds_it_is_good_or_told_in_words",
        ),
    ),
    Promise(
        "glue:context",
        "docs/how-to/business-context.md#Business context",
        "What context files say is in the parameters of tables and columns, and in descriptions with where it stands.",
        (f"{_CONTRACT}::test_what_stewards_say_reaches_glue_and_people",),
    ),
    Promise(
        "mcp:explain-context",
        "docs/how-to/business-context.md#Business context",
        "explain_mapping names the entries that matched, and what of them was overridden.",
        (f"{_CONTRACT}::test_explanations_name_the_entries_that_matched_and_what_was_overridden",),
    ),
    Promise(
        "plan:context",
        "docs/how-to/business-context.md#Business context",
        "A change of context files is a metadata-only change of the assets that it touches and of no other.",
        (
            f"{_CONTRACT}::test_a_change_is_metadata_only_for_the_assets_that_it_touches",
            f"{_MANY}::test_of_a_thousand_assets_a_change_touches_those_that_it_is_about",
        ),
    ),
    Promise(
        "mapping:personal-data:steward",
        "CONTRACT.md#Personal data",
        "A steward's word decides over findings and over the policy, without another reading.",
        (
            f"{_CONTRACT}::test_the_word_of_a_steward_decides_over_policies_without_another_reading",
            f"{_MANY}::test_what_the_catalog_keeps_of_personal_data_follows_stewards",
            f"{_MANY}::test_words_that_change_while_a_reading_goes_by_those_of_before_are_not_lost",
        ),
    ),
    Promise(
        "mapping:context:search",
        "CONTRACT.md#MCP server",
        "Assets are found by their terms, the synonyms of these and their owners, as context files say them now.",
        (f"{_MANY}::test_assets_are_found_by_the_terms_and_owners_that_context_files_say_now",),
    ),
    Promise(
        "config:context:edited",
        "docs/how-to/business-context.md#Business context",
        "A running process takes up an edited or a new file; where one is wrong, the last good ones stay in force.",
        (
            f"{_MANY}::test_a_running_process_takes_up_edited_new_and_broken_files",
            f"{_FILES}::test_only_files_that_moved_are_read_again",
        ),
    ),
    Promise(
        "config:context:files",
        "docs/how-to/business-context.md#Business context",
        "Patterns count in the order in which they stand, the files of one in the order of their names.",
        (f"{_FILES}::test_patterns_count_in_their_order_and_files_of_one_by_name_each_once",),
    ),
)
