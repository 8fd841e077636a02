"""Scope, rules and tiers: what they decide of an asset, and which rule did what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.config import Settings
from spheresync.config.reading.trial import with_trial_rules
from spheresync.mapping.patterns import matches
from spheresync.mapping.rules import MappingRules, decide_column
from spheresync.model import AssetId, AssetKind, SpaceName, Tier
from tests.unit.mapping.assets import ORDERS, column, decide, rules, settings


def _scope(**scope: Any) -> MappingRules:
    return MappingRules.compile(settings(scope=scope))


def _included(mapping: MappingRules, asset: str) -> bool:
    return mapping.decide(AssetId.parse(asset), AssetKind.VIEW, "").included


@pytest.mark.parametrize(
    ("glob", "text", "expected"),
    [
        ("*", "any/\nthing", True),
        ("SALES/*", "SALES/A/B", True),
        ("SALES/*", "sales/A", False),
        ("S?LES/*", "SALES/", True),
        ("[a]", "a", False),
        ("[a]", "[a]", True),
        ("V_*", "XV_A", False),
        ("a.c", "abc", False),
    ],
)
def test_globs(glob: str, text: str, expected: bool) -> None:
    assert matches(glob, text) is expected


@given(st.text(max_size=8), st.text(max_size=8), st.text(max_size=8))
def test_a_star_is_any_text(start: str, middle: str, end: str) -> None:
    literal = (start + end).replace("*", "").replace("?", "")
    half = len(literal) // 2
    assert matches(f"{literal[:half]}*{literal[half:]}", literal[:half] + middle + literal[half:])


def test_exclude_wins_and_says_which_glob() -> None:
    mapping = _scope(include=["SALES/*"], exclude=["SALES/TMP_*"])
    assert _included(mapping, "SALES/V")
    assert not _included(mapping, "HR/V")
    decision = mapping.decide(AssetId.parse("SALES/TMP_X"), AssetKind.VIEW, "")
    assert not decision.included
    assert "SALES/TMP_*" in decision.excluded_by


GLOB = st.text(alphabet="AB/*?", min_size=1, max_size=5).filter(lambda glob: {"/", "*", "?"} & {*glob})
GLOBS = st.lists(GLOB, min_size=1, max_size=3)


@given(GLOBS, st.lists(GLOB, max_size=3), st.text("AB/", max_size=4))
def test_a_space_that_need_not_be_listed_holds_nothing(include: list[str], exclude: list[str], name: str) -> None:
    mapping = _scope(include=include, exclude=exclude)
    if not mapping.may_hold(SpaceName("A")) and name:
        assert not _included(mapping, f"A/{name}")


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({}, True),
        ({"include": ["SALES/V_*"]}, True),
        ({"include": ["S*"]}, True),
        ({"include": ["HR/*", "SALESX/*"]}, False),
        ({"exclude": ["SALES/*"]}, False),
        ({"exclude": ["*"]}, False),
        ({"exclude": ["SALES/TMP_*"]}, True),
        ({"exclude": ["SAL/*"]}, True),
    ],
)
def test_which_spaces_may_hold_something(scope: dict[str, Any], expected: bool) -> None:
    assert _scope(**scope).may_hold(SpaceName("SALES")) is expected


@pytest.mark.parametrize(
    ("kind", "tier"),
    [(AssetKind.ANALYTIC_MODEL, Tier.CRITICAL), (AssetKind.VIEW, Tier.HIGH), (AssetKind.LOCAL_TABLE, Tier.MEDIUM)],
)
def test_default_tiers(kind: AssetKind, tier: Tier) -> None:
    assert rules().decide(ORDERS.id, kind, "").tier is tier


def test_every_matching_rule_applies_and_a_later_one_wins_key_by_key() -> None:
    decision = decide(
        ORDERS,
        {
            "match": {"name": "V_*"},
            "set": {"tier": "medium", "table": "{name}_v1", "tags": {"layer": "silver", "a": "1"}},
        },
        {"match": {"space": ["HR", "SA*"], "kind": "view"}, "set": {"tier": "critical", "tags": {"layer": "gold"}}},
        {"match": {"name": "V_*", "space": "HR"}, "set": {"table": "never"}},
    )
    assert (decision.tier, decision.table) == (Tier.CRITICAL, "{name}_v1")
    assert dict(decision.tags) == {"layer": "gold", "a": "1"}
    assert [fired.rule for fired in decision.fired] == [1, 2]
    assert "tier" in decision.fired[0].overridden
    assert "table" not in decision.fired[0].overridden


@pytest.mark.parametrize(
    ("match", "applies"),
    [
        ({}, True),
        ({"label": "Ord*"}, True),
        ({"label": "ord*"}, False),
        ({"kind": ["analytic_model", "view"]}, True),
        ({"kind": "local_*"}, False),
        ({"name": "V_*", "label": "nothing"}, False),
    ],
)
def test_all_given_keys_must_match(match: dict[str, Any], applies: bool) -> None:
    assert decide(ORDERS, {"match": match, "set": {"include": False}}).included is not applies


def test_an_asset_left_out_by_a_rule_says_which_and_a_later_rule_may_let_it_in() -> None:
    out = {"match": {"space": "SALES"}, "set": {"include": False}}
    decision = decide(ORDERS, out)
    assert not decision.included
    assert "rule 1" in decision.excluded_by
    assert decide(ORDERS, out, {"match": {"name": "V_*"}, "set": {"include": True}}).included


def test_names_come_from_prefix_space_and_templates() -> None:
    plain = decide(ORDERS, prefix="dsp_")
    assert plain.database_name(ORDERS.id, ORDERS.kind, ORDERS.label) == "dsp_sales"
    assert plain.table_name(ORDERS.id, ORDERS.kind, ORDERS.label) == "v_orders"
    named = decide(ORDERS, {"set": {"database": "sales_{space}", "table": "{name} {label} {kind}"}}, prefix="dsp_")
    assert named.database_name(ORDERS.id, ORDERS.kind, ORDERS.label) == "sales_sales"
    assert named.table_name(ORDERS.id, ORDERS.kind, ORDERS.label) == "v_orders_orders_view"


def test_a_label_with_braces_is_only_text() -> None:
    decision = decide(ORDERS, {"set": {"table": "{label}"}})
    assert decision.table_name(ORDERS.id, ORDERS.kind, "{name.__class__}") == "_name___class___"


def test_the_digest_moves_with_what_changes_the_table_and_not_with_the_tier() -> None:
    plain = decide(ORDERS).digest
    assert decide(ORDERS, {"set": {"tier": "medium"}}).digest == plain
    changes: list[dict[str, Any]] = [
        {"set": {"table": "x"}},
        {"set": {"description": "{label}"}},
        {"set": {"tags": {"a": "b"}}},
        {"columns": [{"match": {"name": "ID"}, "set": {"include": False}}]},
    ]
    digests = {decide(ORDERS, change).digest for change in changes} | {decide(ORDERS, prefix="p_").digest}
    assert len(digests | {plain}) == 6


def test_column_rules_apply_in_order_and_win_key_by_key() -> None:
    found = decide(
        ORDERS,
        {"columns": [{"match": {"name": "*_TMP"}, "set": {"include": False}}]},
        {"columns": [{"match": {"role": "attr*", "type": "Edm.String*"}, "set": {"type": "STRING"}}]},
        {"columns": [{"match": {"name": "KEEP_*"}, "set": {"include": True, "description": "{column}: {label}"}}]},
    ).columns
    dropped, kept = decide_column(found, column("A_TMP")), decide_column(found, column("KEEP_TMP"))
    assert (dropped.included, dropped.type) == (False, "string")
    assert (kept.included, kept.type, kept.description) == (True, "string", "{column}: {label}")
    assert decide_column(found, column("N", "Edm.Int32")).type is None


def test_rules_and_scope_of_a_trial_are_called_so_beside_those_in_force(tmp_path: Path) -> None:
    in_force = with_trial_rules(Settings(state_dir=tmp_path), "- {match: {space: A}, set: {include: false}}")
    in_force = in_force.with_tried(rules=0, scope=False)
    tried = with_trial_rules(in_force, "- {match: {space: B}, set: {include: false}}")
    scoped = with_trial_rules(in_force, "scope: {exclude: ['C/*']}")

    def why(settings: Settings, space: str) -> str:
        asset = AssetId.parse(f"{space}/X")
        return MappingRules.compile(settings).decide(asset, AssetKind.VIEW, "").excluded_by

    assert why(tried, "A") == why(scoped, "A") == "mapping rule 1 says include: false"
    assert why(tried, "B") == "rule 1 of the trial says include: false"
    assert why(scoped, "C") == "scope.exclude of the trial has 'C/*'"
