"""What a document may cost: counts that stop it before memory and time grow, and no parsing where others wait."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import fields, replace
from threading import Event

import anyio
import anyio.lowlevel
import pytest
from lxml import etree

from spheresync.discovery.normalisation import Normalised, Unreadable, normalise_all
from spheresync.errors import SourceError, SourceFault
from spheresync.runtime.worker_process import WorkerProcess
from spheresync.source.datasphere import definition
from spheresync.source.datasphere.edmx import xml
from spheresync.source.datasphere.edmx.document_budget import DocumentBudget, Spending
from spheresync.source.datasphere.edmx.document_reader import parse_edmx
from spheresync.source.datasphere.edmx.xml import check_ended
from spheresync.source.datasphere.normaliser import NORMALISER
from tests.unit.source.documents import about, edmx, entity, raw

ONE = '<Property Name="A" Type="Edm.String"/>'
SMALL = DocumentBudget(
    size=20_000, tags=100, attributes=300, attributes_of_one=20, properties=10, inherited=30, parts=100
)


def columns(count: int, prefix: str = "P") -> str:
    return "".join(f'<Property Name="{prefix}{n}" Type="Edm.Int32"/>' for n in range(count))


def attributes(count: int) -> str:
    return " ".join(f'a{n}=""' for n in range(count))


def heirs(count: int, own: int = 0) -> str:
    """A chain of types over one another, the asset's lowest."""
    names = ["SALES", *(f"B{n}" for n in range(count))]
    return "".join(
        f'<EntityType Name="{name}"{f""" BaseType="S.{above}" """ if above else ""}>{columns(own, name)}</EntityType>'
        for name, above in itertools.zip_longest(names, names[1:])
    )


SET = '<EntityContainer Name="C"><EntitySet Name="SALES" EntityType="S.SALES"/></EntityContainer>'
BEYOND = {
    "size": entity(ONE, more=about("S.SALES", f'Term="Common.Label" String="{"x" * 20_000}"')),
    "tags": entity(ONE, more="<Foo/>" * 101),
    "attributes": entity(ONE, more="".join(f"<Foo {attributes(20)}/>" for _ in range(16))),
    "attributes_of_one": entity(ONE, more=f"<Foo {attributes(21)}/>"),
    "properties": entity(columns(11)),
    "inherited": SET + heirs(8, own=1),
    "parts": entity(ONE, more="".join(f'<Annotations Target="S.X{n}"/>' for n in range(101))),
}


def read(body: bytes, budget: DocumentBudget) -> None:
    parse_edmx(body, budget=budget).types["S.SALES"]


@pytest.mark.parametrize("what", BEYOND)
def test_each_count_has_an_end(what: str) -> None:
    """Beyond one count and within all others, so that each of them is known to hold."""
    wide = DocumentBudget()
    body = edmx(BEYOND[what])
    read(body, wide)
    tight = replace(wide, **{what: getattr(SMALL, what)})
    with pytest.raises(SourceError) as caught:
        read(body, tight)
    assert caught.value.fault is SourceFault.TOO_LARGE
    assert caught.value.remedy
    assert {*BEYOND, "seconds"} == {field.name for field in fields(DocumentBudget)}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_no_encoding_hides_attributes_or_a_doctype(encoding: str) -> None:
    """U+3C3C is twice the byte of `<` in UTF-16, and a letter that names may hold."""
    many = " ".join(f'\u3c3c{n}=""' for n in range(1_001))
    text = edmx(entity(ONE, more=f"<Foo {many}/>")).decode().partition("?>")[2].lstrip()
    with pytest.raises(SourceError, match="attributes"):
        read(text.encode(encoding), DocumentBudget())
    with pytest.raises(SourceError, match="DOCTYPE"):
        read(f"<!-- x --><!DOCTYPE Edmx>{text}".encode(encoding), DocumentBudget())


@pytest.mark.parametrize("name", ["utf-7", "cp037", "utf-32", "hz", "klingon"])
def test_encodings_that_spell_ascii_otherwise_are_refused(name: str) -> None:
    with pytest.raises(SourceError, match="encoding"):
        read(edmx(entity(ONE)).replace(b'"utf-8"', f'"{name}"'.encode()), DocumentBudget())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings_of_the_standard_are_read(encoding: str) -> None:
    text = edmx(entity(ONE, more=about("S.SALES", 'Term="Common.Label" String="Größe"'))).decode()
    body = text.replace('"utf-8"', f'"{encoding[:6]}"' if "16" in encoding else '"utf-8"').encode(encoding)
    check_ended(body)
    assert parse_edmx(body).types["S.SALES"].annotations == {"common.label": "Größe"}


def test_the_clock_ends_what_no_count_ends() -> None:
    ticks = itertools.count()
    spending = Spending(DocumentBudget(seconds=3), clock=lambda: float(next(ticks)))
    with pytest.raises(SourceError, match="longer than 3 s"):
        for _ in range(10_000):
            spending.one()


def test_what_the_asset_does_not_need_costs_it_nothing() -> None:
    """9,000 heirs of a type with 9,000 properties are not expanded for the asset that is the type."""
    body = edmx(entity(columns(300), more="".join(f'<EntityType Name="H{n}" BaseType="S.SALES"/>' for n in range(300))))
    read(body, replace(DocumentBudget(), properties=300, inherited=0))


def test_a_document_beyond_the_budget_is_the_finding_of_its_asset_alone() -> None:
    hostile = edmx(entity(f'<Property Name="A" Type="Edm.String" {attributes(1_001)}/>'))
    found = normalise_all(NORMALISER, (), [raw(edmx(entity(ONE))), raw(hostile), raw(edmx(entity(ONE)))])
    assert [type(each) for each in found] == [Normalised, Unreadable, Normalised]
    assert isinstance(found[1], Unreadable)
    assert found[1].fault is SourceFault.TOO_LARGE
    assert found[1].message.startswith("DEMO/SALES: relational $metadata: ")


@pytest.mark.parametrize(
    ("body", "whole"),
    [
        (edmx(entity(ONE)), True),
        (edmx(entity(ONE)) + b" <!-- generated --> <?x y?>\n", True),
        (b"<a/>", True),
        (b"<?xml version='1.0'?><!-- x --><x:Edmx xmlns:x='u'><b/></x:Edmx >", True),
        (b"<!-- " + b"x" * 20_000 + b" --><a><b/></a>", True),
        (b"<a><b/>", False),
        (b"<a></ab>", False),
        (b"<a></a", False),
        (b"<a></a><!-- x", False),
        (b"<!-- </a>", False),
        (b"<!---->" * 2_000 + b"<a/>", False),
    ],
)
def test_whether_an_answer_is_whole_is_told_without_parsing(
    monkeypatch: pytest.MonkeyPatch, body: bytes, whole: bool
) -> None:
    monkeypatch.setattr(etree, "fromstring", pytest.fail)
    monkeypatch.setattr(xml, "parse_xml", pytest.fail)
    assert definition.check_ended is check_ended
    if whole:
        check_ended(body)
    else:
        with pytest.raises(SourceError):
            check_ended(body)


@pytest.mark.anyio
async def test_reading_definitions_leaves_the_event_loop_free() -> None:
    """The work waits for the loop: done on it, neither would ever end."""
    told = Event()

    def work(_: Sequence[int]) -> list[bool]:
        return [told.wait(30)]

    async def tell() -> None:
        told.set()

    for do in (WorkerProcess(1).do, WorkerProcess(1).share):
        told.clear()
        answers: list[bool] = []

        async def ask() -> None:
            answers.extend(await do(work, [1]))  # noqa: B023 -- it ends before the next one begins

        async with anyio.create_task_group() as group:
            group.start_soon(ask)
            await anyio.lowlevel.checkpoint()
            group.start_soon(tell)
        assert answers == [True]
