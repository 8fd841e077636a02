"""A small tenant and a catalog for each module, and installations between them at the price of a folder."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from tests.simulators.fixtures import Surroundings
from tests.simulators.glue_process import GlueSimulator, running_glue
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant, running_tenant

MakeInstallation = Callable[..., Installation]
SURROUNDINGS = Surroundings(spaces=2, assets=10, columns=4)


@pytest.fixture(scope="module")
def glue() -> Iterator[GlueSimulator]:
    with running_glue() as simulator:
        yield simulator


@pytest.fixture(scope="module")
def tenant() -> Iterator[RunningTenant]:
    """Two spaces of ten assets, four columns each; the last asset of a space is an analytic model."""
    with running_tenant(*SURROUNDINGS.tenant_arguments) as tenant:
        yield tenant


@pytest.fixture(scope="module")
def make_installation(
    tmp_path_factory: pytest.TempPathFactory, tenant: RunningTenant, glue: GlueSimulator
) -> MakeInstallation:
    """Another installation with a state of its own; databases stay apart by the prefix `i1_`, `i2_`, ..."""
    numbers = itertools.count(1)

    def make(config: str = "", **extra: str) -> Installation:
        state_dir = tmp_path_factory.mktemp("installation") / "state"
        more = {"SPHERESYNC_PREFIX": f"i{next(numbers)}_", **extra}
        return SURROUNDINGS.install(state_dir, tenant, glue, config, **more)

    return make
