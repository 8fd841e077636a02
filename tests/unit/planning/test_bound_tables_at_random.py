"""People at work at random around bound tables: rules, edits, undos, and their owner, who knows nothing of us.

Whatever they did, once nothing binds the tables any more each is just as its owner left it. The seed is in the name of
the test.
"""

from __future__ import annotations

import json
import random
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from spheresync.dog.objects import DogColumn, DogObject, DogSpace, Landscape, parse_type
from spheresync.execution.run_request import RunRequest
from spheresync.model import AssetKind, Principal, PrincipalKind, RunState
from spheresync.planning.drift.drift_sweep import DriftSweep
from spheresync.runtime.progress import silent
from spheresync.runtime.scope import Scope
from tests.simulators.in_process import InProcess, in_process

pytestmark = pytest.mark.anyio

ROUNDS = 25
SOMEBODY = Principal(PrincipalKind.USER, "somebody", frozenset({"admin"}))
TABLES = ("one", "two")
RULES: tuple[list[dict[str, Any]], ...] = (
    [],
    [{"match": {"name": "ONE"}, "set": {"bind": "lake.one"}}],
    [{"set": {"bind": "lake.{name}"}}],
    [{"match": {"name": "ONE"}, "set": {"bind": "lake.two"}}],
    [{"set": {"bind": "lake.one"}}],
    [{"match": {"name": "ONE"}, "set": {"bind": "lake.one", "description": "{asset}"}}],
    [{"set": {"bind": "lake.{name}"}, "columns": [{"match": {"name": "B"}, "set": {"include": False}}]}],
    [{"set": {"bind": "lake.{name}"}}, {"match": {"name": "TWO"}, "set": {"include": False}}],
    [{"match": {"name": "ONE"}, "set": {"bind": "nowhere.one"}}],
)


def view(name: str, label: str, columns: str) -> DogObject:
    made = tuple(
        DogColumn(each, parse_type("Int32"), f"{label} {each}", key=each == columns[0], nullable=each != columns[0])
        for each in columns
    )
    return DogObject(AssetKind.VIEW, name, label, made)


class Life:
    """An installation, a tenant, and the owner of two tables, with what he has made of them."""

    def __init__(self, seed: int, folder: Path, installation: InProcess) -> None:
        self.random = random.Random(seed)
        self.folder = folder
        self.installation = installation
        self.views = {"ONE": ("One", "ABC"), "TWO": ("Two", "AB")}
        self.made = {name: self._new(name) for name in TABLES}  # by their owner
        self.gone: set[str] = set()
        self.runs: list[Any] = []

    def _new(self, name: str) -> dict[str, Any]:
        columns = [{"Name": each, "Type": "int"} for each in self.random.sample("abcx", 3)]
        parameters = {"table_type": "ICEBERG", "spheresync.label": "his", "spheresync.note": "his"}
        return {"Name": name, "Parameters": parameters, "StorageDescriptor": {"Columns": columns}}

    def call(self, operation: str, **params: Any) -> Any:
        return self.installation.glue.catalog.call(operation, params)

    def lay_tables(self) -> None:
        self.call("CreateDatabase", DatabaseInput={"Name": "lake"})
        for table in self.made.values():
            self.call("CreateTable", DatabaseName="lake", TableInput=table)

    def live(self, name: str) -> dict[str, Any]:
        table = deepcopy(self.call("GetTable", DatabaseName="lake", Name=name)["Table"])
        kept = ("Name", "Description", "Parameters", "StorageDescriptor", "Owner")
        return {key: table[key] for key in kept if key in table}

    def serve(self) -> None:
        objects = tuple(view(name, *said) for name, said in self.views.items() if name not in self.gone)
        self.installation.serve(Landscape((DogSpace("S", "Space", objects),)))

    def configure(self, rules: list[dict[str, Any]]) -> None:
        text = json.dumps({"mapping": {"rules": rules}, "deletion": {"misses": 1}})
        (self.folder / "spheresync.yaml").write_text(text, "utf-8")

    async def step(self) -> None:
        acts = (self.rules, self.relabel, self.columns, self.commit, self.rewrite, self.comment, self.describe)
        acts = (*acts, self.vanish, self.repair, self.rename)
        await self.random.choice(acts)()
        if self.random.random() < 0.2 and self.runs:
            await self.undo(self.random.choice(self.runs[-3:]))
        if self.random.random() < 0.8:
            await self.sync()

    async def sync(self) -> None:
        run = await self.installation.sync(RunRequest(full=self.random.random() < 0.3))
        assert run.state in {RunState.DONE, RunState.PARTLY_FAILED, RunState.REFUSED}, run.problems
        self.runs.append(run.id)

    async def undo(self, run: Any) -> None:
        undone = await self.installation.apply(await self.installation.revert(run))
        self.runs.append(undone.id)

    async def rules(self) -> None:
        self.configure(self.random.choice(RULES))

    async def vanish(self) -> None:
        """An asset leaves Datasphere, or is back."""
        name = self.random.choice([*self.views])
        self.gone ^= {name}
        self.serve()

    async def repair(self) -> None:
        context = self.installation.context
        async with context.providers.in_use() as providers:
            look, _ = await DriftSweep(
                context.store,
                providers.settings,
                providers.mapping,
                [providers.target(key) for key in providers.keys],
                scope=Scope(),
                principal=SOMEBODY,
                clock=context.clock,
                progress=silent,
            ).run()
        if look.change_set_id is not None:
            self.runs.append((await self.installation.apply(look.change_set_id)).id)

    async def relabel(self) -> None:
        name = self.random.choice([*self.views])
        self.views[name] = (self.random.choice(["Orders", "Umsätze", "x" * 300]), self.views[name][1])
        self.serve()

    async def columns(self) -> None:
        name = self.random.choice([*self.views])
        self.views[name] = (self.views[name][0], self.random.choice(["AB", "ABC", "ABCX", "CX"]))
        self.serve()

    def edit(self, name: str, change: Any) -> None:
        """What the owner does: he reads the table, changes what is his, and writes it back."""
        table = self.live(name)
        change(table)
        change(self.made[name])
        self.call("UpdateTable", DatabaseName="lake", TableInput=table)

    async def commit(self) -> None:
        at = f"s3://{self.random.randrange(9)}"
        self.edit(self.random.choice(TABLES), lambda table: table["Parameters"].update(metadata_location=at))

    async def rewrite(self) -> None:
        """He makes the columns anew from his schema, another one now, with no word of anybody else's."""
        name = self.random.choice(TABLES)
        columns = self.made[name]["StorageDescriptor"]["Columns"]
        self.random.shuffle(columns)
        columns = [each for each in columns if self.random.random() < 0.8] or columns[:1]
        there = {each["Name"].lower() for each in columns}
        columns += [{"Name": each.upper(), "Type": "int"} for each in "abcx" if each not in there][:1]
        self.edit(name, lambda table: table.update(StorageDescriptor={"Columns": deepcopy(columns)}))

    async def rename(self) -> None:
        """He gives a column another name, and whatever stands on it goes along."""
        name = self.random.choice(TABLES)
        columns = self.made[name]["StorageDescriptor"]["Columns"]
        at, taken = self.random.randrange(len(columns)), {each["Name"].lower() for each in columns}
        new = self.random.choice([each for each in "abcxyz" if each not in taken])
        self.edit(name, lambda table: table["StorageDescriptor"]["Columns"][at].update(Name=new))

    async def comment(self) -> None:
        name, text = self.random.choice(TABLES), self.random.choice(["his", "hers", "One A", "Orders B"])
        at = self.random.randrange(len(self.made[name]["StorageDescriptor"]["Columns"]))

        def change(table: dict[str, Any]) -> None:
            table["StorageDescriptor"]["Columns"][at]["Comment"] = text

        there = self.live(name)["StorageDescriptor"]["Columns"][at]
        # What he finds there he does not write again; nobody can tell from ours a text that is ours to the letter.
        if there.get("Comment") != text and (" " not in text or there.get("Comment")):
            self.edit(name, change)

    async def describe(self) -> None:
        name = self.random.choice(TABLES)
        if self.live(name).get("Description") != "described":
            self.edit(name, lambda table: table.update(Description="described"))


def plain(table: dict[str, Any]) -> dict[str, Any]:
    """A table without empty members, which say nothing."""
    table = deepcopy(table)
    for holder in (table, *table["StorageDescriptor"]["Columns"]):
        for key in [key for key, value in holder.items() if value in ("", {}, None)]:
            del holder[key]
    return table


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_people_do_the_owner_has_his_tables_in_the_end(tmp_path: Path, seed: int) -> None:
    async with in_process(tmp_path, config="{}") as installation:
        life = Life(seed, tmp_path, installation)
        life.lay_tables()
        life.serve()
        for _ in range(ROUNDS):
            await life.step()
        life.views = {name: (f"Last {name}", "AB") for name in life.views}  # what an undo holds is held no longer
        life.gone.clear()
        life.serve()
        life.configure([])
        for _ in range(3):
            assert (await installation.sync()).state is RunState.DONE
        for name in TABLES:
            assert plain(life.live(name)) == plain(life.made[name])
        assert (await installation.sync()).counts["unchanged"] == 2
