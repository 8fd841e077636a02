"""Promises: approvals, and what two people have to stand behind."""

from __future__ import annotations

from tests.contract.promise import Promise

_SECTION = "docs/how-to/approve-and-promote.md#Approve and promote"
_FOUR_EYES = "tests/e2e/test_four_eyes.py"
_PROMOTION = "tests/e2e/test_promotion.py"

APPROVALS: tuple[Promise, ...] = (
    Promise(
        "cli:approve",
        _SECTION,
        "approve notes who stands behind a saved change set; one that cannot be applied any more is refused.",
        (f"{_FOUR_EYES}::test_what_cannot_be_applied_any_more_is_not_approved",),
    ),
    Promise(
        "deletion:four-eyes",
        _SECTION,
        "With approvals.four_eyes a delete needs somebody who neither made the change set nor applies it.",
        (
            f"{_FOUR_EYES}::test_a_delete_needs_somebody_who_neither_made_the_change_set_nor_applies_it",
            f"{_FOUR_EYES}::test_without_a_second_person_deletes_are_left_out_and_the_rest_goes_on",
            f"{_FOUR_EYES}::test_syncs_and_a_policy_that_deletes_are_held_back_likewise",
            f"{_FOUR_EYES}::test_the_undo_of_a_creation_needs_two_people_too",
            f"{_FOUR_EYES}::test_the_scheduler_leaves_deletes_to_two_people_without_noise",
        ),
    ),
    Promise(
        "cli:promote",
        _SECTION,
        "promote writes scope, rules and outcome of a change set to a file that holds nothing of its environment.",
        (
            f"{_PROMOTION}::test_the_file_tells_the_rules_and_what_becomes_of_the_assets_and_nothing_of_the_place",
            f"{_PROMOTION}::test_a_promotion_that_cannot_be_written_or_is_not_what_it_was_made_of_is_refused",
            "tests/unit/config/test_promotion.py::test_what_was_written_is_read_back_with_the_same_digest",
        ),
    ),
    Promise(
        "config:promotion",
        _SECTION,
        "Promoted rules come before the configuration's own and say where they came from; an edited file is refused.",
        (
            f"{_PROMOTION}::test_who_looks_sees_where_rules_came_from",
            f"{_PROMOTION}::test_an_edited_file_is_refused_everywhere",
            "tests/unit/config/test_promotion.py::test_own_rules_follow_the_promoted_ones_and_win_key_by_key",
            "tests/unit/config/test_promotion.py::test_whatever_byte_is_changed_it_is_refused_or_says_the_same",
        ),
    ),
    Promise(
        "plan:promotion",
        _SECTION,
        "A preview names promoted assets that are not there or have other columns.",
        (f"{_PROMOTION}::test_what_of_it_does_not_fit_the_next_tenant_is_told",),
    ),
    Promise(
        "apply:promotion",
        _SECTION,
        "A promotion changes nothing before a person has approved a change set that was made with it.",
        (
            f"{_PROMOTION}::test_nothing_is_written_by_it_before_a_person_has_approved_it",
            f"{_PROMOTION}::test_another_promotion_needs_an_approval_of_its_own",
            f"{_PROMOTION}::test_approvals_outlast_a_restore",
            f"{_PROMOTION}::test_the_scheduler_proposes_it_and_waits_without_noise",
            f"{_PROMOTION}::test_a_running_server_takes_up_another_promotion_and_waits_for_its_approval",
        ),
    ),
    Promise(
        "config:approvals",
        _SECTION,
        "What four_eyes takes is checked like every key.",
        (f"{_FOUR_EYES}::test_other_words_for_what_needs_two_people_are_named",),
    ),
)
