"""The calls from one context to the next: ended anywhere, nothing of ours is taken for others', nor theirs touched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from spheresync.config import DriftPolicies
from spheresync.targets.annotations import content
from spheresync.targets.annotations.content import OWNER, SOURCE, Content, merged, wanted, without_ours
from spheresync.targets.glue_context.forms import TABLE_FORM, missing_members, path_of_form, schema_of
from spheresync.targets.glue_context.places import (
    Request,
    Terms,
    column_content,
    requests_between,
    table_content,
    written_in,
)

Json = dict[str, Any]
MARKS = {OWNER: "spheresync:here", SOURCE: "S/ONE"}
GLOSSARY = "Words"
NAMES = {f"id-{name}": name for name in ("A", "b.c", "D")}
PATHS = ("terms.A", "terms.b.c", "columns.x.terms.A", "columns.x.terms.D", path_of_form("x"), path_of_form("y.z"))


@dataclass
class Place:
    """What stands on a table or a column."""

    terms: list[str] = field(default_factory=list)
    attachments: dict[str, Json] = field(default_factory=dict)

    def told(self, **more: Any) -> Json:
        return {**more, "GlossaryTerms": [*self.terms], "Attachments": dict(self.attachments)}


@dataclass
class Table:
    """A table in Glue's business context with its columns."""

    places: dict[str, Place] = field(default_factory=dict)

    def at(self, column: str) -> Place:
        return self.places.setdefault(column, Place())

    def take(self, request: Request) -> None:
        place, params = self.at(request.column), request.params
        match request.operation:
            case "AssociateGlossaryTerms":
                place.terms = list(dict.fromkeys([*place.terms, *_ids(params)]))
            case "DisassociateGlossaryTerms":
                place.terms = [each for each in place.terms if each not in _ids(params)]
            case "PutAttachment":
                held = {"FormTypeId": params["FormTypeIdentifier"], "Content": params["Content"]}
                place.attachments[str(params["AttachmentName"])] = held
            case "DeleteAttachment":
                del place.attachments[str(params["AttachmentName"])]

    def read(self) -> Content:
        terms = Terms(written_in(self.at("").told()), NAMES, GLOSSARY)
        there = table_content(self.at("").told(), terms)
        columns = [column_content(self.at(column).told(ItemId=column), terms) for column in ("x", "y.z")]
        fields = {path: value for each in (there, *columns) for path, value in each.fields.items()}
        ids = {path: value for each in (there, *columns) for path, value in each.ids.items()}
        return Content(fields, there.ours, there.found, ids=ids)

    @property
    def all(self) -> dict[str, tuple[set[str], dict[str, Json]]]:
        return {
            name: (set(place.terms), place.attachments)
            for name, place in self.places.items()
            if place.terms or place.attachments
        }


def _ids(params: Any) -> list[str]:
    return list(params["GlossaryTermIdentifiers"])


def calls(table: Table, want: Content) -> list[Request]:
    there = table.read()
    next_one, _ = merged(None, there, want, DriftPolicies())
    return requests_between(there, with_ids(next_one))


def with_ids(want: Content) -> Content:
    ids = {path: f"id-{term}" for path in want.fields if (term := content.term_of(path)) is not None}
    return replace(want, ids=ids)


def do(table: Table, requests: Iterable[Request]) -> None:
    for each in requests:
        table.take(each)


VALUES = st.fixed_dictionaries(
    {},
    optional={
        path: st.just(GLOSSARY) if content.term_of(path) else st.sampled_from(('{"a":"1"}', '{"a":"2"}'))
        for path in PATHS
    },
)
OURS = VALUES.map(lambda fields: wanted({**MARKS, **fields}))
THEIRS = st.fixed_dictionaries(
    {column: st.lists(st.sampled_from([*NAMES, "id-foreign"]), unique=True) for column in ("", "x")}
)


def table_of_others(theirs: dict[str, list[str]]) -> Table:
    said = {"theirs": {"FormTypeId": "Theirs", "Content": "{}"}}
    return Table({column: Place([*ids], dict(said)) for column, ids in theirs.items()})


@given(THEIRS, OURS, OURS, st.integers(0, 20))
def test_a_write_that_ends_anywhere_is_ended_by_the_next_and_leaves_others_what_was_theirs(
    theirs: dict[str, list[str]], first: Content, second: Content, ended: int
) -> None:
    before = table_of_others(theirs).all
    table = table_of_others(theirs)
    do(table, calls(table, first))
    do(table, calls(table, second)[:ended])
    do(table, calls(table, second))
    there = table.read()
    assert {path: there.fields.get(path) for path in second.ours} == dict(second.ours)
    assert not calls(table, second)
    do(table, requests_between(there, without_ours(there)))
    assert table.all == before


@given(THEIRS, OURS)
def test_what_is_there_takes_no_call(theirs: dict[str, list[str]], ours: Content) -> None:
    table = table_of_others(theirs)
    do(table, calls(table, ours))
    assert calls(table, ours) == []
    assert table.read().is_intact


def test_many_terms_go_ten_a_call() -> None:
    want = wanted({**MARKS, **{f"columns.x.terms.T{number}": GLOSSARY for number in range(12)}})
    calls = requests_between(Content({}), with_ids(want))
    requests = [each for each in calls if each.operation == "AssociateGlossaryTerms"]
    assert [len(_ids(each.params)) for each in requests] == [10, 2] and {each.column for each in requests} == {"x"}


def test_a_form_type_says_which_members_it_lacks() -> None:
    assert not missing_members(TABLE_FORM, schema_of(TABLE_FORM))
    assert missing_members(TABLE_FORM, schema_of(TABLE_FORM).replace("hierarchies: String", "")) == ["hierarchies"]
