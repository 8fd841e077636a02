"""Readings that are not what they seem: of another moment, or of another asset."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from spheresync.model import AssetEntry, AssetId, RawDefinition, RunState
from spheresync.source.datasphere.source import DatasphereSource
from tests.simulators.in_process import InProcess, in_process
from tests.unit.discovery.test_one_asset_breaks import ALL, OTHERS, VICTIM, descriptions, tenant

pytestmark = pytest.mark.anyio


@pytest.fixture
async def synced(tmp_path: Path) -> AsyncIterator[InProcess]:
    async with in_process(tmp_path, tenant()) as installation:
        assert (await installation.sync()).counts["create"] == len(ALL)
        yield installation


@pytest.mark.parametrize("ahead", [timedelta(seconds=40), timedelta(days=3650)], ids=str)
async def test_a_reading_of_a_clock_that_ran_ahead_serves_nobody(
    synced: InProcess, monkeypatch: pytest.MonkeyPatch, ahead: timedelta
) -> None:
    clock = synced.context.clock
    monkeypatch.setattr(synced.context, "clock", lambda: clock() + ahead)
    await synced.sync()
    monkeypatch.setattr(synced.context, "clock", clock)
    synced.serve(tenant("Second"))
    run = await synced.sync()
    assert run.state is RunState.DONE and run.counts["metadata_only"] == len(ALL)
    assert set(descriptions(synced).values()) == {"Second"}


def mix_up(monkeypatch: pytest.MonkeyPatch, other: str) -> None:
    """Let a cache answer what another asset's `$metadata` says where the victim's is asked for."""
    real = DatasphereSource.fetch

    async def fetch(self: DatasphereSource, entry: AssetEntry) -> RawDefinition:
        if entry.id != VICTIM:
            return await real(self, entry)
        url = (entry.relational_metadata_url or "").replace(VICTIM.name, other)
        raw = await real(self, replace(entry, relational_metadata_url=url))
        return replace(raw, entry=entry)

    monkeypatch.setattr(DatasphereSource, "fetch", fetch)


async def test_the_definition_of_another_asset_is_not_taken_for_ones_own(
    synced: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced.serve(tenant("Second"))
    with monkeypatch.context() as mixing:
        mix_up(mixing, "THREE")
        run = await synced.sync()
        assert run.state is RunState.PARTLY_FAILED
        (told,) = [each for each in run.problems if each.subject == str(VICTIM)]
        assert "its $metadata defines GOOD/THREE" in told.message and "cache" in told.remedy
    found = descriptions(synced)
    assert {asset for asset, label in found.items() if label == "Second"} == OTHERS and found[str(VICTIM)] == "First"
    assert (await synced.sync()).state is RunState.DONE
    assert set(descriptions(synced).values()) == {"Second"}


@pytest.mark.parametrize("name", ["A.B", "A B", "ÄRGER", "1_A", "A/B.C"])
async def test_a_name_that_odata_spells_otherwise_is_ones_own_beside_whatever_there_is(
    tmp_path: Path, name: str
) -> None:
    async with in_process(tmp_path, tenant(good=(name, "A_B", "_", "A_B_C", "_1_A"))) as installation:
        run = await installation.sync()
        assert run.state is RunState.DONE and run.counts["failed"] == 0
        assert str(AssetId.parse(f"GOOD/{name}")) in descriptions(installation)
