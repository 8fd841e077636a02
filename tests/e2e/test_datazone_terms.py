"""Terms of DataZone: what becomes of them as definitions, glossaries and other people's edits change."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.e2e.test_datazone import CONFIG, CONTEXT, assets, form, imported, revise, written, zone
from tests.e2e.test_lake_formation import put_context
from tests.simulators.fixtures import Surroundings
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

SURROUNDINGS = Surroundings(assets=6)

__all__ = ["imported", "zone"]
_EDITED = CONTEXT.replace("after discounts", "after all discounts")


def _definition(glue: GlueSimulator) -> str:
    (said,) = [
        each["shortDescription"] for each in glue.datazone_dump()["terms"].values() if each["name"] == "Net revenue"
    ]
    return str(said)


def test_a_definition_that_changed_waits_for_its_run_however_often_it_is_previewed(
    zone: Installation, glue: GlueSimulator
) -> None:
    zone.ask("sync")
    put_context(zone, _EDITED)
    for _ in range(2):
        shown = zone.run("preview", "--exit-code")
        assert shown.code == 4 and "Next: spheresync apply" in shown.out and "GlossaryTerm Net revenue" in shown.out, (
            shown
        )
    glue.fault("error", "datazone:UpdateGlossaryTerm", times=None, code="InternalServerException", status=500)
    zone.ask("sync", code=None)
    glue.heal()
    glue.reset()
    assert zone.ask("sync")["state"] == "done"
    assert _definition(glue) == "Revenue after all discounts." and written(glue) == {"datazone:UpdateGlossaryTerm": 1}
    glue.reset()
    assert zone.run("preview", "--exit-code").code == 0 and zone.ask("sync")["state"] == "done" and not glue.calls()


DOMAIN = {"domainIdentifier": "dzd_x1"}
_GOES = "deletion: {misses: 1, grace: 0s, policy: delete}\n"


def _term(glue: GlueSimulator, name: str = "Net revenue") -> dict[str, Any]:
    (found,) = [each for each in glue.datazone_dump()["terms"].values() if each["name"] == name]
    return dict(found)


def _all_terms(glue: GlueSimulator, asset: str) -> list[str]:
    """The terms of an asset and of its columns."""
    row = assets(glue)[asset]
    columns = form(row, "ColumnBusinessMetadataForm").get("columnsBusinessMetadata", [])
    return sorted(
        [*row.get("glossaryTerms", []), *(term for each in columns for term in each.get("glossaryTerms", []))]
    )


def _require_gone(zone: Installation, glue: GlueSimulator, tenant: RunningTenant) -> None:
    """A delete leaves none of our terms on an imported asset."""
    zone.config += _GOES
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00001")
    zone.ask("sync")
    assert zone.ask("sync")["counts"]["delete"] == 2
    assert not _all_terms(glue, "asset_00001")


def test_a_term_and_a_glossary_that_somebody_renamed_stay_the_same_ones(
    imported: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    imported.ask("sync")
    before = [_all_terms(glue, name) for name in ("asset_00000", "asset_00001")]
    hands, (glossary,) = glue.client_of("datazone"), glue.datazone_dump()["glossaries"]
    hands.update_glossary_term(**DOMAIN, identifier=_term(glue)["id"], name="Netto")
    hands.update_glossary(**DOMAIN, identifier=glossary, name="Company words")
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00000", label="Another")
    put_context(imported, _EDITED)
    assert imported.ask("sync")["state"] == "done"
    assert not imported.ask("drift")["items"] and imported.ask("sync", "--full")["state"] == "done"
    held = glue.datazone_dump()
    assert len(held["glossaries"]) == 1 and {each["name"] for each in held["terms"].values()} == {
        "Netto",
        "Revenue",
        "Customer",
    }
    assert _term(glue, "Netto")["shortDescription"] == "Revenue after all discounts."
    assert [_all_terms(glue, name) for name in ("asset_00000", "asset_00001")] == before
    _require_gone(imported, glue, tenant)


def test_another_glossary_takes_the_place_of_the_former_on_every_asset(
    imported: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    imported.ask("sync")
    imported.config = CONFIG.replace("project_id: p1", "project_id: p1, glossary: Words")
    preview = imported.ask("preview")
    fields = {each["path"]: (each["before"], each["after"]) for each in preview["items"][0]["changes"]}
    assert fields["terms.Net revenue"] == ("SAP Datasphere", "Words")
    assert imported.ask("apply", preview["change_set_id"])["state"] == "done"
    held = glue.datazone_dump()
    names = {key: each["name"] for key, each in held["glossaries"].items()}
    for asset in ("asset_00000", "asset_00001"):
        ids = _all_terms(glue, asset)
        assert len(ids) == 2 and {names[held["terms"][each]["glossaryId"]] for each in ids} == {"Words"}
    glue.reset()
    assert imported.ask("sync")["state"] == "done" and not glue.calls()
    _require_gone(imported, glue, tenant)


def test_relations_that_others_made_stay_and_ours_follows_its_context_file(
    zone: Installation, glue: GlueSimulator
) -> None:
    zone.ask("sync")
    hands, term = glue.client_of("datazone"), _term(glue)
    theirs = hands.create_glossary_term(**DOMAIN, glossaryIdentifier=term["glossaryId"], name="Theirs")["id"]
    (ours,) = term["termRelations"]["isA"]
    relations = {"isA": [ours, theirs], "classifies": [theirs]}
    hands.update_glossary_term(**DOMAIN, identifier=term["id"], termRelations=relations)
    put_context(zone, _EDITED)
    zone.ask("sync")
    assert _definition(glue) == "Revenue after all discounts."
    assert {kind: set(ids) for kind, ids in _term(glue)["termRelations"].items()} == {
        "isA": {ours, theirs},
        "classifies": {theirs},
    }
    put_context(zone, _EDITED.replace(", broader: Revenue", ""))
    zone.ask("sync")
    assert _term(glue)["termRelations"] == {"isA": [theirs], "classifies": [theirs]}


def test_a_wider_term_that_is_taken_out_of_the_context_file_goes(zone: Installation, glue: GlueSimulator) -> None:
    zone.ask("sync")
    put_context(zone, CONTEXT.replace(", broader: Revenue", ""))
    zone.ask("sync")
    assert not _term(glue).get("termRelations")
    glue.reset()
    zone.ask("sync")
    assert not glue.calls()


@pytest.mark.parametrize("edit", ['{"written": "{"}', '{"written": "{\\"ours\\": [1]}"}'])
def test_a_form_of_ours_that_somebody_made_unreadable_is_written_again(
    imported: Installation, glue: GlueSimulator, edit: str
) -> None:
    imported.ask("sync")
    asset = assets(glue)["asset_00000"]
    said = json.dumps({**form(asset), **json.loads(edit)})
    forms = [
        {"formName": each["formName"], "typeIdentifier": each["typeName"], "content": each["content"]}
        for each in asset["formsOutput"]
    ]
    revise(
        glue,
        "asset_00000",
        formsInput=[{**each, "content": said} if each["formName"] == "SpheresyncForm" else each for each in forms],
    )
    assert imported.ask("sync", "--full")["state"] == "done"
    now = assets(glue)["asset_00000"]
    assert form(now) == form(asset) and now["glossaryTerms"] == asset["glossaryTerms"]
    glue.reset()
    assert imported.ask("sync")["state"] == "done" and not written(glue)


_MORE = CONTEXT.replace("[Net revenue]", "[Net revenue, New one]")
_OTHER_DOMAIN = CONTEXT.replace("domain: Sales", "domain: Finance")


def test_a_glossary_of_another_project_is_used_and_nothing_is_written_into_it(
    zone: Installation, glue: GlueSimulator
) -> None:
    hands = glue.client_of("datazone")
    project = hands.create_project(**DOMAIN, name="governance")["id"]
    glossary = hands.create_glossary(**DOMAIN, name="SAP Datasphere", owningProjectIdentifier=project)["id"]
    theirs = hands.create_glossary_term(**DOMAIN, glossaryIdentifier=glossary, name="Customer")["id"]
    before = glue.datazone_dump()["terms"]
    run = zone.ask("sync", code=None)
    told = [each for each in run["failures"] if project in each["reason"]]
    assert len(told) == 6 and all("`datazone.glossary`" in each["remedy"] for each in told), run
    assert glue.datazone_dump()["terms"] == before and len(glue.datazone_dump()["glossaries"]) == 1
    put_context(zone, CONTEXT.replace(", terms: [Net revenue]", ""))
    assert zone.ask("sync")["state"] == "done"
    assert _all_terms(glue, "asset_00000") == [theirs] and glue.datazone_dump()["terms"] == before
    zone.config = CONFIG.replace("project_id: p1", "project_id: p1, glossary: Ours")
    put_context(zone, CONTEXT)
    assert zone.ask("sync")["state"] == "done" and len(_all_terms(glue, "asset_00000")) == 2


@pytest.mark.parametrize("kind", ["glossary", "term"])
def test_what_is_disabled_is_put_on_no_asset_and_stays_disabled(
    zone: Installation, glue: GlueSimulator, kind: str
) -> None:
    hands = glue.client_of("datazone")
    put_context(zone, CONTEXT.replace("space: SPACE_000", "name: ASSET_00000"))
    zone.ask("sync")
    if kind == "glossary":
        (disabled,) = glue.datazone_dump()["glossaries"]
        hands.update_glossary(**DOMAIN, identifier=disabled, status="DISABLED")
    else:
        disabled = _term(glue)["id"]
        hands.update_glossary_term(**DOMAIN, identifier=disabled, status="DISABLED")
    held = _all_terms(glue, "asset_00000")
    put_context(zone, _OTHER_DOMAIN)
    run = zone.ask("sync", code=None)
    told = [each for each in run["failures"] if "is disabled in DataZone" in each["reason"]]
    assert len(told) == 5 and all("Enable it" in each["remedy"] for each in told), run
    assert form(assets(glue)["asset_00000"])["domain"] == "Finance" and _all_terms(glue, "asset_00000") == held
    assert not _all_terms(glue, "asset_00001")
    rows = {**glue.datazone_dump()["glossaries"], **glue.datazone_dump()["terms"]}
    assert rows[disabled]["status"] == "DISABLED"
    undo = hands.update_glossary if kind == "glossary" else hands.update_glossary_term
    undo(**DOMAIN, identifier=disabled, status="ENABLED")
    assert zone.ask("sync")["state"] == "done" and len(_all_terms(glue, "asset_00001")) == 2


def test_no_term_is_made_in_a_glossary_that_is_disabled(zone: Installation, glue: GlueSimulator) -> None:
    zone.ask("sync")
    (glossary,) = glue.datazone_dump()["glossaries"]
    glue.client_of("datazone").update_glossary(**DOMAIN, identifier=glossary, status="DISABLED")
    put_context(zone, _MORE)
    run = zone.ask("sync", code=None)
    assert len(run["failures"]) == 6 and all("is disabled" in each["reason"] for each in run["failures"]), run
    assert len(glue.datazone_dump()["terms"]) == 3
