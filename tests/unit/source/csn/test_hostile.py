"""Whatever JSON is served as CSN: it is read, or refused with a SourceError; nothing else, and no edge to nothing."""

from __future__ import annotations

import json
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

from spheresync.errors import SourceError
from spheresync.source.datasphere.csn.definition import read_object
from spheresync.source.datasphere.csn.document import parse_csn

WORDS = [
    *("kind", "entity", "type", "elements", "query", "SELECT", "SET", "from", "columns", "args", "ref", "as", "func"),
    *("xpr", "val", "join", "on", "mixin", "target", "key", "keys", "cds.String", "cds.Association", "items", "params"),
    *("where", "inline", "excluding", "*", "T", "V", "A", "$self", "$projection", "op", "union", "id", "=", "#", "and"),
    *(
        "@EndUserText.label",
        "@Aggregation.default",
        "@Hierarchy.leveled",
        "@Hierarchy.parentChild",
        "levels",
        "recurse",
    ),
    *(
        "@ObjectModel.foreignKey.association",
        "@Analytics.navigationAttributeRef",
        "i18n",
        "length",
        "scale",
        "measures",
    ),
    *("contents", "processes", "metadata", "config", "dwcEntity", "component", "connections", "src", "tgt", "process"),
    *("replicationTasks", "sourceSystem", "nodes", "taskIdentifier", "objectId", "attributeMappings", "expression"),
]
leaves = st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(WORDS) | st.text(max_size=3)
trees = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
    max_leaves=30,
)
nodes = st.dictionaries(st.sampled_from(WORDS), trees, max_size=6)


def documents(node: Any, other: Any, model: Any, texts: Any) -> list[dict[str, Any]]:
    return [
        {"definitions": {"V": node, "T": other}, "businessLayerDefinitions": {"V": model}, "i18n": texts},
        {"dataflows": {"V": node}},
        {"replicationflows": {"V": {"contents": node}}},
        {"transformationflows": {"V": {"contents": {"processes": node, "connections": other}}}},
        {"taskchains": {"V": node}},
    ]


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(node=nodes, other=nodes, model=trees, texts=trees)
def test_any_document_is_read_or_refused(node: Any, other: Any, model: Any, texts: Any) -> None:
    for document in documents(node, other, model, texts):
        try:
            found = read_object(parse_csn(json.dumps(document).encode()), "V")
        except SourceError as error:
            assert error.message and error.remedy
            continue
        columns = {str(column.name) for column in found.columns}
        assert len(columns) == len(found.columns)
        assert {origin.column for origin in found.origins.columns} <= columns
        assert {pair[0] for each in found.associations for pair in each.columns} <= columns
        assert all(origin.objects and origin.path for origin in found.origins.columns)


@given(body=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for document in (body, b'{"definitions":{"V":' + body + b"}}"):
        try:
            read_object(parse_csn(document), "V")
        except SourceError as error:
            assert error.remedy
