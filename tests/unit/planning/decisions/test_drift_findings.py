"""Drift of one table: what is named, what a repair puts back, and what is there after it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spheresync.config import DriftPolicies, DriftPolicy
from spheresync.model import (
    DEFAULT_DESTINATION,
    GLUE,
    Action,
    Asset,
    Digest,
    LiveObject,
    PhysicalName,
    canonical_json,
    digest_of,
)
from spheresync.model.shown_apart import LONGEST_VALUE
from spheresync.planning.decisions.drift_findings import MOST_FIELDS, DriftFinding, look_at, look_for
from spheresync.planning.decisions.items import EDITED, Subject
from spheresync.state.records import NO_RUN, AssetRecord, Checkpoint, CheckpointState, DriftEffect, DriftKind
from spheresync.targets.glue.design import GLUE_DESIGN
from spheresync.targets.glue.own_fields import foreign_fields, own_fields
from spheresync.targets.glue.table_input import retired
from tests.unit.mapping.assets import ASSETS, MARKER, ORDERS, decide
from tests.unit.planning.decisions.test_drift import ALL_POLICIES, as_read, design, edited

AT = "2026-11-24T08:00:00.000000Z"
POLICIES = DriftPolicies()
ALL_OVER = DriftPolicies(description=DriftPolicy.OVERWRITE, comments=DriftPolicy.OVERWRITE)
EDITS = st.sets(
    st.sampled_from(["description", "comment", "type", "parameter", "claim", "foreign", "dropped", "added", "swapped"])
)
#: What a GetTable adds of its own to a table that was created without it.
FILLED_IN = {"Retention": 0, "PartitionKeys": [], "ViewOriginalText": ""}
FILLED_IN_STORAGE = {"Compressed": False, "NumberOfBuckets": 0, "SortColumns": []}


def subject(
    body: bytes,
    *,
    digest: Digest | None = None,
    state: CheckpointState = CheckpointState.ACTIVE,
    asset: Asset = ORDERS,
    version: str | None = "2",
) -> Subject:
    claimed = Digest(json.loads(body)["Parameters"]["spheresync.fingerprint"])
    held = Checkpoint(
        asset=asset.id,
        target=GLUE,
        destination=DEFAULT_DESTINATION,
        container=PhysicalName("d"),
        name=PhysicalName("t"),
        body=digest_of(body),
        body_digest=digest or claimed,
        version=version,
        fingerprints=None,
        mapping=None,
        definition=None,
        state=state,
        held=None,
        synced_at=AT,
        run_id=NO_RUN,
        fence=0,
    )
    record = AssetRecord.first_seen(asset.id, asset.kind, at=AT)
    return Subject(record, held, GLUE, DEFAULT_DESTINATION, decide(asset), GLUE_DESIGN)


def touched(body: bytes, edits: set[str]) -> LiveObject:
    table: dict[str, Any] = json.loads(edited(body, edits).body)
    columns = table["StorageDescriptor"]["Columns"]
    if "dropped" in edits:
        del columns[2]
    if "added" in edits:
        columns.append({"Name": "theirs", "Type": "int"})
    if "swapped" in edits:
        columns[0], columns[1] = columns[1], columns[0]
    return as_read(table)


def look(body: bytes, live: LiveObject, policies: DriftPolicies = POLICIES) -> DriftFinding | None:
    return look_at(subject(body), body, live, marker=MARKER, policies=policies)


@given(ASSETS)
def test_a_table_as_aws_gives_it_back_has_not_drifted(asset: Asset) -> None:
    body = design(asset).body
    table = {**FILLED_IN, **json.loads(body)}
    table["StorageDescriptor"] = {**FILLED_IN_STORAGE, **table["StorageDescriptor"]}
    assert GLUE_DESIGN.untouched(body, as_read(table).body)
    table["StorageDescriptor"]["SerdeInfo"] = {"Parameters": {}}
    live = as_read(table)
    assert look_at(subject(body, asset=asset), body, live, marker=MARKER, policies=POLICIES) is None


@given(ASSETS)
def test_of_a_design_all_is_ours(asset: Asset) -> None:
    body = design(asset).body
    names = {column["Name"] for column in json.loads(body)["StorageDescriptor"]["Columns"]}
    partless = {key: value for key, value in json.loads(body).items() if key != "PartitionKeys"}
    assert json.loads(own_fields(body, names)) == partless
    assert json.loads(foreign_fields(json.loads(body), names)) in ({}, {"StorageDescriptor": {"Columns": [
        {"Name": name} for name in sorted(names)
    ]}})  # fmt: skip


@example({"claim", "comment"}, DriftPolicies(comments=DriftPolicy.KEEP))
@example({"claim", "comment"}, DriftPolicies(comments=DriftPolicy.OVERWRITE, parameters=DriftPolicy.REPORT))
@given(EDITS, ALL_POLICIES)
def test_what_a_repair_leaves_is_what_was_written_but_for_what_was_said_to_stay(
    edits: set[str], policies: DriftPolicies
) -> None:
    body = design(ORDERS).body
    live = touched(body, edits)
    found = look(body, live, policies)
    if not edits:
        assert found is None
        return
    assert found is not None
    assert not GLUE_DESIGN.untouched(body, live.body)
    effects = {field.path: field.effect for field in found.drift.fields}
    assert found.drift.stays == any(effect is not DriftEffect.RESTORE for effect in effects.values())
    restored = {path for path, effect in effects.items() if effect is DriftEffect.RESTORE}
    assert bool(restored) == (found.item is not None)
    if found.item is None:
        return
    assert found.item.before == digest_of(live.body)
    repaired = as_read(json.loads(found.bodies[1]))
    again = look(repaired.body, replace(repaired, version="4"), policies)
    left = set() if again is None else {field.path for field in again.drift.fields}
    assert left == {path for path, effect in effects.items() if effect is DriftEffect.REPORT} | {
        path for path, effect in effects.items() if effect is DriftEffect.KEEP
    }
    assert json.loads(repaired.body)["Parameters"].get("team") == ("bi" if "foreign" in edits else None)
    if policies == ALL_OVER and "foreign" not in edits:
        assert json.loads(repaired.body) == json.loads(body)


@given(EDITS)
def test_a_repair_with_every_policy_at_overwrite_restores_the_very_table(edits: set[str]) -> None:
    body = design(ORDERS).body
    found = look(body, touched(body, edits - {"foreign"}), ALL_OVER)
    if found is not None:
        assert json.loads(found.bodies[1]) == json.loads(body)


def test_what_others_had_put_beside_before_is_not_brought_back() -> None:
    """The last write kept a parameter of somebody else, who changed it and took another away since."""
    table = json.loads(design(ORDERS).body)
    table["Parameters"] |= {"team": "bi", "cost": "7"}
    table["Owner"] = "them"
    body = canonical_json(table)
    now = json.loads(body)
    now["Parameters"] |= {"team": "sales", "spheresync.kind": "edited"}
    del now["Parameters"]["cost"], now["Owner"]
    found = look(body, as_read(now))
    assert found is not None
    told = {field.path: (field.kind, field.effect) for field in found.drift.fields}
    assert told == {
        "parameters.cost": (DriftKind.PARAMETERS, DriftEffect.NOT_OURS),
        "parameters.team": (DriftKind.PARAMETERS, DriftEffect.NOT_OURS),
        "parameters.spheresync.kind": (DriftKind.PARAMETERS, DriftEffect.RESTORE),
        "owner": (DriftKind.OTHER, DriftEffect.NOT_OURS),
    }
    repaired = json.loads(found.bodies[1])
    assert repaired["Parameters"]["team"] == "sales" and "cost" not in repaired["Parameters"]
    assert "Owner" not in repaired


def test_foreign_parameters_of_a_column_are_named_one_by_one() -> None:
    body = design(ORDERS).body
    table = json.loads(body)
    table["StorageDescriptor"]["Columns"][0]["Parameters"] |= {"a": "1", "b": "2"}
    found = look(body, as_read(table))
    assert found is not None and found.item is None
    assert [field.path for field in found.drift.fields] == ["columns.id.parameters.a", "columns.id.parameters.b"]
    assert found.drift.kinds == (DriftKind.PARAMETERS,)


@pytest.mark.parametrize("edits", [{"foreign"}, {"description"}])
def test_a_retired_table_is_marked_again_and_stays_retired(edits: set[str]) -> None:
    marked = retired(design(ORDERS).body, AT, PhysicalName("d"), PhysicalName("t"))
    about = subject(marked.body, digest=marked.digest, state=CheckpointState.RETIRED)
    found = look_at(about, marked.body, edited(marked.body, edits), marker=MARKER, policies=ALL_OVER)
    assert found is not None
    if edits == {"foreign"}:
        assert found.item is None
    else:
        assert found.item is not None and found.item.action is Action.RETIRE
        assert json.loads(found.bodies[1]) == json.loads(marked.body)
    gone = look_for(about, marked.body, database_gone=False, policies=ALL_OVER)
    assert (gone.item, gone.drift.effect) == (None, DriftEffect.KEEP)


@pytest.mark.parametrize("edits", [set(), {"description"}, {"type"}])
def test_where_nothing_proves_what_was_written_no_text_is_called_drift_and_nothing_is_repaired(
    edits: set[str],
) -> None:
    """As after a lost state, of a table that no digest speaks for."""
    table = json.loads(design(ORDERS).body)
    table.pop("Description")
    about = subject(canonical_json(table), digest=EDITED)
    found = look_at(about, canonical_json(table), edited(design(ORDERS).body, edits), marker=MARKER, policies=ALL_OVER)
    if edits != {"type"}:
        assert found is None
    else:
        assert found is not None and found.item is None
        assert "sync --full" in found.drift.remedy


def test_a_renamed_installation_is_no_drift() -> None:
    body = design(ORDERS).body
    assert look_at(subject(body), body, as_read(json.loads(body)), marker="spheresync:new", policies=POLICIES) is None


def test_what_is_told_is_bounded() -> None:
    body = design(ORDERS).body
    table = json.loads(body)
    table["Description"] = "x" * 2000
    table["Parameters"] |= {f"note{number}": "y" for number in range(100)}
    found = look(body, as_read(table))
    assert found is not None
    assert (len(found.drift.fields), found.drift.fields_total) == (MOST_FIELDS, 101)
    assert all(len(str(field.found)) < LONGEST_VALUE + 40 for field in found.drift.fields)


@pytest.mark.parametrize(
    ("ours", "now", "when", "who"),
    [
        ("2", "3", "then", "AWS Glue does not say who"),
        (None, "3", "then", "AWS Glue does not say who"),
        ("3", "3", None, "AWS Glue does not say who"),  # the last write was ours
        ("3", "0", "then", "made anew by arn:them"),
    ],
)
def test_when_and_by_whom_is_told_as_far_as_glue_knows(ours: str | None, now: str, when: str | None, who: str) -> None:
    body = design(ORDERS).body
    live = replace(edited(body, {"type"}), version=now, changed_at="then", created_by="arn:them")
    found = look_at(subject(body, version=ours), body, live, marker=MARKER, policies=POLICIES)
    assert found is not None
    assert (found.drift.changed_at, found.drift.changed_by) == (when, who)
    assert found.doubtful == (ours == now)


def test_several_edits_beside_ours_are_counted_in_words() -> None:
    body = design(ORDERS).body
    now = json.loads(body)
    now["Parameters"] |= {"team": "bi", "cost": "7"}
    found = look(body, as_read(now))
    assert found is not None and found.drift.reason == "somebody else has changed 2 fields beside ours in the table"


@pytest.mark.parametrize(
    ("edits", "said"),
    [({"parameter", "foreign"}, "1 field of ours and 1 beside"), ({"parameter"}, "1 field of ours")],
)
def test_what_stands_beside_ours_is_told_apart_from_what_is_ours(edits: set[str], said: str) -> None:
    body = design(ORDERS).body
    found = look(body, edited(body, edits))
    assert found is not None and found.drift.reason == f"somebody else has changed {said} in the table"
