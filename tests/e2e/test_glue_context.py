"""Glue's business context: terms and attachments say what is known, and nothing else is touched."""

from __future__ import annotations

import json
import re
import shutil
from typing import Any

import pytest

from tests.e2e.test_lake_formation import put_context
from tests.simulators.fixtures import FirstSyncs, Surroundings
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant
from tests.unit.dog.services.example_times import member_of

CONFIG = """installation: lake
targets: [glue, glue_context]
context: ["context/*.yaml"]
scope: {include: ["SPACE_000/*"]}
"""
CONTEXT = """
assets:
  - match: {space: SPACE_000}
    set: {domain: Sales, terms: [Net revenue]}
    columns:
      - {match: {name: COL_001}, set: {terms: [Customer], personal_data: identifier}}
terms:
  - {name: Net revenue, definition: Revenue after discounts., synonyms: [Nettoumsatz], broader: Revenue}
  - {name: Revenue, definition: What is sold.}
"""
ARN = "arn:aws:glue:eu-central-1:123456789012:table/space_000/"
FORM_TYPE = member_of("glue", "PutAttachment", "FormTypeIdentifier", "FormTypeId")
ASSETS = 5
_READS = ("glue:Get", "glue:List", "glue:BatchGet", "Get", "List")
_OF_TABLES = {"CreateDatabase", "CreateTable", "UpdateTable", "DeleteTable"}


@pytest.fixture
def surroundings() -> Surroundings:
    return Surroundings(spaces=1, assets=ASSETS, columns=4)


@pytest.fixture
def lake(installation: Installation) -> Installation:
    installation.config = CONFIG
    put_context(installation, CONTEXT)
    return installation


@pytest.fixture
def filled(
    lake: Installation, surroundings: Surroundings, glue: GlueSimulator, first_syncs: FirstSyncs
) -> Installation:
    """After a first sync."""
    first_syncs.begin(lake, surroundings, glue, CONTEXT)
    return lake


def noted(glue: GlueSimulator, table: str = "asset_00000") -> dict[str, Any]:
    """What stands on a table, by column; on the table itself under no name."""
    found: dict[str, Any] = glue.glue_context_dump()["noted"].get(f"{ARN}{table}", {})
    return found


def attached(glue: GlueSimulator, table: str = "asset_00000", column: str = "") -> dict[str, Any]:
    """What our attachment says; empty where there is none."""
    held = noted(glue, table).get(column, {}).get("attachments", {}).get("Spheresync")
    return dict(json.loads(held["Content"])) if held else {}


def terms(glue: GlueSimulator, table: str = "asset_00000", column: str = "") -> set[str]:
    known = glue.glue_context_dump()["terms"]
    return {known[each]["Name"] for each in noted(glue, table).get(column, {}).get("terms", ())}


def written(glue: GlueSimulator) -> dict[str, int]:
    """Calls that change a context, by name."""
    return {
        name: count for name, count in glue.calls().items() if not name.startswith(_READS) and name not in _OF_TABLES
    }


def test_tables_and_columns_get_attachments_and_terms_and_a_second_sync_does_nothing(
    lake: Installation, glue: GlueSimulator
) -> None:
    preview = lake.ask("preview")
    made = [each["operation"] for each in preview["prerequisites"] if each["target"] == "glue_context"]
    assert sorted(made) == ["glue:CreateGlossary", *["glue:CreateGlossaryTerm"] * 3, *["glue:PutFormType"] * 2]
    run = lake.ask("apply", preview["change_set_id"])
    assert run["state"] == "done", run
    said = attached(glue)
    assert (said["managedBy"], said["source"], said["domain"], said["table"]) == (
        "spheresync:lake",
        "SPACE_000/ASSET_00000",
        "Sales",
        "space_000.asset_00000",
    )
    assert terms(glue) == {"Net revenue"} and terms(glue, column="col_001") == {"Customer"}
    assert attached(glue, column="col_001")["personalData"] == "identifier"
    held = glue.glue_context_dump()
    assert {each["Name"] for each in held["terms"].values()} == {"Net revenue", "Revenue", "Customer"}
    glue.reset()
    again = lake.ask("sync")
    assert {word: count for word, count in again["counts"].items() if count} == {"unchanged": 2 * ASSETS}
    assert not glue.calls()


def test_a_glossary_and_terms_of_others_are_used_and_stay_as_they_are(lake: Installation, glue: GlueSimulator) -> None:
    hands = glue.client_of("glue")
    glossary = hands.create_glossary(Name="Words")["Id"]
    theirs = hands.create_glossary_term(GlossaryIdentifier=glossary, Name="Net revenue", ShortDescription="As we say.")[
        "Id"
    ]
    before = glue.glue_context_dump()["terms"][theirs]
    lake.config = f"{CONFIG}glue_context: {{glossary: Words}}\n"
    assert lake.ask("sync")["state"] == "done"
    held = glue.glue_context_dump()
    assert len(held["glossaries"]) == 1 and held["terms"][theirs] == before
    assert {each["Name"] for each in held["terms"].values()} == {"Net revenue", "Revenue", "Customer"}
    assert noted(glue)[""]["terms"] == [theirs]


def test_a_definition_that_changes_updates_that_term_once_and_no_table(
    filled: Installation, glue: GlueSimulator
) -> None:
    put_context(filled, CONTEXT.replace("after discounts", "after all discounts"))
    assert filled.ask("sync")["state"] == "done"
    assert written(glue) == {"glue:UpdateGlossaryTerm": 1}
    (term,) = [each for each in glue.glue_context_dump()["terms"].values() if each["Name"] == "Net revenue"]
    assert term["ShortDescription"] == "Revenue after all discounts."
    assert "Nettoumsatz" in term["LongDescription"] and "Broader term: Revenue" in term["LongDescription"]
    glue.reset()
    assert filled.ask("sync")["state"] == "done"
    assert not glue.calls()


def test_a_definition_that_somebody_edited_stays(filled: Installation, glue: GlueSimulator) -> None:
    (term,) = [each for each in glue.glue_context_dump()["terms"].values() if each["Name"] == "Net revenue"]
    glue.client_of("glue").update_glossary_term(Identifier=term["Id"], ShortDescription="Better said.")
    put_context(filled, CONTEXT.replace("after discounts", "after all discounts"))
    assert filled.ask("sync")["state"] == "done"
    assert glue.glue_context_dump()["terms"][term["Id"]]["ShortDescription"] == "Better said."
    filled.config = CONFIG + "drift: {description: overwrite}\n"
    put_context(filled, CONTEXT.replace("after discounts", "after each discount"))
    assert filled.ask("sync")["state"] == "done"
    said = glue.glue_context_dump()["terms"][term["Id"]]["ShortDescription"]
    assert said == "Revenue after each discount."


def test_a_lost_state_finds_all_again_and_makes_no_duplicate(filled: Installation, glue: GlueSimulator) -> None:
    before = glue.glue_context_dump()
    shutil.rmtree(filled.state_dir)
    glue.reset()
    run = filled.ask("sync")
    assert run["state"] == "done", run
    assert not written(glue)
    assert glue.glue_context_dump() == before
    glue.reset()
    assert filled.ask("sync")["state"] == "done" and not glue.calls()


def test_a_column_that_goes_takes_what_is_said_of_it_along_whatever_the_attachment_on_the_table_says(
    filled: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    tenant.edit("remove_column", space="SPACE_000", asset="ASSET_00000", column="COL_001")
    run = filled.ask("sync")
    assert not terms(glue, column="col_001")
    for there in (True, False, True, False):  # undone, and that undone
        undo = filled.ask("revert", run["run_id"])
        run = filled.ask("apply", undo["change_set_id"])
        assert run["state"] == "done" and bool(terms(glue, column="col_001")) is there, run
        assert filled.ask("drift")["items"] == []
    shutil.rmtree(filled.state_dir)
    glue.reset()
    assert filled.ask("sync")["state"] == "done"
    assert not written(glue)


def test_a_context_is_its_table_s_though_the_asset_has_another_case_since_the_state_was_lost(
    filled: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    tenant.edit("rename_asset", space="SPACE_000", asset="ASSET_00000", name="Asset_00000")
    shutil.rmtree(filled.state_dir)
    filled.ask("sync")
    run = filled.ask("sync", "--full")
    assert run["state"] == "done", run
    assert attached(glue)["source"] == "SPACE_000/Asset_00000"
    glue.reset()
    assert filled.ask("sync")["state"] == "done" and not glue.calls()


def theirs_on(glue: GlueSimulator, table: str = "asset_00000") -> None:
    """A term and an attachment of others, on a table and on two of its columns."""
    hands = glue.client_of("glue")
    glossary = hands.create_glossary(Name="Theirs")["Id"]
    term = hands.create_glossary_term(GlossaryIdentifier=glossary, Name="Their term")["Id"]
    hands.put_form_type(Name="TheirForm", Schema="structure TheirForm { said: String }")
    asset = {"AssetIdentifier": f"{ARN}{table}"}
    for column in ("", "col_001", "col_003"):
        place = {**asset, **({"IterableFormName": "columns", "ItemIdentifier": column} if column else {})}
        hands.associate_glossary_terms(**place, GlossaryTermIdentifiers=[term])
        form = {FORM_TYPE: "TheirForm", "Content": '{"said":"hello"}', "AttachmentName": "theirs"}
        hands.put_attachment(**place, **form)


def require_theirs(glue: GlueSimulator, table: str = "asset_00000") -> None:
    known = glue.glue_context_dump()["terms"]
    for column in ("", "col_001", "col_003"):
        held = noted(glue, table)[column]
        assert "Their term" in {known[each]["Name"] for each in held["terms"]}
        assert held["attachments"]["theirs"]["Content"] == '{"said":"hello"}'


def test_what_others_put_there_survives_update_undo_and_what_is_ours_goes(
    lake: Installation, glue: GlueSimulator
) -> None:
    lake.config = CONFIG.replace("[glue, glue_context]", "[glue]")
    lake.ask("sync")
    theirs_on(glue)
    before = noted(glue)
    lake.config = CONFIG
    first = lake.ask("sync")
    assert attached(glue)["domain"] == "Sales"
    require_theirs(glue)
    put_context(lake, CONTEXT.replace("Sales", "Finance").replace("[Customer]", "[Partner]"))
    glue.reset()
    run = lake.ask("sync")
    assert run["state"] == "done" and attached(glue)["domain"] == "Finance", run
    assert terms(glue, column="col_001") == {"Partner", "Their term"}
    require_theirs(glue)
    undo = lake.ask("revert", run["run_id"])
    assert lake.ask("apply", undo["change_set_id"])["state"] == "done"
    assert attached(glue)["domain"] == "Sales"
    assert terms(glue, column="col_001") == {"Customer", "Their term"}
    require_theirs(glue)
    undo = lake.ask("revert", first["run_id"])
    assert lake.ask("apply", undo["change_set_id"])["state"] == "done"
    assert noted(glue) == before


def test_context_goes_as_its_table_does(lake: Installation, glue: GlueSimulator, tenant: RunningTenant) -> None:
    lake.config = CONFIG + "deletion: {misses: 1, grace: 0s, policy: delete}\n"
    lake.ask("sync")
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00000")
    assert lake.ask("sync")["counts"]["retire"] == 1
    assert attached(glue)["domain"] == "Sales", "a retired table keeps its context"
    deleted = lake.ask("sync")
    assert deleted["counts"]["delete"] == 1
    assert not noted(glue)
    glue.reset()
    assert lake.ask("sync")["state"] == "done" and not glue.calls()
    (asset,) = lake.ask("assets", "--status", "deleted")["items"]
    assert set(re.findall(r"run_\w+", asset["problem"])) == {deleted["run_id"]}, asset


def test_what_others_changed_of_ours_is_drift_and_repaired(filled: Installation, glue: GlueSimulator) -> None:
    assert not filled.ask("drift")["items"]
    hands = glue.client_of("glue")
    asset = {"AssetIdentifier": f"{ARN}asset_00002"}
    column = {**asset, "IterableFormName": "columns", "ItemIdentifier": "col_001"}
    hands.disassociate_glossary_terms(**asset, GlossaryTermIdentifiers=noted(glue, "asset_00002")[""]["terms"])
    said = json.dumps({"name": "COL_001", "label": "Theirs"})
    hands.put_attachment(**column, **{FORM_TYPE: "SpheresyncColumn"}, AttachmentName="Spheresync", Content=said)
    found = filled.ask("drift")
    told = {field["path"] for item in found["items"] for field in item["fields"]}
    assert told == {"terms.Net revenue", "columns.col_001.form"}, found
    glue.reset()
    run = filled.ask("sync")
    assert run["state"] == "done", run
    assert terms(glue, "asset_00002") == {"Net revenue"}
    assert attached(glue, "asset_00002", "col_001")["personalData"] == "identifier"
    assert written(glue) == {"glue:AssociateGlossaryTerms": 1, "glue:PutAttachment": 1}
    glue.reset()
    filled.ask("sync")
    assert not written(glue)


def test_an_attachment_that_others_took_away_is_put_on_again(filled: Installation, glue: GlueSimulator) -> None:
    glue.client_of("glue").delete_attachment(AssetIdentifier=f"{ARN}asset_00003", AttachmentName="Spheresync")
    assert filled.ask("drift")["items"]
    assert filled.ask("sync", "--full")["state"] == "done"
    assert attached(glue, "asset_00003")["source"] == "SPACE_000/ASSET_00003"


def test_a_table_that_others_dropped_comes_back_with_its_context(filled: Installation, glue: GlueSimulator) -> None:
    glue.client_of("glue").delete_table(DatabaseName="space_000", Name="asset_00001")
    filled.ask("sync", "--full")
    filled.ask("sync")
    assert attached(glue, "asset_00001")["domain"] == "Sales" and terms(glue, "asset_00001") == {"Net revenue"}


def test_one_table_that_changes_takes_one_read_and_one_write(filled: Installation, glue: GlueSimulator) -> None:
    more = "  - {match: {name: ASSET_00004}, set: {domain: Finance}}\nterms:"
    put_context(filled, CONTEXT.replace("terms:\n  - {name: Net", f"{more}\n  - {{name: Net"))
    assert filled.ask("sync")["state"] == "done"
    assert written(glue) == {"glue:PutAttachment": 1}
    assert attached(glue, "asset_00004")["domain"] == "Finance"
    reads = {name: count for name, count in glue.calls().items() if "Asset" in name or "Iterable" in name}
    assert reads == {"glue:GetAsset": 1}


def test_throttles_change_nothing_in_the_result(lake: Installation, glue: GlueSimulator) -> None:
    for operation in ("GetAsset", "PutAttachment", "AssociateGlossaryTerms", "CreateGlossary", "CreateGlossaryTerm"):
        glue.fault("throttle", operation, times=4)
    assert lake.ask("sync")["state"] == "done"
    assert all(attached(glue, f"asset_{number:05}")["domain"] == "Sales" for number in range(ASSETS))
    assert len(glue.glue_context_dump()["terms"]) == 3


@pytest.mark.parametrize(
    "operation", ["CreateGlossary", "CreateGlossaryTerm", "PutFormType", "PutAttachment", "AssociateGlossaryTerms"]
)
@pytest.mark.parametrize("kind", ["lose", "error"])
def test_an_answer_that_is_lost_is_looked_after(
    lake: Installation, glue: GlueSimulator, operation: str, kind: str
) -> None:
    more = {"code": "InternalServiceException", "status": 500} if kind == "error" else {}
    glue.fault(kind, operation, times=2, **more)
    assert lake.ask("sync")["state"] == "done"
    held = glue.glue_context_dump()
    assert len(held["glossaries"]) == 1 and len(held["terms"]) == 3
    assert terms(glue) == {"Net revenue"} and attached(glue)["domain"] == "Sales"


def test_a_service_that_is_down_leaves_its_own_behind_and_the_next_run_does_just_that(
    lake: Installation, glue: GlueSimulator
) -> None:
    glue.fault("error", "PutAttachment", times=None, code="InternalServiceException", status=500)
    run = lake.ask("sync", code=1)
    assert run["state"] == "partly_failed" and run["counts"]["create"] == ASSETS, run
    glue.heal()
    glue.reset()
    assert lake.ask("sync")["state"] == "done"
    assert not glue.calls().keys() & _OF_TABLES
    assert attached(glue, "asset_00004")["domain"] == "Sales"


def test_a_context_that_another_installation_keeps_is_a_conflict(filled: Installation, glue: GlueSimulator) -> None:
    asset = {"AssetIdentifier": f"{ARN}asset_00003"}
    said = {**attached(glue, "asset_00003"), "managedBy": "spheresync:other"}
    hands = glue.client_of("glue")
    form = {FORM_TYPE: "SpheresyncTable", "AttachmentName": "Spheresync", "Content": json.dumps(said)}
    hands.put_attachment(**asset, **form)
    put_context(filled, CONTEXT.replace("Sales", "Finance"))
    run = filled.ask("sync", code=1)
    assert run["state"] == "partly_failed"
    assert attached(glue, "asset_00003") == said and attached(glue)["domain"] == "Finance"


def many_terms(count: int, column: int) -> str:
    names, of_column = (
        ", ".join(f"{letter}{number:02}" for number in range(each)) for letter, each in (("T", count), ("C", column))
    )
    return (
        "assets:\n"
        f"  - match: {{name: ASSET_00000}}\n    set: {{terms: [{names}]}}\n"
        f"    columns: [{{match: {{name: COL_001}}, set: {{terms: [{of_column}]}}}}]\n"
    )


@pytest.mark.parametrize(("count", "column", "told"), [(10, 5, 0), (11, 5, 1), (12, 6, 2)])
def test_of_more_terms_than_glue_takes_the_first_are_kept_and_that_is_told(
    lake: Installation, glue: GlueSimulator, count: int, column: int, told: int
) -> None:
    put_context(lake, many_terms(count, column))
    preview = lake.ask("preview")
    findings = [each for each in preview["findings"] if "Glue takes" in str(each)]
    assert len(findings) == told, findings
    assert lake.ask("apply", preview["change_set_id"])["state"] == "done"
    assert terms(glue) == {f"T{number:02}" for number in range(10)}
    assert terms(glue, column="col_001") == {f"C{number:02}" for number in range(5)}
    glue.reset()
    assert lake.ask("sync")["state"] == "done" and not glue.calls()


def test_with_terms_of_others_there_may_be_too_many_which_fails_that_table_alone(
    lake: Installation, glue: GlueSimulator
) -> None:
    lake.config = CONFIG.replace("[glue, glue_context]", "[glue]")
    lake.ask("sync")
    hands = glue.client_of("glue")
    glossary = hands.create_glossary(Name="Theirs")["Id"]
    ids = [hands.create_glossary_term(GlossaryIdentifier=glossary, Name=f"t{each}")["Id"] for each in range(10)]
    hands.associate_glossary_terms(AssetIdentifier=f"{ARN}asset_00000", GlossaryTermIdentifiers=ids)
    lake.config = CONFIG
    run = lake.ask("sync", code=1)
    assert run["state"] == "partly_failed" and "11 terms, 10 at most" in str(run)
    assert noted(glue)[""]["terms"] == ids and not attached(glue)
    assert attached(glue, "asset_00001")["domain"] == "Sales"


@pytest.mark.parametrize(
    "code", ["AccessDeniedException", "UnknownOperationException", "GlueEncryptionException", "InvalidInputException"]
)
def test_where_there_is_no_business_context_that_is_told_once_and_all_else_goes_on(
    lake: Installation, glue: GlueSimulator, code: str
) -> None:
    glue.fault("error", "ListGlossaries", times=None, code=code, status=400)
    preview = lake.ask("preview")
    (finding,) = [each for each in preview["findings"] if "business context" in str(each)]
    assert code in str(finding)
    run = lake.ask("apply", preview["change_set_id"])
    assert run["state"] == "done" and run["counts"]["create"] == ASSETS, run
    assert not written(glue)
    glue.reset()
    assert lake.ask("sync")["state"] == "done"
    assert glue.calls() == {"glue:ListGlossaries": 1}
    (told,) = [each for each in lake.ask("doctor", code=1)["items"] if each["connection"] == "glue_context"]
    assert not told["ok"] and "preview" in told["remedy"]
    glue.heal()
    assert lake.ask("sync")["state"] == "done"
    assert attached(glue)["domain"] == "Sales"


@pytest.mark.parametrize("code", ["AccessDeniedException", "OperationNotSupportedException", "InvalidInputException"])
@pytest.mark.parametrize("operation", ["PutFormType", "CreateGlossary"])
def test_what_all_tables_need_and_cannot_be_made_is_told_once(
    lake: Installation, glue: GlueSimulator, operation: str, code: str
) -> None:
    glue.fault("error", operation, times=None, code=code, status=400)
    run = lake.ask("sync", code=1)
    assert run["state"] == "partly_failed" and run["counts"]["create"] == ASSETS, run
    (failure,) = run["failures"]
    assert code in failure["reason"] and not noted(glue)
    glue.heal()
    assert lake.ask("sync")["state"] == "done"
    assert attached(glue)["domain"] == "Sales"


def test_a_catalog_that_takes_no_attachments_is_not_tried_for_every_table(
    lake: Installation, glue: GlueSimulator
) -> None:
    lake.config = CONFIG.replace('"SPACE_000/*"', '"*"')
    glue.fault("error", "PutAttachment", times=None, code="OperationNotSupportedException", status=400)
    run = lake.ask("sync", code=1)
    assert run["state"] == "partly_failed" and run["counts"]["create"] > 0
    assert glue.calls()["glue:PutAttachment"] <= 32, "no more than those that are under way at once"


def test_each_destination_has_its_own_context(lake: Installation, glue: GlueSimulator) -> None:
    lake.config = CONFIG + "destinations:\n  one: {prefix: a_}\n  two: {prefix: b_, targets: [glue]}\n"
    assert lake.ask("sync")["state"] == "done"
    held = glue.glue_context_dump()["noted"]
    assert len(held) == ASSETS and all("table/a_space_000/" in each for each in held)
