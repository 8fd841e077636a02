"""Search in dog, as a person and as an assistant meet it: what was found, where, and what was not looked at."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.types import TextContent

from tests.simulators.installation import Installation

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


def test_a_question_that_nothing_answers_offers_what_is_spelled_nearly_so(dog: Installation) -> None:
    answer = dog.ask("assets", "--query", "quantty")
    assert (answer["items"], answer["total"], answer["meant"]) == ([], 0, "quantity")
    assert answer["near"][0]["asset"] == "SALES/AM_SALES"


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
    wrong = dog.ask("assets", "--sort", "column", code=2)
    assert "Did you mean columns?" in str(wrong)
    assert "Did you mean contact?" in str(dog.ask("assets", "--pii", "contacts", code=2))


@pytest.mark.anyio
async def test_an_assistant_learns_in_one_call_which_assets_hold_personal_data_and_where(dog: Installation) -> None:
    command, *options = dog.command("serve", "--no-scheduler")
    server = StdioServerParameters(command=command, args=options, env=dog.variables())
    async with Client(server) as client:
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
    command, *options = dog.command("serve", "--no-scheduler")
    server = StdioServerParameters(command=command, args=options, env=dog.variables())
    answers = []
    async with Client(server) as client:
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
    assert owned["total"] and {row["matched"][0]["text"] for row in owned["items"]} == {
        "people.analytics@retailer.example"
    }


@pytest.mark.anyio
async def test_filters_are_told_apart_from_what_is_not_there(dog: Installation) -> None:
    elsewhere, nowhere, globbed, free, personal, late = await _lists(
        dog,
        {"column": "GBDAT", "kind": "view"},
        {"column": "GBDATX"},
        {"column": "*NOSUCH*"},
        {"pii": "none", "kind": "view", "count_only": True},
        {"pii": "any", "kind": "view", "count_only": True},
        {"status": "late", "count_only": True},
    )
    assert elsewhere["notes"] == ["1 asset has such a column, and what else is asked leaves them out."]
    assert nowhere["notes"] == ["No column is called so; * stands for any characters, as in *QTY*. Nearest: GBDAT."]
    assert globbed["notes"] == ["No column is called so."], "whoever writes a glob knows of them"
    views = dog.ask("assets", "--kind", "view", "--count")["total"]
    assert free["total"] + personal["total"] == views and free["total"] and personal["total"]
    assert late["total"] == sum(tier["late"] + tier["overdue"] for tier in dog.ask("status")["tiers"]), (
        "what the status counts is what the list shows"
    )


def test_an_index_that_was_damaged_or_never_made_is_made_by_the_next_question(dog: Installation) -> None:
    before = assets(dog.ask("assets", "--query", "kunde", "--limit", "200"))
    with closing(sqlite3.connect(dog.state_dir / "spheresync.db")) as state, state:
        state.execute("UPDATE asset_search_data SET block = x'ff00ff' WHERE id > 10")
    assert assets(dog.ask("assets", "--query", "kunde", "--limit", "200")) == before
    with closing(sqlite3.connect(dog.state_dir / "spheresync.db")) as state, state:
        state.execute("UPDATE assets SET search_stale = 1")
    assert assets(dog.ask("assets", "--query", "kunde", "--limit", "200")) == before
