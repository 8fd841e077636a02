"""Several destinations in one catalog, and destinations whose place is that of the process: what is whose."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from spheresync.model import GLUE, DestinationName, TargetKey
from spheresync.state.sqlite.store import SqliteStore
from tests.e2e.test_destinations import EU_ROLE, HOME, rows, tables
from tests.e2e.test_lake_formation import put_context
from tests.e2e.test_quick_sight import ACCOUNT, ANN, data_sets, make_lake_table
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

HOME_ROLE = "arn:aws:iam::123456789012:role/spheresync"
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
DELETE = "deletion: {policy: delete}\n"
BY_RULE = 'mapping: {rules: [{match: {space: SPACE_000}, set: {database: "sales_{space}"}}]}\n'
TWICE = f"""
destinations:
  default: {{}}
  eu: {{role_arn: "{HOME_ROLE}", region: eu-central-1, prefix: eu_, spaces: [SPACE_000]}}
"""


def two(first: str = "", second: str = "p_", more: str = "") -> str:
    """Two destinations of the home catalog with prefixes of their own."""
    return f"""{more}
destinations:
  one: {{prefix: "{first}", spaces: [SPACE_000]}}
  two: {{prefix: "{second}", spaces: [SPACE_000]}}
"""


def changed(run: dict[str, Any]) -> dict[str, int]:
    return {word: count for word, count in run["counts"].items() if count}


def test_one_place_under_two_names_is_refused_before_anything_is_written(
    installation: Installation, glue: GlueSimulator
) -> None:
    glue.allow_role(HOME_ROLE)
    for other in (f'role_arn: "{HOME_ROLE}"', 'catalog_id: "123456789012"'):
        installation.config = f"destinations:\n  default: {{}}\n  eu: {{{other}}}\n"
        refused = installation.ask("sync", code=1)
        assert "default and eu are all catalog 123456789012" in str(refused) and "prefix" in str(refused)
        assert not tables(glue, HOME)
    installation.config = "destinations:\n  default: {}\n  eu: {region: eu-central-1}\n"
    assert "lead to the same catalog" in installation.run("config", "validate").err


def test_what_another_destination_has_in_use_is_never_removed(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    """As states are in which an earlier version wrote one place under two names."""
    glue.allow_role(HOME_ROLE)
    installation.ask("sync")
    anyio.run(_forge_same_tables, installation.state_dir)
    installation.config = DELETE + TWICE
    for _ in range(3):
        installation.ask("sync", code=None)
    kept = tables(glue, HOME)
    assert {"space_000", "space_001", "space_002"} <= kept.keys()
    assert rows({name: kept[name] for name in ("space_000", "space_001", "space_002")}) == 30
    held = glue.dump()["tables"]["space_000"].values()
    assert not any("spheresync.status" in each["live"]["Parameters"] for each in held)


def test_two_destinations_do_not_write_one_table(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    installation.config = two("a_", "b_", DELETE + BY_RULE)
    first = installation.ask("sync", code=1)
    assert (first["counts"]["create"], first["counts"]["conflict"]) == (10, 10)
    assert "destination one" in str(first["failures"]) and "which writes it already" in str(first)
    assert tables(glue, HOME).keys() == {"sales_space_000"}
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00000", label="Renamed")
    second = installation.ask("sync", code=1)
    assert (second["counts"]["metadata_only"], second["counts"]["conflict"]) == (1, 10)
    installation.config = two("a_", "b_", DELETE)
    assert installation.ask("sync")["counts"]["create"] == 20
    assert installation.ask("sync")["state"] == "done"
    assert tables(glue, HOME).keys() == {"a_space_000", "b_space_000"}


def test_two_destinations_do_not_bind_one_table(installation: Installation, glue: GlueSimulator) -> None:
    hands = glue.client()
    hands.create_database(DatabaseInput={"Name": "lake"})
    hands.create_table(
        DatabaseName="lake",
        TableInput={"Name": "t", "StorageDescriptor": {"Columns": [{"Name": "id", "Type": "bigint"}]}},
    )
    rule = 'mapping: {rules: [{match: {space: SPACE_000, name: ASSET_00000}, set: {bind: "lake.t"}}]}\n'
    installation.config = two("a_", "b_", rule)
    first = installation.ask("sync", code=1)
    assert first["counts"]["conflict"] == 1 and "destination one" in str(first["failures"])
    (columns,) = [each for each in first["findings"] if each["code"] == "bound_columns"]
    assert "glue in one" in columns["message"], "only who may write the table has something to do about it"
    installation.config = two("a_", "b_", rule).replace('"b_", spaces: [SPACE_000]', '"b_", spaces: [SPACE_001]')
    assert installation.ask("sync", "--max-deletes", "9")["counts"]["forget"] == 9
    assert "spheresync.bound-by" in glue.table("lake", "t")["Parameters"]


def test_a_bound_table_stays_one_destination_s_however_often_the_other_looks(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    make_lake_table(glue)
    rule = 'mapping: {rules: [{match: {space: SPACE_000, name: ASSET_00000}, set: {bind: "lake.orders"}}]}\n'
    targets = f'targets: [glue, quicksight]\nquicksight: {{account_id: "{ACCOUNT}", owners: ["{ANN}"]}}\n'
    installation.config = two("a_", "b_", targets + rule)
    told = [installation.ask("sync", code=1) for _ in range(2)]
    told.append(installation.ask("sync", "--target", "glue", code=1))
    told.append(installation.ask("sync", "--full", code=1))
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00000", label="Renamed")
    told.append(installation.ask("sync", code=1))
    shutil.rmtree(installation.state_dir)
    told += [installation.ask("sync", code=1) for _ in range(2)]
    for run in told:
        assert [each["code"] for each in run["failures"]] == ["conflict"], run
        assert "destination one" in str(run["failures"])
    for only in ("quicksight", "glue,quicksight"):
        installation.ask("sync", "--target", only, code=None)
        assert len(data_sets(glue)) == 1, "the table is no other destination's to show"
    installation.config = installation.config.replace('"b_", spaces: [SPACE_000]', '"b_", spaces: [SPACE_001]')
    installation.ask("sync", "--max-deletes", "9")
    assert installation.ask("sync")["state"] == "done"
    assert not [each for each in installation.ask("status")["problems"] if each["code"] == "conflict"]
    assert installation.ask("status")["health"] == "ok"


def test_what_a_destination_could_not_write_is_no_trouble_once_it_is_taken_out(
    installation: Installation, glue: GlueSimulator
) -> None:
    installation.config = two("a_", "b_", DELETE + BY_RULE)
    for word, code in (("conflict", 1), ("conflict", 1)):
        assert installation.ask("sync", code=code)["counts"][word] == 10
    assert installation.ask("status")["health"] != "ok"
    installation.config = f'{DELETE}{BY_RULE}destinations:\n  one: {{prefix: "a_", spaces: [SPACE_000]}}\n'
    assert installation.ask("sync")["state"] == "done"
    status = installation.ask("status")
    assert (status["health"], status["problems"]) == ("ok", [])
    assert not installation.ask("assets", "--status", "conflict")["items"]


def test_tables_of_another_destination_are_neither_foreign_nor_copies(
    installation: Installation, glue: GlueSimulator
) -> None:
    installation.config = "destinations:\n  one: {spaces: [SPACE_000]}\n"
    installation.ask("sync")
    installation.config = two()
    later = installation.ask("sync")
    assert later["counts"]["create"] == 10 and not later["findings"], later["findings"]
    shutil.rmtree(installation.state_dir)
    lost = installation.ask("sync")
    assert changed(lost) == {"unchanged": 20} or lost["counts"]["create"] == 0
    assert not lost["findings"], lost["findings"]
    assert not installation.ask("sync", "--full")["findings"]
    assert {name: len(held) for name, held in tables(glue, HOME).items()} == {"space_000": 10, "p_space_000": 10}


def test_a_region_of_the_environment_that_changes_is_a_moved_destination(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    installation.ask("sync")
    installation.extra["AWS_REGION"] = "us-west-2"
    glue.reset()
    assert "eu-central-1" in str(refused := installation.ask("sync", code=1)) and "us-west-2" in str(refused)
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00000", label="Renamed")
    installation.ask("sync", code=1)
    assert installation.run("drift").code == 1
    assert not glue.calls() and not tables(glue, "us-west-2/123456789012")
    del installation.extra["AWS_REGION"]
    assert installation.ask("sync")["counts"]["metadata_only"] == 1


@pytest.mark.parametrize("other_holds_something", [False, True])
def test_credentials_of_another_account_write_nothing_there(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator, *, other_holds_something: bool
) -> None:
    installation.ask("sync")
    glue.reset()
    assert changed(installation.ask("sync")) == {"unchanged": 30} and not glue.calls()
    glue.allow_role(EU_ROLE)
    installation.extra |= _keys_of(glue, EU_ROLE)
    there = "eu-central-1/111122223333"
    if other_holds_something:
        _as(glue, installation).create_database(DatabaseInput={"Name": "theirs"})
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00000", label="Renamed")
    tenant.edit("add_space", name="NEW", label="New")
    glue.reset()
    refused = installation.ask("sync", code=1)
    assert "123456789012" in str(refused) and "111122223333" in str(refused), refused
    assert not [each for each in glue.log() if each["operation"].startswith(("Create", "Update", "Delete"))]
    assert not tables(glue, there)
    for name in _KEYS:
        del installation.extra[name]
    assert installation.ask("sync")["state"] == "done"


def test_a_name_that_comes_back_is_proven_again_and_advice_names_no_live_table(
    installation: Installation, glue: GlueSimulator
) -> None:
    def named(name: str, prefix: str = "") -> str:
        return f'{DELETE}destinations:\n  {name}: {{prefix: "{prefix}", spaces: [SPACE_000]}}\n'

    installation.config = named("us")
    installation.ask("sync")
    installation.config = named("usa")
    assert installation.ask("sync")["counts"]["create"] == 0
    assert "glue in us is not configured any more" not in installation.run("status").out, "usa manages its tables"
    installation.config = named("usa", "p_")
    for _ in range(2):
        installation.ask("sync")
    assert tables(glue, HOME).keys() == {"p_space_000"}
    installation.config = named("us")
    assert installation.ask("sync")["counts"]["create"] == 10
    assert {name: len(held) for name, held in tables(glue, HOME).items()} == {"p_space_000": 10, "space_000": 10}
    glue.reset()
    assert changed(installation.ask("sync")) == {"unchanged": 10} and not glue.calls()
    assert "glue in usa is not configured any more, and 10 tables stay there" in installation.run("status").out


def _keys_of(glue: GlueSimulator, role: str) -> dict[str, str]:
    keys = glue.client_of("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    return dict(zip(_KEYS, (keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]), strict=True))


def _as(glue: GlueSimulator, installation: Installation) -> Any:
    import boto3

    return boto3.client(
        "glue",
        region_name="eu-central-1",
        endpoint_url=glue.url,
        aws_access_key_id=installation.extra["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key="other",
        aws_session_token=installation.extra["AWS_SESSION_TOKEN"],
    )


async def _forge_same_tables(folder: Path) -> None:
    """Let the state say of destination `eu` what it says of `default`."""
    async with SqliteStore.open(folder) as store:
        held = [each for each in await store.checkpoints.all(TargetKey(GLUE)) if each.asset.space == "SPACE_000"]
        forged = [replace(each, destination=DestinationName("eu")) for each in held]
        await store.write(lambda tx: tx.checkpoints.put_many(forged))


SHARED = """installation: lake
targets: [glue, lakeformation, datazone, glue_context]
context: ["context/*.yaml"]
scope: {include: ["SPACE_000/*"]}
datazone: {domain_id: dzd_x1, project_id: p1}
destinations: {one: {prefix: one_}, two: {prefix: two_}}
"""
TERMS = """
assets: [{match: {space: SPACE_000}, set: {domain: Sales, terms: [Customer]}}]
terms: [{name: Customer, definition: Who buys.}]
"""


def test_what_destinations_of_one_home_share_is_made_once(installation: Installation, glue: GlueSimulator) -> None:
    installation.config = SHARED
    put_context(installation, TERMS)
    glue.answer_after(20)  # so that both are at it at the same time
    run = installation.ask("sync")
    assert (run["state"], run["counts"]["create"]) == ("done", 40), run
    made = {name.lower(): count for name, count in glue.calls().items() if "create" in name.lower()}
    shared = ("lftag", "glossary", "glossaryterm", "formtype", "assettype")
    assert {name: count for name, count in made.items() if name.endswith(shared) and count > 1} == {}
    assert glue.calls()["glue:PutFormType"] == 2 and len(glue.datazone_dump()["assets"]) == 20
    glue.reset()
    assert installation.ask("sync")["state"] == "done" and not glue.calls()
