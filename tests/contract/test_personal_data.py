"""Personal data, from Datasphere to what a person sees, what Glue holds and what a policy keeps out of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from spheresync.dog.objects import DogColumn, DogObject, DogSpace, Landscape, landscape_to_json, parse_type
from spheresync.model import AssetKind
from tests.contract.conftest import MakeInstallation
from tests.contract.test_assistants import call, connect
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant, running_tenant

VALUE = "max.muster@example.com"


def text(name: str, label: str, **facts: Any) -> DogColumn:
    return DogColumn(name, parse_type("String(40)"), label, **facts)


LANDSCAPE = Landscape(
    (
        DogSpace(
            "HR",
            "Personal",
            (
                DogObject(
                    AssetKind.VIEW,
                    "STAFF",
                    f"Belegschaft (Fragen: {VALUE})",
                    (
                        text("PERNR", "Personalnummer", key=True, nullable=False),
                        text("VORNA", "Vorname"),
                        text("GBDAT", "Geburtsdatum"),
                        text("WERKS", "Werk"),
                        text("NOTE", "z. B. DE89 3704 0044 0532 0130 00"),
                    ),
                ),
                DogObject(AssetKind.VIEW, "PLANTS", "Werke", (text("WERKS", "Werk", key=True, nullable=False),)),
            ),
        ),
    )
)


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningTenant]:
    file = tmp_path_factory.mktemp("landscape") / "landscape.json"
    file.write_text(json.dumps(landscape_to_json(LANDSCAPE)), "utf-8")
    with running_tenant("--landscape", str(file)) as tenant:
        yield tenant


pytestmark = pytest.mark.anyio


def table(glue: GlueSimulator, installation: Installation, name: str) -> dict[str, Any]:
    found: dict[str, Any] = glue.table(f"{installation.extra['SPHERESYNC_PREFIX']}hr", name)
    return found


def columns(table: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {each["Name"]: each["Parameters"] for each in table["StorageDescriptor"]["Columns"]}


async def told(installation: Installation, tool: str, asset: str, role: str = "admin") -> dict[str, Any]:
    """What a tool answers about an asset."""
    async with connect(installation, SPHERESYNC_ROLE=role) as client:
        return await call(client, tool, asset=asset)


async def seen(installation: Installation, role: str) -> tuple[str, str]:
    """What a tool and a resource tell a role of an asset, as texts."""
    async with connect(installation, SPHERESYNC_ROLE=role) as client:
        described = await call(client, "describe_asset", asset="HR/STAFF")
        return json.dumps(described), str(await client.read_resource("spheresync://assets/HR/STAFF"))


def listed(installation: Installation, role: str = "admin") -> dict[str, Any]:
    rows = replace(installation, extra={**installation.extra, "SPHERESYNC_ROLE": role}).ask("assets")["items"]
    return {row["asset"]: row for row in rows}


def with_policy(installation: Installation, personal_class: str, action: str) -> None:
    installation.config = f"personal_data: {{policy: [{{class: {personal_class}, action: {action}}}]}}\n"


async def test_columns_carry_their_class_and_descriptions_say_why(
    make_installation: MakeInstallation, glue: GlueSimulator
) -> None:
    installation = make_installation()
    assert installation.ask("sync")["counts"]["create"] == 2
    staff = table(glue, installation, "staff")
    assert {name: each.get("spheresync.pii") for name, each in columns(staff).items()} == {
        "pernr": "identifier",
        "vorna": "name",
        "gbdat": "birth",
        "werks": None,
        "note": "financial",
    }
    described = await told(installation, "describe_asset", "HR/STAFF")
    assert described["personal_data"] == "classified"
    expected = {"identifier": ["PERNR"], "name": ["VORNA"], "birth": ["GBDAT"], "financial": ["NOTE"]}
    assert described["pii"] == expected
    why = {each["name"]: each.get("personal_data") for each in described["columns"]}
    assert why["GBDAT"]["class"] == "birth"
    assert (why["GBDAT"]["source"], why["NOTE"]["source"]) == ("dictionary", "pattern")
    assert why["GBDAT"]["evidence"] and 0 < why["GBDAT"]["confidence"] <= 1
    assert why["WERKS"] is None
    assert (await told(installation, "describe_asset", "HR/PLANTS"))["personal_data"] == "classified"
    assert installation.ask("sync")["counts"]["update"] == 0


async def test_values_of_persons_reach_neither_glue_nor_callers_without_the_right(
    make_installation: MakeInstallation, glue: GlueSimulator
) -> None:
    installation = make_installation()
    installation.ask("sync")
    held = json.dumps(table(glue, installation, "staff"))
    assert VALUE not in held and "DE89" not in held
    assert "Fragen: [e-mail]" in held
    for role in ("viewer", "operator", "auditor", "steward", "admin"):
        may_read = role in {"steward", "admin"}
        described, document = await seen(installation, role)
        answers = [described, document, json.dumps(listed(installation, role))]
        assert [VALUE in each for each in answers] == [may_read] * 3, role
        assert ("DE89" in described) is may_read, role
        assert all("HR/STAFF" in each for each in answers[:1])


async def test_mask_off_leaves_texts_as_they_are(make_installation: MakeInstallation, glue: GlueSimulator) -> None:
    installation = make_installation("personal_data: {mask: false}\n")
    installation.ask("sync")
    assert VALUE in json.dumps(table(glue, installation, "staff"))
    assert VALUE in json.dumps(await told(installation, "describe_asset", "HR/STAFF", "viewer"))


async def test_a_policy_takes_columns_out_of_the_target_without_another_reading(
    make_installation: MakeInstallation, glue: GlueSimulator
) -> None:
    installation = make_installation()
    installation.ask("sync")
    with_policy(installation, "birth", "exclude_column")
    assert installation.ask("preview", "--no-refresh")["summary"]["update"] == 1
    assert installation.ask("sync")["counts"]["update"] == 1
    assert "gbdat" not in columns(table(glue, installation, "staff"))
    assert "GBDAT" in json.dumps((await told(installation, "explain_mapping", "HR/STAFF"))["findings"])


async def test_a_policy_excludes_assets_with_the_reason(
    make_installation: MakeInstallation, glue: GlueSimulator
) -> None:
    installation = make_installation()
    with_policy(installation, "birth", "exclude_asset")
    for created in (1, 0):  # and it stays so
        assert installation.ask("sync")["counts"]["create"] == created
        staff = listed(installation)["HR/STAFF"]
        assert staff["status"] == "excluded"
        assert "personal_data.policy" in staff["problem"] and "birth" in staff["problem"]
    found = installation.ask("discover")
    assert found["read"] == found["listed"] == 2, "read on, since only a reading tells that it holds that no more"
    installation.config = "personal_data: {policy: []}\n"
    assert installation.ask("sync")["counts"]["create"] == 1, "until the policy lets it in"


async def test_a_policy_refuses_assets_as_failures_of_the_plan(
    make_installation: MakeInstallation, glue: GlueSimulator
) -> None:
    installation = make_installation()
    with_policy(installation, "birth", "refuse")
    run = installation.ask("sync", code=1)
    assert run["counts"]["create"] == 1
    (failure,) = run["failures"]
    assert failure["asset"] == "HR/STAFF"
    assert "birth" in failure["reason"] and "personal_data.policy" in failure["remedy"]
