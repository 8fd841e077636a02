"""Context files, from what stewards write to what people see and what Glue holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from spheresync.dog.objects import DogObject, DogSpace, Landscape, landscape_to_json
from spheresync.model import AssetKind
from tests.contract.conftest import MakeInstallation
from tests.contract.test_personal_data import columns, listed, table, text, told
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant, running_tenant

SALES = """\
assets:
  - match: {space: HR, name: "*"}
    set: {owner: a@example.com, steward: b@example.com, domain: People, certification: certified,
          sensitivity: internal, retention: 7y, tags: {layer: gold}, terms: [Headcount]}
    columns: [{match: {name: WERKS}, set: {personal_data: location, terms: [Plant]}}]
terms:
  - {name: Headcount, definition: People who work here., synonyms: [Kopfzahl], broader: Figures}
"""

LANDSCAPE = Landscape(
    (
        DogSpace(
            "HR",
            "Personal",
            (
                DogObject(
                    AssetKind.VIEW,
                    "STAFF",
                    "Belegschaft",
                    (
                        text("PERNR", "Personalnummer", key=True, nullable=False),
                        text("GBDAT", "Geburtsdatum"),
                        text("WERKS", "Werk"),
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


def say(installation: Installation, text: str, file: str = "sales.yaml") -> None:
    """Write a context file beside the configuration."""
    installation.config = installation.config or "context: [context/*.yaml]\n"
    folder = installation.state_dir.parent / "context"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file).write_text(text, "utf-8")


def of_words(said: dict[str, str]) -> dict[str, str]:
    """What the overlay gives of the parameters of a table or column."""
    keys = {"owner", "steward", "domain", "certification", "sensitivity", "retention", "terms", "pii", "tag.layer"}
    return {key: said[f"spheresync.{key}"] for key in sorted(keys) if f"spheresync.{key}" in said}


async def test_what_stewards_say_reaches_glue_and_people(
    make_installation: MakeInstallation, glue: GlueSimulator
) -> None:
    installation = make_installation()
    say(installation, SALES)
    assert installation.ask("sync")["counts"]["create"] == 2
    staff = table(glue, installation, "staff")
    assert of_words(staff["Parameters"]) == {
        "owner": "a@example.com",
        "steward": "b@example.com",
        "domain": "People",
        "certification": "certified",
        "sensitivity": "internal",
        "retention": "7y",
        "tag.layer": "gold",
        "terms": '["Headcount"]',
    }
    assert of_words(columns(staff)["werks"]) == {"pii": "location", "terms": '["Plant"]'}
    assert of_words(columns(staff)["gbdat"]) == {"pii": "birth"}
    described = await told(installation, "describe_asset", "HR/STAFF", "viewer")
    context = described["context"]
    assert (context["owner"], context["steward"]) == ("a@example.com", "b@example.com"), "whom to ask is not masked"
    assert context["terms"] == ["Headcount"] and context["column_terms"] == {"WERKS": ["Plant"]}
    assert context["glossary"] == {
        "Headcount": {"definition": "People who work here.", "synonyms": ["Kopfzahl"], "broader": "Figures"}
    }
    assert context["provenance"]["owner"] == "context/sales.yaml, line 3"
    why = {each["name"]: each.get("personal_data") for each in described["columns"]}
    assert why["WERKS"] == {
        "class": "location",
        "confidence": 1.0,
        "source": "steward",
        "evidence": "the steward says so in context/sales.yaml, line 5",
    }
    assert described["pii"]["location"] == ["WERKS"]
    assert installation.ask("sync")["usage"].get("aws_calls", 0) == 0


async def test_explanations_name_the_entries_that_matched_and_what_was_overridden(
    make_installation: MakeInstallation,
) -> None:
    installation = make_installation()
    say(installation, SALES)
    say(
        installation,
        "assets:\n  - match: {name: STAFF}\n    set: {owner: c@example.com}\n"
        "    columns: [{match: {name: GBDAT}, set: {personal_data: none}}]\n",
        "z.yaml",
    )
    installation.ask("discover")
    explained = await told(installation, "explain_mapping", "HR/STAFF", "viewer")
    first, second = explained["rules"]
    assert (first["origin"], first["rule"], first["overridden"]) == ("context/sales.yaml, line 2", 1, ["owner"])
    assert (second["origin"], second["sets"]["owner"]) == ("context/z.yaml, line 2", "c@example.com")
    findings = "\n".join(explained["findings"])
    assert "GBDAT holds no personal data, as a steward says in context/z.yaml, line 4" in findings
    assert "birth data by the dictionary" in findings, "what is overruled is told"
    assert "1 term without a definition: Plant" in findings


async def test_a_change_is_metadata_only_for_the_assets_that_it_touches(
    make_installation: MakeInstallation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    installation = make_installation()
    say(installation, SALES)
    installation.ask("sync")
    saved = installation.ask("preview", "--no-refresh")
    plants = table(glue, installation, "plants")
    say(installation, "assets: [{match: {name: STAFF}, set: {owner: new@example.com}}]\n", "z.yaml")
    refused = installation.ask("apply", saved["change_set_id"], code=3)
    assert "mapping or scope changed" in json.dumps(refused), "a plan of before is stale"
    tenant.clear_stats()
    preview = installation.ask("preview", "--no-refresh")
    assert tenant.stats().total == 0
    assert (preview["summary"]["metadata_only"], preview["summary"]["unchanged"]) == (1, 1)
    (item,) = preview["items"]
    assert (item["asset"], item["strategy"]) == ("HR/STAFF", "metadata_only")
    change = {"path": "parameters.spheresync.owner", "before": "a@example.com", "after": "new@example.com"}
    assert item["changes"] == [change]
    as_viewer = replace(installation, extra={**installation.extra, "SPHERESYNC_ROLE": "viewer"})
    assert as_viewer.ask("preview", "--no-refresh")["items"][0]["changes"] == [change]
    assert installation.ask("sync")["counts"]["metadata_only"] == 1
    assert table(glue, installation, "staff")["Parameters"]["spheresync.owner"] == "new@example.com"
    assert table(glue, installation, "plants") == plants


@pytest.mark.parametrize("action", ["exclude_asset", "refuse"])
async def test_the_word_of_a_steward_decides_over_policies_without_another_reading(
    make_installation: MakeInstallation, glue: GlueSimulator, action: str
) -> None:
    installation = make_installation(
        f"context: [context/*.yaml]\npersonal_data: {{policy: [{{class: birth, action: {action}}}]}}\n"
    )
    say(installation, "assets: []\n")
    code = 1 if action == "refuse" else 0
    assert installation.ask("sync", code=code)["counts"]["create"] == 1
    say(installation, "assets: [{columns: [{match: {name: GBDAT}, set: {personal_data: none}}]}]\n")
    assert installation.ask("preview", "--no-refresh")["summary"]["create"] == 1, "the finding is overruled"
    assert installation.ask("sync")["counts"]["create"] == 1
    assert "spheresync.pii" not in columns(table(glue, installation, "staff"))["gbdat"]
    assert listed(installation)["HR/STAFF"]["status"] == "synced"
    say(installation, "assets: [{columns: [{match: {name: WERKS}, set: {personal_data: birth}}]}]\n")
    preview = installation.ask("preview", "--no-refresh", code=code)
    if action == "refuse":
        assert {each["subject"] for each in preview["problems"]} == {"HR/STAFF", "HR/PLANTS"}
    else:
        assert preview["summary"]["forget"] == 2, "and a word can put them out as well"


async def test_every_problem_of_all_files_is_told_at_once_with_file_line_and_fix(
    make_installation: MakeInstallation,
) -> None:
    installation = make_installation("context: [context/*.yaml, nothing/*.yaml]\n")
    say(
        installation,
        "assets:\n  - match: {spce: HR}\n    set: {ownr: a, retention: soon, terms: [A]}\n"
        "  - set: {owner: '${OWNER}', steward: }\n  - {match: {kind: vew}, set: {owner: x}}\n"
        "  - columns: [{match: {name: X}, set: {personal_data: helth}}]\n",
        "a.yaml",
    )
    say(
        installation,
        "terms:\n  - {name: Net revenue, broader: Revenue}\n  - {name: Revenue, broader: Net revenue}\n"
        "  - {name: revenue}\nassets:\n  - set: {terms: [Net revenu]}\n    columns: []\n    set: {owner: x}\n",
        "b.yaml",
    )
    say(installation, "assets: &all\n  - set: {owner: a}\nterms: *all\n", "c.yaml")
    problems = installation.ask("config", "validate", code=2)["error"]["problems"]
    for wanted in (
        "spheresync.yaml, line 1: context: 'nothing/*.yaml' names no file",
        "context/a.yaml, line 2: assets.0.match.spce: unknown key; did you mean space?",
        "context/a.yaml, line 3: assets.0.set.ownr: unknown key; did you mean owner?",
        "context/a.yaml, line 3: assets.0.set.retention: must be a whole number of days, weeks, months or years",
        "context/a.yaml, line 4: assets.1.set.owner: holds ${…}",
        "context/a.yaml, line 4: assets.1.set.steward: has no value; give one or remove the key",
        "context/a.yaml, line 5: assets.2.match.kind: 'vew' is none of",
        "context/a.yaml, line 6: assets.3.columns.0.set.personal_data: is none of",
        "context/b.yaml, line 8: assets.0.set: stands there twice (first in line 6); keep one of them",
        "context/b.yaml, line 4: defines the term 'revenue' again, first in context/b.yaml, line 3",
        "context/b.yaml, line 2: wider terms go round in a circle: 'Net revenue' → 'Revenue' → 'Net revenue'",
        "context/c.yaml, line 3: uses a YAML alias (*)",
    ):
        assert sum(each.startswith(wanted) for each in problems) == 1, (wanted, problems)
    assert len(problems) == 12
