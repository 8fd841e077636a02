"""Edits, outages, kills and lost answers in random order: in the end the catalog is what Datasphere says.

`make test` runs a seeded short form, `make soak` the long one. The seed is in the test's name; the same seed makes
the same edits, faults and moments of kills (what a kill interrupts depends on the machine).
"""

from __future__ import annotations

import random
import signal
import subprocess
from typing import Any

import pytest

from tests.long_form import LONG
from tests.simulators.fixtures import Surroundings
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

SPACES, ASSETS = 3, 20


@pytest.fixture
def surroundings() -> Surroundings:
    return Surroundings(spaces=SPACES, assets=ASSETS, columns=4, glue_latency_ms=10, give_up_after="2s")


class Years:
    """A random life of one installation, and what must be true at its end."""

    def __init__(self, seed: int, installation: Installation, tenant: RunningTenant, glue: GlueSimulator) -> None:
        self._random = random.Random(seed)
        self._installation = installation
        self._tenant = tenant
        self._glue = glue
        self._labels: dict[str, str] = {}
        self._edits: dict[str, int] = {}

    def round(self, number: int) -> None:
        for _ in range(self._random.randint(1, 6)):
            self._edit(number)
        self._tenant.set_faults(**self._random.choice(TENANT_FAULTS))
        if self._random.random() < 0.3:
            self._glue.fault(self._random.choice(["lose", "throttle", "drop"]), "UpdateTable", times=2)
        process = self._installation.start("sync", "--json")
        if self._random.random() < 0.5:
            moment = self._random.uniform(0.3, 2.0)
            try:
                process.wait(timeout=moment)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
        process.communicate(timeout=120)
        self._tenant.set_faults()

    def _edit(self, number: int) -> None:
        space = f"SPACE_{self._random.randrange(SPACES):03d}"
        asset = f"ASSET_{self._random.randrange(ASSETS):05d}"
        label = f"Label {number}.{self._random.randrange(1000)}"
        self._tenant.edit("set_label", space=space, asset=asset, label=label)
        self._labels[f"{space}/{asset}"] = label
        self._edits[f"{space}/{asset}"] = self._edits.get(f"{space}/{asset}", 0) + 1

    def check_the_end(self) -> None:
        self._glue.heal()
        self._installation.ask("sync")
        found: dict[str, dict[str, Any]] = {
            table["live"]["Parameters"]["spheresync.source"]: table["live"]
            for tables in self._glue.dump()["tables"].values()
            for table in tables.values()
        }
        assert len(found) == SPACES * ASSETS
        for asset, label in self._labels.items():
            assert found[asset]["Parameters"]["spheresync.label"] == label, f"a change of {asset} was lost"
        for asset, table in found.items():
            assert int(table["VersionId"]) <= self._edits.get(asset, 0), f"{asset} was written more often than edited"
        self._glue.reset()
        assert self._installation.ask("sync")["counts"]["unchanged"] == SPACES * ASSETS
        assert self._glue.calls() == {}
        assert self._installation.ask("audit", "verify")["intact"]


TENANT_FAULTS: list[dict[str, Any]] = [
    {},
    {},
    {"unavailable_spaces": ["SPACE_001"]},
    {"html_outage": True},
    {"throttle_next": 3, "retry_after": 0},
    {"revoke_next": 2},
    {"failing_matching": "ASSET_00003", "failing_status": 500},
    {"truncated_matching": "ASSET_00005"},
]


@pytest.mark.parametrize("seed", [11])
def test_a_short_life(seed: int, installation: Installation, tenant: RunningTenant, glue: GlueSimulator) -> None:
    years = Years(seed, installation, tenant, glue)
    for number in range(6):
        years.round(number)
    years.check_the_end()


@pytest.mark.soak
@pytest.mark.skipif(not LONG, reason="the long form runs by make soak")
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_a_long_life(seed: int, installation: Installation, tenant: RunningTenant, glue: GlueSimulator) -> None:
    years = Years(seed, installation, tenant, glue)
    for number in range(60):
        years.round(number)
    years.check_the_end()
