"""People at work at random on both sides: edits, syncs, undos, repairs, other rules, and hands in Glue.

Nothing of others is lost on the way, and in the end all is as a new installation makes it. The seed is in the name of
the test.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_random_batches import OBJECTS, Modellers, answers, show, tables
from tests.long_form import LONG
from tests.simulators.fixtures import Surroundings
from tests.simulators.glue_process import GlueSimulator, running_glue
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

RULES: tuple[dict[str, Any], ...] = (
    {},
    {"match": {"space": "SALES"}, "set": {"table": "{name}_v2", "tags": {"layer": "gold"}}},
    {"match": {"space": "HR"}, "set": {"include": False}},
    {"match": {"name": "*ORDER*"}, "set": {"database": "orders_{space}", "description": "{label} ({asset})"}},
    {"match": {"kind": ["view"]}, "columns": [{"match": {"name": "*_ID"}, "set": {"include": False}}]},
)
TENANT_FAULTS: tuple[dict[str, Any], ...] = (
    {"unavailable_spaces": ["SALES"]},
    {"html_outage": True},
    {"throttle_next": 3, "retry_after": 0},
    {"revoke_next": 2},
    {"failing_matching": "ORDER", "failing_status": 500},
    {"truncated_matching": "CUSTOMER"},
)
SETTINGS: tuple[dict[str, Any], ...] = (
    *({}, {}, {}, {"scope": {"include": ["SALES/*", "FINANCE/*"]}}, {"scope": {"exclude": ["SALES/*ORDER*"]}}),
    *({"language": ["de"]}, {"deletion": {"policy": "keep"}}, {"deletion": {"policy": "retire", "misses": 2}}),
    {"drift": {"description": "keep", "comments": "keep", "columns": "keep", "missing": "keep"}},
    {"drift": {"columns": "report", "missing": "report", "parameters": "report"}},
    {"personal_data": {"policy": [{"class": "birth", "action": "exclude_column"}]}},
    {"personal_data": {"policy": [{"class": "contact", "action": "exclude_asset"}]}},
    {"personal_data": {"policy": [{"class": "name", "action": "refuse"}]}},
)
OURS = dict.fromkeys(["description", "comments", "columns", "parameters", "missing"], "overwrite")
GIVEN = frozenset({"Name", "Description", "Retention", "StorageDescriptor", "PartitionKeys", "TableType", "Parameters"})
"""What whoever updates a table gives."""
ROUNDS = 60 if LONG else 10


def config(rule: dict[str, Any], **more: Any) -> str:
    rules = [{"match": {"name": "*_LEFT_OUT"}, "set": {"include": False}}, *([rule] if rule else [])]
    return json.dumps({"deletion": {"policy": "delete", "misses": 1}, "mapping": {"rules": rules}} | more)


class Life:
    """What people do with one installation, its tenant and its Glue."""

    def __init__(self, seed: int, installation: Installation, tenant: RunningTenant, glue: GlueSimulator) -> None:
        self.random, self.restores = random.Random(-seed), seed % 2 == 1
        self.people = Modellers(seed)
        self.installation, self.tenant, self.glue = installation, tenant, glue
        self.foreign: dict[tuple[str, str], Any] = {}
        self.told: list[str] = []
        self.restored = False

    def ask(self, *arguments: str) -> Any:
        """A command that may fail or be refused, and never in a way that nobody foresaw."""
        ended = self.installation.run(*arguments, "--json")
        self.told.append(f"{' '.join(arguments)} -> {ended.code}")
        assert ended.code in {0, 1, 3}, [*self.told[-8:], ended.out[:2000], ended.err[-2000:]]
        assert "incident" not in ended.out and "inc_" not in ended.out, [*self.told[-8:], ended.out[:3000]]
        return ended.json

    def step(self) -> None:
        steps = (
            *(self.edit, self.edit, self.sync, self.sync, self.full, self.late, self.undo, self.release),
            *(
                self.repair,
                self.rule,
                self.toggle,
                self.hand,
                self.stranger,
                self.killed,
                self.outage,
                self.former_state,
            ),
        )
        self.random.choice(steps)()
        self.check_foreign()

    def edit(self) -> None:
        self.people.edit(self.random.choice([1, 5, 20]))
        show(self.tenant, self.people.landscape)
        self.sync()

    def sync(self) -> None:
        self.ask("sync", *self.random.choice([(), ("--allow-deletes",), ("--max-deletes", "1000")]))

    def full(self) -> None:
        self.ask("sync", "--full")

    def late(self) -> None:
        """A change set is applied after edits that it does not know of."""
        preview = self.ask("preview")
        self.people.edit(self.random.choice([0, 3]))
        show(self.tenant, self.people.landscape)
        self.hand()
        if preview.get("items"):
            self.ask("apply", preview["change_set_id"], *self.random.choice([(), ("--allow-deletes",)]))

    def undo(self) -> None:
        runs = [each for each in self.ask("runs")["items"] if each["state"] in {"done", "partly_failed"}]
        if runs:
            undo = self.ask("revert", self.random.choice(runs[:4])["run_id"])
            if "change_set_id" in undo:
                self.ask("apply", undo["change_set_id"], *self.random.choice([(), ("--allow-deletes",)]))

    def release(self) -> None:
        self.ask("release")

    def repair(self) -> None:
        found = self.ask("drift", "--repair")
        assert found is not None

    def killed(self) -> None:
        """A sync after edits is killed at some moment; the next command goes on with what it left."""
        self.people.edit(5)
        show(self.tenant, self.people.landscape)
        process = self.installation.start("sync", "--json")
        try:
            process.wait(timeout=self.random.uniform(0.1, 0.9))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)

    def outage(self) -> None:
        """Either side answers badly for one sync after edits."""
        self.people.edit(5)
        show(self.tenant, self.people.landscape)
        self.tenant.set_faults(**self.random.choice(TENANT_FAULTS))
        if self.random.random() < 0.5:
            self.glue.fault(self.random.choice(["lose", "throttle", "drop"]), "UpdateTable", times=2)
        self.sync()
        self.tenant.set_faults()
        self.glue.heal()

    def former_state(self) -> None:
        """The state is put back to what it was some steps before, without what happened since."""
        file = self.installation.state_dir.parent / "backup.db"
        if not file.exists() or self.random.random() < 0.4:
            self.ask("backup", str(file), "--force")
        else:
            self.ask("restore", str(file), "--yes")
            self.restored = True

    def rule(self) -> None:
        self.installation.config = config(self.random.choice(RULES), **self.random.choice(SETTINGS))

    def toggle(self) -> None:
        self.installation.extra[OBJECTS] = self.random.choice(["on", "off"])

    def hand(self) -> None:
        """Somebody edits one of our tables in Glue, or drops it."""
        ours = self.ours()
        if not ours:
            return
        database, name, live = self.random.choice(ours)
        hands = self.glue.client()
        if self.random.random() < 0.2:
            hands.delete_table(DatabaseName=database, Name=name)
            return
        table = {key: value for key, value in live.items() if key in GIVEN}
        edits = [{"Description": "by hand"}, {"Parameters": {**table["Parameters"], "team": "bi"}}, {"Retention": 3}]
        table |= self.random.choice(edits)
        hands.update_table(DatabaseName=database, TableInput=table)  # type: ignore[arg-type]  # members of a TableInput

    def stranger(self) -> None:
        """Somebody makes a table of his own where one of ours may want to be."""
        databases = list(self.glue.dump()["tables"])
        if not databases:
            return
        database = self.random.choice(databases)
        name = self.random.choice(["orders", "customers", "mine", "new_asset_3", "lt_orders", "mara"])
        if name in self.glue.dump()["tables"].get(database, {}):
            return
        made = {"Name": name, "Description": "not of spheresync", "Parameters": {"owner": "somebody"}}
        self.glue.client().create_table(DatabaseName=database, TableInput=made)  # type: ignore[typeddict-item]
        self.foreign[database, name] = self.glue.table(database, name)

    def ours(self) -> list[tuple[str, str, dict[str, Any]]]:
        return [
            (database, name, table["live"])
            for database, some in sorted(self.glue.dump()["tables"].items())
            for name, table in sorted(some.items())
            if (database, name) not in self.foreign
        ]

    def check_foreign(self) -> None:
        for (database, name), was in self.foreign.items():
            assert self.glue.table(database, name) == was, [*self.told[-6:], database, name]

    def strangers_leave(self) -> None:
        for database, name in self.foreign:
            self.glue.client().delete_table(DatabaseName=database, Name=name)
        self.foreign.clear()


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1, 31) if ROUNDS > 20 else [1])
def test_whatever_people_do_all_ends_as_it_should(
    seed: int, tmp_path: Path, surroundings: Surroundings, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    installation = surroundings.install(tmp_path / "state", tenant, glue, config({}), **{OBJECTS: "on"})
    life = Life(seed, installation, tenant, glue)
    show(tenant, life.people.landscape)
    for _ in range(ROUNDS):
        life.step()
    life.strangers_leave()
    installation.config = config({}, drift=OURS)
    installation.extra[OBJECTS] = "on"
    life.ask("release")
    for _ in range(4):
        life.ask("sync", "--full", "--allow-deletes", "--max-deletes", "1000")
    run = life.ask("sync")
    if life.restored:
        # A table that was made after the backup is nobody's where names have changed since: it is left, and told.
        assert all(each["code"] == "conflict" for each in run["failures"]), json.dumps([life.told[-12:], run])
        return
    assert (run["state"], run["failures"]) == ("done", []), json.dumps([life.told[-12:], run])
    glue.reset()
    life.ask("sync")
    assert glue.calls() == {}
    assert installation.ask("audit", "verify")["intact"]
    with running_glue() as other:
        anew = surroundings.install(tmp_path / "anew", tenant, other, config({}, drift=OURS), **{OBJECTS: "on"})
        anew.ask("sync")
        expected, written = tables(other), tables(glue)
        for source, table in written.items():
            table.pop("Retention", None)
            table["Parameters"].pop("team", None)
            expected.get(source, {}).pop("Retention", None)
        assert {source: written.get(source) for source in expected} == expected
        for source in (
            written.keys() - expected.keys()
        ):  # left by a rule, and gone from the tenant before that came back
            rows = installation.ask("audit", "query", "--asset", source)["items"]
            assert any(row["action"] == "forget" for row in rows), rows
        assert answers(installation) == answers(anew)
