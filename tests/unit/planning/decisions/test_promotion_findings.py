"""What of a promotion does not fit a tenant: told of each asset, and of many by their number."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from spheresync.config import PromotedAsset, PromotedColumn
from spheresync.mapping.fingerprints import fingerprints
from spheresync.model import Action, AssetId, AssetKind, Digest, SourceType, SpaceName, TechnicalName, counted
from spheresync.planning.decisions.promotion_findings import (
    MOST_FINDINGS,
    differing_findings,
    differing_here,
    missing_findings,
    missing_here,
)
from spheresync.state.records import AssetRecord
from tests.unit.mapping.assets import ORDERS

AT = "2026-11-24T08:00:00.000000Z"


def promoted(number: int = 0, action: Action = Action.CREATE, structure: str | None = "there") -> PromotedAsset:
    asset = AssetId(SpaceName("SALES"), TechnicalName(f"V_{number}"))
    return PromotedAsset(asset, action, structure=None if structure is None else Digest(structure))


def known(asset: AssetId, *, misses: int = 0, structure: str = "there") -> AssetRecord:
    prints = replace(fingerprints(ORDERS), schema=Digest(structure))
    return replace(AssetRecord.first_seen(asset, AssetKind.VIEW, at=AT), fingerprints=prints, misses=misses)


def test_what_is_not_listed_is_missing_unless_it_was_to_go_there_too() -> None:
    wanted = [promoted(0), promoted(1), promoted(2), promoted(3, Action.RETIRE), promoted(4, Action.FORGET)]
    records = {each.id: each for each in (known(wanted[0].asset), known(wanted[1].asset, misses=1))}
    assert missing_here(wanted, records) == [wanted[1], wanted[2]]


def test_only_what_was_read_here_and_there_can_differ() -> None:
    wanted = [promoted(0), promoted(1), promoted(2, structure=None), promoted(3), promoted(4, Action.DELETE)]
    here = [known(each.asset, structure="here") for each in wanted]
    here[0] = known(wanted[0].asset)
    here[3] = replace(here[3], fingerprints=None)
    assert [each for each, _ in differing_here(wanted, {each.id: each for each in here})] == [wanted[1]]


@given(st.integers(0, 3 * MOST_FINDINGS))
def test_findings_are_bounded_and_lose_none_from_count(count: int) -> None:
    missing = [promoted(number) for number in range(count)]
    found = missing_findings(missing)
    assert len(found) == min(count, MOST_FINDINGS + 1)
    if count > MOST_FINDINGS:
        assert found[-1].message.startswith(f"and {counted(count - MOST_FINDINGS, 'more promoted asset')}")
    shown = [(each, None) for each in missing[:MOST_FINDINGS]]
    assert len(differing_findings(shown, count)) == len(found)


def test_the_columns_that_differ_are_named() -> None:
    first, second, *_ = ORDERS.columns
    there = [PromotedColumn(column.name, str(column.type)) for column in ORDERS.columns]
    there[0] = PromotedColumn(first.name, str(SourceType("Edm.Guid")))
    there[1] = PromotedColumn("GONE", "Edm.Date")
    (finding,) = differing_findings([(replace(promoted(), columns=tuple(there)), ORDERS)], 1)
    assert (
        f"GONE not here; {second.name} only here; {first.name} (Edm.Guid there, {first.type} here)" in finding.message
    )
    same = tuple(PromotedColumn(column.name, str(column.type)) for column in ORDERS.columns)
    (finding,) = differing_findings([(replace(promoted(), columns=same), ORDERS)], 1)
    assert finding.message.endswith("their order, their keys, or which of them may be empty")
