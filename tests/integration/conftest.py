"""One simulated Glue for each module, with one empty database, and the target over it."""

from __future__ import annotations

from collections.abc import Iterator

import anyio.lowlevel
import pytest

from spheresync.config import DriftPolicies
from spheresync.targets.aws.door import AwsDoor
from spheresync.targets.glue.target import GlueTarget
from tests.integration.glue_tables import OWNER
from tests.simulators.glue_process import GlueSimulator, running_glue


@pytest.fixture(scope="module")
def simulator() -> Iterator[GlueSimulator]:
    with running_glue() as running:
        yield running


@pytest.fixture
def glue(simulator: GlueSimulator) -> GlueSimulator:
    """The simulator with one empty database, and counters at zero."""
    simulator.heal()
    client = simulator.client()
    for database in simulator.dump()["databases"]:
        client.delete_database(Name=database)
    client.create_database(DatabaseInput={"Name": "sales"})
    simulator.reset()
    return simulator


async def _no_sleep(_seconds: float) -> None:
    await anyio.lowlevel.checkpoint()


@pytest.fixture(scope="module")
def door(simulator: GlueSimulator) -> Iterator[AwsDoor]:
    opened = AwsDoor(simulator.session, sleep=_no_sleep)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def target(door: AwsDoor) -> GlueTarget:
    return GlueTarget(door, owner=OWNER, drift=DriftPolicies())
