"""The embedded tenant's content lasts in the state folder, over processes and restarts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import spheresync
from spheresync.dog.aws_log import CallLog
from spheresync.dog.edits import add_column, set_label
from spheresync.dog.landscape import retailer_landscape
from spheresync.dog.objects import DogColumn, landscape_from_json, landscape_to_json, parse_type
from spheresync.dog.store import TENANT_FILE, StoredContent
from spheresync.errors import StateError, UsageError
from spheresync.model import AssetKind, ColumnRole
from tests.simulators.edits_from_json import edit_from_json
from tests.simulators.landscape_edits import remove_column, rename_asset, set_exposed

EDITOR = """
import sys
from pathlib import Path
from tests.simulators.landscape_edits import set_column_label
from spheresync.dog.landscape import retailer_landscape
from spheresync.dog.store import StoredContent
content = StoredContent(Path(sys.argv[1]), seed=retailer_landscape)
for column in sys.argv[2:]:
    content.edit(set_column_label("HR", "EMPLOYEES", column, "changed"))
"""


def content_in(folder: Path) -> StoredContent:
    return StoredContent(folder, seed=retailer_landscape)


def column_labels(content: StoredContent) -> dict[str, str | None]:
    space = content.landscape().find("HR")
    assert space is not None
    item = space.find("EMPLOYEES")
    assert item is not None
    return {column.name: column.label for column in item.columns}


def start_editor(folder: Path, *columns: str) -> subprocess.Popen[bytes]:
    source = str(Path(spheresync.__file__).resolve().parents[1])
    return subprocess.Popen([sys.executable, "-c", EDITOR, str(folder), *columns], env={"PYTHONPATH": source})


def test_the_landscape_survives_its_json_form() -> None:
    landscape = retailer_landscape()
    assert landscape_from_json(json.loads(json.dumps(landscape_to_json(landscape)))) == landscape


def test_the_landscape_shows_what_a_tenant_shows() -> None:
    objects = [item for space in retailer_landscape().spaces for item in space.objects]
    kinds = {item.kind for item in objects}
    columns = [column for item in objects for column in item.columns]
    assert kinds == set(AssetKind)
    assert {column.type.name.removeprefix("Edm.") for column in columns} >= {
        *("Boolean", "Byte", "SByte", "Int16", "Int32", "Int64", "Single", "Double", "Decimal"),
        *("Date", "TimeOfDay", "DateTimeOffset", "String", "Binary", "Guid"),
    }
    assert {ColumnRole.MEASURE, ColumnRole.DIMENSION, ColumnRole.ATTRIBUTE} <= {column.role for column in columns}
    assert any("/" in column.name for column in columns)
    assert any(" " in column.name for column in columns)
    assert any("ü" in item.label.lower() or "ä" in item.label.lower() for item in objects)


def test_edits_last(tmp_path: Path) -> None:
    first = content_in(tmp_path)
    first.edit(
        set_label("HR", "PAYROLL", "Löhne und Gehälter"),
        add_column("HR", "PAYROLL", DogColumn("BONUS", parse_type("Decimal(9,2)")), position=1),
        rename_asset("HR", "HOLIDAYS", "FEIERTAGE"),
        set_exposed("HR", "LT_EMPLOYEES", exposed=True),
        remove_column("HR", "JOB_GRADES", "MIN_PAY"),
    )
    second = content_in(tmp_path)
    assert second.landscape() == first.landscape()
    space = second.landscape().find("HR")
    assert space is not None
    payroll = space.find("PAYROLL")
    assert payroll is not None
    assert (payroll.label, payroll.columns[1].name) == ("Löhne und Gehälter", "BONUS")


def test_an_edit_of_another_reader_is_seen(tmp_path: Path) -> None:
    reader, writer = content_in(tmp_path), content_in(tmp_path)
    before = reader.landscape()
    assert reader.landscape() is before
    writer.edit(set_label("SALES", "ORDERS", "Aufträge"))
    assert reader.landscape() == writer.landscape() != before


def test_two_processes_lose_none_of_their_edits(tmp_path: Path) -> None:
    names = list(column_labels(content_in(tmp_path)))
    processes = [start_editor(tmp_path, *names[:6]), start_editor(tmp_path, *names[6:])]
    assert [process.wait(timeout=60) for process in processes] == [0, 0]
    assert set(column_labels(content_in(tmp_path)).values()) == {"changed"}


def test_edits_are_all_made_or_none(tmp_path: Path) -> None:
    content = content_in(tmp_path)
    before = content.landscape()
    with pytest.raises(UsageError, match="no object 'NOPE'"):
        content.edit(set_label("HR", "PAYROLL", "x"), set_label("HR", "NOPE", "x"))
    assert content_in(tmp_path).landscape() == before


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / TENANT_FILE).write_text('{"format": 1, "landscape": {"spa', encoding="utf-8")
    with pytest.raises(StateError, match=TENANT_FILE):
        content_in(tmp_path).landscape()


@pytest.mark.parametrize(
    ("document", "refusal"),
    [
        ({"op": "set_label", "space": "HR", "asset": "PAYROLL"}, "takes the texts"),
        ({"op": "explode"}, "no edit 'explode'"),
        (
            {"op": "set_column_type", "space": "HR", "asset": "PAYROLL", "column": "IBAN", "type": "Decimal(x"},
            "no column type",
        ),
        ({"op": "add_column", "space": "HR", "asset": "PAYROLL", "column": {"name": "A"}}, "'type' must be a text"),
        (["set_label"], "JSON object"),
    ],
)
def test_a_malformed_edit_is_refused(document: object, refusal: str) -> None:
    with pytest.raises(UsageError, match=refusal):
        edit_from_json(document)  # type: ignore[arg-type]


def test_edits_by_json() -> None:
    landscape = retailer_landscape()
    for document in (
        {"op": "set_column_type", "space": "HR", "asset": "PAYROLL", "column": "IBAN", "type": "String(40)"},
        {"op": "add_asset", "space": "HR", "object": {"name": "X", "columns": [{"name": "A", "type": "Date"}]}},
        {"op": "rename_column", "space": "HR", "asset": "X", "column": "A", "name": "B"},
        {"op": "remove_asset", "space": "HR", "asset": "HOLIDAYS"},
    ):
        landscape = edit_from_json(document)(landscape)  # type: ignore[arg-type]
    space = landscape.find("HR")
    assert space is not None
    added, payroll = space.find("X"), space.find("PAYROLL")
    assert added is not None
    assert payroll is not None
    assert [column.name for column in added.columns] == ["B"]
    assert next(str(column.type) for column in payroll.columns if column.name == "IBAN") == "Edm.String(40)"
    assert space.find("HOLIDAYS") is None


def test_what_an_edit_that_was_killed_left_behind_is_written_over(tmp_path: Path) -> None:
    content = content_in(tmp_path)
    content.edit(set_label("HR", "EMPLOYEES", "People"))
    before = sorted(path.name for path in tmp_path.iterdir())
    (tmp_path / f"{TENANT_FILE}.new").write_text('{"format": 1, "landscape": {"spa' * 100_000, encoding="utf-8")
    content.edit(set_label("HR", "EMPLOYEES", "All people"))
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert content_in(tmp_path).landscape() == content.landscape()


def test_whatever_dog_writes_is_for_its_owner_only(tmp_path: Path) -> None:
    former = os.umask(0o022)
    try:
        log = CallLog(tmp_path)
        with log.locked():
            log.replace([])
        content_in(tmp_path).edit()
    finally:
        os.umask(former)
    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == dict.fromkeys(
        ("dog-aws.jsonl", "dog-aws.lock", "dog-tenant.json", "dog-tenant.lock"), 0o600
    )
