"""CSN documents for tests."""

from __future__ import annotations

import json
from typing import Any

from spheresync.source.datasphere.csn.definition import CsnObject, read_object
from spheresync.source.datasphere.csn.document import parse_csn


def csn(definitions: dict[str, Any] | None = None, **roots: Any) -> bytes:
    return json.dumps({**({"definitions": definitions} if definitions is not None else {}), **roots}).encode()


def read(body: bytes, name: str = "V") -> CsnObject:
    return read_object(parse_csn(body), name)


def view(query: dict[str, Any], *columns: str, **more: Any) -> CsnObject:
    """A view of text columns with this query, beside whatever else the document defines."""
    elements = {name: {"type": "cds.String"} for name in columns}
    return read(csn({"V": {"kind": "entity", "elements": elements, "query": query}, **more}))


def origins(found: CsnObject) -> set[tuple[str, str, str, str]]:
    """Where columns come from: (column, objects, path, how)."""
    return {(o.column, "|".join(o.objects), ".".join(o.path), o.how.value) for o in found.origins.columns}


def objects(found: CsnObject) -> set[tuple[str, str]]:
    return {(o.object, o.how.value) for o in found.origins.objects}
