"""Search in dog, as a person and as an assistant meet it: what was found, where, and what was not looked at."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from mcp import Client
from mcp.types import TextContent

from tests.simulators.fixtures import SMALLER
from tests.simulators.installation import Installation

SURROUNDINGS = SMALLER

CHARACTERS_OF_A_TOKEN = 3
"""Technical names make more tokens than prose."""


@pytest.fixture(scope="module")
def dog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A dog installation that reads design-time objects, read once."""
    state = tmp_path_factory.mktemp("dog") / "state"
    state.mkdir()
    installation = Installation(state, {}, env="dog", extra={"SPHERESYNC_DATASPHERE__OBJECTS": "on"})
    assert installation.ask("sync")["state"] == "done"
    yield installation


def assets(answer: dict[str, Any]) -> list[str]:
    return [row["asset"] for row in answer["items"]]


def test_a_column_is_found_with_its_label_and_type_in_every_spelling(dog: Installation) -> None:
    answer = dog.ask("assets", "--column", "zaehlmenge")
    assert assets(answer) == ["SUPPLY_CHAIN/INVENTUR"]
    assert answer["items"][0]["matched"] == [
        {"field": "column", "text": "ZÄHLMENGE", "label": "Zählmenge", "type": "cds.Decimal(13,3)"}
    ]
    globbed = dog.ask("assets", "--column", "*MENGE")
    assert globbed["total"] == 3 and len(globbed["items"][1]["matched"]) == 2
    nothing = dog.ask("assets", "--column", "ZÄHLMENG")
    assert nothing["total"] == 0 and "ZAEHLMENGE" in str(nothing["notes"])


def test_a_question_is_answered_by_labels_of_every_language_and_says_by_which(dog: Installation) -> None:
    answer = dog.ask("assets", "--query", "kundenauftraege")
    assert assets(answer)[0] == "SALES/Orders"
    assert answer["items"][0]["matched"][0] == {"field": "label", "text": "Kundenaufträge", "language": "de"}
    assert "labels in every language" in answer["searched"]
    assert answer["as_of"].endswith("Z") and answer["first"] == 1


def test_a_physical_name_is_said_to_be_an_object_of_its_asset(dog: Installation) -> None:
    for asked in ("hr.employees", "glue:hr.employees", "HR.EMPLOYEES"):
        assert "hr.employees in AWS is an object of HR/EMPLOYEES." in dog.ask("assets", "--query", asked)["notes"]
    (row,) = (each for each in dog.ask("assets", "--space", "SALES")["items"] if each["asset"] == "SALES/Orders")
    contested = row["objects"][0].partition(".")[2]
    assert contested != "orders", "another asset has the plain name"
    assert f"sales.{contested} in AWS is an object of SALES/Orders." in dog.ask("assets", "--query", contested)["notes"]


def test_the_mark_at_the_end_of_a_whole_question_is_no_wildcard(dog: Installation) -> None:
    asked, plain = (dog.ask("assets", "--query", f"sales orders{mark}") for mark in ("?", ""))
    assert assets(asked) == assets(plain) != []
    wrong = dog.run("assets", "--column", "*")
    assert wrong.code == 2 and "the name of any column fits" in wrong.err


def test_a_question_that_nothing_answers_offers_what_is_spelled_nearly_so(dog: Installation) -> None:
    answer = dog.ask("assets", "--query", "quantty")
    assert (answer["items"], answer["total"], answer["meant"]) == ([], 0, "quantity")
    assert answer["near"][0]["asset"] == "SALES/AM_SALES"
    several = dog.ask("assets", "--query", "Umsatz nach Monat")
    assert several["meant"] == "'umsatz' or 'monat'"
    said = dog.run("assets", "--query", "Umsatz nach Monat").out
    assert "Near hits, for 'umsatz' or 'monat':" in said


def test_what_little_answers_offers_other_forms_terms_and_languages(dog: Installation) -> None:
    few = dog.ask("assets", "--query", "Kunden", "--kind", "analytic_model")
    assert few["total"] and any("query='kunde' finds" in note for note in few["notes"])
    assert any("Business term 'Customer' (synonym 'Kunde') is that of" in note for note in few["notes"])
    nothing = dog.ask("assets", "--query", "salary")
    assert nothing["total"] == 0 and any("try other languages too" in note for note in nothing["notes"])


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("sick leave", "pii=health lists 2 assets"),
        ("salary", "pii=financial lists"),
        ("salaries", "pii=financial lists"),
        ("birthday", "pii=birth lists"),
        ("Geburtsdatum", "pii=birth lists"),
        ("health", "pii=health lists"),
        ("Nettoumsatz", ""),
    ],
)
def test_words_of_a_class_of_personal_data_lead_to_it_and_short_words_to_nothing_else(
    dog: Installation, asked: str, hint: str
) -> None:
    answer = dog.ask("assets", "--query", asked)
    notes = " ".join(answer["notes"])
    assert hint in notes and ("pii=" in notes) is bool(hint)
    assert "SUPPLY_CHAIN/STOCK_LEVELS" not in {row["asset"] for row in answer.get("near", ())}


@pytest.mark.parametrize(
    ("asked", "meant", "lost", "near"),
    [
        ("Lieferannt", "lieferant", "", {"SUPPLY_CHAIN/LIEFERANT"}),
        ("Mitarbieter Umsaz", "'mitarbeiter' or 'umsatz'", "", {"HR/MITARBEITER_ADRESSEN", "SALES/AM_UMSATZ"}),
        ("Mitarbieter xqzw", "mitarbeiter", "xqzw", {"HR/MITARBEITER_ADRESSEN"}),
        ("Where are the customer phone numbers?", "customer phone number", "", {"SALES/CUSTOMERS"}),
        (
            "delivry perfomance",
            "'performance' or 'delivery'",
            "",
            {"SUPPLY_CHAIN/AM_SUPPLIER_PERFORMANCE", "SUPPLY_CHAIN/DELIVERIES"},
        ),
        ("inventory levels", "stock levels", "", {"SUPPLY_CHAIN/STOCK_LEVELS"}),
        ("Lagerbestand", "stock", "", {"SUPPLY_CHAIN/STOCK_LEVELS", "SUPPLY_CHAIN/AM_BESTAND"}),
    ],
)
def test_what_is_near_has_the_most_of_the_words_in_any_spelling_form_and_language(
    dog: Installation, asked: str, meant: str, lost: str, near: set[str]
) -> None:
    answer = dog.ask("assets", "--query", asked)
    assert (answer["total"], answer["meant"]) == (0, meant)
    assert near <= {row["asset"] for row in answer["near"]} and all(row["matched"] for row in answer["near"])
    assert any(f"not in what is near: {lost}" in note for note in answer["notes"]) is bool(lost)


def test_every_page_of_an_answer_is_told_once_with_its_place(dog: Installation) -> None:
    whole = dog.ask("assets", "--query", "persisted", "--limit", "200")
    seen: list[str] = []
    cursor: list[str] = []
    while True:
        page = dog.ask("assets", "--query", "persisted", "--limit", "7", *cursor)
        assert (page["first"], page["total"]) == (len(seen) + 1, whole["total"])
        seen += assets(page)
        if page["next_cursor"] is None:
            break
        cursor = ["--cursor", page["next_cursor"]]
    assert seen == assets(whole) and len(seen) == whole["total"] > 14


def test_lists_are_put_in_order_counted_and_bounded(dog: Installation) -> None:
    by_columns = dog.ask("assets", "--sort", "-columns", "--detail", "full", "--limit", "5")
    columns = [row["columns"] for row in by_columns["items"]]
    assert columns == sorted(columns, reverse=True)
    counted = dog.ask("assets", "--count")
    assert sum(counted["kinds"].values()) == sum(counted["statuses"].values()) == counted["total"]
    assert counted["items"] == []
    widest = dog.ask("assets", "--sort", "-columns", "--limit", "3")["items"]
    assert [row["columns"] for row in widest] == sorted((row["columns"] for row in widest), reverse=True)
    read = [row["read_at"] for row in dog.ask("assets", "--sort", "read", "--limit", "200")["items"]]
    assert read == sorted(read) and all(each.endswith("Z") for each in read)
    wrong = dog.ask("assets", "--sort", "column", code=2)
    assert "Did you mean columns?" in str(wrong)
    assert "Did you mean contact?" in str(dog.ask("assets", "--pii", "contacts", code=2))


@pytest.mark.anyio
async def test_an_assistant_learns_in_one_call_which_assets_hold_personal_data_and_where(dog: Installation) -> None:
    async with Client(dog.serving("--no-scheduler")) as client:
        spent, held = 0, dict[str, Any]()
        cursor: str | None = None
        for _ in range(3):
            arguments = {"pii": "any"} | ({"cursor": cursor} if cursor else {})
            result = await client.call_tool("list_assets", arguments)
            answer: dict[str, Any] = result.structured_content or {}
            said = result.content[0]
            assert isinstance(said, TextContent)
            spent += len(said.text) + len(json.dumps(answer))
            held |= {row["asset"]: row for row in answer["items"]}
            cursor = answer.get("next_cursor")
            if cursor is None:
                break
    assert cursor is None and len(held) == answer["total"]
    assert spent / CHARACTERS_OF_A_TOKEN <= 6_000
    assert held["HR/PAYROLL"]["pii"]["financial"][:1] == ["IBAN"]
    employees = held["HR/EMPLOYEES"]
    assert sum(map(len, employees["pii"].values())) <= 12


async def _lists(dog: Installation, *wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """What an assistant is answered, with the text under `said`."""
    answers = []
    async with Client(dog.serving("--no-scheduler")) as client:
        for arguments in wanted:
            result = await client.call_tool("list_assets", {"limit": 200, **arguments})
            said = result.content[0]
            assert isinstance(said, TextContent)
            answers.append({**(result.structured_content or {}), "said": said.text})
    return answers


@pytest.mark.anyio
async def test_an_assistant_learns_in_one_call_which_term_is_whose(dog: Installation) -> None:
    every, one, begun, owned = await _lists(
        dog, {"term": "*"}, {"term": "nettoumsatz"}, {"term": "Net rev*"}, {"owner": "people*"}
    )
    whose = {(each["field"], each["text"]) for each in every["items"][0]["matched"]}
    assert {field for field, _ in whose} == {"term", "owner"}
    assert every["total"] > one["total"] == begun["total"] == 2
    assert one["items"][0]["matched"] == [
        {"field": "term", "text": "Nettoumsatz"},
        {"field": "owner", "text": "sales.data@retailer.example"},
    ]
    said = next(line for line in begun["said"].splitlines() if "SALES/AM_SALES" in line)
    assert '[field term; text "Net revenue" | field owner; text "sales.data' in said
    (looked_after,) = await _lists(dog, {"owner": "s.lindner@retailer.example"})
    assert looked_after["total"] > 15 and all(row["asset"].startswith("SALES/") for row in looked_after["items"])
    assert {(row["matched"][0]["field"], row["matched"][0]["text"]) for row in looked_after["items"]} == {
        ("steward", "s.lindner@retailer.example")
    }
    counted = dog.ask("assets", "--owner", "lindner", "--count")
    assert counted["total"] == looked_after["total"], "a part of the address is enough"
    assert owned["total"] and {row["matched"][0]["text"] for row in owned["items"]} == {
        "people.analytics@retailer.example"
    }


@pytest.mark.anyio
async def test_a_page_that_its_length_ends_says_so(dog: Installation) -> None:
    whole, short = await _lists(dog, {"detail": "full", "limit": 100}, {"detail": "full", "limit": 5})
    assert len(whole["items"]) < 89 and "The page ends before limit" in whole["said"]
    assert "The page ends" not in short["said"]


@pytest.mark.anyio
async def test_filters_are_told_apart_from_what_is_not_there(dog: Installation) -> None:
    elsewhere, nowhere, globbed, free, personal, late, whose = await _lists(
        dog,
        {"column": "GBDAT", "kind": "view"},
        {"column": "GBDATX"},
        {"column": "*NOSUCH*"},
        {"pii": "none", "kind": "view", "count_only": True},
        {"pii": "any", "kind": "view", "count_only": True},
        {"status": "late", "count_only": True},
        {"pii": "none", "space": "SALES"},
    )
    assert elsewhere["notes"] == ["1 asset has such a column, and what else is asked leaves them out."]
    assert nowhere["notes"] == ["No column is called so; * stands for any characters, as in *QTY*. Nearest: GBDAT."]
    assert globbed["notes"] == ["No column is called so."], "whoever writes a glob knows of them"
    views = dog.ask("assets", "--kind", "view", "--count")["total"]
    assert free["total"] + personal["total"] == views and free["total"] and personal["total"]
    assert any("person_keys" in note and "none does not mean" in note for note in free["notes"])
    (orders,) = [row for row in whose["items"] if row["asset"] == "SALES/Orders"]
    assert orders["person_keys"] == ["CustomerID", "Sold to party"], "the key of a person is no class, and is told"
    assert 'person_keys [CustomerID, "Sold to party"]' in whose["said"]
    assert late["total"] == sum(tier["late"] + tier["overdue"] for tier in dog.ask("status")["tiers"]), (
        "what the status counts is what the list shows"
    )


@pytest.mark.anyio
async def test_a_column_is_found_by_its_type_in_both_spellings(dog: Installation) -> None:
    short, whole, csn, counted, hinted, of_column, named = await _lists(
        dog,
        {"column": "timeofday"},
        {"column": "Edm.TimeOfDay"},
        {"column": "cds.Time", "kind": "view"},
        {"column": "TimeOfDay", "count_only": True},
        {"query": "TimeOfDay"},
        {"query": "timestamp"},
        {"column": "Quantity"},
    )
    rows = {row["asset"]: row["matched"] for row in short["items"]}
    assert {"SALES/STORES", "SALES/POS_RECEIPTS", "HR/WORKING_TIME"} <= rows.keys()
    assert all(each["type"] in {"cds.Time", "Edm.TimeOfDay"} for matched in rows.values() for each in matched)
    assert whole["total"] == counted["total"] == len(rows) > csn["total"] > 0
    assert "column is taken for a type, as no column is called so: Edm.TimeOfDay or cds.Time." in short["said"]
    assert "Types of columns are not searched: column='Edm.TimeOfDay'" in hinted["said"]
    assert "column='Edm.DateTimeOffset' lists" in of_column["said"], "columns are called timestamp, too"
    assert "taken for a type" not in named["said"]


@pytest.mark.anyio
async def test_which_columns_lead_to_persons_is_one_question_and_a_class_without_a_hit_proves_nothing(
    dog: Installation,
) -> None:
    keys, counted, health, none = await _lists(
        dog, {"pii": "key"}, {"pii": "key", "count_only": True}, {"pii": "health"}, {"pii": "credential"}
    )
    rows = {row["asset"]: row for row in keys["items"]}
    assert rows["SALES/Orders"]["person_keys"] == ["CustomerID", "Sold to party"], "a sold-to party by its association"
    assert rows["SALES/LT_ORDERS"]["person_keys"] == ["CUSTOMER_ID", "SOLD_TO"]
    assert rows["HR/EMPLOYEES"]["pii"] == {"identifier": ["PERNR", "PHOTO", "USER_ID"]}
    assert "BANK_ID" not in rows["FINANCE/BANK_ACCOUNTS"].get("person_keys", ())
    assert keys["total"] == len(rows) == counted["total"] == sum(counted["kinds"].values()) == len(_pages(dog))
    assert [row["asset"] for row in health["items"]] == ["HR/ABSENCES", "HR/LT_ABSENCES"]
    assert not any("No hit" in note for note in health["notes"])
    assert health["items"][0]["person_keys"] == ["PERNR", "ABSENCE_ID"], "who is ill, an identifier tells"
    assert none["total"] == 0 and "does not prove that there is no credential data" in none["said"]


def _pages(dog: Installation) -> set[str]:
    """Assets with keys of persons, page by page."""
    found: list[str] = []
    cursor: list[str] = []
    while True:
        page = dog.ask("assets", "--pii", "key", "--limit", "4", *cursor)
        found += assets(page)
        if page["next_cursor"] is None:
            assert len(found) == len(set(found))
            return set(found)
        cursor = ["--cursor", page["next_cursor"]]


def test_an_index_that_was_damaged_or_never_made_is_made_by_the_next_question(dog: Installation) -> None:
    before = assets(dog.ask("assets", "--query", "kunde", "--limit", "200"))
    with closing(sqlite3.connect(dog.state_dir / "spheresync.db")) as state, state:
        state.execute("UPDATE asset_search_data SET block = x'ff00ff' WHERE id > 10")
    assert assets(dog.ask("assets", "--query", "kunde", "--limit", "200")) == before
    with closing(sqlite3.connect(dog.state_dir / "spheresync.db")) as state, state:
        state.execute("UPDATE assets SET search_stale = 1")
    assert assets(dog.ask("assets", "--query", "kunde", "--limit", "200")) == before


@pytest.mark.anyio
async def test_assets_whose_names_differ_by_case_only_name_each_other(dog: Installation) -> None:
    async with Client(dog.serving("--no-scheduler")) as client:
        told = [
            (await client.call_tool("describe_asset", {"asset": asset})).structured_content or {}
            for asset in ("SALES/Orders", "SALES/ORDERS", "SALES/CUSTOMERS")
        ]
    assert [each.get("differ_by_case") for each in told] == [["SALES/ORDERS"], ["SALES/Orders"], None]


def test_assets_that_nobody_is_named_for_are_listed_with_whoever_is(dog: Installation) -> None:
    answer = dog.ask("assets", "--owner", "none", "--limit", "200")
    assert answer["total"] > 20 and {row["asset"].partition("/")[0] for row in answer["items"]} >= {"FINANCE"}
    assert all([each["field"] for each in row["matched"]] == ["owner"] for row in answer["items"])
    assert any(f"{answer['total']} lack a steward only" in note for note in answer["notes"])
    people = dog.ask("assets", "--owner", "none", "--space", "HR")
    assert people["total"] == 0 and any("0 lack a steward only" in note for note in people["notes"])
