"""Promises: business context files."""

from __future__ import annotations

from tests.contract.promise import Promise

_UNIT = "tests/unit/mapping/test_context.py"
_CONTRACT = "tests/contract/test_context.py"

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
        ),
    ),
    Promise(
        "config:context:problems",
        "README.md#Business context",
        "Every problem of all context files is told at once, with file, line and fix.",
        (f"{_CONTRACT}::test_every_problem_of_all_files_is_told_at_once_with_file_line_and_fix",),
    ),
    Promise(
        "glue:context",
        "README.md#Business context",
        "What context files say is in the parameters of tables and columns, and in descriptions with where it stands.",
        (f"{_CONTRACT}::test_what_stewards_say_reaches_glue_and_people",),
    ),
    Promise(
        "mcp:explain-context",
        "README.md#Business context",
        "explain_mapping names the entries that matched, and what of them was overridden.",
        (f"{_CONTRACT}::test_explanations_name_the_entries_that_matched_and_what_was_overridden",),
    ),
    Promise(
        "plan:context",
        "README.md#Business context",
        "A change of context files is a metadata-only change of the assets that it touches and of no other.",
        (f"{_CONTRACT}::test_a_change_is_metadata_only_for_the_assets_that_it_touches",),
    ),
    Promise(
        "mapping:personal-data:steward",
        "CONTRACT.md#Personal data",
        "A steward's word decides over findings and over the policy, without another reading.",
        (f"{_CONTRACT}::test_the_word_of_a_steward_decides_over_policies_without_another_reading",),
    ),
)
