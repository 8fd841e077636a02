"""A tenant and a Glue as processes of their own, and an installation between them: one place for every suite.

A module that needs them larger, slower or more patient overrides `surroundings`.
"""

from __future__ import annotations

import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.simulators.glue_process import GlueSimulator, running_glue
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant, running_tenant

_RECENT = 120.0  # seconds


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
        retry_loop = {} if self.give_up_after is None else {"SPHERESYNC_DATASPHERE__GIVE_UP_AFTER": self.give_up_after}
        return Installation(
            state_dir=state_dir,
            environment={**tenant.environment(), **glue.environment},
            config=config,
            extra={"SPHERESYNC_DATASPHERE__MAX_REQUESTS_PER_MINUTE": "1000000", **retry_loop, **extra},
        )


SMALLER = Surroundings(spaces=2, assets=4, columns=4)
"""What is enough where nothing is counted; a module says `SURROUNDINGS = SMALLER`."""


@pytest.fixture
def surroundings(request: pytest.FixtureRequest) -> Surroundings:
    chosen: Surroundings = getattr(request.module, "SURROUNDINGS", Surroundings())
    return chosen


@pytest.fixture(scope="session")
def tenant_port() -> Iterator[int]:
    """A port that tenants of this worker have one after the other: a state knows its tenant by the address.

    The socket that holds it never listens, which keeps it from all who ask for any free one.
    """
    with socket.socket() as holding:
        holding.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as whoever listens on it does
        holding.bind(("127.0.0.1", 0))
        yield holding.getsockname()[1]


@pytest.fixture
def tenant(surroundings: Surroundings, tenant_port: int) -> Iterator[RunningTenant]:
    with running_tenant("--port", str(tenant_port), *surroundings.tenant_arguments) as tenant:
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


@dataclass(frozen=True, slots=True)
class FirstSync:
    """What a first sync left behind: the folder of the state, and all that is in Glue."""

    ended: float  # on the monotonic clock
    state: Path
    catalog: dict[str, Any]

    @property
    def is_recent(self) -> bool:
        """Whether nothing is late yet: no asset, and no look at the tenant."""
        return time.monotonic() - self.ended < _RECENT

    @classmethod
    def of(cls, installation: Installation, glue: GlueSimulator, kept: Path) -> FirstSync:
        shutil.copytree(installation.state_dir, kept)
        return cls(time.monotonic(), kept, glue.dump())

    def repeat(self, installation: Installation, glue: GlueSimulator) -> None:
        """Leave an installation and its Glue as if they had had this sync."""
        shutil.rmtree(installation.state_dir, ignore_errors=True)
        shutil.copytree(self.state, installation.state_dir)
        glue.load(self.catalog)


@dataclass(slots=True)
class FirstSyncs:
    """The last one in each surroundings, which many tests begin with; it costs more than most of them do after it."""

    folder: Path
    known: dict[tuple[Surroundings, str, str], FirstSync] = field(default_factory=dict)

    def begin(
        self, installation: Installation, surroundings: Surroundings, glue: GlueSimulator, context: str = ""
    ) -> None:
        """Leave an installation as its first sync does, with the calls of that forgotten.

        `context`: the text of its context files.
        """
        key = (surroundings, installation.config, context)
        known = self.known.get(key)
        if known is not None and known.is_recent:
            known.repeat(installation, glue)
            return
        assert installation.ask("sync")["state"] == "done"
        glue.reset()
        kept = Path(tempfile.mkdtemp(dir=self.folder)) / "state"
        self.known[key] = FirstSync.of(installation, glue, kept)


@pytest.fixture(scope="session")
def first_syncs(tmp_path_factory: pytest.TempPathFactory) -> FirstSyncs:
    return FirstSyncs(tmp_path_factory.mktemp("first_syncs"))


@pytest.fixture
def synced(
    installation: Installation,
    surroundings: Surroundings,
    glue: GlueSimulator,
    first_syncs: FirstSyncs,
) -> Installation:
    """The installation after a first sync, with the calls of that forgotten."""
    first_syncs.begin(installation, surroundings, glue)
    return installation
