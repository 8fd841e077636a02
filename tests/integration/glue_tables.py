"""Tables and operations for the tests of the Glue target."""

from __future__ import annotations

from typing import Any

from spheresync.model import Action, AssetId, DesiredObject, PhysicalName, canonical_json
from spheresync.targets.glue.table_input import fingerprint_of
from spheresync.targets.protocol import Operation

OWNER = "spheresync:test"
SALES = PhysicalName("sales")


def body(name: str, label: str = "Orders", *, owner: str = OWNER, foreign: dict[str, str] | None = None) -> bytes:
    """A table as mapping writes it: our parameters, our fingerprint, two columns."""
    table: dict[str, Any] = {
        "Name": name,
        "Description": label,
        "TableType": "EXTERNAL_TABLE",
        "PartitionKeys": [],
        "Parameters": {
            "classification": "sap-datasphere",
            "spheresync.managed-by": owner,
            "spheresync.source": f"SALES/{name.upper()}",
            "spheresync.kind": "view",
            "spheresync.label": label,
        },
        "StorageDescriptor": {
            "Columns": [
                {"Name": "id", "Type": "bigint", "Comment": "Id", "Parameters": {"spheresync.name": "ID"}},
                {"Name": "qty", "Type": "decimal(18,2)", "Comment": label, "Parameters": {"spheresync.name": "QTY"}},
            ]
        },
    }
    table["Parameters"]["spheresync.fingerprint"] = fingerprint_of(table)
    table["Parameters"] |= foreign or {}
    return canonical_json(table)


def desired(name: str, content: bytes) -> DesiredObject:
    import json

    return DesiredObject(SALES, PhysicalName(name), content, fingerprint_of(json.loads(content)))


def operation(
    action: Action,
    name: str,
    content: bytes | None,
    *,
    last: bytes | None = None,
    version: str | None = None,
    minor: bool = False,
    recovering: bool = False,
) -> Operation:
    return Operation(
        asset=AssetId.parse(f"SALES/{name.upper()}"),
        action=action,
        container=SALES,
        name=PhysicalName(name),
        desired=None if content is None else desired(name, content),
        last_written=last,
        expected_version=version,
        minor=minor,
        recovering=recovering,
    )
