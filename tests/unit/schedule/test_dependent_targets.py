"""The scheduler and a target that adds to the objects of another one: nothing is done again, nothing waits for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from spheresync.dog.objects import DogColumn, DogObject, DogSpace, Landscape, parse_type
from spheresync.model import GLUE, LAKE_FORMATION, AssetId, AssetKind, TargetKey
from spheresync.planning.decisions.asset_work import AssetWork
from spheresync.schedule.pending_work import work_of
from tests.simulators.in_process import InProcess, in_process

pytestmark = pytest.mark.anyio

ONE, TWO = AssetId.parse("S/ONE"), AssetId.parse("S/TWO")
LAKE = TargetKey(LAKE_FORMATION)
TAGS = '"targets": ["glue", "lakeformation"], "lakeformation": {"tags": {"kind": "kind"}}'


def landscape() -> Landscape:
    column = DogColumn("ID", parse_type("Int32"), "Id", key=True, nullable=False)
    return Landscape(
        (DogSpace("S", "Space", tuple(DogObject(AssetKind.VIEW, n, n, (column,)) for n in ("ONE", "TWO"))),)
    )


async def works(installation: InProcess, key: TargetKey | None = None) -> dict[AssetId, AssetWork]:
    async with installation.context.providers.in_use():
        records = await installation.store.catalog.assets()
        return await work_of(installation.context, records, key)


async def test_what_is_tagged_as_it_should_be_is_no_work(tmp_path: Path) -> None:
    async with in_process(tmp_path, landscape(), config=f"{{{TAGS}}}") as installation:
        await installation.sync()
        assert {*(await works(installation)).values()} == {AssetWork.UNCHANGED}
        again = await installation.sync()
        assert again.counts["unchanged"] == 4 and not installation.glue.calls


async def test_tables_without_anything_to_say_are_no_work_either(tmp_path: Path) -> None:
    config = '{"targets": ["glue", "lakeformation"], "lakeformation": {"tags": {"d": "domain"}}}'
    async with in_process(tmp_path, landscape(), config=config) as installation:
        await installation.sync()
        assert {*(await works(installation)).values()} == {AssetWork.UNCHANGED}
        assert not [name for name in installation.glue.calls if name.startswith("lakeformation")]


async def test_another_tag_is_work_of_lake_formation_alone(tmp_path: Path) -> None:
    async with in_process(tmp_path, landscape(), config=f"{{{TAGS}}}") as installation:
        await installation.sync()
        other = TAGS.replace('"kind"}', '"space"}')
        (tmp_path / "spheresync.yaml").write_text(f"{{{other}}}", "utf-8")
        assert {*(await works(installation, TargetKey(GLUE))).values()} == {AssetWork.UNCHANGED}
        assert {*(await works(installation, LAKE)).values()} == {AssetWork.DESIGN}


async def test_what_glue_does_not_hold_is_no_work_for_the_tags(tmp_path: Path) -> None:
    async with in_process(tmp_path, landscape(), config=f"{{{TAGS}}}") as installation:
        call = installation.glue.catalog.call
        call("CreateDatabase", {"DatabaseInput": {"Name": "s"}})
        call("CreateTable", {"DatabaseName": "s", "TableInput": {"Name": "one"}})  # somebody else's
        await installation.sync()
        assert (await works(installation, LAKE)) == {ONE: AssetWork.NOTHING, TWO: AssetWork.UNCHANGED}
        call("DeleteTable", {"DatabaseName": "s", "Name": "one"})
        await installation.sync()
        assert {*(await works(installation)).values()} == {AssetWork.UNCHANGED}
        assert await installation.store.unwritten.all(LAKE) == {}
