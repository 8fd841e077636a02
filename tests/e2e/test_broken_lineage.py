"""Lineage is checked where something has changed: what names a column that is gone gets a finding in the same run."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

import anyio
import pytest
from mcp import Client

from tests.simulators.fixtures import SMALLER
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

SURROUNDINGS = SMALLER

SPACE = "SPACE_000"
READER = f"{SPACE}/CUSTOMER_NAMES"
ID = {"name": "ID", "type": "String(10)", "key": True}
NAME = {"name": "NAME", "type": "String(80)"}
TABLE = {"kind": "local_table", "name": "CUSTOMERS", "label": "Customers", "columns": [ID, NAME]}
VIEW = {
    "kind": "view",
    "name": "CUSTOMER_NAMES",
    "label": "Names",
    "exposed": False,
    "columns": [ID, NAME],
    "design": {"reads": [{"source": {"object": "CUSTOMERS"}}]},
}
SAID = f"it reads {SPACE}/CUSTOMERS.NAME, which is not there"


@pytest.fixture
def objects(installation: Installation, tenant: RunningTenant) -> Installation:
    """A view that reads a table, synced."""
    installation.extra["SPHERESYNC_DATASPHERE__OBJECTS"] = "on"
    tenant.edit("add_asset", space=SPACE, object=TABLE)
    tenant.edit("add_asset", space=SPACE, object=VIEW)
    assert broken(installation.ask("sync")) == {}
    return installation


def broken(answer: dict[str, Any]) -> dict[str, str]:
    found = answer.get("findings", []) + answer.get("problems", [])
    return {each["subject"]: each["message"] for each in found if each["code"] == "lineage"}


def explained(installation: Installation) -> list[str]:
    """The findings of `explain_mapping`, as an assistant gets them."""

    async def ask() -> list[str]:
        async with Client(installation.serving("--no-scheduler")) as client:
            result = await client.call_tool("explain_mapping", {"asset": READER})
        assert result.structured_content is not None
        return list(result.structured_content.get("findings", []))

    return anyio.run(ask)


def test_a_column_that_is_gone_upstream_is_told_at_its_reader_until_it_is_back(
    objects: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    tenant.edit("remove_column", space=SPACE, asset="CUSTOMERS", column="NAME")
    run = objects.ask("sync")
    assert (run["state"], run["counts"]["update"]) == ("done", 1), "a finding, and no failure"
    assert broken(run) == {READER: SAID}
    assert SAID in explained(objects)
    assert broken(objects.ask("status")) == {READER: SAID}

    glue.reset()
    assert broken(objects.ask("sync")) == {READER: SAID}, "it stands, and nothing is checked for that"
    assert glue.calls() == {}
    assert broken(objects.ask("preview", "--asset", f"{SPACE}/ASSET_00001")) == {}, "not where it is out of scope"

    tenant.edit("add_column", space=SPACE, asset="CUSTOMERS", column=NAME)
    assert broken(objects.ask("sync")) == {}
    assert explained(objects) == []


def test_the_reader_that_broke_is_told_as_lineage_too(objects: Installation, tenant: RunningTenant) -> None:
    objects.config = json.dumps({"lineage": {"openlineage": "file:lineage.jsonl"}})
    tenant.edit("remove_column", space=SPACE, asset="CUSTOMERS", column="NAME")
    objects.ask("sync")
    told = [json.loads(line) for line in (objects.state_dir.parent / "lineage.jsonl").read_bytes().splitlines()]
    (event,) = [event for event in told if event["job"]["name"] == READER]
    assert [*event["outputs"][0]["facets"]["columnLineage"]["fields"]] == ["ID"]
    assert {event["job"]["name"] for event in told} == {
        READER,
        "glue:default:space_000.customer_names",
        "glue:default:space_000.customers",
    }


def test_what_a_process_that_died_left_unchecked_the_next_one_checks(
    objects: Installation, tenant: RunningTenant
) -> None:
    tenant.edit("remove_column", space=SPACE, asset="CUSTOMERS", column="NAME")
    assert broken(objects.ask("sync")) == {READER: SAID}
    with closing(sqlite3.connect(objects.state_dir / "spheresync.db")) as other, other:
        (at,) = other.execute("SELECT read_at FROM assets WHERE name = 'CUSTOMERS'").fetchone()
        other.execute("DELETE FROM meta WHERE key = 'lineage_broken'")
        other.execute("INSERT INTO meta (key, value) VALUES ('lineage_unchecked:of-a-dead-one:1', ?)", (at,))
    assert broken(objects.ask("sync")) == {READER: SAID}
    with closing(sqlite3.connect(objects.state_dir / "spheresync.db")) as other:
        (left,) = other.execute("SELECT count(*) FROM meta WHERE key LIKE 'lineage_unchecked%'").fetchone()
    assert left == 0
