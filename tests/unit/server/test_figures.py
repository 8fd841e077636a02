"""What Prometheus is told: parsed back by Prometheus's own parser."""

from __future__ import annotations

from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from spheresync.model import Principal, PrincipalKind
from spheresync_server.http.metrics import exposition
from tests.unit.server.fake_service import FakeService

SOMEBODY = Principal(PrincipalKind.USER, "somebody", frozenset({"viewer"}))
pytestmark = pytest.mark.anyio


async def told() -> dict[tuple[str, ...], float]:
    text = exposition(await FakeService().figures(SOMEBODY)).decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_every_figure_is_told_under_its_name() -> None:
    figures = await told()
    expected = {
        ("spheresync_assets", "synced", "critical"): 2,
        ("spheresync_oldest_asset_age_seconds", "critical"): 12.5,
        ("spheresync_late_assets", "critical"): 1,
        ("spheresync_unread_spaces", "space_gone"): 2,
        ("spheresync_unread_spaces", "space_unread"): 0,
        ("spheresync_jobs", "write", "dead"): 1,
        ("spheresync_runs", "done"): 1,
        ("spheresync_runs", "failed"): 0,
        ("spheresync_last_sync_age_seconds",): 7,
        ("spheresync_scheduler", "waiting"): 1,
        ("spheresync_scheduler", "off"): 0,
        ("spheresync_aws_calls_total",): 41,
        ("spheresync_guard_trips_total",): 1,
        ("spheresync_datasphere_throttled_total",): 0,
        ("spheresync_audit_entries_total",): 9,
    }
    assert {key: figures.get(key) for key in expected} == expected


async def test_what_there_is_no_figure_of_yet_is_left_out() -> None:
    assert not [key for key in await told() if key[0] == "spheresync_last_listing_age_seconds"]


async def test_a_word_of_the_ledger_that_nobody_explained_is_no_metric() -> None:
    assert not [key for key in await told() if "later_word" in key[0]]


async def test_there_is_no_sample_more_for_more_assets() -> None:
    few = await FakeService().figures(SOMEBODY)
    many = replace(few, assets={("critical", "synced"): 100_000})
    assert len(exposition(few).splitlines()) == len(exposition(many).splitlines())
