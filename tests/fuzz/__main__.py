"""`python -m tests.fuzz csn|edmx [libFuzzer options]`: feed a reader whatever coverage leads to; needs atheris.

For five minutes: `nice -n 19 python -m tests.fuzz csn -len_control=0 -max_len=4096 -max_total_time=300`. A document
that makes a reader raise what is no SourceError, or answer what cannot be, ends it, with the document in a file of the
current folder.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import atheris

with atheris.instrument_imports(include=["spheresync.source.datasphere"]):
    from spheresync.source.datasphere.csn.definition import read_object
    from spheresync.source.datasphere.csn.document import FLOW_ROOTS, parse_csn
    from spheresync.source.datasphere.edmx.reading import read_edmx

from spheresync.errors import SourceError
from tests.fuzz.words import ATTRIBUTES, CSN, ELEMENTS, NAMES, TYPES

_DEEP = 7
_WIDE = 5


def csn(data: bytes) -> None:
    """A document made of the words of CSN, or of any bytes."""
    source = atheris.FuzzedDataProvider(data)
    if source.ConsumeIntInRange(0, 15) == 0:
        body = source.ConsumeBytes(len(data))
    else:
        body = json.dumps(_document(source)).encode("utf-8", "surrogatepass")
    try:
        found = read_object(parse_csn(body), "V")
    except SourceError as error:
        assert error.message and error.remedy
        return
    columns = {str(column.name) for column in found.columns}
    assert len(columns) == len(found.columns), "each column once"
    assert {origin.column for origin in found.origins.columns} <= columns, "no edge into a column that is not there"
    assert all(origin.objects and origin.path for origin in found.origins.columns)


def _document(source: Any) -> dict[str, Any]:
    if source.ConsumeBool():
        definitions = {name: _node(source, _DEEP) for name in ("V", "T", "U")}
        return {
            "definitions": definitions,
            "businessLayerDefinitions": {"V": _node(source, _DEEP)},
            "i18n": _node(source, 3),
        }
    root = source.PickValueInList(list(FLOW_ROOTS))
    return {root: {"V": {"contents": _node(source, _DEEP), **_node(source, _DEEP)}}}


def _node(source: Any, deep: int) -> dict[str, Any]:
    return {source.PickValueInList(CSN): _value(source, deep - 1) for _ in range(source.ConsumeIntInRange(0, _WIDE))}


def _value(source: Any, deep: int) -> Any:
    kind = source.ConsumeIntInRange(0, 7)
    if kind < 3 and deep > 0:
        return _node(source, deep)
    if kind < 5 and deep > 0:
        return [_value(source, deep - 1) for _ in range(source.ConsumeIntInRange(0, _WIDE))]
    if kind == 5:
        return source.ConsumeInt(4)
    if kind == 6:
        return source.PickValueInList([True, False, None])
    return source.PickValueInList(CSN)


def edmx(data: bytes) -> None:
    """A document made of the words of EDMX, or of any bytes."""
    source = atheris.FuzzedDataProvider(data)
    if source.ConsumeIntInRange(0, 15) == 0:
        body = source.ConsumeBytes(len(data))
    else:
        inner = "".join(_element(source, _DEEP) for _ in range(source.ConsumeIntInRange(0, _WIDE)))
        body = (
            '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>'
            f'<Schema Namespace="S" xmlns="http://docs.oasis-open.org/odata/ns/edm">{inner}</Schema>'
            "</edmx:DataServices></edmx:Edmx>"
        ).encode()
    try:
        found = read_edmx(body, "V")
    except SourceError as error:
        assert error.message and error.remedy
        return
    columns = {str(column.name) for column in found.columns}
    assert columns and len(columns) == len(found.columns), "each column once"


def _element(source: Any, deep: int) -> str:
    name = source.PickValueInList(ELEMENTS)
    attributes = {
        source.PickValueInList(ATTRIBUTES): source.PickValueInList([*NAMES, *TYPES])
        for _ in range(source.ConsumeIntInRange(0, 4))
    }
    spelled = "".join(f' {key}="{value}"' for key, value in attributes.items())
    inner = (
        "".join(_element(source, deep - 1) for _ in range(source.ConsumeIntInRange(0, _WIDE)))
        if deep > 0
        else source.PickValueInList(NAMES)
    )
    return f"<{name}{spelled}>{inner}</{name}>"


def main() -> None:
    """Run until the time of the options is over, or a document is found."""
    harnesses: dict[str, Callable[[bytes], None]] = {"csn": csn, "edmx": edmx}
    program, name, *options = sys.argv
    atheris.Setup([program, *options], harnesses[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
