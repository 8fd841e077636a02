"""Lineage in dog, as a person and as an assistant meet it: the built-in landscape with its objects read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.types import TextContent

from tests.simulators.installation import Installation

MODEL = "SALES/AM_SALES"
KNA1 = "connection:S4H_PROD/SAPABAP1.KNA1"


@pytest.fixture(scope="module")
def dog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A dog installation that reads design-time objects, synced."""
    state = tmp_path_factory.mktemp("dog") / "state"
    state.mkdir()
    installation = Installation(state, {}, env="dog", extra={"SPHERESYNC_DATASPHERE__OBJECTS": "on"})
    assert installation.ask("sync")["state"] == "done"
    yield installation


def edges(answer: dict[str, Any], kind: str) -> set[tuple[str, str, str]]:
    return {
        (f"{e['from']}.{e['from_column']}", f"{e['to']}.{e['to_column']}", e["how"])
        if kind == "column"
        else (e["from"], e["to"], e["how"])
        for e in answer["edges"]
        if e["kind"] == kind
    }


def test_a_model_leads_back_to_a_connection_and_on_to_its_table(dog: Installation) -> None:
    answer = dog.ask("lineage", MODEL)
    assert {
        ("SALES/V_SALES_FACTS", MODEL, "query"),
        ("SALES/CUSTOMERS", MODEL, "association"),
        ("SALES/LT_CUSTOMERS", "SALES/CUSTOMERS", "query"),
        ("SALES/DF_CLEAN_CUSTOMERS", "SALES/LT_CUSTOMERS", "flow"),
        ("SALES/RT_KNA1", "SALES/DF_CLEAN_CUSTOMERS", "flow"),
        (KNA1, "SALES/RT_KNA1", "remote"),
        (MODEL, "glue:default:sales.am_sales", "written"),
    } <= edges(answer, "table")
    kinds = {node["id"]: node["kind"] for node in answer["nodes"]}
    assert (kinds[KNA1], kinds["SALES/DF_CLEAN_CUSTOMERS"], kinds["glue:default:sales.am_sales"]) == (
        "outside",
        "data_flow",
        "glue",
    )
    assert answer["findings"] == []
    one = dog.ask("lineage", MODEL, "--column", "Country", "--direction", "upstream")
    assert ("SALES/CUSTOMERS.COUNTRY", f"{MODEL}.Country", "direct") in edges(one, "column")
    assert {edge[1].rpartition(".")[0] for edge in edges(one, "column")} <= {
        MODEL,
        "SALES/CUSTOMERS",
        "SALES/LT_CUSTOMERS",
    }
    down = dog.ask("lineage", "SALES/RT_KNA1", "--direction", "downstream")
    assert (MODEL, "glue:default:sales.am_sales", "written") in edges(down, "table")


def test_a_column_that_its_source_does_not_have_is_a_finding_and_no_edge(dog: Installation) -> None:
    answer = dog.ask("lineage", "SALES/WEB_SESSIONS", "--direction", "upstream")
    assert any("CONVERSION_FLAG" in finding and "not there" in finding for finding in answer["findings"])
    assert not any(edge[1].endswith(".CONVERTED") for edge in edges(answer, "column"))


def test_lineage_is_written_as_openlineage_events(dog: Installation, tmp_path: Path) -> None:
    file = tmp_path / "lineage.jsonl"
    dog.ask("lineage", MODEL, "--openlineage", str(file))
    events = {event["job"]["name"]: event for event in map(json.loads, file.read_text("utf-8").splitlines())}
    event = events[MODEL]
    assert {each["name"] for each in event["inputs"]} == {"SALES/V_SALES_FACTS", "SALES/CUSTOMERS"}
    fields = event["outputs"][0]["facets"]["columnLineage"]["fields"]
    assert [(each["name"], each["field"]) for each in fields["Country"]["inputFields"]] == [
        ("SALES/CUSTOMERS", "COUNTRY")
    ]
    assert events["SALES/RT_KNA1"]["inputs"] == [
        {"namespace": "sap-datasphere-connection://S4H_PROD", "name": "SAPABAP1.KNA1"}
    ]
    assert "--force" in dog.ask("lineage", MODEL, "--openlineage", str(file), code=2)["error"]["remedy"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["SALES/AM_SALE"], "SALES/AM_SALES"),
        ([MODEL, "--column", "COUNTRY"], "Country"),
        ([MODEL, "--direction", "sideways"], "upstream"),
        ([MODEL, "--depth", "99"], "50"),
    ],
)
def test_wrong_names_say_what_is_valid(dog: Installation, arguments: list[str], said: str) -> None:
    error = dog.ask("lineage", *arguments, code=2)["error"]
    assert said in error["message"] + error["remedy"]


@pytest.mark.anyio
async def test_an_assistant_is_answered_in_its_text(dog: Installation) -> None:
    command, *arguments = dog.command("serve", "--no-scheduler")
    server = StdioServerParameters(command=command, args=arguments, env=dog.variables())
    async with Client(server) as client:
        result = await client.call_tool("get_lineage", {"asset": MODEL, "column": "Country", "direction": "upstream"})
        described = await client.call_tool("describe_asset", {"asset": MODEL})
    text = result.content[0]
    assert isinstance(text, TextContent)
    assert f"SALES/CUSTOMERS.COUNTRY -> {MODEL}.Country (direct)" in text.text
    assert "as last read at" in text.text
    assert described.structured_content is not None
    context = described.structured_content["context"]
    assert context["foreign_keys"][0]["references"] == "SALES/CUSTOMERS"
    assert context["provenance"]["types"] == "csn"


def test_the_requests_that_whole_spaces_spared_are_told(dog: Installation) -> None:
    (run,) = [each for each in dog.ask("runs")["items"] if each["counts"]["create"]]
    spared = dog.ask("runs", run["run_id"])["usage"]["datasphere_requests_saved"]
    assert spared > 0 and dog.ask("status")["savings"]["datasphere_requests_saved"] == spared


@pytest.mark.anyio
async def test_every_lineage_fits_into_one_answer_and_says_what_it_leaves_out(dog: Installation) -> None:
    command, *arguments = dog.command("serve", "--no-scheduler")
    server = StdioServerParameters(command=command, args=arguments, env=dog.variables())
    async with Client(server) as client:
        chain = await client.call_tool("get_lineage", {"asset": "SALES/TC_SALES_DAILY"})
        column = await client.call_tool("get_lineage", {"asset": MODEL, "column": "Quantity", "direction": "upstream"})
    assert chain.structured_content is not None and column.structured_content is not None
    texts = [json.dumps(chain.structured_content, ensure_ascii=False)]
    texts += [part.text for part in chain.content if isinstance(part, TextContent)]
    assert sum(len(text.encode()) for text in texts) / 4 < 6_000
    assert edges(chain.structured_content, "table") and not edges(chain.structured_content, "column")
    assert any("edges between columns" in finding for finding in chain.structured_content["findings"])
    assert (
        "connection:S4H_PROD/CDS/I_SalesDocumentItem",
        "SALES/RF_S4_SALES",
        "replication",
    ) in edges(column.structured_content, "table"), "a column leads back to its connection"
