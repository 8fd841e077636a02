"""Bound tables: what is known of an asset stands on a table that others made, and the rest of it stays theirs."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation

ASSET = "SPACE_000/ASSET_00001"
TABLE = ("lake", "asset_00001")
ONE = 'scope: {include: ["SPACE_000/ASSET_00001"]}\n'
BIND = ONE + 'mapping: {rules: [{match: {space: SPACE_000}, set: {bind: "lake.{name}"}}]}\n'
ICEBERG: dict[str, Any] = {
    "TableType": "EXTERNAL_TABLE",
    "Owner": "lake-team",
    "Retention": 3,
    "Parameters": {"table_type": "ICEBERG", "metadata_location": "s3://lake/metadata/00001.json", "crawler": "c"},
    "PartitionKeys": [{"Name": "col_003", "Type": "int", "Comment": ""}],
    "StorageDescriptor": {
        "Location": "s3://lake/asset_00001",
        "Columns": [
            {"Name": "Col_000", "Type": "string", "Parameters": {"iceberg.field.id": "1"}},
            {"Name": "col_001", "Type": "decimal(15, 2)", "Comment": "theirs"},
            {"Name": "day", "Type": "date", "Parameters": {"spheresync.name": "COL_002"}},
            {"Name": "own", "Type": "int", "Comment": "the lake's own"},
        ],
    },
}
_SET_BY_GLUE = frozenset(
    {"DatabaseName", "CreateTime", "UpdateTime", "CreatedBy", "IsRegisteredWithLakeFormation", "CatalogId", "VersionId"}
)


def lake(glue: GlueSimulator, name: str = "asset_00001", **members: Any) -> dict[str, Any]:
    """A table of somebody else; answers it as it is now."""
    hands = glue.client()
    if "lake" not in glue.dump()["databases"]:
        hands.create_database(DatabaseInput={"Name": "lake"})
    hands.create_table(DatabaseName="lake", TableInput={"Name": name, **(members or ICEBERG)})  # type: ignore[typeddict-item]  # members of a TableInput
    glue.reset()
    return written(glue, name)


def written(glue: GlueSimulator, name: str = "asset_00001") -> dict[str, Any]:
    """What somebody wrote of a table, whoever did."""
    return {key: value for key, value in glue.table("lake", name).items() if key not in _SET_BY_GLUE}


def theirs(table: dict[str, Any]) -> dict[str, Any]:
    """A table without all that an installation may write: texts that were empty, and parameters of its own."""
    left = deepcopy(table)
    for holder in (left, *(left.get("StorageDescriptor") or {}).get("Columns", [])):
        own = {key for key in holder.get("Parameters") or {} if key.startswith("spheresync.")}
        text = "Description" if holder is left else "Comment"
        if own and not any(key.startswith("spheresync.beside-") for key in own):
            holder.pop(text, None)
        holder["Parameters"] = {key: each for key, each in (holder.get("Parameters") or {}).items() if key not in own}
    return left


def columns(glue: GlueSimulator, name: str = "asset_00001") -> dict[str, dict[str, Any]]:
    return {column["Name"]: column for column in glue.table("lake", name)["StorageDescriptor"]["Columns"]}


def test_the_meaning_of_an_asset_is_written_and_nothing_else_and_a_second_sync_does_nothing(
    installation: Installation, glue: GlueSimulator
) -> None:
    before = lake(glue)
    installation.config = BIND
    run = installation.ask("sync")
    assert (run["state"], run["counts"]["metadata_only"], run["counts"]["create"]) == ("done", 1, 0)
    assert glue.calls() == {"GetTable": 1, "UpdateTable": 1}, "no database is made, and no other looked at"
    assert list(glue.dump()["databases"]) == ["lake"]
    table, there = glue.table(*TABLE), columns(glue)
    assert theirs(written(glue)) == theirs(before)
    assert table["Description"] == "Asset 1"
    said = table["Parameters"]
    assert (said["spheresync.source"], said["spheresync.queryable"]) == (ASSET, "true")
    assert said["spheresync.bound-by"].startswith("spheresync:") and "spheresync.managed-by" not in said
    assert there["Col_000"]["Comment"] == "Column 0", "matched in any case"
    assert (there["day"]["Comment"], there["day"]["Parameters"]["spheresync.name"]) == ("Column 2", "COL_002")
    assert there["col_001"]["Comment"] == "theirs"
    assert there["col_001"]["Parameters"]["spheresync.label"] == "Column 1"
    assert "Parameters" not in there["own"]
    assert table["PartitionKeys"] == before["PartitionKeys"]
    findings = {each["message"] for each in run["findings"] if each["code"] == "bound_columns"}
    assert any("COL_004" in each and "without a partner" in each for each in findings)
    assert any("own" in each for each in findings)
    assert any("partition keys" in each and "COL_003" in each for each in findings)
    assert any("COL_000 (varchar(40), there string)" in each for each in findings)
    glue.reset()
    assert installation.ask("sync")["counts"]["unchanged"] == 1
    assert glue.calls() == {}
