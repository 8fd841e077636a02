"""JSON has one door, whoever wrote it: what no parser is to be given is refused there, by one family of errors."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.model import ServiceModel
from botocore.parsers import ResponseParserError
from hypothesis import given
from hypothesis import strategies as st

import spheresync
import spheresync_server
from spheresync.model.json_document import (
    DEEPEST,
    DocumentTooLargeError,
    NestedTooDeepError,
    is_nested_too_deep,
    read_json,
    read_own_json,
    read_spelled_json,
)
from spheresync.targets.aws.errors import refuse_foreign_body

GLUE = ServiceModel({"metadata": {"protocol": "json"}, "operations": {"GetTable": {}}}).operation_model("GetTable")
PARSERS = {("json", "loads"), ("json", "load"), ("json", "JSONDecoder")}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.sampled_from('[]{}"\\,:a')),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=20,
)


def sources() -> list[Path]:
    roots = [Path(package.__file__ or "").parent for package in (spheresync, spheresync_server)]
    return [path for root in roots for path in root.rglob("*.py")]


@pytest.mark.parametrize("path", sources(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_nobody_parses_json_beside_the_door(path: Path) -> None:
    if path.name == "json_document.py":
        return
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) not in PARSERS, f"line {node.lineno}"
        if isinstance(node, ast.ImportFrom) and node.module == "json":
            raise AssertionError(f"line {node.lineno}: import json as a whole, so that this can be seen")
        if isinstance(node, ast.Attribute):
            assert node.attr not in {"model_validate_json", "from_json_string"}, f"line {node.lineno}"


@given(VALUES)
def test_what_is_json_is_read_as_the_standard_library_reads_it(value: object) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        for document in (text, text.encode()):
            assert read_json(document) == read_own_json(document) == value


@given(VALUES, st.sampled_from([(",", ":"), (" ,\n", "\t: ")]), st.integers(0, 3), st.booleans())
def test_what_is_read_with_its_text_is_read_alike_and_every_place_holds_its_member(
    value: object, marks: tuple[str, str], levels: int, escaped: bool
) -> None:
    text = f" {json.dumps(value, separators=marks, ensure_ascii=escaped)}\n"
    found = read_spelled_json(text.encode(), lambda path: len(path) < levels)
    assert found.value == value and found.text == text
    members = {path: node for path, node in walked(value) if len(path) <= levels}
    assert {path: json.loads(found.spelling(*path)) for path in found.places} == members


def walked(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """Members of objects that are in objects, with the names that lead to them."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (*path, name), inner
            yield from walked(inner, (*path, name))


@given(VALUES, st.data(), st.sampled_from(["", ",", ":", "}", "]", '"', "x", '"a":1,', "NaN", "\x00", "\\"]))
def test_what_is_no_json_is_refused_whichever_way_it_is_read(value: object, data: st.DataObject, put: str) -> None:
    text = json.dumps({"a": value, "b": {"c": value}})
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 3)))
    broken = (text[:start] + put + text[end:]).encode()
    try:
        expected = read_json(broken)
    except ValueError as error:
        with pytest.raises(type(error)):
            read_spelled_json(broken, lambda _: True)
    else:
        assert read_spelled_json(broken, lambda _: True).value == expected


@given(VALUES, st.integers(DEEPEST - 10, DEEPEST + 10), st.sampled_from(["[]", '{"k":}', '[{"a":1},{"]]":["[["]},]']))
def test_depth_is_counted_exactly_whatever_texts_hold(value: object, levels: int, pair: str) -> None:
    opened, closed = pair[:-1], pair[-1]
    text = opened * levels + json.dumps(value) + closed * levels
    depth = deepest(json.loads(text))
    assert is_nested_too_deep(text) == is_nested_too_deep(text.encode()) == (depth > DEEPEST)


def deepest(value: object) -> int:
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(deepest, inner), default=0)


@pytest.mark.parametrize("document", ["[" * 3_000, "[" * 100_000, '{"a":' * 5_000, '{"a":' + "[" * 5_000 + "]" * 5_000])
def test_depth_is_an_unreadable_document_and_no_failure_of_the_program(document: str) -> None:
    with pytest.raises(NestedTooDeepError):
        read_spelled_json(document.encode(), lambda _: True)
    for read in (read_json, read_own_json):
        for given_as in (document, document.encode()):
            with pytest.raises(NestedTooDeepError):
                read(given_as)


@pytest.mark.parametrize(
    "document", ['{"a": 1, "a": 2}', "[NaN]", "[-Infinity]", "[" + "9" * 5_000 + "]", "[1", b"\xff"]
)
def test_what_nobody_can_mean_is_refused(document: str | bytes) -> None:
    with pytest.raises(ValueError):
        read_json(document)


def test_size_is_bounded_before_anything_is_parsed() -> None:
    with pytest.raises(DocumentTooLargeError):
        read_json("[" + "1," * 20 + "1]", most_values=20)
    with pytest.raises(DocumentTooLargeError):
        read_json('"' + "x" * 100 + '"', largest=100)


@pytest.mark.parametrize("status", [200, 400, 404, 500])
@pytest.mark.parametrize("body", ["[" * 50_000, '{"__type":' + "[" * 50_000, '{"Table":' + "[" * 900 + "]" * 900 + "}"])
def test_a_deep_answer_of_aws_is_no_answer_of_the_service(status: int, body: str) -> None:
    with pytest.raises(ResponseParserError, match="no JSON"):
        refuse_foreign_body(GLUE, {"status_code": status, "body": body.encode()})
