"""What others wrote into our tables by hand stays where the policies say keep or report, whatever is done to our part.

A whole installation in this process: somebody edits texts and puts parameters beside ours, Datasphere changes, assets
come and go, runs are undone, holds released, the state is lost, in any order.
"""

from __future__ import annotations

import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spheresync.discovery.shared_discovery import SharedDiscovery
from spheresync.dog.objects import DogColumn, DogObject, DogSpace, Landscape, parse_type
from spheresync.execution.run_request import RunRequest
from spheresync.model import (
    GLUE,
    Action,
    AssetKind,
    Principal,
    PrincipalKind,
    TargetKey,
)
from spheresync.planning.asset_status import settle_statuses
from spheresync.planning.drift.drift_sweep import DriftSweep
from spheresync.planning.plan_request import PlanRequest
from spheresync.planning.planner import make_change_set
from spheresync.runtime.progress import silent
from spheresync.runtime.scope import Scope
from spheresync.state.records import RunRecord
from tests.simulators.glue_server import GlueServer
from tests.simulators.in_process import InProcess, in_process

pytestmark = pytest.mark.anyio

ASSETS = ("ONE", "TWO")
RULE = 'mapping: {rules: [{match: {name: TWO}, set: {description: "{label} by rule"}}]}\n'
SOMEBODY = Principal(PrincipalKind.USER, "somebody", frozenset({"admin"}))
FIELDS = ("Description", "Comment", "foreign", "foreign column parameter", "Location", "Owner")
TEXTS = ("Description", "Comment")
MEMBERS = ("Name", "Description", "StorageDescriptor", "Parameters", "TableType", "Owner")


@dataclass
class World:
    """An installation, its tenant, and what somebody wrote by hand, by asset and field."""

    folder: Path
    policy: str
    stack: AsyncExitStack
    glue: GlueServer = field(default_factory=GlueServer)
    labels: dict[str, str] = field(default_factory=lambda: dict.fromkeys(ASSETS, "First"))
    theirs: dict[tuple[str, str], str | None] = field(default_factory=dict)
    runs: list[RunRecord] = field(default_factory=list)
    numbers: Any = field(default_factory=lambda: count(1))
    here: InProcess = field(init=False)

    async def open(self) -> None:
        """Begin with an empty state."""
        folder = self.folder / str(next(self.numbers))
        folder.mkdir()
        config = f"{RULE}deletion: {{misses: 1}}\ndrift: {{description: {self.policy}, comments: {self.policy}}}\n"
        self.here = await self.stack.enter_async_context(in_process(folder, self.landscape(), self.glue, config=config))

    def landscape(self) -> Landscape:
        objects = [
            DogObject(
                AssetKind.VIEW,
                name,
                label,
                (DogColumn("ID", parse_type("Edm.String(5)"), "Key"), DogColumn("QTY", parse_type("Edm.Int32"), label)),
            )
            for name, label in self.labels.items()
        ]
        return Landscape((DogSpace("S", "Space", (*objects, DogObject(AssetKind.VIEW, "STAYS", "Stays"))),))

    def table(self, asset: str) -> dict[str, Any] | None:
        found = self.glue.catalog.dump()["tables"].get("s", {}).get(asset.lower())
        return None if found is None else dict(found["live"])

    def by_hand(self, asset: str, what: str, *, takes: bool = False) -> None:
        """Somebody writes a text of his own, or something beside ours; or takes that away again."""
        live = self.table(asset)
        if live is None or (takes and what in TEXTS):
            return
        text = None if takes else f"hand {next(self.numbers)}"
        table = {key: live[key] for key in MEMBERS if key in live}
        column = table["StorageDescriptor"]["Columns"][1]
        if what == "Description":
            table["Description"] = text
        elif what == "Comment":
            column["Comment"] = text
        elif what == "foreign":
            _put(table["Parameters"], "team", text)
        elif what == "Location":
            _put(table["StorageDescriptor"], "Location", text)
        elif what == "Owner":
            _put(table, "Owner", text)
        else:
            _put(column["Parameters"], "team", text)
        self.glue.catalog.call("UpdateTable", {"DatabaseName": "s", "TableInput": table})
        self.theirs[asset, what] = text

    def standing(self) -> dict[tuple[str, str], str | None]:
        """What stands now where somebody wrote by hand, without the mark of a retirement."""
        found: dict[tuple[str, str], str | None] = {}
        for asset, what in self.theirs:
            live = self.table(asset)
            if live is None:
                continue
            column = live["StorageDescriptor"]["Columns"][1]
            found[asset, what] = {
                "Description": str(live.get("Description")).removeprefix("[retired in Datasphere] "),
                "Comment": column.get("Comment"),
                "foreign": live["Parameters"].get("team"),
                "foreign column parameter": column["Parameters"].get("team"),
                "Location": live["StorageDescriptor"].get("Location"),
                "Owner": live.get("Owner"),
            }[what]
        return found

    async def do(self, step: tuple[str, str, str]) -> None:
        what, asset, where = step
        if what == "hand":
            self.by_hand(asset, where)
        elif what == "take":
            self.by_hand(asset, where, takes=True)
        elif what == "label":
            self.labels[asset] = f"Label {next(self.numbers)}"
        elif what == "vanish":
            self.labels.pop(asset, None)
        elif what == "sync":
            self.here.serve(self.landscape())
            self.runs.append(await self.here.sync(RunRequest(full=where == "foreign", max_deletes=9)))
        elif what == "undo" and self.runs:
            change_set = await self.here.revert(self.runs[-1 if where != "Comment" else -2 % len(self.runs)].id)
            self.runs.append(await self.here.apply(change_set))
        elif what == "release":
            await self._release()
        elif what == "drift":
            await self._drift()
        elif what == "preview":
            await self._preview()
        elif what == "lose":
            self.runs.clear()
            await self.open()

    async def _release(self) -> None:
        held = await self.here.store.checkpoints.all(TargetKey(GLUE))

        async def let_go(tx: Any) -> None:
            await tx.checkpoints.put_many([replace(each, held=None) for each in held])
            await settle_statuses(tx, [each.asset for each in held], [TargetKey(GLUE)])

        await self.here.store.write(let_go)

    async def _drift(self) -> None:
        """Look for drift, and apply the repair where there is one."""
        async with self.here.context.providers.in_use() as providers:
            look, _ = await DriftSweep(
                self.here.store,
                providers.settings,
                self.here.context.mapping,
                [providers.target(TargetKey(GLUE))],
                scope=Scope(),
                principal=SOMEBODY,
                clock=self.here.context.clock,
                progress=silent,
            ).run()
        if look.change_set_id is not None:
            self.runs.append(await self.here.apply(look.change_set_id))

    async def _preview(self) -> None:
        self.here.serve(self.landscape())
        context = self.here.context
        now = context.clock().isoformat()
        await SharedDiscovery(context).discover(Scope(), full=False, since=now, progress=silent)
        request = PlanRequest(Scope(), SOMEBODY, offer_deletes=True, compare=True, max_deletes=9)
        planned = await make_change_set(context, request, silent)
        items = await self.here.store.change_sets.all_items(planned.id)
        if not any(item.action is Action.DELETE for item in items):  # what a person deletes goes with what is in it
            self.runs.append(await self.here.apply(planned.id))


def _put(holder: dict[str, Any], key: str, text: str | None) -> None:
    holder.pop(key, None)
    if text is not None:
        holder[key] = text


KINDS = ["hand", "take", "label", "vanish", "sync", "sync", "undo", "undo", "release", "drift", "preview", "lose"]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.sampled_from(ASSETS),
        st.sampled_from(FIELDS),
    ),
    min_size=3,
    max_size=12,
)
HAND, LABEL, SYNC, UNDO = ("hand", "ONE", "Description"), ("label", "ONE", ""), ("sync", "", ""), ("undo", "", "")
RELEASE, LOSE, VANISH, FULL = ("release", "", ""), ("lose", "", ""), ("vanish", "ONE", ""), ("sync", "", "foreign")
BESIDE = [step for what in FIELDS[2:] for step in (("hand", "TWO", what), ("label", "TWO", ""), SYNC)]
TAKEN = [step for what in FIELDS[2:] for step in (("take", "TWO", what), ("label", "TWO", ""), SYNC)]
BY_RULE, COMMENT = ("hand", "TWO", "Description"), ("hand", "ONE", "Comment")


@settings(max_examples=15)
@example(policy="report", steps=[HAND, LABEL, SYNC, UNDO, RELEASE, SYNC])
@example(policy="keep", steps=[COMMENT, HAND, LABEL, SYNC, UNDO, RELEASE, LABEL, SYNC])
@example(policy="report", steps=[HAND, LABEL, SYNC, UNDO, UNDO, RELEASE, LABEL, SYNC])
@example(policy="report", steps=[HAND, LABEL, SYNC, UNDO, LOSE, LABEL, SYNC, SYNC])
@example(policy="report", steps=[BY_RULE, ("label", "TWO", ""), SYNC, UNDO, RELEASE, ("label", "TWO", ""), SYNC])
@example(policy="keep", steps=[HAND, VANISH, SYNC, UNDO, RELEASE, SYNC, LABEL, SYNC])
@example(policy="report", steps=[HAND, LABEL, ("preview", "", ""), UNDO, RELEASE, LABEL, ("preview", "", ""), SYNC])
@example(policy="report", steps=[*BESIDE, *BESIDE, *TAKEN])
@given(policy=st.sampled_from(["report", "keep"]), steps=STEPS)
async def test_nothing_that_others_wrote_is_written_over(policy: str, steps: list[tuple[str, str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with AsyncExitStack() as stack:
            world = World(Path(folder), policy, stack)
            await world.open()
            await world.do(SYNC)
            for step in steps:
                await world.do(step)
                standing = world.standing()
                assert standing == {each: world.theirs[each] for each in standing}, step
