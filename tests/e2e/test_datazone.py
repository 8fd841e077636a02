"""DataZone: the assets that stand for Glue's tables say what is known of them, and nothing of others is touched."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

from tests.e2e.test_lake_formation import put_context
from tests.e2e.test_lineage_events import at_once
from tests.simulators.fixtures import FirstSyncs, Surroundings
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

SURROUNDINGS = Surroundings(assets=6)

CONFIG = """installation: lake
targets: [glue, datazone]
context: ["context/*.yaml"]
datazone: {domain_id: dzd_x1, project_id: p1}
scope: {include: ["SPACE_000/*"]}
"""
CONTEXT = """
assets:
  - match: {space: SPACE_000}
    set: {domain: Sales, terms: [Net revenue]}
    columns:
      - {match: {name: COL_001}, set: {terms: [Customer]}}
terms:
  - {name: Net revenue, definition: Revenue after discounts., synonyms: [Nettoumsatz], broader: Revenue}
  - {name: Revenue, definition: What is sold.}
"""
POST = "datazone:PostLineageEvent"
REVISE, MAKE = "datazone:CreateAssetRevision", "datazone:CreateAsset"
ARN = "arn:aws:glue:eu-central-1:123456789012:table/space_000/"
_READS = ("Get", "List", "Search", "datazone:Get", "datazone:List", "datazone:Search")


@pytest.fixture
def zone(installation: Installation) -> Installation:
    installation.config = CONFIG
    put_context(installation, CONTEXT)
    return installation


@pytest.fixture
def imported(
    zone: Installation, surroundings: Surroundings, glue: GlueSimulator, first_syncs: FirstSyncs
) -> Installation:
    """The tables are in Glue, and a data source has imported them."""
    zone.config = CONFIG.replace("[glue, datazone]", "[glue]")
    first_syncs.begin(zone, surroundings, glue, CONTEXT)
    glue.run_data_source("space_000")
    zone.config = CONFIG
    glue.reset()
    return zone


@pytest.fixture
def filled(
    imported: Installation, surroundings: Surroundings, glue: GlueSimulator, first_syncs: FirstSyncs
) -> Installation:
    """What was imported has been written."""
    first_syncs.begin(imported, surroundings, glue, CONTEXT)
    return imported


def assets(glue: GlueSimulator) -> dict[str, dict[str, Any]]:
    """The newest revision of each asset, by its name."""
    return {rows[-1]["name"]: rows[-1] for rows in glue.datazone_dump()["assets"].values()}


def form(asset: dict[str, Any], name: str = "SpheresyncForm") -> dict[str, Any]:
    """The content of a form of an asset; empty where it has none."""
    held = [json.loads(each["content"]) for each in asset["formsOutput"] if each["formName"] == name]
    return held[0] if held else {}


def terms(glue: GlueSimulator, identifiers: list[str]) -> set[str]:
    held = glue.datazone_dump()["terms"]
    return {held[each]["name"] for each in identifiers}


def written(glue: GlueSimulator) -> dict[str, int]:
    """Calls that change something, by name; events of lineage are told apart from the run."""
    told = (POST, *_READS)
    return {name: count for name, count in glue.calls().items() if not name.startswith(told)}


def test_an_imported_asset_gets_one_revision_with_our_form_and_terms_and_a_second_sync_does_nothing(
    imported: Installation, glue: GlueSimulator
) -> None:
    preview = imported.ask("preview")
    made = [each["operation"] for each in preview["prerequisites"] if each["target"] == "datazone"]
    assert made == [
        "datazone:CreateGlossary",
        *["datazone:CreateGlossaryTerm"] * 3,
        "datazone:CreateFormType",
        "datazone:CreateAssetType",
    ]
    run = imported.ask("apply", preview["change_set_id"])
    assert (run["state"], run["counts"]["create"]) == ("done", 6), run
    assert written(glue)[REVISE] == 6 and MAKE not in written(glue)
    found = assets(glue)
    assert len(found) == 6
    one = found["asset_00000"]
    assert one["externalIdentifier"] == f"{ARN}asset_00000"
    said = form(one)
    assert (said["managedBy"], said["source"], said["domain"]) == (
        "spheresync:lake",
        "SPACE_000/ASSET_00000",
        "Sales",
    )
    assert form(one, "GlueTableForm")["tableName"] == "asset_00000" and form(one, "DataSourceReferenceForm")
    assert terms(glue, one["glossaryTerms"]) == {"Net revenue"}
    columns = {
        each["columnIdentifier"]: each for each in form(one, "ColumnBusinessMetadataForm")["columnsBusinessMetadata"]
    }
    assert terms(glue, columns["col_001"]["glossaryTerms"]) == {"Customer"}
    glue.reset()
    again = imported.ask("sync")
    assert {word: count for word, count in again["counts"].items() if count} == {"unchanged": 12}
    assert not glue.calls()


def test_a_table_that_nobody_imported_gets_an_asset_of_ours(zone: Installation, glue: GlueSimulator) -> None:
    run = zone.ask("sync")
    assert (run["state"], run["counts"]["create"]) == ("done", 12), run
    one = assets(glue)["asset_00000"]
    assert one["typeIdentifier"] == "SpheresyncTable" and not one["externalIdentifier"].startswith("arn:")
    assert form(one, "RelationalTableForm")["columns"][0]["columnName"] == "col_000"


def test_a_lost_state_finds_its_assets_again_and_makes_no_duplicate(zone: Installation, glue: GlueSimulator) -> None:
    zone.ask("sync")
    before = glue.datazone_dump()
    shutil.rmtree(zone.state_dir)
    glue.reset()
    run = zone.ask("sync")
    assert run["state"] == "done", run
    assert not written(glue)
    now, told = glue.datazone_dump(), {"events", "tokens"}  # a lost state does not know what lineage was told
    assert {name: now[name] for name in now.keys() - told} == {name: before[name] for name in before.keys() - told}


@pytest.mark.parametrize("rule", ['table: "t_{name}"', 'bind: "lake.orders"'], ids=["named anew", "bound"])
def test_what_stands_for_a_former_table_is_found_by_a_lost_state_and_goes_with_it(
    zone: Installation, glue: GlueSimulator, rule: str
) -> None:
    zone.config = CONFIG.replace("project_id: p1", "project_id: p1, publish: always")
    zone.ask("sync")
    hands = glue.client()
    hands.create_database(DatabaseInput={"Name": "lake"})
    hands.create_table(DatabaseName="lake", TableInput={"Name": "orders", "StorageDescriptor": {"Columns": []}})
    zone.config += f"mapping: {{rules: [{{match: {{name: ASSET_00001}}, set: {{{rule}}}}}]}}\n"
    zone.ask("sync")
    assert form(assets(glue)["asset_00001"])["status"] == "retired"
    shutil.rmtree(zone.state_dir)
    assert zone.ask("sync")["state"] == "done"
    run = zone.ask("sync", "--allow-deletes")
    assert run["state"] == "done" and "asset_00001" not in assets(glue), run
    assert len(glue.datazone_dump()["listings"]) == 6
    glue.reset()
    assert zone.ask("sync")["state"] == "done" and not written(glue)


def test_an_undo_takes_back_what_is_ours_and_leaves_what_was_there(imported: Installation, glue: GlueSimulator) -> None:
    before = assets(glue)["asset_00001"]
    run = imported.ask("sync")
    undo = imported.ask("revert", run["run_id"])
    assert imported.ask("apply", undo["change_set_id"], "--allow-deletes")["state"] == "done"
    after = assets(glue)["asset_00001"]
    assert after["formsOutput"] == before["formsOutput"]
    assert after.get("description") == before.get("description") and not after.get("glossaryTerms")


def test_assets_go_as_their_tables_do(zone: Installation, glue: GlueSimulator, tenant: RunningTenant) -> None:
    zone.config = CONFIG + "deletion: {misses: 1, grace: 0s, policy: delete}\n"
    zone.ask("sync")
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00000")
    assert zone.ask("sync")["counts"]["retire"] == 2
    assert form(assets(glue)["asset_00000"])["status"] == "retired"
    assert zone.ask("sync")["counts"]["delete"] == 2
    assert "asset_00000" not in assets(glue) and len(assets(glue)) == 5


def test_a_domain_or_project_that_is_not_there_is_told_by_doctor(zone: Installation) -> None:
    assert all(each["ok"] for each in zone.ask("doctor")["items"] if each["connection"] == "datazone")
    for wrong in ("domain_id: dzd_none, project_id: p1", "domain_id: dzd_x1, project_id: none"):
        zone.config = CONFIG.replace("domain_id: dzd_x1, project_id: p1", wrong)
        (told, *_) = [each for each in zone.ask("doctor", code=1)["items"] if each["connection"] == "datazone"]
        assert not told["ok"] and "datazone.project_id" in told["remedy"]
    zone.config = CONFIG.replace("dzd_x1", "dzd_none")
    zone.run("sync")
    remedies = {each["subject"]: each["remedy"] for each in zone.ask("status")["problems"]}
    assert "datazone.domain_id" in remedies["lineage"] and "datazone.domain_id" in remedies["assets"]
    zone.config = CONFIG.replace(", project_id: p1", "")
    assert "needs project_id" in zone.run("config", "validate").err


def test_a_glossary_and_terms_of_others_are_used_and_stay_as_they_are(zone: Installation, glue: GlueSimulator) -> None:
    hands = glue.client_of("datazone")
    domain = {"domainIdentifier": "dzd_x1"}
    glossary = hands.create_glossary(**domain, name="Words", owningProjectIdentifier="p1")["id"]
    theirs = hands.create_glossary_term(
        **domain, glossaryIdentifier=glossary, name="Net revenue", shortDescription="As we say."
    )["id"]
    before = glue.datazone_dump()["terms"][theirs]
    zone.config = CONFIG.replace("project_id: p1", "project_id: p1, glossary: Words")
    assert zone.ask("sync")["state"] == "done"
    held = glue.datazone_dump()
    assert len(held["glossaries"]) == 1 and held["terms"][theirs] == before
    assert {each["name"] for each in held["terms"].values()} == {"Net revenue", "Revenue", "Customer"}
    assert assets(glue)["asset_00000"]["glossaryTerms"] == [theirs]


def test_a_definition_that_changes_updates_that_term_once_and_no_asset(zone: Installation, glue: GlueSimulator) -> None:
    zone.ask("sync")
    glue.reset()
    put_context(zone, CONTEXT.replace("after discounts", "after all discounts"))
    assert zone.ask("sync")["state"] == "done"
    assert written(glue) == {"datazone:UpdateGlossaryTerm": 1}
    (term,) = [each for each in glue.datazone_dump()["terms"].values() if each["name"] == "Net revenue"]
    assert term["shortDescription"] == "Revenue after all discounts." and "Nettoumsatz" in term["longDescription"]
    assert len(term["termRelations"]["isA"]) == 1
    glue.reset()
    assert zone.ask("sync")["state"] == "done"
    assert not glue.calls()


def test_a_definition_that_somebody_edited_stays(zone: Installation, glue: GlueSimulator) -> None:
    zone.ask("sync")
    (term,) = [each for each in glue.datazone_dump()["terms"].values() if each["name"] == "Net revenue"]
    glue.client_of("datazone").update_glossary_term(
        domainIdentifier="dzd_x1", identifier=term["id"], shortDescription="Better said."
    )
    put_context(zone, CONTEXT.replace("after discounts", "after all discounts"))
    assert zone.ask("sync")["state"] == "done"
    assert glue.datazone_dump()["terms"][term["id"]]["shortDescription"] == "Better said."
    zone.config = CONFIG + "drift: {description: overwrite}\n"
    put_context(zone, CONTEXT.replace("after discounts", "after each discount"))
    assert zone.ask("sync")["state"] == "done"
    assert glue.datazone_dump()["terms"][term["id"]]["shortDescription"] == "Revenue after each discount."


def revise(glue: GlueSimulator, name: str, **changes: Any) -> None:
    """Somebody else makes a revision of an asset, with these members changed and all others sent back."""
    asset = assets(glue)[name]
    forms = [
        {"formName": each["formName"], "typeIdentifier": each["typeName"], "content": each["content"]}
        for each in asset["formsOutput"]
    ]
    kept = {key: asset[key] for key in ("name", "description", "glossaryTerms") if key in asset}
    glue.client_of("datazone").create_asset_revision(
        domainIdentifier="dzd_x1", identifier=asset["id"], **{**kept, "formsInput": forms, **changes}
    )


def foreign(glue: GlueSimulator, name: str) -> tuple[str, list[dict[str, Any]]]:
    """A term and a form of others, put on an asset; answers the term and all forms of the asset then."""
    hands, domain = glue.client_of("datazone"), {"domainIdentifier": "dzd_x1"}
    glossary = hands.create_glossary(**domain, name="Theirs", owningProjectIdentifier="p1")["id"]
    term = hands.create_glossary_term(**domain, glossaryIdentifier=glossary, name="Their term")["id"]
    model = {"smithy": "structure TheirForm { said: String }"}
    hands.create_form_type(**domain, name="TheirForm", model=model, owningProjectIdentifier="p1")
    asset = assets(glue)[name]
    forms = [
        {"formName": each["formName"], "typeIdentifier": each["typeName"], "content": each["content"]}
        for each in asset["formsOutput"]
    ]
    columns = form(asset, "ColumnBusinessMetadataForm").get("columnsBusinessMetadata", [])
    columns = [each for each in columns if each["columnIdentifier"] != "col_007"]
    columns += [{"columnIdentifier": "col_007", "description": "As they say", "theirs": "x"}]
    forms = [each for each in forms if each["formName"] != "ColumnBusinessMetadataForm"]
    forms += [
        {"formName": "TheirForm", "typeIdentifier": "TheirForm", "content": '{"said":"hello"}'},
        {
            "formName": "ColumnBusinessMetadataForm",
            "typeIdentifier": "amazon.datazone.ColumnBusinessMetadataFormType",
            "content": json.dumps({"columnsBusinessMetadata": columns}),
        },
    ]
    revise(glue, name, glossaryTerms=[*asset.get("glossaryTerms", []), term], formsInput=forms)
    return term, forms


def test_what_others_put_on_an_asset_survives_update_undo_and_delete(
    imported: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    imported.config = CONFIG + "deletion: {misses: 1, grace: 0s, policy: delete}\n"
    revise(glue, "asset_00000", description="Said by a person")
    term, _ = foreign(glue, "asset_00000")
    before = assets(glue)["asset_00000"]

    def require_theirs() -> None:
        now = assets(glue)["asset_00000"]
        assert now["description"] == "Said by a person" and term in now["glossaryTerms"]
        assert form(now, "TheirForm") == {"said": "hello"}
        columns = form(now, "ColumnBusinessMetadataForm")["columnsBusinessMetadata"]
        (column,) = [each for each in columns if each["columnIdentifier"] == "col_007"]
        assert (column["description"], column["theirs"]) == ("As they say", "x")

    imported.ask("sync")
    assert form(assets(glue)["asset_00000"])["domain"] == "Sales"
    require_theirs()
    put_context(imported, CONTEXT.replace("Sales", "Finance").replace("[Customer]", "[Partner]"))
    run = imported.ask("sync")
    assert run["state"] == "done" and form(assets(glue)["asset_00000"])["domain"] == "Finance", run
    require_theirs()
    undo = imported.ask("revert", run["run_id"])
    assert imported.ask("apply", undo["change_set_id"])["state"] == "done"
    assert form(assets(glue)["asset_00000"])["domain"] == "Sales"
    require_theirs()
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00000")
    imported.ask("sync")
    assert imported.ask("sync")["counts"]["delete"] == 2
    require_theirs()
    after = assets(glue)["asset_00000"]
    assert [after.get(name) for name in ("description", "glossaryTerms")] == ["Said by a person", [term]]
    assert {each["formName"] for each in after["formsOutput"]} == {each["formName"] for each in before["formsOutput"]}
    assert all(form(after, each["formName"]) == form(before, each["formName"]) for each in before["formsOutput"])


def test_what_others_changed_of_ours_is_drift_and_repaired_as_the_policy_says(
    filled: Installation, glue: GlueSimulator
) -> None:
    assert not filled.ask("drift")["items"]
    asset = assets(glue)["asset_00002"]
    hands = glue.client_of("datazone")
    forms = [
        {"formName": each["formName"], "typeIdentifier": each["typeName"], "content": each["content"]}
        for each in asset["formsOutput"]
    ]
    hands.create_asset_revision(
        domainIdentifier="dzd_x1",
        identifier=asset["id"],
        name=asset["name"],
        description="Better said",
        formsInput=forms,
    )
    found = filled.ask("drift")
    told = {field["path"] for item in found["items"] for field in item["fields"]}
    assert {"description", "terms.Net revenue"} <= told, found
    glue.reset()
    run = filled.ask("sync")
    assert run["state"] == "done", run
    now = assets(glue)["asset_00002"]
    assert terms(glue, now["glossaryTerms"]) == {"Net revenue"} and now["description"] == "Better said"
    assert written(glue) == {REVISE: 1}
    glue.reset()
    filled.ask("sync")
    assert not written(glue)


def test_a_form_that_others_took_off_is_put_on_again(filled: Installation, glue: GlueSimulator) -> None:
    asset = assets(glue)["asset_00003"]
    forms = [
        {"formName": each["formName"], "typeIdentifier": each["typeName"], "content": each["content"]}
        for each in asset["formsOutput"]
        if each["formName"] != "SpheresyncForm"
    ]
    revise(glue, "asset_00003", formsInput=forms)
    assert filled.ask("drift")["items"]
    assert filled.ask("sync", "--full")["state"] == "done"
    assert form(assets(glue)["asset_00003"])["source"] == "SPACE_000/ASSET_00003"


def test_an_asset_of_ours_gives_way_to_the_one_that_a_data_source_imports(
    zone: Installation, glue: GlueSimulator
) -> None:
    zone.ask("sync")
    glue.run_data_source("space_000")
    assert len(glue.datazone_dump()["assets"]) == 12
    run = zone.ask("sync", "--full")
    assert run["state"] == "done", run
    held = [rows[-1] for rows in glue.datazone_dump()["assets"].values()]
    assert len(held) == 6 and all(each["externalIdentifier"].startswith(ARN) for each in held)
    assert all(form(each)["domain"] == "Sales" for each in held)
    glue.reset()
    assert zone.ask("sync")["state"] == "done" and not glue.calls()


def test_throttles_change_nothing_in_the_result(imported: Installation, glue: GlueSimulator) -> None:
    for operation in ("Search", "GetAsset", "CreateAssetRevision", "CreateGlossary", "CreateGlossaryTerm"):
        glue.fault("throttle", f"datazone:{operation}", times=4)
    assert imported.ask("sync")["state"] == "done"
    assert all(form(each)["domain"] == "Sales" for each in assets(glue).values())
    assert {len(rows) for rows in glue.datazone_dump()["assets"].values()} == {2}, "one revision each"
    assert len(glue.datazone_dump()["terms"]) == 3


@pytest.mark.parametrize("operation", ["CreateAssetRevision", "CreateGlossary", "CreateGlossaryTerm", "CreateFormType"])
def test_an_answer_that_is_lost_is_looked_after(imported: Installation, glue: GlueSimulator, operation: str) -> None:
    glue.fault("lose", f"datazone:{operation}", times=2)
    assert imported.ask("sync")["state"] == "done"
    held = glue.datazone_dump()
    assert {len(rows) for rows in held["assets"].values()} == {2} and len(held["terms"]) == 3
    assert len(held["glossaries"]) == 1 and len(held["form_types"]["SpheresyncForm"]) == 1


def test_a_service_that_is_down_leaves_its_own_behind_and_the_next_run_does_just_that(
    zone: Installation, glue: GlueSimulator
) -> None:
    glue.fault("error", MAKE, times=None, code="InternalServerException", status=500)
    run = zone.ask("sync", code=1)
    assert run["state"] == "partly_failed" and run["counts"]["create"] == 6
    glue.heal()
    glue.reset()
    assert zone.ask("sync")["state"] == "done"
    assert written(glue) == {MAKE: 6}


def test_an_asset_that_another_installation_writes_is_a_conflict(filled: Installation, glue: GlueSimulator) -> None:
    held = glue.datazone_dump()["assets"]
    shutil.rmtree(filled.state_dir)
    filled.config = CONFIG.replace("installation: lake", "installation: other").replace("scope:", "prefix: o_\nscope:")
    filled.ask("sync")
    shutil.rmtree(filled.state_dir)
    filled.config = CONFIG.replace("installation: lake", "installation: third")
    run = filled.ask("sync", code=1)
    assert run["counts"]["conflict"] >= 1
    now = glue.datazone_dump()["assets"]
    assert {key: now[key] for key in held} == held


@pytest.mark.parametrize(("count", "state"), [(20, "done"), (21, "partly_failed")])
def test_so_many_terms_as_datazone_takes_and_one_more(
    zone: Installation, glue: GlueSimulator, count: int, state: str
) -> None:
    names = ", ".join(f"T{number}" for number in range(count))
    put_context(zone, f"assets:\n  - {{match: {{name: ASSET_00000}}, set: {{terms: [{names}]}}}}\n")
    run = zone.ask("sync", code=None)
    assert run["state"] == state, run
    if state == "done":
        assert len(assets(glue)["asset_00000"]["glossaryTerms"]) == 20
    else:
        assert "asset_00000" not in assets(glue) and len(assets(glue)) == 5
        assert "Name fewer, wider terms" in str(run)


PUBLISHES = CONFIG.replace("project_id: p1", "project_id: p1, publish: always")


def listings(glue: GlueSimulator) -> dict[str, tuple[str, str]]:
    """Status of the listing of each asset that has one, and the domain that it shows."""
    held = glue.datazone_dump()
    found = {}
    for row in held["listings"].values():
        name = held["assets"][row["asset"]][-1]["name"] if row["asset"] in held["assets"] else row["asset"]
        shown = json.loads(row["revisions"][-1]["forms"]).get("SpheresyncForm", {})
        found[name] = (row["status"], shown.get("domain", ""))
    return found


def test_each_revision_is_published_as_an_item_of_its_own(zone: Installation, glue: GlueSimulator) -> None:
    assert zone.ask("sync")["state"] == "done"
    assert not listings(glue)
    zone.config = PUBLISHES
    glue.reset()
    preview = zone.ask("preview")
    assert {item["target"] for item in preview["items"]} == {"datazone_publishing"}
    assert all(item["access"] for item in preview["items"])
    assert "everybody who looks for data" in str(preview["findings"])
    assert zone.ask("apply", preview["change_set_id"])["state"] == "done"
    assert written(glue) == {"datazone:CreateListingChangeSet": 6, REVISE: 6}, "who published is noted, once"
    assert listings(glue)["asset_00004"] == ("ACTIVE", "Sales")
    put_context(zone, CONTEXT.replace("Sales", "Finance"))
    glue.reset()
    assert zone.ask("sync")["state"] == "done"
    assert written(glue) == {"UpdateTable": 6, REVISE: 6, "datazone:CreateListingChangeSet": 6}
    assert listings(glue)["asset_00004"] == ("ACTIVE", "Finance")
    glue.reset()
    assert zone.ask("sync")["state"] == "done" and not glue.calls()
    shutil.rmtree(zone.state_dir)
    assert zone.ask("sync")["state"] == "done" and not written(glue)


def test_with_review_publishing_waits_for_a_second_person(zone: Installation, glue: GlueSimulator) -> None:
    zone.config = PUBLISHES.replace("always", "review")
    run = zone.ask("sync", code=None)
    assert run["counts"]["create"] == 12 and run["counts"]["blocked"] == 6, run
    assert not listings(glue)
    preview = zone.ask("preview")
    assert {item["blocked_by"] for item in preview["items"]} == {"access_not_approved"}
    refused = zone.run("apply", preview["change_set_id"])
    assert refused.code == 3 and "access change" in refused.err
    zone.as_account(4001).ask("approve", preview["change_set_id"])
    assert zone.as_account(4002).ask("apply", preview["change_set_id"])["counts"]["create"] == 6
    assert len(listings(glue)) == 6


def test_what_we_published_is_unpublished_by_undo_and_delete_and_what_others_published_stays(
    imported: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    imported.config = PUBLISHES + "deletion: {misses: 1, grace: 0s, policy: delete}\n"
    theirs = assets(glue)["asset_00001"]["id"]
    glue.client_of("datazone").create_listing_change_set(
        domainIdentifier="dzd_x1", entityIdentifier=theirs, entityType="ASSET", action="PUBLISH"
    )
    run = imported.ask("sync")
    assert run["state"] == "done" and listings(glue)["asset_00001"] == ("ACTIVE", "Sales"), run
    for name in ("ASSET_00000", "ASSET_00001"):
        tenant.edit("remove_asset", space="SPACE_000", asset=name)
        assert imported.ask("sync")["state"] == "done"
        imported.ask("sync")
    assert listings(glue)["asset_00000"][0] == "INACTIVE"
    assert listings(glue)["asset_00001"][0] == "ACTIVE"
    undo = imported.ask("revert", run["run_id"])
    assert imported.ask("apply", undo["change_set_id"], "--allow-deletes", code=None)["counts"]["delete"] >= 8
    assert listings(glue)["asset_00005"][0] == "INACTIVE"


def test_lineage_is_told_with_the_table_that_a_data_source_imports(zone: Installation, glue: GlueSimulator) -> None:
    assert zone.ask("sync")["state"] == "done"
    events = [json.loads(each["event"]) for each in glue.datazone_dump()["events"].values()]
    filled = {(each["outputs"][0]["namespace"], each["outputs"][0]["name"]): each for each in events}
    told = filled["arn:aws:glue:eu-central-1:123456789012", "table/space_000/asset_00003"]
    assert told["inputs"] == [{"namespace": f"sap-datasphere://{_host(told)}", "name": "SPACE_000/ASSET_00003"}]
    fields = told["outputs"][0]["facets"]["columnLineage"]["fields"]
    assert fields["col_001"]["inputFields"][0]["field"] == "COL_001"
    assert not [space for space, _ in filled if space.startswith(("glue:", "datazone"))]
    glue.reset()
    assert zone.ask("sync")["state"] == "done" and not glue.calls()


def _host(event: dict[str, Any]) -> str:
    return str(event["job"]["namespace"]).removeprefix("sap-datasphere://")


def test_lineage_that_is_not_taken_holds_up_nothing_and_is_told_later(zone: Installation, glue: GlueSimulator) -> None:
    glue.fault("error", POST, times=None, code="AccessDeniedException", status=403)
    ended = zone.run("sync", "--json")
    assert (ended.code, ended.json["state"]) == (0, "done") and "lineage is not told to datazone" in ended.err
    assert glue.calls()[POST] == 1, "one is tried, and the others are spared"
    glue.heal()
    at_once(zone)
    glue.reset()
    assert zone.ask("sync")["counts"]["unchanged"] == 12
    assert glue.calls()[POST] >= 6 and not written(glue)
    assert len(glue.datazone_dump()["events"]) >= 6


def test_only_a_run_tells_lineage_however_much_a_preview_has_found_anew(
    zone: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    zone.ask("sync")
    shutil.rmtree(zone.state_dir)
    glue.reset()
    zone.ask("preview")
    zone.ask("discover")
    assert POST not in glue.calls() and not written(glue)
    assert zone.ask("sync")["state"] == "done"
    told = glue.calls()[POST]
    assert told >= 6 and not written(glue)
    glue.fault("error", POST, times=None, code="AccessDeniedException", status=403)
    tenant.edit("rename_column", space="SPACE_000", asset="ASSET_00001", column="COL_002", name="COL_NEW")
    zone.ask("sync")
    glue.heal()
    at_once(zone)
    glue.reset()
    zone.ask("preview")
    zone.ask("drift")
    assert POST not in glue.calls(), "what a run has left to be told waits for another one"
    zone.ask("sync")
    assert 0 < glue.calls()[POST] < told


@pytest.fixture
def both(zone: Installation) -> Installation:
    """Lineage goes to DataZone and to a file."""
    zone.config = CONFIG + 'lineage: {openlineage: "file:lineage.jsonl"}\n'
    return zone


def lines(installation: Installation) -> int:
    file = installation.state_dir.parent / "lineage.jsonl"
    return len(file.read_text("utf-8").splitlines()) if file.exists() else 0


def test_a_run_that_leaves_datazone_out_tells_it_nothing_and_the_next_one_that_does_not_all_of_it(
    both: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    glue.fault("error", POST, times=None, code="AccessDeniedException", status=403)
    both.ask("sync", "--asset", "SPACE_000/ASSET_00005")
    told = lines(both)
    assert told and POST in glue.calls(), "the file is told what DataZone does not take"
    glue.heal()
    at_once(both)
    glue.reset()
    run = both.ask("sync", "--target", "glue")
    assert run["state"] == "done" and not [name for name in glue.calls() if name.startswith("datazone")]
    assert lines(both) > told
    assert both.ask("sync")["state"] == "done"
    assert glue.calls()[POST] >= 6
    glue.reset()
    undo = both.ask("revert", run["run_id"])
    both.ask("apply", undo["change_set_id"], "--allow-deletes", code=None)
    assert both.ask("sync", "--target", "glue")["state"] == "done"
    assert not [name for name in glue.calls() if name.startswith("datazone")]
