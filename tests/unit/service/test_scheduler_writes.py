"""A change set says what of it a scheduler writes by itself: never that it waits for a person where it does not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from spheresync.answers import ChangeSetAnswer
from spheresync.config import SettingsSource
from spheresync.model import Principal, PrincipalKind, ScopeRequest
from spheresync.schedule.control import LEASE
from spheresync.service import Service
from spheresync.service.changes.scheduler_writes import SCHEDULER_WRITES
from spheresync_server.mcp_server.tool_results import change_set_lines

pytestmark = pytest.mark.anyio
PERSON = Principal(PrincipalKind.USER, "anna", frozenset({"admin"}))
TIERS = ("critical", "high", "medium")


async def previewed(
    folder: Path, *, at_work: bool, paused: Sequence[str] = (), first_sync: str = "apply"
) -> ChangeSetAnswer:
    """A preview of a fresh dog installation, of which a process keeps the schedule or none does."""
    variables = {"SPHERESYNC_STATE_DIR": str(folder), "SPHERESYNC_SCHEDULER__FIRST_SYNC": first_sync}
    async with Service.open(SettingsSource("dog", None, variables, folder), asked=True) as service:
        store = service.context.store
        if at_work:
            await store.write(lambda tx: tx.leases.acquire(LEASE, service.context.owner, beats=True))
        for tier in paused:
            await service.schedule.manage_schedule(tier, "pause", PERSON)
        return await service.changes.preview(ScopeRequest(), PERSON, refresh=False)


async def test_what_was_never_synced_is_written_at_once_and_how_to_hold_it_is_said(tmp_path: Path) -> None:
    answer = await previewed(tmp_path, at_work=True)
    (note,) = answer.notes
    creates = answer.summary["create"]
    assert note.code == SCHEDULER_WRITES
    assert f"{creates} tables that were never synced at once" in note.message
    assert "`spheresync schedule pause high`" in note.remedy
    text = "\n".join(change_set_lines(answer))
    assert "a scheduler is at work" in text and "manage_schedule with tier=high and action=pause" in text
    assert "Nothing was written" not in text and "It is not applied yet" in text


@pytest.mark.parametrize(
    ("at_work", "paused", "first_sync"), [(False, (), "apply"), (True, TIERS, "apply"), (True, (), "preview")]
)
async def test_where_nothing_is_written_by_itself_nothing_is_said_of_it(
    tmp_path: Path, at_work: bool, paused: Sequence[str], first_sync: str
) -> None:
    answer = await previewed(tmp_path, at_work=at_work, paused=paused, first_sync=first_sync)
    assert answer.notes == [] and answer.summary["create"]
    assert "Nothing was written" in "\n".join(change_set_lines(answer))


async def test_a_paused_tier_is_left_out(tmp_path: Path) -> None:
    answer = await previewed(tmp_path, at_work=True, paused=("medium",))
    assert "pause medium" not in answer.notes[0].remedy


async def test_what_is_asked_for_of_a_paused_tier_is_done_once_and_that_is_said(tmp_path: Path) -> None:
    variables = {"SPHERESYNC_STATE_DIR": str(tmp_path)}
    async with Service.open(SettingsSource("dog", None, variables, tmp_path), asked=True) as service:
        await service.changes.preview(ScopeRequest(), PERSON, refresh=False)
        running = await service.schedule.manage_schedule("high", "run_now", PERSON)
        await service.schedule.manage_schedule("high", "pause", PERSON)
        paused = await service.schedule.manage_schedule("high", "run_now", PERSON)
    assert "stays so" not in running.note
    assert "this once it is read and written all the same, then nothing of it until it is resumed" in paused.note


async def test_what_is_read_and_held_by_no_target_is_told_apart_from_what_the_tier_counts(tmp_path: Path) -> None:
    variables = {"SPHERESYNC_STATE_DIR": str(tmp_path), "SPHERESYNC_DATASPHERE__OBJECTS": "on"}
    async with Service.open(SettingsSource("dog", None, variables, tmp_path), asked=True) as service:
        await service.changes.preview(ScopeRequest(), PERSON, refresh=True)
        answer = await service.schedule.manage_schedule("medium", "run_now", PERSON)
    (tier,) = [each for each in answer.tiers if each.tier == "medium"]
    asked = re.match(r"(\d+) assets of tier medium, (\d+) of them flows that AWS holds nothing of,", answer.note)
    assert asked is not None and int(asked[1]) - int(asked[2]) == tier.assets
