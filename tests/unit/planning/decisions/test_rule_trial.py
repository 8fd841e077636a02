"""What is said of rules that are tried: an empty plan does not tell what matches nothing from what is so already."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.config import Settings
from spheresync.config.reading.trial import with_trial_rules
from spheresync.config.rules import RuleMatch
from spheresync.mapping.matching import applies, unmet
from spheresync.model import Action, AssetKind, Column, FieldChange, SourceType, TechnicalName
from spheresync.planning.decisions.rule_trial import TRIAL, TRIAL_UNMATCHED, TrialItems, trial_findings
from spheresync.state.records import AssetRecord
from tests.unit.mapping.personal_data.labelled import asset_of
from tests.unit.planning.decisions.test_renames import record
from tests.unit.planning.decisions.test_undo import item

IN_FORCE = Settings(state_dir=Path("/nowhere"))


def known(*names: str) -> list[AssetRecord]:
    return [record(name, space=space) for space, name in (each.split("/") for each in names)]


RECORDS = known("HR/A", "HR/B", "SALES/A")


def said(rules: str) -> list[tuple[str, str]]:
    found = trial_findings(with_trial_rules(IN_FORCE, rules), IN_FORCE, RECORDS, DEFINITIONS)
    return [(each.code, each.message) for each in found]


DEFINITIONS = {each.id: asset_of(Column(TechnicalName("COL"), SourceType("cds.String"))) for each in RECORDS}


def test_each_rule_names_what_it_matches_and_a_tier_changes_though_aws_holds_the_same() -> None:
    assert said("- match: {space: HR}\n  set: {tier: critical}") == [
        (TRIAL, "trial rule 1 (space HR) matches 2 assets: HR/A, HR/B"),
        (TRIAL, "the tier of 2 assets would become critical (read every 1m), high (every 1h) now: HR/A, HR/B"),
    ]


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ("- match: {space: SALE}\n  set: {tier: critical}", "space SALE fits 0 (Did you mean SALES?)"),
        ("- match: {space: NOSUCH}\n  set: {tier: critical}", "space NOSUCH fits 0 (known: HR, SALES)"),
        ("- match: {space: SALES, name: B}\n  set: {tier: critical}", "space SALES fits 1, name B fits 1"),
        ("scope: {exclude: ['NOSUCH/*']}", "scope.exclude NOSUCH/* matches no asset"),
        ("personal_data: {policy: [{class: birth, action: exclude_column}]}", "no column has the class"),
        ("- columns: [{match: {name: XX}, set: {include: false}}]", "fits no column of the assets"),
    ],
)
def test_what_matches_nothing_is_told_with_the_condition_that_fails(rules: str, why: str) -> None:
    (found,) = [message for code, message in said(rules) if code == TRIAL_UNMATCHED]
    assert why in found


def test_what_leaves_the_scope_says_what_becomes_of_its_tables() -> None:
    (found,) = [message for _, message in said("scope: {exclude: ['HR/*']}")]
    assert "2 assets would leave the scope: HR/A, HR/B" in found and "stays there as it is" in found


def test_what_is_planned_without_the_rules_too_is_none_of_their_effects() -> None:
    same, other, gone, new = (
        replace(item(Action.UPDATE, None), asset=each.id, container=each.id.space, name=each.id.name)
        for each in known("HR/A", "HR/B", "HR/C", "HR/D")
    )
    tagged = replace(other, changes=(FieldChange("parameters.tag", None, "x"),))
    found = TrialItems.of([same, tagged, new], [same, other, gone])
    assert (found.own, found.otherwise, found.pending, found.dropped) == ([tagged, new], 1, [same], [gone])
    assert [each.message for each in found.findings()] == [
        "of these 1 item would be planned without the trial too, but not so",
        "left out here, as it would be planned without the trial too: 1 item (update 1)",
        "1 item would be planned no more with the rules (update 1)",
    ]


GLOBS = st.none() | st.lists(st.sampled_from(["HR", "A", "*", "B*", "view"]), min_size=1, max_size=2)


@given(space=GLOBS, name=GLOBS, label=GLOBS, named=st.sampled_from(RECORDS))
def test_a_match_without_an_unmet_condition_applies(
    space: list[str] | None, name: list[str] | None, label: list[str] | None, named: AssetRecord
) -> None:
    match = RuleMatch.model_validate({"space": space, "name": name, "label": label})
    about = (named.id, AssetKind.VIEW, named.label)
    assert applies(match, *about) is not unmet(match, *about)
