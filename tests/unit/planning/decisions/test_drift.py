"""Three sides of one table: what others did is named, left or written over, as the policies say, and never lost."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.config import DriftPolicies, DriftPolicy
from spheresync.model import (
    Asset,
    AssetId,
    DesiredObject,
    Digest,
    LiveObject,
    PhysicalName,
    TechnicalName,
    canonical_json,
)
from spheresync.planning.decisions.drift import (
    MOST_FINDINGS,
    Comparison,
    DriftOutcome,
    compare,
    drift_finding,
    within_bounds,
)
from spheresync.targets.glue.design import GLUE_DESIGN
from spheresync.targets.glue.merge import is_text, policy_of
from spheresync.targets.glue.table_input import design_table, fingerprint_of
from tests.unit.mapping.assets import ASSETS, MARKER, ORDERS, decide

POLICIES = DriftPolicies()
POLICY = st.sampled_from(DriftPolicy)
ALL_POLICIES = st.builds(DriftPolicies, description=POLICY, comments=POLICY, columns=POLICY, parameters=POLICY)
EDITS = st.sets(st.sampled_from(["description", "comment", "type", "parameter", "claim", "foreign"]))


def design(asset: Asset) -> DesiredObject:
    return design_table(asset, decide(asset), PhysicalName("d"), PhysicalName("t"), MARKER)


def as_read(table: dict[str, Any]) -> LiveObject:
    parameters = table["Parameters"]
    claimed = parameters.get("spheresync.fingerprint")
    return LiveObject(
        container=PhysicalName("d"),
        name=PhysicalName("t"),
        version="3",
        body=canonical_json(table),
        owner=parameters.get("spheresync.managed-by"),
        source=parameters.get("spheresync.source"),
        digest=None if claimed is None else Digest(claimed),
        intact=fingerprint_of(table) == claimed,
    )


def edited(body: bytes, edits: set[str]) -> LiveObject:
    table: dict[str, Any] = json.loads(body)
    column = table["StorageDescriptor"]["Columns"][1]
    if "description" in edits:
        table["Description"] = "by hand"
    if "comment" in edits:
        column["Comment"] = "mine"
    if "type" in edits:
        column["Type"] = "array<int>"
    if "parameter" in edits:
        table["Parameters"]["spheresync.kind"] = "edited"
    if "claim" in edits:
        del table["Parameters"]["spheresync.fingerprint"]
    if "foreign" in edits:
        table["Parameters"]["team"] = "bi"
    return as_read(table)


@given(ASSETS)
def test_a_table_that_nobody_edited_is_as_wanted(asset: Asset) -> None:
    desired = design(asset)
    found = compare(GLUE_DESIGN, desired.body, as_read(json.loads(desired.body)), desired, POLICIES)
    assert (found.outcome, found.edited, found.reported) == (DriftOutcome.AS_WANTED, (), ())


@given(EDITS, st.booleans(), ALL_POLICIES)
def test_an_edit_is_written_over_only_where_the_policy_says_so(
    edits: set[str], relabelled: bool, policies: DriftPolicies
) -> None:
    last = design(ORDERS)
    desired = design(replace(ORDERS, labels=(("", "Another"),))) if relabelled else last
    live = edited(last.body, edits)
    found = compare(GLUE_DESIGN, last.body, live, desired, policies)
    overwrite = {path for path in found.edited if policy_of(path, policies) is DriftPolicy.OVERWRITE}
    stay = set(found.edited) - overwrite
    assert len(found.edited) == len(edits - {"foreign"})
    left = found.outcome is DriftOutcome.LEFT
    assert left == any(not is_text(path) for path in stay)
    silent = {path for path in stay if policy_of(path, policies) is DriftPolicy.KEEP}
    assert set(found.reported) == (set(found.edited) if left else stay) - silent
    if not left:
        assert (found.outcome is DriftOutcome.TO_WRITE) == bool(relabelled or overwrite)
    check_written(found, live, desired, stay)


def check_written(found: Comparison, live: LiveObject, desired: DesiredObject, stay: set[str]) -> None:
    """What would be written holds what stays, and else what is desired; it proves itself."""
    if found.outcome is not DriftOutcome.TO_WRITE:
        return
    before, after = json.loads(live.body), json.loads(found.body)
    assert after["Parameters"].get("team") == before["Parameters"].get("team")
    wanted = before if "description" in stay else json.loads(desired.body)
    assert after["Description"] == wanted["Description"]
    assert fingerprint_of(after) == desired.digest


def test_what_the_table_claims_proves_what_was_written_whatever_is_remembered() -> None:
    desired = design(ORDERS)
    remembered = design(replace(ORDERS, labels=(("", "Long ago"),))).body
    found = compare(GLUE_DESIGN, remembered, edited(desired.body, {"description"}), desired, POLICIES)
    assert (found.outcome, found.edited, found.base) == (DriftOutcome.AS_WANTED, ("description",), desired.body)


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({}, None),
        ({"spheresync.managed-by": None}, "carries no marker of Spheresync"),
        ({"spheresync.managed-by": "spheresync:other"}, "spheresync:other"),
        ({"spheresync.source": "S/OTHER"}, "S/OTHER"),
    ],
)
def test_whose_a_table_is(parameters: dict[str, str | None], says: str | None) -> None:
    table = json.loads(design(ORDERS).body)
    table["Parameters"] = {k: v for k, v in (table["Parameters"] | parameters).items() if v is not None}
    because = GLUE_DESIGN.foreign_because(as_read(table), ORDERS.id, MARKER, None)
    assert because is None if says is None else says in str(because)


def test_a_table_of_the_installation_by_its_former_name_is_ours() -> None:
    body = design(ORDERS).body
    live = as_read(json.loads(body))
    assert GLUE_DESIGN.foreign_because(live, ORDERS.id, "spheresync:renamed", body) is None
    assert GLUE_DESIGN.foreign_because(live, ORDERS.id, "spheresync:renamed", None) is not None


def test_a_table_that_was_written_under_a_former_name_of_the_asset_is_ours() -> None:
    body = design(ORDERS).body
    live = as_read(json.loads(body))
    renamed = AssetId(ORDERS.id.space, TechnicalName(ORDERS.id.name.upper()))
    assert GLUE_DESIGN.foreign_because(live, renamed, MARKER, body) is None
    assert str(ORDERS.id) in str(GLUE_DESIGN.foreign_because(live, renamed, MARKER, None))
    other = as_read(json.loads(body.replace(str(ORDERS.id).encode(), b"S/OTHER")))
    assert "S/OTHER" in str(GLUE_DESIGN.foreign_because(other, renamed, MARKER, body))


def test_many_findings_are_told_as_a_number() -> None:
    findings = [drift_finding(ORDERS.id, "d.t", ["description"])] * (MOST_FINDINGS + 7)
    told = within_bounds(findings)
    assert len(told) == MOST_FINDINGS + 1
    assert "7 more" in told[-1].message
