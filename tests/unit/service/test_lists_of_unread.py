"""Lists say what they do not cover: assets that nobody has read, and values of persons in texts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from spheresync.answers import AssetPage
from spheresync.dog.objects import DogSpace, Landscape
from spheresync.service.catalog.asset_list import AssetLister
from spheresync.service.catalog.asset_request import AssetsWanted
from spheresync.service.catalog.stewards import stewarded_by, unattended
from tests.simulators.in_process import InProcess, in_process
from tests.unit.discovery.test_one_asset_breaks import view

pytestmark = pytest.mark.anyio

CONFIG = "context: context/*.yaml\nmapping: {rules: [{match: {name: OUT}, set: {include: false}}]}\n"
SAID = "assets: [{match: {space: HOT}, set: {owner: petra.klein}}]\n"
VALUE = "petra.meier@stadtwerke.example"


@pytest.fixture
async def installed(tmp_path: Path) -> AsyncIterator[InProcess]:
    """OUT is left out, so that it is never read; DESK has a value of a person in its label."""
    (tmp_path / "context").mkdir()
    (tmp_path / "context" / "said.yaml").write_text(SAID, "utf-8")
    assets = (view("DESK", f"Hotline, ask {VALUE}"), view("IN", "In"), view("OUT", "Out"))
    async with in_process(tmp_path, Landscape((DogSpace("HOT", "Hot", assets),)), config=CONFIG) as installation:
        await installation.sync()
        yield installation


async def listed(installation: InProcess, **wanted: Any) -> AssetPage:
    context, asked = installation.context, AssetsWanted(**wanted)
    stewarded, nobody = await stewarded_by(context, asked.owner), await unattended(context, asked.owner)
    return await AssetLister(context, asked, stewarded, None, nobody).page(limit=50, cursor=None, budget=None)


@pytest.mark.parametrize("asked", ["petra.klein", "petra*", "*"])
async def test_an_owner_has_what_was_never_read_too(installed: InProcess, asked: str) -> None:
    page = await listed(installed, owner=asked)
    assert {row.asset for row in page.items} == {"HOT/DESK", "HOT/IN", "HOT/OUT"}
    assert {each.text for row in page.items for each in row.matched or () if each.field == "owner"} == {"petra.klein"}


async def test_who_lacks_an_owner_is_told_of_what_was_never_read_too(installed: InProcess) -> None:
    page = await listed(installed, owner="none")
    assert page.total == 3 and "0 lack both" in str(page.notes) and "3 lack a steward only" in str(page.notes)


async def test_what_is_left_out_is_not_said_to_be_read_next(installed: InProcess) -> None:
    notes = (await listed(installed, pii="any")).notes
    (said,) = [each for each in notes if "Not covered" in each]
    assert said == "Not covered: 1 asset that is left out of the scope or gone, and is not read."


async def test_no_column_of_a_class_does_not_hide_a_value_in_a_label(installed: InProcess) -> None:
    notes = (await listed(installed, pii="none")).notes
    assert "1 asset of pii=none with values of persons in label or description: HOT/DESK." in notes
    assert not any("values of persons" in each for each in (await listed(installed, pii="any")).notes)


@pytest.mark.parametrize("question", ["e-mail", "[e-mail]", "mail", VALUE, "petra.meier"])
async def test_no_value_and_no_mask_of_one_is_found_and_that_is_said(installed: InProcess, question: str) -> None:
    page = await listed(installed, query=question)
    assert page.items == []
    said = any("Values of persons in texts" in each for each in page.notes)
    assert said is ("." in question)
