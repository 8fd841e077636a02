"""A foreign tenant, a foreign Glue, and an installation between them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulators.glue_process import GlueSimulator, running_glue
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant, running_tenant


@pytest.fixture
def glue() -> Iterator[GlueSimulator]:
    with running_glue() as simulator:
        yield simulator


@pytest.fixture
def tenant() -> Iterator[RunningTenant]:
    """Three spaces of ten assets, six columns each."""
    with running_tenant("--spaces", "3", "--assets", "10", "--columns", "6") as tenant:
        yield tenant


@pytest.fixture
def installation(tmp_path: Path, tenant: RunningTenant, glue: GlueSimulator) -> Installation:
    return Installation(
        state_dir=tmp_path / "state",
        environment={**tenant.environment(), **glue.environment},
        extra={
            "SPHERESYNC_DATASPHERE__MAX_REQUESTS_PER_MINUTE": "100000",
            "SPHERESYNC_DATASPHERE__GIVE_UP_AFTER": "3s",
        },
    )


@pytest.fixture
def synced(installation: Installation, glue: GlueSimulator) -> Installation:
    """The installation after a first sync, with the calls of that forgotten."""
    assert installation.ask("sync")["counts"]["create"] == 30
    glue.reset()
    return installation
