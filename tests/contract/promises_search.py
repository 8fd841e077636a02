"""Promises: search and the filters of lists of assets."""

from __future__ import annotations

from tests.contract.promise import Promise

_STATE = "tests/unit/state/test_search.py"
_WORDS = "tests/unit/mapping/search/test_search_words.py"
_DOG = "tests/e2e/test_search.py"

SEARCH: tuple[Promise, ...] = (
    Promise(
        "mcp:search",
        "CONTRACT.md#MCP server",
        "query searches names, labels, descriptions, columns and terms, folded; the answer says what and why.",
        (
            f"{_DOG}::test_a_question_is_answered_by_labels_of_every_language_and_says_by_which",
            f"{_DOG}::test_a_physical_name_is_said_to_be_an_object_of_its_asset",
            f"{_DOG}::test_the_mark_at_the_end_of_a_whole_question_is_no_wildcard",
            f"{_STATE}::test_every_language_every_spelling_and_parts_of_words_in_names_are_found",
            f"{_STATE}::test_any_text_is_a_question_and_a_filter",
            f"{_STATE}::test_a_glob_is_one_of_names_and_other_signs_are_themselves",
            f"{_WORDS}::test_words_hold_nothing_at_which_sqlite_would_cut_them",
            f"{_WORDS}::test_every_word_of_a_text_is_found_in_any_case_and_composition",
            f"{_WORDS}::test_a_text_is_found_by_what_people_type",
            f"{_WORDS}::test_the_best_reasons_come_first_and_together_have_every_word",
        ),
    ),
    Promise(
        "mcp:search:order",
        "docs/how-to/search.md#Search",
        "The name itself comes first, then words of names, labels, columns and descriptions; every page is told once.",
        (
            f"{_STATE}::test_what_counts_most_comes_first",
            f"{_STATE}::test_pages_hold_every_answer_once_and_in_one_order",
            f"{_STATE}::test_a_place_holds_though_rows_before_it_come_and_go",
            f"{_DOG}::test_every_page_of_an_answer_is_told_once_with_its_place",
            f"{_DOG}::test_a_page_that_its_length_ends_says_so",
        ),
    ),
    Promise(
        "mcp:search:near",
        "docs/how-to/search.md#Search",
        "Where nothing answers, what is spelled nearly so is offered, and marked as such.",
        (
            f"{_DOG}::test_a_question_that_nothing_answers_offers_what_is_spelled_nearly_so",
            f"{_DOG}::test_words_of_a_class_of_personal_data_lead_to_it_and_short_words_to_nothing_else",
            f"{_DOG}::test_what_little_answers_offers_other_forms_terms_and_languages",
            f"{_DOG}::test_what_is_near_has_the_most_of_the_words_in_any_spelling_form_and_language",
            f"{_STATE}::test_words_that_are_spelled_nearly_so_are_offered",
        ),
    ),
    Promise(
        "mcp:search:filters",
        "CONTRACT.md#MCP server",
        "list_assets takes column, pii, min_columns, sort and count_only, and rows say which columns answer.",
        (
            f"{_DOG}::test_a_column_is_found_with_its_label_and_type_in_every_spelling",
            f"{_DOG}::test_a_column_is_found_by_its_type_in_both_spellings",
            f"{_DOG}::test_lists_are_put_in_order_counted_and_bounded",
            "tests/e2e/test_kinds_not_read.py::test_lists_counts_and_unknown_names_say_which_kinds_are_not_read",
            f"{_DOG}::test_an_assistant_learns_in_one_call_which_assets_hold_personal_data_and_where",
            f"{_DOG}::test_an_assistant_learns_in_one_call_which_term_is_whose",
            f"{_DOG}::test_which_columns_lead_to_persons_is_one_question_and_a_class_without_a_hit_proves_nothing",
            f"{_DOG}::test_assets_whose_names_differ_by_case_only_name_each_other",
            f"{_DOG}::test_assets_that_nobody_is_named_for_are_listed_with_whoever_is",
            f"{_DOG}::test_filters_are_told_apart_from_what_is_not_there",
            f"{_STATE}::test_filters_meet_the_question",
            f"{_STATE}::test_what_was_not_read_in_time_and_what_holds_nobody_are_listed",
            f"{_STATE}::test_every_order_has_every_asset_once",
        ),
    ),
    Promise(
        "state:search",
        "docs/how-to/search.md#Search",
        "The index is written with the asset, costs nothing unchanged, and is made anew when it is damaged or missing.",
        (
            f"{_STATE}::test_what_is_unchanged_writes_nothing_and_what_changed_replaces_what_was",
            f"{_STATE}::test_what_a_former_version_read_is_indexed_in_batches_and_a_kill_leaves_the_rest",
            f"{_STATE}::test_a_damaged_index_is_made_anew_by_the_next_question",
            f"{_STATE}::test_rows_that_are_gone_from_the_index_are_named_and_come_back",
            f"{_DOG}::test_an_index_that_was_damaged_or_never_made_is_made_by_the_next_question",
        ),
    ),
)
