"""A whole life of some tables in each target, on the simulators and, where that is asked for, on a real account.

On a real one: SPHERESYNC_LIVE_REGION is the Region, boto3's usual chain finds the credentials. Glue is always used;
Lake Formation where SPHERESYNC_LIVE_LAKEFORMATION is 1, QuickSight where SPHERESYNC_LIVE_QUICKSIGHT is the ARN of who
shall own the data sets, DataZone where SPHERESYNC_LIVE_DATAZONE is domain and project as `dzd_x/project`, Glue's
business context where SPHERESYNC_LIVE_GLUE_CONTEXT is 1. Databases, tables and LF-Tags are of names of their own
(`spheresync_live_…`) and deleted in the end, and a context goes with its table; data sets, assets and glossaries of
those names stay, for a person to look at and delete, as do our form types.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.e2e.test_lake_formation import put_context
from tests.simulators.glue_process import GlueSimulator, running_glue
from tests.simulators.installation import Installation
from tests.simulators.loopback import LIVE
from tests.simulators.running_tenant import RunningTenant

ASSETS = 10
OWNER = "arn:aws:quicksight:eu-central-1:123456789012:user/default/ann"
SIMULATED = {
    "SPHERESYNC_LIVE_LAKEFORMATION": "1",
    "SPHERESYNC_LIVE_QUICKSIGHT": OWNER,
    "SPHERESYNC_LIVE_DATAZONE": "dzd_x1/p1",
    "SPHERESYNC_LIVE_GLUE_CONTEXT": "1",
}
CONTEXT = """assets:
  - {match: {space: SPACE_000}, set: {domain: Sales, terms: [Stock]}}
"""


@dataclass(frozen=True)
class Account:
    """An AWS account; `calls` are counted where it is simulated."""

    environment: Mapping[str, str]
    has: Mapping[str, str]
    simulator: GlueSimulator | None = None

    def client(self, service: str) -> Any:
        if self.simulator is not None:
            return self.simulator.client_of(service)
        return boto3.client(service, region_name=self.environment["AWS_REGION"])  # type: ignore[call-overload]  # stubs are installed for Glue only

    def asked(self) -> int | None:
        """Calls since the last time that this was asked; None where nobody counts."""
        if self.simulator is None:
            return None
        calls = sum(self.simulator.calls().values())
        self.simulator.reset()
        return calls


@pytest.fixture(params=["simulated", "real"])
def account(request: pytest.FixtureRequest) -> Iterator[Account]:
    if request.param == "simulated":
        with running_glue() as simulator:
            yield Account(simulator.environment, SIMULATED, simulator)
        return
    region = os.environ.get(LIVE)
    if not region:
        pytest.skip(f"no real account is asked for by {LIVE}")
    own = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    yield Account({**own, "AWS_REGION": region, "AWS_DEFAULT_REGION": region, LIVE: region}, os.environ)


@pytest.fixture(params=["glue", "lakeformation", "quicksight", "datazone", "glue_context"])
def target(request: pytest.FixtureRequest, account: Account) -> str:
    needed = f"SPHERESYNC_LIVE_{request.param.upper()}"
    if request.param != "glue" and not account.has.get(needed):
        pytest.skip(f"{needed} is not set")
    return str(request.param)


@pytest.fixture
def life(tmp_path: Path, tenant: RunningTenant, account: Account, target: str) -> Iterator[Installation]:
    name = f"spheresync_live_{secrets.token_hex(4)}"
    installation = Installation(
        tmp_path / "state",
        {**tenant.environment(), **account.environment},
        extra={"SPHERESYNC_DATASPHERE__MAX_REQUESTS_PER_MINUTE": "1000000"},
    )
    put_context(installation, CONTEXT)
    installation.config = _config(name, target, account)
    yield installation
    _tidy(account, name)


def _config(name: str, target: str, account: Account) -> str:
    owner = account.has.get("SPHERESYNC_LIVE_QUICKSIGHT", OWNER)
    domain, _, project = account.has.get("SPHERESYNC_LIVE_DATAZONE", "/").partition("/")
    sections = {
        "glue": "",
        "lakeformation": f"lakeformation: {{tags: {{{name}_domain: domain}}}}",
        "quicksight": f'quicksight: {{account_id: "{owner.split(":")[4]}", owners: ["{owner}"]}}',
        "datazone": f"datazone: {{domain_id: {domain}, project_id: {project}, glossary: {name}}}",
        "glue_context": f"glue_context: {{glossary: {name}}}",
    }
    return f"""installation: {name}
prefix: {name}_
targets: [{", ".join(dict.fromkeys(("glue", target)))}]
context: ["context/*.yaml"]
scope: {{include: ["SPACE_000/*"]}}
mapping: {{rules: [{{match: {{name: "*"}}, set: {{queryable: true}}}}]}}
deletion: {{policy: delete, misses: 1}}
drift: {{parameters: keep}}
{sections[target]}
"""


def _tidy(account: Account, name: str) -> None:
    glue = account.client("glue")
    for page in glue.get_paginator("get_databases").paginate():
        for database in page["DatabaseList"]:
            if database["Name"].startswith(name):
                glue.delete_database(Name=database["Name"])
    if account.has.get("SPHERESYNC_LIVE_LAKEFORMATION"):
        tags = account.client("lakeformation")
        for page in tags.get_paginator("list_lf_tags").paginate():
            for tag in page["LFTags"]:
                if tag["TagKey"].startswith(name):
                    tags.delete_lf_tag(TagKey=tag["TagKey"])


def _table(account: Account, installation: Installation) -> dict[str, Any]:
    name = installation.config.split()[1]
    table: dict[str, Any] = account.client("glue").get_table(DatabaseName=f"{name}_space_000", Name="asset_00001")
    return table["Table"]  # type: ignore[no-any-return]  # a document of AWS


def test_a_whole_life(life: Installation, tenant: RunningTenant, account: Account, target: str) -> None:
    first = life.ask("sync")
    each = ASSETS * len({"glue", target})
    assert (first["state"], first["counts"]["failed"], first["counts"]["conflict"]) == ("done", 0, 0), first
    account.asked()
    assert life.ask("sync")["counts"]["unchanged"] == each
    assert account.asked() in {0, None}

    table = _table(account, life)
    theirs = {**table["Parameters"], "theirs": "1"}
    told = {key: table[key] for key in ("Name", "Description", "StorageDescriptor", "TableType") if key in table}
    database = table["DatabaseName"]
    account.client("glue").update_table(DatabaseName=database, TableInput={**told, "Parameters": theirs})
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Another label")
    changed = life.ask("sync")
    assert changed["state"] == "done" and _table(account, life)["Description"] == "Another label"
    assert _table(account, life)["Parameters"]["theirs"] == "1"

    undo = life.ask("revert", changed["run_id"])
    assert life.ask("apply", undo["change_set_id"])["state"] == "done"
    assert _table(account, life)["Description"] == table["Description"]
    assert _table(account, life)["Parameters"]["theirs"] == "1"

    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00002")
    for action in ("retire", "delete"):
        gone = life.ask("sync", "--allow-deletes", code=None)
        assert gone["counts"][action] and not gone["failures"], gone
    kept = {each["Name"] for each in account.client("glue").get_tables(DatabaseName=database)["TableList"]}
    assert len(kept) == ASSETS - 1 and "asset_00002" not in kept
