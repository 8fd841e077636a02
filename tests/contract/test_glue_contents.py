"""What a Glue table holds, as another program finds it after one sync."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spheresync.dog.objects import DogColumn, DogObject, DogSpace, Landscape, landscape_to_json, parse_type
from spheresync.model import AssetKind, ColumnRole
from tests.contract.conftest import MakeInstallation
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant, running_tenant

LONG_LABEL = "Überfällige Größen, " * 150
LONG_COMMENT = "Zählergröße für Straßenbeläge; " * 12
TYPES = {
    "Boolean": "boolean",
    "Byte": "smallint",
    "Int16": "smallint",
    "SByte": "tinyint",
    "Int32": "int",
    "Int64": "bigint",
    "Single": "float",
    "Double": "double",
    "Decimal(17,3)": "decimal(17,3)",
    "Date": "date",
    "DateTimeOffset(7)": "timestamp",
    "String(40)": "varchar(40)",
    "String": "string",
    "Binary": "binary",
    "Guid": "string",
    "TimeOfDay": "string",
}


def view(name: str, label: str, *columns: DogColumn) -> DogObject:
    return DogObject(AssetKind.VIEW, name, label, columns or (DogColumn("ID", parse_type("Int32"), key=True),))


def typed(type_name: str) -> DogColumn:
    return DogColumn("C_" + re.sub(r"\W", "_", type_name), parse_type(type_name))


ORDERS = view(
    "Orders/2026",
    "Aufträge",
    DogColumn("ID", parse_type("Int64"), "Nummer", key=True, nullable=False),
    DogColumn("Größe", parse_type("String(10)"), LONG_COMMENT, role=ColumnRole.DIMENSION),
    DogColumn("NET", parse_type("Decimal(15,2)"), "Netto", role=ColumnRole.MEASURE),
)
LANDSCAPE = Landscape(
    (
        DogSpace(
            "SALES",
            "Vertrieb",
            (
                ORDERS,
                view("Kunden", "Kunden"),
                view("KUNDEN", "Kunden, alt"),
                view("LONG", LONG_LABEL),
                view("TYPES", "Typen", *map(typed, TYPES)),
            ),
        ),
        DogSpace("HR", "Personal", (view("STAFF", "Belegschaft"),)),
    )
)


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningTenant]:
    file = tmp_path_factory.mktemp("landscape") / "landscape.json"
    file.write_text(json.dumps(landscape_to_json(LANDSCAPE)), "utf-8")
    with running_tenant("--landscape", str(file)) as tenant:
        yield tenant


@pytest.fixture(scope="module")
def foreign(glue: GlueSimulator) -> dict[str, Any]:
    """A database that somebody else made where a space is to go."""
    glue.client().create_database(DatabaseInput={"Name": "dsp_hr", "Description": "Jane's", "Parameters": {"a": "b"}})
    made: dict[str, Any] = glue.dump()["databases"]["dsp_hr"]
    return made


@pytest.fixture(scope="module")
def synced(make_installation: MakeInstallation, foreign: dict[str, Any]) -> Installation:
    installation = make_installation("installation: prod-eu\n", SPHERESYNC_PREFIX="dsp_")
    assert installation.ask("sync")["counts"]["create"] == 6
    return installation


def columns(glue: GlueSimulator, table: str) -> dict[str, dict[str, Any]]:
    """Columns of a table of SALES by their name in Datasphere."""
    found = glue.table("dsp_sales", table)["StorageDescriptor"]["Columns"]
    return {column["Parameters"]["spheresync.name"]: column for column in found}


def test_the_database_of_a_space_says_whose_it_is(synced: Installation, glue: GlueSimulator) -> None:
    database = glue.dump()["databases"]["dsp_sales"]
    assert database["Description"] == "Vertrieb"
    assert database["Parameters"].pop("spheresync.fingerprint")
    assert database["Parameters"] == {
        "spheresync.managed-by": "spheresync:prod-eu",
        "spheresync.source": "SALES",
        "spheresync.kind": "space",
        "spheresync.label": "Vertrieb",
    }


def test_a_table_says_what_it_stands_for(synced: Installation, glue: GlueSimulator) -> None:
    table = glue.table("dsp_sales", "orders_2026")
    parameters = table["Parameters"]
    assert table["Description"] == parameters["spheresync.label"] == "Aufträge"
    assert parameters["spheresync.managed-by"] == "spheresync:prod-eu"
    assert parameters["spheresync.source"] == "SALES/Orders/2026", "exactly as in Datasphere, slashes too"
    assert parameters["spheresync.kind"] == "view"
    assert parameters["spheresync.fingerprint"]
    assert not table.get("ViewOriginalText")


def test_a_column_keeps_its_meaning(synced: Installation, glue: GlueSimulator) -> None:
    found = columns(glue, "orders_2026")
    assert [column["Name"] for column in found.values()] == ["id", "groesse", "net"]
    assert {name: column["Parameters"]["spheresync.role"] for name, column in found.items()} == {
        "ID": "key",
        "Größe": "dimension",
        "NET": "measure",
    }
    net = found["NET"]
    assert net["Parameters"]["spheresync.type"] == "Edm.Decimal(15,2)"
    assert net["Comment"] == net["Parameters"]["spheresync.label"] == "Netto"


def test_types_are_those_of_the_contract(synced: Installation, glue: GlueSimulator) -> None:
    found = glue.table("dsp_sales", "types")["StorageDescriptor"]["Columns"]
    assert [column["Type"] for column in found] == list(TYPES.values())
    original = {column["Parameters"]["spheresync.type"].removeprefix("Edm.") for column in found}
    assert {"Guid", "TimeOfDay"} <= original


def test_labels_are_cut_at_bytes_and_stay_whole_in_parameters(synced: Installation, glue: GlueSimulator) -> None:
    table, column = glue.table("dsp_sales", "long"), columns(glue, "orders_2026")["Größe"]
    for cut, label, limit in (
        (table["Description"], LONG_LABEL, 2048),
        (column["Comment"], LONG_COMMENT, 255),
    ):
        assert label.startswith(cut.rstrip("…"))
        assert limit - 8 <= len(cut.encode()) <= limit
    assert table["Parameters"]["spheresync.label"] == LONG_LABEL.strip()
    assert column["Parameters"]["spheresync.label"] == LONG_COMMENT.strip()


def test_names_are_well_formed_and_the_smallest_source_has_the_plain_one(
    synced: Installation, glue: GlueSimulator
) -> None:
    tables = glue.dump()["tables"]["dsp_sales"]
    assert all(re.fullmatch(r"[a-z0-9_]{1,128}", name) for name in tables)
    sources = {table["live"]["Parameters"]["spheresync.source"]: name for name, table in tables.items()}
    assert sources["SALES/KUNDEN"] == "kunden", "K-U before K-u by code point, whatever the listing's order"
    assert re.fullmatch(r"kunden_[0-9a-f]{8}", sources["SALES/Kunden"])


def test_a_foreign_database_is_used_and_never_changed(
    synced: Installation, glue: GlueSimulator, foreign: dict[str, Any]
) -> None:
    assert glue.table("dsp_hr", "staff")["Parameters"]["spheresync.managed-by"] == "spheresync:prod-eu"
    assert glue.dump()["databases"]["dsp_hr"] == foreign
    assert not {"UpdateDatabase", "DeleteDatabase"} & set(glue.calls())


def test_an_asset_is_named_up_to_its_first_slash(synced: Installation) -> None:
    planned = synced.ask("preview", "--no-refresh", "--asset", "SALES/Orders/2026")
    assert (planned["summary"]["unchanged"], planned["total"]) == (1, 0)


def test_another_installation_takes_the_tables_for_foreign(
    synced: Installation, make_installation: MakeInstallation, glue: GlueSimulator, tmp_path: Path
) -> None:
    before = glue.dump()
    other = make_installation("installation: other\n", SPHERESYNC_PREFIX="dsp_")
    run = other.ask("sync", "--space", "SALES", code=1)
    assert (run["state"], run["counts"]["conflict"]) == ("failed", 5)
    assert glue.dump() == before
