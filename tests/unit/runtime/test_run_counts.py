"""How a run ended, in the words of CONTRACT.md."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.errors import SourceFault
from spheresync.mapping.fingerprints import fingerprints
from spheresync.model import (
    DATAZONE,
    GLUE,
    SPACE_UNREAD,
    AssetId,
    AssetKind,
    Problem,
    RunState,
    TargetKey,
)
from spheresync.runtime.run_counts import failed_assets, final_state
from spheresync.runtime.scope import Scope
from spheresync.runtime.unread import count_unread
from spheresync.state.records import AssetRecord
from tests.unit.mapping.assets import ORDERS

AT = "2026-11-24T08:00:00.000000Z"
GLUE_KEY, DATAZONE_KEY = TargetKey(GLUE), TargetKey(DATAZONE)
STANDS = ("read", "never read", "failed now", "failed before", "space unread")


@pytest.mark.parametrize(
    ("counts", "guarded", "halted", "state"),
    [
        ({}, False, False, RunState.DONE),
        ({"create": 3, "unchanged": 2}, False, False, RunState.DONE),
        ({"create": 3}, True, False, RunState.REFUSED),
        ({"unchanged": 3}, True, False, RunState.REFUSED),
        ({"create": 3, "failed": 1}, True, False, RunState.PARTLY_FAILED),
        ({"create": 3, "conflict": 1}, False, False, RunState.PARTLY_FAILED),
        ({"update": 3, "refused": 1}, False, False, RunState.PARTLY_FAILED),
        ({"refused": 2, "unchanged": 9}, False, False, RunState.REFUSED),
        ({"refused": 1, "failed": 1}, False, False, RunState.FAILED),
        ({"unchanged": 9, "failed": 1}, False, False, RunState.PARTLY_FAILED),
        ({"failed": 1}, False, False, RunState.FAILED),
        ({"create": 5, "skipped": 90}, False, True, RunState.PARTLY_FAILED),
    ],
)
def test_the_end_of_a_run(counts: dict[str, int], guarded: bool, halted: bool, state: RunState) -> None:
    assert final_state(counts, guarded=guarded, halted=halted) is state


@pytest.mark.parametrize("word", ["unread", "missing"])
def test_what_stays_as_it_is_fails_nothing_and_what_fails_beside_it_is_told(word: str) -> None:
    assert final_state({word: 3}, guarded=False, halted=False) is RunState.DONE
    assert final_state({word: 3}, guarded=False, halted=False, problems=True) is RunState.PARTLY_FAILED
    assert final_state({}, guarded=False, halted=False, problems=True) is RunState.FAILED


def standing(number: int, stands: str) -> AssetRecord:
    record = AssetRecord.first_seen(AssetId.parse(f"SALES/A{number}"), AssetKind.VIEW, at=AT)
    if stands == "never read":
        return record
    code = SPACE_UNREAD if stands == "space unread" else SourceFault.SERVER_ERROR
    problem = None if stands == "read" else Problem.of(record.id, code, "500", "Wait.")
    return replace(record, fingerprints=fingerprints(ORDERS), problem=problem)


@given(st.lists(st.tuples(st.sampled_from(STANDS), st.booleans()), max_size=12))
def test_every_asset_in_scope_is_counted_once(assets: list[tuple[str, bool]]) -> None:
    """Whatever is wrong with an asset, and whether a plan has an item of it (`held`, say) or not."""
    records = [standing(number, stands) for number, (stands, _) in enumerate(assets)]
    items = {(record.id, GLUE_KEY) for record, (_, item) in zip(records, assets, strict=True) if item}
    told = [record.problem for record, (stands, _) in zip(records, assets, strict=True) if stands == "failed now"]
    problems = [problem for problem in told if problem is not None]
    unchanged = sum(stands == "read" and not item for stands, item in assets)
    failed = failed_assets(problems, items)
    unread = count_unread(records, Scope(), {asset for asset, _ in items} | {problem.asset for problem in problems})
    assert len(items) + unchanged + failed + unread == len(records)


def test_an_asset_that_fails_in_one_target_counts_there_beside_its_items_in_others() -> None:
    one, other = AssetId.parse("SALES/A1"), AssetId.parse("SALES/A2")
    problem = Problem.of(one, "denied", "it cannot be seen")
    items = {(one, DATAZONE_KEY), (other, GLUE_KEY)}
    assert failed_assets([replace(problem, key=GLUE_KEY)], items) == 1
    assert failed_assets([replace(problem, key=DATAZONE_KEY)], items) == 0, "its item counts"
    assert failed_assets([problem], items) == 0
    assert failed_assets([replace(problem, key=GLUE_KEY), replace(problem, key=DATAZONE_KEY)], {}) == 2
