"""A tenant and a Glue as processes of their own, and an installation between them: one place for every suite.

A module that needs them larger, slower or more patient overrides `surroundings`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.simulators.glue_process import GlueSimulator, running_glue
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant, running_tenant


@dataclass(frozen=True, slots=True)
class Surroundings:
    """How large the tenant is, how slow Glue answers, and how soon an installation gives its tenant up."""

    spaces: int = 3
    assets: int = 10  # of each space
    columns: int = 6  # of each asset
    glue_latency_ms: float = 0
    give_up_after: str | None = "3s"  # None: the product's default

    @property
    def all_assets(self) -> int:
        return self.spaces * self.assets

    @property
    def tenant_arguments(self) -> tuple[str, ...]:
        return ("--spaces", str(self.spaces), "--assets", str(self.assets), "--columns", str(self.columns))

    def install(
        self, state_dir: Path, tenant: RunningTenant, glue: GlueSimulator, config: str = "", **extra: str
    ) -> Installation:
        """An installation between a tenant and a Glue; `extra` are further variables of its environment."""
        patience = {} if self.give_up_after is None else {"SPHERESYNC_DATASPHERE__GIVE_UP_AFTER": self.give_up_after}
        return Installation(
            state_dir=state_dir,
            environment={**tenant.environment(), **glue.environment},
            config=config,
            extra={"SPHERESYNC_DATASPHERE__MAX_REQUESTS_PER_MINUTE": "1000000", **patience, **extra},
        )


@pytest.fixture
def surroundings() -> Surroundings:
    return Surroundings()


@pytest.fixture
def tenant(surroundings: Surroundings) -> Iterator[RunningTenant]:
    with running_tenant(*surroundings.tenant_arguments) as tenant:
        yield tenant


@pytest.fixture
def glue(surroundings: Surroundings) -> Iterator[GlueSimulator]:
    with running_glue(latency_ms=surroundings.glue_latency_ms) as simulator:
        yield simulator


@pytest.fixture
def installation(
    tmp_path: Path, surroundings: Surroundings, tenant: RunningTenant, glue: GlueSimulator
) -> Installation:
    return surroundings.install(tmp_path / "state", tenant, glue)


@pytest.fixture
def synced(installation: Installation, surroundings: Surroundings, glue: GlueSimulator) -> Installation:
    """The installation after a first sync, with the calls of that forgotten."""
    assert installation.ask("sync")["counts"]["create"] == surroundings.all_assets
    glue.reset()
    return installation
