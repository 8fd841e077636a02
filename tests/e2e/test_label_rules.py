"""Rules go by one label of an asset, whoever lists it: the one of its definition, as tables and answers have it."""

from __future__ import annotations

from pathlib import Path

import pytest

from spheresync.dog import site
from spheresync.dog.objects import DogColumn, DogObject, DogSpace, Landscape, parse_type
from spheresync.execution.run_request import RunRequest
from spheresync.model import GLUE, Action, AssetId, AssetKind, TargetKey
from spheresync.state.records import CheckpointState
from tests.simulators.in_process import in_process

pytestmark = pytest.mark.anyio
RULES = """
mapping:
  rules:
    - {match: {label: "*forecast*"}, set: {table: "fc_{name}", tier: critical}}
    - {match: {label: Other}, set: {include: false}}
    - {match: {label: "in the list*"}, set: {table: "listed_{name}", include: true}}
deletion: {policy: delete, misses: 1}
"""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def landscape() -> Landscape:
    columns = (DogColumn("ID", parse_type("Integer"), "Id", key=True, nullable=False),)
    labels = {"V_1": "Sales forecast", "V_2": "Other", "V_3": "Plain"}
    views = (DogObject(AssetKind.VIEW, name, label, columns) for name, label in labels.items())
    return Landscape((DogSpace("S", "Space", tuple(views)),))


@pytest.mark.parametrize("listed", ["", "in the list", "Other"], ids=["none", "another", "one that a rule leaves out"])
async def test_a_plan_of_an_unchanged_tenant_is_the_same_whatever_label_the_list_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listed: str
) -> None:
    record_of = site._asset_record

    def relabelled(*given: object) -> dict[str, object]:
        return {**record_of(*given), "label": listed}  # type: ignore[arg-type]

    monkeypatch.setattr(site, "_asset_record", relabelled)
    async with in_process(tmp_path, landscape(), config=RULES) as installed:
        first = await installed.sync()
        assert first.counts[Action.CREATE] == 2
        held = {each.asset: each for each in await installed.store.checkpoints.all(TargetKey(GLUE))}
        assert {asset: each.name for asset, each in held.items()} == {
            AssetId.parse("S/V_1"): "fc_v_1",
            AssetId.parse("S/V_3"): "v_3",
        }
        for request in (RunRequest(), RunRequest(), RunRequest(full=True), RunRequest()):
            again = await installed.sync(request)
            assert {word: count for word, count in again.counts.items() if count} == {Action.UNCHANGED: 2}
        records = {str(each.id): each for each in await installed.store.catalog.assets()}
        assert [records[f"S/V_{number}"].label for number in (1, 2, 3)] == ["Sales forecast", "Other", "Plain"]
        assert not records["S/V_2"].included
        assert {each.state for each in await installed.store.checkpoints.all(TargetKey(GLUE))} == {
            CheckpointState.ACTIVE
        }
