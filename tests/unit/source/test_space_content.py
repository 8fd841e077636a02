"""What is cut out of the content of a space is the text that was served, so that nothing that changed is missed."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.errors import SourceError, SourceFault
from spheresync.model import AssetKind, SpaceName
from spheresync.source.datasphere import definition
from spheresync.source.datasphere.csn import document
from spheresync.source.datasphere.csn.definition import read_object
from spheresync.source.datasphere.csn.document import parse_csn
from spheresync.source.datasphere.listing import pages
from spheresync.source.datasphere.objects.space_content import read_content
from spheresync.source.transport.http import Response
from tests.unit.source.double import BASE, Hands, Tenant, as_json
from tests.unit.source.test_objects import ObjectServer, entry, server, source

pytestmark = pytest.mark.anyio
__all__ = ["server"]  # the fixture

SALES = SpaceName("SALES")
COLUMNS = '{"A": {"type": "cds.String", "length": 5}, "B": {"type": "cds.Decimal", "precision": 15, "scale": 2}}'
TABLE = f'{{"kind": "entity", "elements": {COLUMNS}}}'


def cut_out(text: str, name: str = "T", kind: AssetKind = AssetKind.LOCAL_TABLE) -> bytes | None:
    return read_content(Response(200, httpx2.Headers(), text.encode(), f"{BASE}/content"), SALES).cut_out(name, kind)


def content(table: str = TABLE, other: str = TABLE, more: str = "") -> str:
    return f'{{"SALES": {{"definitions": {{"T": {table}, "U": {other}}}{more}}}}}'


def test_a_definition_is_cut_out_as_it_was_served() -> None:
    assert cut_out(content()) == f'{{"definitions":{{"T":{TABLE}}}}}'.encode()


@pytest.mark.parametrize(
    "edited",
    [
        TABLE.replace('"length": 5', '"length": 6'),
        TABLE.replace('"scale": 2', '"scale": 2.0'),
        TABLE.replace('"scale": 2', '"scale": "2"'),
        TABLE.replace('"A"', '"a"'),
        TABLE.replace('"precision": 15, "scale": 2', '"scale": 2, "precision": 15'),
        TABLE.replace("entity", "entit\\u0079"),
        TABLE.replace('"kind": "entity"', '"kind":  "entity"'),
    ],
)
def test_whatever_changes_in_a_definition_changes_its_document_and_no_other(edited: str) -> None:
    assert edited != TABLE
    assert cut_out(content(edited)) != cut_out(content())
    assert cut_out(content(edited), "U") == cut_out(content(), "U")


def test_definitions_that_changed_places_are_two_changes() -> None:
    other = TABLE.replace("5", "7")
    assert cut_out(content(TABLE, other)) == cut_out(content(other, TABLE), "U").replace(b'"U"', b'"T"')  # type: ignore[union-attr]
    assert cut_out(content(TABLE, other)) != cut_out(content(other, TABLE))


def test_what_a_definition_takes_types_from_is_part_of_its_document() -> None:
    typed = TABLE.replace("cds.String", "U")
    before, after = (cut_out(content(typed, TABLE.replace("15", said))) for said in ("15", "16"))
    assert before is not None and before != after


@pytest.mark.parametrize(
    ("table", "more"),
    [
        (TABLE.replace('"kind"', '"kind": "entity", "kind"'), ""),
        (TABLE.replace('"length": 5', '"length": 5, "length": 6'), ""),
        (f'{TABLE}, "T": {TABLE}', ""),
        (TABLE, ', "i18n": {"en": {"a": "A", "a": "B"}}'),
        (TABLE, f', "definitions": {{"T": {TABLE}}}'),
        (TABLE, ', "spaceDefinition": {"label": "a", "label": "b"}'),
        (TABLE.replace("15", "NaN"), ""),
    ],
)
def test_a_content_that_says_two_things_is_refused_at_any_depth(table: str, more: str) -> None:
    with pytest.raises(SourceError) as refused:
        cut_out(content(table, more=more))
    assert refused.value.fault is SourceFault.WRONG_SHAPE


@pytest.mark.parametrize("end", range(1, 60, 7))
def test_a_content_that_is_cut_is_no_smaller_content(end: int) -> None:
    with pytest.raises(SourceError) as refused:
        cut_out(content()[:-end])
    assert refused.value.fault is SourceFault.TRUNCATED


def test_roots_under_another_definitions_are_found() -> None:
    flow = '{"contents": {"x": 1}}'
    text = f'{{"SALES": {{"definitions": {{"definitions": {{"T": {TABLE}}}, "dataflows": {{"DF": {flow}}}}}}}}}'
    assert cut_out(text) == f'{{"definitions":{{"T":{TABLE}}}}}'.encode()
    assert cut_out(text, "DF", AssetKind.DATA_FLOW) == f'{{"dataflows":{{"DF":{flow}}}}}'.encode()


@pytest.mark.parametrize("spelled", ["{i18n>t}", "{ i18n > t }", "\\u007bi18n>t}", "{i18n\\u003et}", "\\n{bundle>t}"])
@pytest.mark.parametrize("there", [True, False])
def test_a_text_that_is_named_has_to_be_there_however_it_is_spelled(spelled: str, there: bool) -> None:
    titled = TABLE.replace('"length"', f'"@title": "{spelled}", "length"')
    texts = ', "i18n": {"en": {"t": "Title"}}' if there else ', "i18n": {"en": {}}'
    assert (cut_out(content(titled, more=texts)) is not None) is there


NODES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=4), st.dictionaries(st.text(max_size=4), NODES), min_size=1), st.booleans())
def test_what_is_cut_out_is_what_was_parsed(definitions: dict[str, dict[str, Any]], plain: bool) -> None:
    definitions = {name: {"kind": "entity", "x": node} for name, node in definitions.items()}
    text = json.dumps({"SALES": {"definitions": {"definitions": definitions}}}, ensure_ascii=plain)
    for name, node in definitions.items():
        found = cut_out(text, name)
        assert found is not None
        assert json.loads(found) == {"definitions": {name: node}}


async def test_an_unchanged_definition_costs_no_parsing_and_no_task(
    tenant: Tenant, hands: Hands, server: ObjectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = json.loads(TABLE)
    server.content = {"SALES": {"definitions": {f"T{number}": table for number in range(20)}}}
    entries = [entry(f"T{number}") for number in range(20)]
    counted = {"contents": 0, "documents": 0, "groups": 0}

    def counting(name: str, of: Any) -> Any:
        def counted_one(*arguments: Any, **named: Any) -> Any:
            counted[name] += 1
            return of(*arguments, **named)

        return counted_one

    monkeypatch.setattr(pages, "read_spelled_json", counting("contents", pages.read_spelled_json))
    monkeypatch.setattr(document, "read_json", counting("documents", document.read_json))
    monkeypatch.setattr(definition, "isolated_group", counting("groups", definition.isolated_group))
    async with source(tenant, hands) as opened:
        digests = []
        for _ in range(2):
            opened.expect(entries)
            digests.append([(await opened.fetch(each)).digest for each in entries])
    assert digests[0] == digests[1]
    assert counted == {"contents": 2, "documents": 0, "groups": 2}, "one answer a pass, and tasks while it is asked for"


async def test_one_changed_character_changes_the_digest_of_its_asset_only(
    tenant: Tenant, hands: Hands, server: ObjectServer
) -> None:
    names = [f"T{number}" for number in range(8)]
    entries = [entry(name) for name in names]

    async def digests() -> list[str]:
        async with source(tenant, hands) as opened:
            opened.expect(entries)
            return [(await opened.fetch(each)).digest for each in entries]

    tables = {name: json.loads(TABLE) for name in names}
    server.content = {"SALES": {"definitions": tables}}
    before = await digests()
    tables["T3"]["elements"]["A"]["length"] = 6
    after = await digests()
    assert [one == other for one, other in zip(before, after, strict=True)] == [name != "T3" for name in names]
    tables["T4"], tables["T5"] = {**tables["T4"], "kind": "type"}, dict(reversed(tables["T5"].items()))
    again = await digests()
    assert [one == other for one, other in zip(after, again, strict=True)] == [n not in {"T4", "T5"} for n in names]


async def test_an_answer_with_a_repeated_member_has_its_objects_read_one_by_one(
    tenant: Tenant, hands: Hands, server: ObjectServer
) -> None:
    tables = {f"T{number}": json.loads(TABLE) for number in range(6)}
    twice = json.dumps({"SALES": {"definitions": tables}}).replace('"length": 5', '"length": 5, "length": 5', 1)
    reply = as_json({})
    server.instead = {"/content": type(reply)(200, twice.encode(), reply.headers)}
    server.csn = {f"localtables/{name}": {"definitions": {name: table}} for name, table in tables.items()}
    async with source(tenant, hands) as opened:
        opened.expect([entry(name) for name in tables])
        found = [await opened.fetch(entry(name)) for name in tables]
    assert len(tenant.asked("localtables/")) == 6
    assert all(read_object(parse_csn(dict(raw.documents)["csn"]), raw.entry.id.name) for raw in found)
