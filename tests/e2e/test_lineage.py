"""Lineage in dog, as a person and as an assistant meet it: the built-in landscape with its objects read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.types import TextContent

from tests.simulators.fixtures import SMALLER
from tests.simulators.installation import Installation

SURROUNDINGS = SMALLER

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
    async with Client(dog.serving("--no-scheduler")) as client:
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
    async with Client(dog.serving("--no-scheduler")) as client:
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


def test_a_measure_of_a_model_is_aggregated_and_no_edge_is_explained(dog: Installation) -> None:
    model = dog.ask("lineage", "SALES/AM_UMSATZ", "--direction", "upstream", "--depth", "1")
    assert {
        ("SALES/V_KASSE.UMSATZ", "SALES/AM_UMSATZ.UMSATZ", "aggregated"),
        ("SALES/V_KASSE.BON_ID", "SALES/AM_UMSATZ.KUNDENZÄHLER", "aggregated"),
        ("SALES/V_KASSE.FILIALE", "SALES/AM_UMSATZ.FILIALE", "direct"),
    } <= edges(model, "column")
    alone = dog.ask("lineage", "FINANCE/LT_BUDGET_UPLOAD", "--direction", "upstream")
    assert alone["edges"] == []
    assert alone["findings"] == ["the definition of FINANCE/LT_BUDGET_UPLOAD names nothing that it is made from"]


@pytest.mark.anyio
async def test_what_is_not_known_of_a_lineage_is_told_as_such(dog: Installation) -> None:
    async with Client(dog.serving("--no-scheduler")) as client:
        above, below = [
            str((await client.call_tool("get_lineage", {"asset": asset, "direction": way})).content)
            for asset, way in (("HR/AM_HEADCOUNT", "upstream"), ("HR/EMPLOYEES", "downstream"))
        ]
    assert "no data flow is known" in above and "0 edges" not in above
    assert "where HR/AM_HEADCOUNT comes from is not known" in above
    assert "any of them may use HR/EMPLOYEES: HR/AM_FEHLZEITEN, HR/AM_HEADCOUNT" in below


@pytest.mark.anyio
async def test_what_refers_to_an_asset_by_associations_is_told_apart_from_data_flow(dog: Installation) -> None:
    async with Client(dog.serving("--no-scheduler")) as client:
        whole, of_key, of_other, above = [
            await client.call_tool("get_lineage", arguments)
            for arguments in (
                {"asset": "HR/EMPLOYEES", "direction": "downstream"},
                {"asset": "SALES/CUSTOMERS", "column": "CUSTOMER_ID"},
                {"asset": "SALES/CUSTOMERS", "column": "EMAIL"},
                {"asset": "SALES/CUSTOMERS", "direction": "upstream"},
            )
        ]
    assert whole.structured_content is not None and of_key.structured_content is not None
    referring = {row["asset"]: row["columns"] for row in whole.structured_content["referred_by"]}
    assert {"HR/PAYROLL", "HR/ABSENCES", "HR/MITARBEITER_ADRESSEN", "HR/WORKING_TIME"} == referring.keys()
    assert referring["HR/PAYROLL"] == {"PERNR": "PERNR"}
    text = str(whole.content)
    assert "Refer to it by associations, apart from data flow: HR/ABSENCES (PERNR)" in text
    assert "leads to it" not in text and "nothing is known of it" not in text and "names HR/EMPLOYEES" not in text
    assert {"SALES/Orders", "SALES/WEB_SESSIONS", "SALES/V_SALES_FACTS"} <= {
        row["asset"] for row in of_key.structured_content["referred_by"]
    }
    assert "SALES/Orders (" in str(of_key.content) and "names SALES/CUSTOMERS" not in str(of_key.content)
    assert "Refer to it" not in str(of_other.content) and "Refer to it" not in str(above.content)


def test_what_never_has_a_table_is_explained_without_one(dog: Installation) -> None:

    async def ask() -> dict[str, Any]:
        async with Client(dog.serving("--no-scheduler")) as client:
            result = await client.call_tool("explain_mapping", {"asset": "FINANCE/TC_MONTH_END"})
            return result.structured_content or {}

    answer = anyio.run(ask)
    assert "only moves data" in answer["reason"]
    assert not {"database", "table", "names"} & answer.keys(), "a table that it will never have"
