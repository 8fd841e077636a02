"""Promises: approvals, and what two people have to stand behind."""

from __future__ import annotations

from tests.contract.promise import Promise

_SECTION = "README.md#Approve and promote"
_FOUR_EYES = "tests/e2e/test_four_eyes.py"

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
        ),
    ),
    Promise(
        "config:approvals",
        _SECTION,
        "What four_eyes takes is checked like every key.",
        (f"{_FOUR_EYES}::test_other_words_for_what_needs_two_people_are_named",),
    ),
)
