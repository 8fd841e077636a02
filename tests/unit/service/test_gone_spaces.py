"""A space that is not listed any more: what status and figures say of it and of its assets."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from spheresync.dog.objects import DogColumn, DogObject, DogSpace, Landscape, parse_type
from spheresync.model import AssetKind
from spheresync.service.health.figures import figures_of, measured_figures
from spheresync.service.health.status import sync_status
from tests.simulators.in_process import in_process

pytestmark = pytest.mark.anyio


def tenant(*spaces: str) -> Landscape:
    column = DogColumn("ID", parse_type("Int32"), "Id", key=True, nullable=False)
    return Landscape(tuple(DogSpace(name, name, (DogObject(AssetKind.VIEW, "V", "V", (column,)),)) for name in spaces))


async def test_late_assets_of_a_space_that_is_gone_need_the_space_and_no_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with in_process(tmp_path, tenant("GONE", "HERE")) as installation:
        context = installation.context
        await installation.sync()
        assert sum((await figures_of(context)).unread_spaces.values()) == 0
        installation.serve(tenant("HERE"))
        await installation.sync()
        now = context.clock
        monkeypatch.setattr(context, "clock", lambda: now() + timedelta(days=400))
        late = [each for each in (await sync_status(context)).problems if each.code == "interval_missed"]
        assert [each.message.partition(" of")[0] for each in late] == ["1 asset", "1 asset"]
        here, gone = late
        assert "cron" in here.remedy and "could not be listed" not in here.message
        assert "its space could not be listed" in gone.message
        assert "access" in gone.remedy and "cron" not in gone.remedy
        figures = await figures_of(context)
        assert figures.unread_spaces == {"space_gone": 1, "space_unread": 0}
        assert measured_figures(figures, "test").figures["unread_spaces"][0] == 1


async def test_a_space_that_is_kept_out_for_its_name_or_refused_is_unread_by_that_reason(tmp_path: Path) -> None:
    async with in_process(tmp_path, tenant("A/B", "HERE")) as installation:
        await installation.sync()
        assert (await figures_of(installation.context)).unread_spaces == {
            "space_gone": 0,
            "space_unread": 0,
            "unspellable_name": 1,
        }
