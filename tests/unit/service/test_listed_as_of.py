"""As of when a list of assets tells what Datasphere lists, where its spaces were listed at different times."""

from __future__ import annotations

from pathlib import Path

import pytest

from spheresync.dog.objects import DogColumn, DogObject, DogSpace, Landscape, parse_type
from spheresync.execution.run_request import RunRequest
from spheresync.model import AssetKind, SpaceName
from spheresync.runtime.scope import Scope
from spheresync.service.catalog.asset_list import AssetLister
from spheresync.service.catalog.asset_request import AssetsWanted
from tests.simulators.in_process import InProcess, in_process

pytestmark = pytest.mark.anyio


def tenant(*spaces: str) -> Landscape:
    column = DogColumn("ID", parse_type("Int32"), "Id", key=True, nullable=False)
    return Landscape(tuple(DogSpace(name, name, (DogObject(AssetKind.VIEW, "V", "V", (column,)),)) for name in spaces))


async def as_of(installation: InProcess, space: str | None = None) -> str | None:
    page = AssetLister(installation.context, AssetsWanted(space=space)).page(limit=5, cursor=None, budget=None)
    counted = AssetLister(installation.context, AssetsWanted(space=space, count_only=True))
    said = (await page).as_of
    assert (await counted.page(limit=5, cursor=None, budget=None)).as_of == said
    return said


async def test_a_space_is_as_it_was_listed_itself_and_all_are_as_the_one_that_waits_longest(tmp_path: Path) -> None:
    async with in_process(tmp_path, tenant("A", "B", "C")) as installation:
        await installation.sync()
        at_first = await as_of(installation)
        assert at_first
        await installation.sync(RunRequest(Scope(spaces=frozenset({SpaceName("A")}))))
        later = await as_of(installation, "A")
        assert later is not None and later > at_first
        assert await as_of(installation, "B") == at_first
        assert await as_of(installation) == at_first, "of all spaces at once no later time is true"
        installation.serve(tenant("A", "B"))
        await installation.sync()
        assert await as_of(installation) == await as_of(installation, "B"), "what is gone is listed no more"
