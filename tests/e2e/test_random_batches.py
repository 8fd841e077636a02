"""Edits of every kind at random, many at once before each sync: in the end all is as a new installation makes it.

The landscape is the retailer's, with objects that are not exposed. The seed is in the test's name.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spheresync.dog.edits import Edit, add_column, set_column_type, set_label
from spheresync.dog.landscape import retailer_landscape
from spheresync.dog.objects import DogColumn, DogObject, DogSpace, Landscape, landscape_to_json, parse_type
from spheresync.errors import UsageError
from tests.long_form import LONG
from tests.simulators import landscape_edits as edits
from tests.simulators.fixtures import Surroundings
from tests.simulators.glue_process import GlueSimulator, running_glue
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

CONFIG = """deletion: {policy: delete, misses: 1}
mapping: {rules: [{match: {name: "*_LEFT_OUT"}, set: {include: false}}]}
"""
OBJECTS = "SPHERESYNC_DATASPHERE__OBJECTS"
WORDS = ("order*", "kunde", "menge", "new", "*_id", "sales", "amount", "product")
NOT_COMPARED = frozenset({"Name", "VersionId", "CreateTime", "UpdateTime", "CreatedBy"})
"""Among them the name: of two assets that want the same, the one that had it first keeps it."""
ROUNDS = 40 if LONG else 5


class Modellers:
    """People who edit a landscape at random, one after the other."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._made = 0
        self.landscape = retailer_landscape()
        self._kinds: tuple[Callable[[DogSpace, DogObject], Edit], ...] = (
            *(self._relabel, self._relabel, self._relabel_column, self._retype, self._add_column, self._drop_column),
            *(self._rename_column, self._add, self._add, self._add_back, self._remove, self._rename, self._respell),
            *(self._expose, self._relabel_space, self._leave_out),
        )

    def edit(self, count: int) -> None:
        for _ in range(count):
            space = self._random.choice([each for each in self.landscape.spaces if each.objects])
            item = self._random.choice(space.objects)
            try:
                self.landscape = self._random.choice(self._kinds)(space, item)(self.landscape)
            except UsageError:
                continue  # such an object or column is there already

    def _new(self, stem: str) -> str:
        self._made += 1
        return f"{stem}_{self._made}"

    def _column(self, item: DogObject) -> str:
        return self._random.choice(item.columns).name if item.columns else "NONE"

    def _relabel(self, space: DogSpace, item: DogObject) -> Edit:
        return set_label(space.name, item.name, self._new("New label"))

    def _relabel_column(self, space: DogSpace, item: DogObject) -> Edit:
        return edits.set_column_label(space.name, item.name, self._column(item), self._new("Menge"))

    def _retype(self, space: DogSpace, item: DogObject) -> Edit:
        kind = self._random.choice(["String(12)", "Decimal(19,4)", "Date", "Int64"])
        return set_column_type(space.name, item.name, self._column(item), kind)

    def _add_column(self, space: DogSpace, item: DogObject) -> Edit:
        column = DogColumn(self._new("NEW_COLUMN"), parse_type("String(10)"), "New")
        return add_column(space.name, item.name, column, position=self._random.randint(0, len(item.columns)))

    def _drop_column(self, space: DogSpace, item: DogObject) -> Edit:
        if len(item.columns) < 2:  # an object without any cannot be deployed
            return self._relabel(space, item)
        return edits.remove_column(space.name, item.name, self._column(item))

    def _rename_column(self, space: DogSpace, item: DogObject) -> Edit:
        return edits.rename_column(space.name, item.name, self._column(item), self._new("RENAMED"))

    def _add(self, space: DogSpace, item: DogObject) -> Edit:
        return edits.add_asset(space.name, replace(item, name=self._new("NEW_ASSET")))

    def _add_back(self, space: DogSpace, item: DogObject) -> Edit:
        """Something that was there at first, perhaps removed or renamed since."""
        first = next((each for each in retailer_landscape().spaces if each.name == space.name), space)
        return edits.add_asset(space.name, self._random.choice(first.objects))

    def _remove(self, space: DogSpace, item: DogObject) -> Edit:
        return edits.remove_asset(space.name, item.name)

    def _rename(self, space: DogSpace, item: DogObject) -> Edit:
        return edits.rename_asset(space.name, item.name, self._new(item.name))

    def _respell(self, space: DogSpace, item: DogObject) -> Edit:
        return edits.rename_asset(space.name, item.name, item.name.title())

    def _leave_out(self, space: DogSpace, item: DogObject) -> Edit:
        return edits.rename_asset(space.name, item.name, f"{item.name}_LEFT_OUT")

    def _expose(self, space: DogSpace, item: DogObject) -> Edit:
        return edits.set_exposed(space.name, item.name, exposed=not item.exposed)

    def _relabel_space(self, space: DogSpace, _: DogObject) -> Edit:
        return edits.set_space_label(space.name, self._new("Space"))


def show(tenant: RunningTenant, landscape: Landscape) -> None:
    tenant.edit("replace_landscape", landscape=landscape_to_json(landscape))


def sync(installation: Installation) -> dict[str, Any]:
    """One of everything, in which nothing fails that the tenant serves."""
    run: dict[str, Any] = installation.ask("sync", "--allow-deletes", "--max-deletes", "1000")
    assert run["state"] == "done" and not run.get("failures"), run
    return run


def tables(glue: GlueSimulator) -> dict[str, Any]:
    """What each asset has in Glue, by its source; the name it got is no matter of what it is now."""
    found = {}
    for database, some in glue.dump()["tables"].items():
        for table in some.values():
            live = {key: value for key, value in table["live"].items() if key not in NOT_COMPARED}
            assert live["Parameters"]["spheresync.source"] not in found
            found[live["Parameters"]["spheresync.source"]] = {**live, "DatabaseName": database}
    return found


def answers(installation: Installation) -> Mapping[str, Any]:
    """What is told of the assets that are there, and by which texts they are found."""
    rows = installation.ask("assets", "--limit", "200", "--status", "synced")["items"]
    found: dict[str, Any] = {row["asset"]: [row["kind"], row["label"], row["tier"]] for row in rows}
    for word in WORDS:
        hits = installation.ask("assets", "--limit", "200", "--status", "synced", "--query", word)["items"]
        found[f"? {word}"] = [row["asset"] for row in hits]
    for asset in [row["asset"] for row in rows][::9]:
        told = installation.ask("lineage", asset, "--depth", "3")
        ends = ("from", "to", "from_column", "to_column")
        edges = [[edge.get(end) for end in ends] for edge in told["edges"] if not edge["to"].startswith("glue:")]
        found[f"-> {asset}"] = sorted(edges, key=str)
    return found


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1, 31) if ROUNDS > 10 else [1])
def test_batches_of_edits_end_where_a_new_installation_begins(
    seed: int, tmp_path: Path, surroundings: Surroundings, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    people, chance = Modellers(seed), random.Random(-seed)
    installation = surroundings.install(tmp_path / "state", tenant, glue, CONFIG, **{OBJECTS: "on"})
    for number in range(ROUNDS):
        show(tenant, people.landscape)
        installation.extra[OBJECTS] = "off" if number % 3 == chance.randrange(3) else "on"
        sync(installation)
        people.edit(chance.choice([1, 3, 12, 40]))
    show(tenant, people.landscape)
    installation.extra[OBJECTS] = "on"
    for _ in range(3):  # what is gone is missed, retired, deleted
        sync(installation)
    glue.reset()
    sync(installation)
    assert glue.calls() == {}
    assert installation.ask("audit", "verify")["intact"]
    written, told = tables(glue), answers(installation)
    with running_glue() as other:
        anew = surroundings.install(tmp_path / "anew", tenant, other, CONFIG, **{OBJECTS: "on"})
        sync(anew)
        expected = tables(other)
        assert {source: written.get(source) for source in expected} == expected
        assert set(written) == set(expected)
        assert told == answers(anew)
