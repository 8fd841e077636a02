"""A server whose plans are overtaken while it runs: by edited settings and rules, by a wrong clock, by lost rows."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.test_schedule import MODEL, VIEW, description, serving, synced_count, until
from tests.simulators.fixtures import Surroundings
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

ALL = "scheduler: {{first_sync: apply}}\ntiers: {{critical: {{interval: {0}}}, high: {{interval: {1}}}}}\n"
RARE, OFTEN = ALL.format("30d", "30d"), ALL.format("1s", "1s")
OFTEN_IF_CRITICAL = ALL.format("1s", "30d")
ALL_CRITICAL = 'mapping: {rules: [{match: {name: "*"}, set: {tier: critical}}]}\n'


@pytest.fixture
def surroundings() -> Surroundings:
    """One space: all of it is read and looked at each second."""
    return Surroundings(spaces=1)


def arrives(tenant: RunningTenant, glue: GlueSimulator, label: str, *assets: str) -> None:
    """A change of these assets is written by itself."""
    for asset in assets:
        tenant.edit("set_label", space="SPACE_000", asset=asset, label=f"{label} {asset}")
    for asset in assets:
        until(lambda asset=asset: f"{label} {asset}" in description(glue, asset), f"{label} of {asset}")  # type: ignore[misc]  # mypy infers no type of a default


def edit(installation: Installation, config: str) -> None:
    """Write the file that a running server has."""
    installation.config = config
    installation.arguments()


@pytest.mark.parametrize("config", [OFTEN, OFTEN_IF_CRITICAL + ALL_CRITICAL], ids=["interval", "tier"])
def test_an_edited_interval_or_tier_counts_while_the_server_runs(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator, surroundings: Surroundings, config: str
) -> None:
    installation.config = RARE
    with serving(installation):
        until(lambda: synced_count(installation) == surroundings.all_assets, "the first sync")
        edit(installation, config)
        arrives(tenant, glue, "Edited", MODEL, VIEW)
        status = until(lambda: (now := installation.ask("status"))["health"] == "ok" and now, "a tier that is in time")
        soon = datetime.now(UTC) + timedelta(seconds=30)
        runs = [tier["next_run"] for tier in status["tiers"] if tier["assets"]]
        assert runs and all(datetime.fromisoformat(at) < soon for at in runs)


def test_an_interval_that_was_edited_while_no_server_ran_counts_for_the_next(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator, surroundings: Surroundings
) -> None:
    installation.config = RARE
    with serving(installation):
        until(lambda: synced_count(installation) == surroundings.all_assets, "the first sync")
    edit(installation, OFTEN_IF_CRITICAL + ALL_CRITICAL)
    with serving(installation):
        arrives(tenant, glue, "Edited", MODEL, VIEW)


AHEAD = "'2099-01-01T00:00:00.000000Z'"
ALL_AHEAD = f"""
    UPDATE schedule SET next_due_at = {AHEAD}, seen_at = {AHEAD};
    UPDATE assets SET read_at = {AHEAD};
    UPDATE meta SET value = {AHEAD} WHERE key = 'schedule:listed_at';
"""


@pytest.mark.parametrize(
    "damage",
    [
        f"DELETE FROM schedule WHERE name = '{MODEL}'; UPDATE schedule SET next_due_at = 'zz' WHERE name = '{VIEW}'",
        ALL_AHEAD,
        "DELETE FROM schedule; DELETE FROM entries; DELETE FROM meta WHERE key LIKE 'schedule:%'",
        f"DELETE FROM assets WHERE name = '{VIEW}'",
    ],
    ids=["a row and a moment", "a clock that was ahead", "all of the schedule", "an asset"],
)
def test_what_is_listed_is_read_again_whatever_the_schedule_lost(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator, surroundings: Surroundings, damage: str
) -> None:
    installation.config = OFTEN
    with serving(installation):
        until(lambda: synced_count(installation) == surroundings.all_assets, "the first sync")
        with closing(sqlite3.connect(installation.state_dir / "spheresync.db", timeout=30)) as file, file:
            file.executescript(damage)
        arrives(tenant, glue, "Afterwards", MODEL, VIEW)
        arrives(tenant, glue, "And later", MODEL, VIEW)
        until(lambda: installation.ask("drift")["problems"] == [], "a look at every table")
        until(lambda: installation.ask("status")["problems"] == [], "a status without a problem")
