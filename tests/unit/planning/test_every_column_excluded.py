"""An asset of which the policy excludes every column is left out with its reason; no empty table stands for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from spheresync.dog.objects import DogColumn, DogObject, DogSpace, Landscape, parse_type
from spheresync.model import AssetId, AssetKind, AssetStatus
from tests.simulators.in_process import in_process

pytestmark = pytest.mark.anyio

STAFF = AssetId.parse("HR/STAFF")


def tenant(*columns: tuple[str, str], kind: AssetKind = AssetKind.VIEW) -> Landscape:
    told = tuple(DogColumn(name, parse_type("String(40)"), label) for name, label in columns)
    return Landscape((DogSpace("HR", "Personal", (DogObject(kind, "STAFF", "Staff", told),)),))


PERSONS = (("GBDAT", "Geburtsdatum"), ("VORNA", "Vorname"))


@pytest.mark.parametrize(
    ("classes", "included"),
    [(("birth", "name"), False), (("birth",), True), ((), True)],
    ids=["of all columns", "of one column", "of none"],
)
async def test_it_is_left_out_with_the_reason(tmp_path: Path, classes: tuple[str, ...], *, included: bool) -> None:
    rules = ", ".join(f"{{class: {each}, action: exclude_column}}" for each in classes)
    config = f"personal_data: {{policy: [{rules}]}}\n"
    async with in_process(tmp_path, tenant(*PERSONS), config=config) as installation:
        for created in (1, 0):
            run = await installation.sync()
            assert run.counts.get("create", 0) == (created if included else 0)
            record = await installation.store.catalog.asset(STAFF)
            assert record is not None and record.included == included
            assert (record.status is AssetStatus.EXCLUDED) == (not included)
        if not included:
            assert record.reason == (
                "personal_data.policy excludes every column of assets that hold nothing but birth, name data"
            )
            installation.serve(tenant(*PERSONS, ("WERKS", "Werk")))
            assert (await installation.sync()).counts.get("create") == 1, "read on, and back with another column"


async def test_it_stays_left_out_where_its_object_is_not_read_any_more(tmp_path: Path) -> None:
    rules = ", ".join(f"{{class: {each}, action: exclude_column}}" for each in ("birth", "name"))
    config = f"personal_data: {{policy: [{rules}]}}\n"
    landscape = tenant(*PERSONS, kind=AssetKind.LOCAL_TABLE)
    for objects in (True, False):
        async with in_process(tmp_path, landscape, config=config, objects=objects) as installation:
            await installation.sync()
            record = await installation.store.catalog.asset(STAFF)
            assert record is not None and not record.included and record.problem is None
