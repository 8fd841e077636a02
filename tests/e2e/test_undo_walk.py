"""A walk over edits that a run carries into all five targets, undone to any depth: what stood there stands there again.

Each edit has an asset of its own, so that all of them can be undone together as well as one by one. And whatever write
of that its process dies after, whoever takes it over ends it: what the dead process had written is ours, of an item of
several calls the part that it had too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_lake_formation import put_context
from tests.e2e.test_quick_sight import make_lake_table
from tests.e2e.test_undo_of_five_targets import listed, stands
from tests.long_form import part_of
from tests.simulators.fixtures import FirstSync, FirstSyncs, Surroundings
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

UNBOUND, BOUND, REMOVED, RENAMED, EXCLUDED, EXCLUDED_ASSET, DELETED, RETIRED, NEW, UNQUERYABLE = (
    f"ASSET_{number:05}" for number in range(10)
)
SYNC = ("sync", "--max-deletes", "99")
APPLY = ("apply", "--allow-deletes")
MOST_WRITES = 100
"""About as many as the undo of all edits takes."""


def config(edits: Collection[str]) -> str:
    """The settings once some edits are made."""
    binds = {UNBOUND: "lake.orders"} if "unbind" not in edits else {}
    binds |= {BOUND: "lake.o2"} if "bind" in edits else {}
    rules = [f"    - match: {{name: {name}}}\n      set: {{bind: {table}}}\n" for name, table in binds.items()]
    queryable = [REMOVED, RENAMED, *([] if "queryable off" in edits else [UNQUERYABLE])]
    left_out = [] if "new asset" in edits else [f"SPACE_000/{NEW}"]
    policy = ["{class: financial, action: exclude_column}"] if "column excluded" in edits else []
    policy += ["{class: birth, action: exclude_asset}"] if "asset excluded" in edits else []
    return f"""installation: lake
targets: [glue, lakeformation, quicksight, datazone, glue_context]
context: ["context/*.yaml"]
scope: {{include: ["SPACE_000/*"], exclude: {left_out}}}
quicksight:
  account_id: "123456789012"
  owners: ["arn:aws:quicksight:eu-central-1:123456789012:user/default/ann"]
  topics: [analytic_model, view, local_table, remote_table]
datazone: {{domain_id: dzd_x1, project_id: p1, publish: always}}
deletion: {{policy: retire, misses: 1, grace: 0s}}
personal_data: {{policy: [{", ".join(policy)}]}}
mapping:
  rules:
{"".join(rules)}    - match: {{name: [{", ".join(queryable)}]}}
      set: {{queryable: true}}
"""


def context(edits: Collection[str]) -> str:
    """The context file once some edits are made."""
    domain = "Finance" if "context" in edits else "Sales"
    return f"""
assets:
  - match: {{space: SPACE_000}}
    set: {{domain: {domain}, owner: anna@example.com, sensitivity: internal, terms: [Customer]}}
    columns:
      - {{match: {{name: COL_001}}, set: {{personal_data: identifier, terms: [Customer]}}}}
      - {{match: {{name: COL_002}}, set: {{personal_data: health}}}}
  - match: {{name: {EXCLUDED}}}
    columns: [{{match: {{name: COL_003}}, set: {{personal_data: financial}}}}]
  - match: {{name: {EXCLUDED_ASSET}}}
    columns: [{{match: {{name: COL_003}}, set: {{personal_data: birth}}}}]
terms:
  - {{name: Customer, definition: {"Who has bought" if "context" in edits else "Who buys"}.}}
"""


@dataclass
class Walk:
    """All five targets, with what they hold after a first sync."""

    installation: Installation
    tenant: RunningTenant
    glue: GlueSimulator
    edits: set[str] = field(default_factory=set)

    def edit(self, *edits: str) -> None:
        """Make edits, in Datasphere and in the files of the installation."""
        self.edits |= {*edits}
        for each in edits:
            if each in IN_DATASPHERE:
                IN_DATASPHERE[each](self.tenant)
        self.installation.config = config(self.edits)
        put_context(self.installation, context(self.edits))

    def sync(self, *more: str) -> str:
        """Sync; answers the run."""
        done = self.installation.ask(*SYNC, *more)
        assert done["state"] == "done", done
        return str(done["run_id"])

    def revert(self, run: str) -> str:
        """Make the undo of a run; answers the change set."""
        undo = self.installation.ask("revert", run)
        assert not undo["summary"]["conflict"], [each["reason"] for each in undo["items"]]
        return str(undo["change_set_id"])

    def undo(self, run: str) -> str:
        """Undo a run; answers the run that did."""
        done = self.installation.ask(*APPLY, self.revert(run))
        assert (done["state"], done["failures"]) == ("done", []), done["failures"]
        return str(done["run_id"])

    def require_stands(self, wanted: dict[str, Any], what: str) -> None:
        """Have each target hold what it held."""
        moved = [*differences(wanted, held(self.glue))]
        assert not moved, "\n".join([f"{what}:", *moved])


def differences(was: Any, now: Any, path: str = "") -> Iterator[str]:
    """Where two documents differ, down to their texts."""
    if isinstance(was, dict) and isinstance(now, dict):
        for key in dict.fromkeys([*was, *now]):
            yield from differences(was.get(key), now.get(key), f"{path}/{key}")
    elif was != now:
        yield f"{path}: {was} -> {now}"


def held(glue: GlueSimulator) -> dict[str, dict[str, Any]]:
    """What the targets hold, by object; without what counts writes and the order that DataZone keeps columns in."""
    topics = {**glue.quicksight_dump().get("Topic", {}), **glue.quicksight_dump().get("TopicV2", {})}
    tables = glue.dump()["tables"]
    tagged = glue.lakeformation_dump()["assigned"]["tables"]
    return {
        **stands(glue),
        "lakeformation": {f"{at}.{name}": said for at, each in tagged.items() for name, said in each.items() if said},
        "datazone": _unordered(stands(glue)["datazone"]),
        "glue_context": {
            table: {place: _unordered(said["attachments"]) | {"terms": said["terms"]} for place, said in each.items()}
            for table, each in stands(glue)["glue_context"].items()
        },
        "columns": {
            f"{database}.{name}": table["live"]["StorageDescriptor"]["Columns"]
            for database, each in tables.items()
            for name, table in each.items()
        },
        "topics": {name: {k: v for k, v in t["content"].items() if k != "RefreshId"} for name, t in topics.items()},
        "listed": dict.fromkeys(listed(glue), True),
    }


def _unordered(held: Any) -> Any:
    """A form, with columns in no order: each names the one that it is about."""
    if isinstance(held, str) and held.startswith(("{", "[")):
        return _unordered(json.loads(held))
    if isinstance(held, list):
        return sorted((_unordered(each) for each in held), key=json.dumps)
    return {name: _unordered(each) for name, each in held.items()} if isinstance(held, dict) else held


IN_DATASPHERE: dict[str, Callable[[RunningTenant], None]] = {
    "column removed": lambda tenant: tenant.edit("remove_column", space="SPACE_000", asset=REMOVED, column="COL_002"),
    "column renamed": lambda tenant: tenant.edit(
        "rename_column", space="SPACE_000", asset=RENAMED, column="COL_003", name="COL_NEW"
    ),
    "asset retired": lambda tenant: tenant.edit("remove_asset", space="SPACE_000", asset=RETIRED),
    "label": lambda tenant: tenant.edit("set_label", space="SPACE_000", asset=BOUND, label="Anew"),
}
EDITS = (
    *IN_DATASPHERE,
    "unbind",
    "bind",
    "column excluded",
    "asset excluded",
    "asset deleted",
    "new asset",
    "queryable off",
    "context",
)
TOGETHER = (*EDITS, ("column renamed", "context"), ("unbind", "context"), EDITS)


@pytest.fixture
def surroundings() -> Surroundings:
    return Surroundings(spaces=1, assets=10, columns=5)


@pytest.fixture
def walk(
    installation: Installation,
    tenant: RunningTenant,
    glue: GlueSimulator,
    surroundings: Surroundings,
    first_syncs: FirstSyncs,
) -> Walk:
    make_lake_table(glue)
    columns = [{"Name": "col_001", "Type": "string", "Comment": "theirs"}, {"Name": "col_002", "Type": "string"}]
    described = {"Columns": columns, "Location": "s3://b/o2"}
    table: Any = {"Name": "o2", "Parameters": {"theirs": "yes"}, "StorageDescriptor": described}
    glue.client().create_table(DatabaseName="lake", TableInput=table)
    walk = Walk(installation, tenant, glue)
    walk.edit()
    first_syncs.begin(installation, surroundings, glue, context(()))
    return walk


def named(edits: str | tuple[str, ...]) -> str:
    return edits if isinstance(edits, str) else "all" if edits == EDITS else " and ".join(edits)


def begin(walk: Walk, edits: str | tuple[str, ...]) -> tuple[str, dict[str, dict[str, Any]]]:
    """Make edits and carry them into the targets; answers the run, and what these held before."""
    edits = (edits,) if isinstance(edits, str) else edits
    if "asset deleted" in edits:
        walk.tenant.edit("remove_asset", space="SPACE_000", asset=DELETED)
        walk.sync()
    before = held(walk.glue)
    walk.edit(*edits)
    return walk.sync(*flags(edits)), before


def flags(edits: str | tuple[str, ...]) -> Sequence[str]:
    return ("--allow-deletes",) if "asset deleted" in edits else ()


@pytest.mark.soak
@pytest.mark.parametrize("edits", part_of(TOGETHER[::-1], one_in=len(TOGETHER)), ids=named)
def test_what_stood_in_each_target_stands_there_again_to_any_depth_of_undo(
    walk: Walk, edits: str | tuple[str, ...]
) -> None:
    run, before = begin(walk, edits)
    after = held(walk.glue)
    assert before != after or edits == "asset excluded", "what is left out of the scope stays as it is"
    for depth, wanted in enumerate((before, after, before), 1):
        run = walk.undo(run)
        walk.require_stands(wanted, f"undo {depth}")
    walk.sync()
    walk.require_stands(before, "a sync that holds what was undone")
    walk.installation.ask("release")
    walk.sync(*flags(edits))
    walk.glue.reset()
    walk.sync()
    assert not walk.glue.calls(), "and nothing is left to do"


@pytest.mark.soak
def test_whatever_write_of_an_undo_its_process_dies_after_the_next_command_ends_it(walk: Walk, tmp_path: Path) -> None:
    run, before = begin(walk, EDITS)
    undo = walk.revert(run)
    undone = FirstSync.of(walk.installation, walk.glue, tmp_path / "kept")
    killed = 0
    for moment in part_of(range(MOST_WRITES), one_in=MOST_WRITES // 3, start=12):
        undone.repeat(walk.installation, walk.glue)
        process = walk.installation.start(*APPLY, undo, "--json")
        walk.glue.fault("kill", pid=process.pid, after=moment, writes=True)
        process.communicate()
        if process.wait() == 0:
            break
        killed += 1
        walk.glue.heal()
        walk.sync()
        taken_over = walk.installation.ask("runs")["items"][1]
        assert taken_over["state"] == "done", (moment, walk.installation.ask("runs", taken_over["run_id"])["failures"])
        walk.require_stands(before, f"an undo that was killed after write {moment + 1} and taken over")
    assert killed >= 3 and held(walk.glue) == before, "else nothing was tried here"
