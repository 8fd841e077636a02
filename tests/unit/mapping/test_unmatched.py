"""Rules that are not about an asset are told with the conditions that it does not meet."""

from __future__ import annotations

from pathlib import Path

from spheresync.config import Settings
from spheresync.config.reading.trial import with_trial_rules
from spheresync.mapping.unmatched import MOST_TOLD, unmatched_rules
from spheresync.model import AssetId, AssetKind, SpaceName, TechnicalName

NONE = Settings(state_dir=Path("/nowhere"))
STAFF = AssetId(SpaceName("HR"), TechnicalName("STAFF"))


def told(rules: str) -> list[str]:
    written = with_trial_rules(NONE, rules).with_tried(rules=0, scope=False)
    return unmatched_rules(written, STAFF, AssetKind.VIEW, "Staff")


def test_nothing_is_said_of_rules_that_match_nor_where_there_are_none() -> None:
    assert unmatched_rules(NONE, STAFF, AssetKind.VIEW, "") == []
    assert told("- match: {space: HR}\n  set: {tier: high}") == []


def test_each_condition_that_is_not_met_is_named_those_of_what_is_set_by_no_other_rule_first() -> None:
    rules = """
- {match: {space: HR}, set: {tier: high}}
- {match: {space: SALES}, set: {tier: critical}}
- {match: {space: SALES, kind: analytic_model}, set: {tags: {a: b}}, columns: [{match: {name: X}, set: {type: int}}]}
"""
    assert told(rules) == [
        "2 of 3 mapping rules do not match this asset",
        "mapping rule 3, which sets tags, columns: its space is not SALES, its kind is not analytic_model",
        "mapping rule 2, which sets tier: its space is not SALES",
    ]


def test_of_many_the_first_few_are_named_and_the_rest_is_counted() -> None:
    many = "\n".join(f"- {{match: {{name: N{number}}}, set: {{tier: high}}}}" for number in range(MOST_TOLD + 3))
    assert told(many)[-2:] == ["mapping rule 4, which sets tier: its name is not N3", "and 3 more of them"]
