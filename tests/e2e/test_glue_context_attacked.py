"""Glue's business context when others work in it, and when it answers what nobody expects."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.test_glue_context import (
    ARN,
    ASSETS,
    CONFIG,
    CONTEXT,
    FORM_TYPE,
    attached,
    noted,
    terms,
    theirs_on,
)
from tests.e2e.test_lake_formation import put_context
from tests.long_form import part_of
from tests.simulators.fixtures import FirstSyncs, Surroundings
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

ALONE = CONFIG.replace("[glue, glue_context]", "[glue]")
FINANCE = CONTEXT.replace("Sales", "Finance")
TABLES = [f"asset_{number:05}" for number in range(ASSETS)]
BINDING = 'mapping: {rules: [{match: {name: ASSET_00001}, set: {bind: "NAME"}}]}\n'


@pytest.fixture
def surroundings() -> Surroundings:
    return Surroundings(spaces=1, assets=ASSETS, columns=4)


@pytest.fixture
def empty(installation: Installation) -> Installation:
    """An installation before its first sync."""
    installation.config = CONFIG
    put_context(installation, CONTEXT)
    return installation


@pytest.fixture
def lake(empty: Installation, surroundings: Surroundings, glue: GlueSimulator, first_syncs: FirstSyncs) -> Installation:
    first_syncs.begin(empty, surroundings, glue, CONTEXT)
    return empty


def put_theirs(glue: GlueSimulator, table: str, column: str = "", *, name: str = "Spheresync") -> None:
    """An attachment of others that has the name of ours."""
    hands = glue.client_of("glue")
    hands.put_form_type(Name="TheirForm", Schema="structure TheirForm { said: String }")
    place = {"IterableFormName": "columns", "ItemIdentifier": column} if column else {}
    form = {FORM_TYPE: "TheirForm", "Content": '{"said":"hello"}', "AttachmentName": name}
    hands.put_attachment(AssetIdentifier=f"{ARN}{table}", **place, **form)


def edit(glue: GlueSimulator, change: Callable[[dict[str, Any]], None]) -> None:
    """Have the context hold what no call could put there."""
    dump = glue.dump()
    change(dump["glue_context"])
    glue.load(dump)


def require_settled(lake: Installation, glue: GlueSimulator) -> None:
    """The next sync has nothing to do, and asks nobody."""
    glue.reset()
    assert lake.ask("sync")["state"] == "done"
    assert not glue.calls()


@pytest.mark.parametrize("column", ["", "col_001"], ids=["table", "column"])
def test_an_attachment_of_others_that_has_our_name_is_a_conflict_and_stays(
    empty: Installation, glue: GlueSimulator, column: str
) -> None:
    empty.config = ALONE
    empty.ask("sync")
    put_theirs(glue, "asset_00000", column)
    before = noted(glue)
    empty.config = CONFIG
    run = empty.ask("sync", code=1)
    assert run["state"] == "partly_failed" and "TheirForm" in str(run), run
    assert noted(glue) == before
    assert attached(glue, "asset_00001")["domain"] == "Sales"
    place = {"IterableFormName": "columns", "ItemIdentifier": column} if column else {}
    glue.client_of("glue").delete_attachment(AssetIdentifier=f"{ARN}asset_00000", **place, AttachmentName="Spheresync")
    assert empty.ask("sync")["state"] == "done"
    assert attached(glue)["domain"] == "Sales" and attached(glue, column="col_001")["personalData"] == "identifier"
    require_settled(empty, glue)


@pytest.mark.parametrize("column", ["", "col_001"], ids=["table", "column"])
def test_an_attachment_of_others_in_the_place_of_ours_stays(
    lake: Installation, glue: GlueSimulator, column: str
) -> None:
    put_theirs(glue, "asset_00000", column)
    before = noted(glue)
    put_context(lake, FINANCE.replace("identifier", "contact"))
    run = lake.ask("sync", code=1)
    assert run["state"] == "partly_failed" and "TheirForm" in str(run), run
    assert noted(glue) == before and attached(glue, "asset_00001")["domain"] == "Finance"


def test_form_types_and_attachments_that_others_deleted_are_made_again(lake: Installation, glue: GlueSimulator) -> None:
    hands = glue.client_of("glue")
    for table in TABLES:
        for column, held in noted(glue, table).items():
            place = {"IterableFormName": "columns", "ItemIdentifier": column} if column else {}
            if "Spheresync" in held["attachments"]:
                hands.delete_attachment(AssetIdentifier=f"{ARN}{table}", **place, AttachmentName="Spheresync")
    for form in ("SpheresyncTable", "SpheresyncColumn"):
        hands.delete_form_type(Identifier=form)
    assert lake.ask("sync", "--full")["state"] == "done"
    assert attached(glue, "asset_00004")["domain"] == "Sales"
    assert attached(glue, "asset_00004", "col_001")["personalData"] == "identifier"


def test_a_form_type_that_was_deleted_is_made_again_where_one_table_changes(
    lake: Installation, glue: GlueSimulator
) -> None:
    edit(glue, lambda context: context.update(form_types={}))
    put_context(lake, FINANCE)
    assert lake.ask("sync")["state"] == "done"
    assert attached(glue)["domain"] == "Finance"


def test_members_that_others_added_to_our_form_type_stay_when_it_gets_what_it_lacks(
    empty: Installation, glue: GlueSimulator
) -> None:
    earlier = "structure SpheresyncTable { @required managedBy: String @required source: String theirs: String }"
    glue.client_of("glue").put_form_type(Name="SpheresyncTable", Schema=earlier)
    assert empty.ask("sync")["state"] == "done"
    schema = glue.glue_context_dump()["form_types"]["SpheresyncTable"]
    assert "theirs: String" in schema and "domain: String" in schema
    assert attached(glue)["domain"] == "Sales"


def test_a_glossary_that_others_deleted_with_its_terms_is_made_again_once(
    lake: Installation, glue: GlueSimulator
) -> None:
    hands = glue.client_of("glue")
    held = glue.glue_context_dump()
    for term in held["terms"]:
        hands.delete_glossary_term(Identifier=term)
    for glossary in held["glossaries"]:
        hands.delete_glossary(Identifier=glossary)
    assert lake.ask("drift")["items"]
    assert lake.ask("sync", "--full")["state"] == "done"
    held = glue.glue_context_dump()
    assert len(held["glossaries"]) == 1
    assert sorted(each["Name"] for each in held["terms"].values()) == ["Customer", "Net revenue", "Revenue"]
    assert all(terms(glue, table) == {"Net revenue"} for table in TABLES)
    assert all(terms(glue, table, "col_001") == {"Customer"} for table in TABLES)


def test_a_term_that_others_deleted_is_made_again_once(lake: Installation, glue: GlueSimulator) -> None:
    (term,) = [each["Id"] for each in glue.glue_context_dump()["terms"].values() if each["Name"] == "Net revenue"]
    glue.client_of("glue").delete_glossary_term(Identifier=term)
    glue.reset()
    assert lake.ask("sync", "--full")["state"] == "done"
    assert glue.calls()["glue:CreateGlossaryTerm"] == 1
    assert all(terms(glue, table) == {"Net revenue"} for table in TABLES)
    (made,) = [each for each in glue.glue_context_dump()["terms"].values() if each["Name"] == "Net revenue"]
    assert made["ShortDescription"] == "Revenue after discounts."


def test_nothing_goes_onto_a_table_that_somebody_made_in_the_place_of_ours(
    lake: Installation, glue: GlueSimulator
) -> None:
    columns = [{"Name": "col_001", "Type": "int"}, {"Name": "col_003", "Type": "int"}]
    glue.remake("space_000", "asset_00000", StorageDescriptor={"Columns": columns})
    theirs_on(glue)
    before = noted(glue)
    put_context(lake, FINANCE)
    lake.ask("sync", code=None)
    lake.ask("sync", "--target", "glue_context", code=None)
    lake.ask("drift", "--repair", code=None)
    assert noted(glue) == before and attached(glue, "asset_00001")["domain"] == "Finance"


def test_two_installations_share_glossary_and_form_types_and_leave_each_other_alone(
    lake: Installation, glue: GlueSimulator, tmp_path: Any
) -> None:
    before, words = noted(glue), glue.glue_context_dump()["terms"]
    other = Installation(tmp_path / "other" / "state", lake.environment, extra=dict(lake.extra))
    other.config = CONFIG.replace("installation: lake", "installation: other\nprefix: o_")
    put_context(other, CONTEXT.replace("after discounts", "as others say").replace("Sales", "Theirs"))
    assert other.ask("sync")["state"] == "done"
    held = glue.glue_context_dump()
    assert noted(glue) == before and held["terms"] == words and len(held["glossaries"]) == 1
    own = held["noted"][f"{ARN.replace('space_000', 'o_space_000')}asset_00000"]
    assert json.loads(own[""]["attachments"]["Spheresync"]["Content"])["domain"] == "Theirs"
    require_settled(lake, glue)


def test_a_table_that_a_rule_names_anew_has_its_context_there(lake: Installation, glue: GlueSimulator) -> None:
    rule = "mapping: {rules: [{match: {name: ASSET_00001}, set: {table: renamed}}]}\n"
    lake.config = CONFIG + rule + "deletion: {grace: 0s, policy: delete}\n"
    for _ in range(3):
        run = lake.ask("sync", code=None)
        assert not run["failures"], run
    assert attached(glue, "renamed")["table"] == "space_000.renamed" and terms(glue, "renamed") == {"Net revenue"}
    assert attached(glue, "renamed", "col_001")["personalData"] == "identifier"
    assert not noted(glue, "asset_00001")
    require_settled(lake, glue)


def make_lake(glue: GlueSimulator, name: str) -> None:
    hands = glue.client()
    hands.create_database(DatabaseInput={"Name": "lake"})
    columns: Any = [{"Name": each, "Type": "string"} for each in ("COL_000", "COL_001", "col_003")]
    hands.create_table(DatabaseName="lake", TableInput={"Name": name, "StorageDescriptor": {"Columns": columns}})


@pytest.mark.parametrize("how", ["no rule", "out of scope", "deleted"])
def test_a_bound_table_gets_its_context_and_gives_it_back(
    empty: Installation, glue: GlueSimulator, tenant: RunningTenant, how: str
) -> None:
    make_lake(glue, "sold")
    place = ARN.replace("space_000", "lake") + "sold"
    hands = glue.client_of("glue")
    theirs = hands.create_glossary_term(GlossaryIdentifier=hands.create_glossary(Name="T")["Id"], Name="t")["Id"]
    hands.associate_glossary_terms(AssetIdentifier=place, GlossaryTermIdentifiers=[theirs])
    before = glue.glue_context_dump()["noted"][place]
    more = "deletion: {misses: 1, grace: 0s, policy: delete}\n"
    empty.config = CONFIG + BINDING.replace("NAME", "lake.sold") + more
    assert empty.ask("sync")["state"] == "done"
    held = glue.glue_context_dump()["noted"][place]
    assert json.loads(held[""]["attachments"]["Spheresync"]["Content"])["domain"] == "Sales"
    assert len(held[""]["terms"]) == 2 and theirs in held[""]["terms"]
    (column,) = [name for name, each in held.items() if name and each["terms"]]
    assert column.casefold() == "col_001"
    require_settled(empty, glue)
    if how == "no rule":
        empty.config = CONFIG
    elif how == "out of scope":
        empty.config = empty.config.replace('/*"]', '/*"], exclude: [SPACE_000/ASSET_00001]')
    else:
        tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00001")
    for _ in range(3):
        empty.ask("sync", code=None)
    assert glue.glue_context_dump()["noted"][place] == before
    assert bool(attached(glue, "asset_00001")) == (how == "no rule")


def test_an_asset_that_leaves_the_scope_and_comes_back_keeps_its_context(
    lake: Installation, glue: GlueSimulator
) -> None:
    before = noted(glue)
    lake.config = CONFIG.replace('/*"]', '/*"], exclude: [SPACE_000/ASSET_00000]') + "deletion: {misses: 1}\n"
    lake.ask("sync", code=None)
    assert noted(glue) == before
    lake.config = CONFIG
    for _ in range(2):
        assert lake.ask("sync")["state"] == "done"
    assert noted(glue) == before
    require_settled(lake, glue)


def test_a_column_that_leaves_and_comes_back_has_its_context_again(lake: Installation, glue: GlueSimulator) -> None:
    before = noted(glue)
    without = "mapping: {rules: [{match: {}, columns: [{match: {name: COL_001}, set: {include: false}}]}]}\n"
    lake.config = CONFIG + without
    assert lake.ask("sync")["state"] == "done"
    assert "col_001" not in noted(glue)
    require_settled(lake, glue)
    lake.config = CONFIG
    assert lake.ask("sync")["state"] == "done"
    assert noted(glue) == before


def test_a_column_that_others_dropped_comes_back_with_its_context(lake: Installation, glue: GlueSimulator) -> None:
    before = noted(glue)
    table = glue.table("space_000", "asset_00000")
    kept = [each for each in table["StorageDescriptor"]["Columns"] if each["Name"] != "col_001"]
    told: dict[str, Any] = {name: table[name] for name in ("Name", "TableType", "Parameters") if name in table}
    told["StorageDescriptor"] = {**table["StorageDescriptor"], "Columns": kept}
    glue.client().update_table(DatabaseName="space_000", TableInput=told)  # type: ignore[arg-type]  # a document of AWS
    assert "col_001" not in noted(glue)
    lake.config = CONFIG + "drift: {columns: overwrite}\n"
    lake.ask("sync", "--full", code=None)
    lake.ask("sync", "--full", code=None)
    assert noted(glue) == before


def test_what_the_policy_lets_stand_stays_away(lake: Installation, glue: GlueSimulator) -> None:
    lake.config = CONFIG + "drift: {parameters: keep}\n"
    asset = {"AssetIdentifier": f"{ARN}asset_00000"}
    glue.client_of("glue").disassociate_glossary_terms(**asset, GlossaryTermIdentifiers=noted(glue)[""]["terms"])
    lake.ask("sync", "--full")
    assert not terms(glue)
    put_context(lake, FINANCE)
    run = lake.ask("sync", code=1)
    (failure,) = run["failures"]
    assert "somebody else has changed terms.Net revenue" in failure["reason"]
    assert not terms(glue) and attached(glue, "asset_00001")["domain"] == "Finance"


OPERATIONS = [
    "GetAsset",
    "BatchGetIterableForms",
    "ListGlossaries",
    "ListGlossaryTerms",
    "GetGlossaryTerm",
    "GetFormType",
    "CreateGlossary",
    "CreateGlossaryTerm",
    "PutFormType",
    "PutAttachment",
    "AssociateGlossaryTerms",
]


REFUSALS = [
    *[(operation, code) for operation in OPERATIONS for code in ("AccessDeniedException", "InternalServiceException")],
    *[(operation, "InvalidInputException") for operation in ("GetFormType", "CreateGlossaryTerm", "PutAttachment")],
]
"""Every call denied and every call broken; a bad request is one for a reading, a shared thing and a table's own."""


@pytest.mark.soak
@pytest.mark.parametrize(("operation", "code"), part_of(REFUSALS, one_in=3))
def test_whatever_call_is_refused_glue_goes_on_and_the_next_run_mends_it(
    empty: Installation, glue: GlueSimulator, operation: str, code: str
) -> None:
    status = 500 if code.startswith("Internal") else 400
    glue.fault("error", operation, times=None, code=code, status=status)
    run = empty.ask("sync", code=None)
    assert run["state"] in {"done", "partly_failed"}, run
    assert len(glue.dump()["tables"]["space_000"]) == ASSETS
    assert "went wrong" not in str(run["failures"])
    glue.heal()
    assert empty.ask("sync")["state"] == "done"
    assert terms(glue) == {"Net revenue"} and attached(glue, column="col_001")["personalData"] == "identifier"
    held = glue.glue_context_dump()
    assert len(held["glossaries"]) == 1 and len(held["terms"]) == 3


def test_a_glossary_of_many_pages_is_read_to_its_end(empty: Installation, glue: GlueSimulator) -> None:
    hands = glue.client_of("glue")
    for number in range(230):
        hands.create_glossary(Name=f"G{number:03}")
    glossary = hands.create_glossary(Name="SAP Datasphere")["Id"]
    for number in range(230):
        hands.create_glossary_term(GlossaryIdentifier=glossary, Name=f"T{number:03}")
    hands.create_glossary_term(GlossaryIdentifier=glossary, Name="Net revenue", ShortDescription="Theirs.")
    assert empty.ask("sync")["state"] == "done"
    held = glue.glue_context_dump()
    assert len(held["glossaries"]) == 231 and len(held["terms"]) == 231 + 2
    assert terms(glue) == {"Net revenue"}


def test_rows_without_name_or_id_are_nobodys(empty: Installation, glue: GlueSimulator) -> None:
    glossary = glue.client_of("glue").create_glossary(Name="SAP Datasphere")["Id"]

    def add(context: dict[str, Any]) -> None:
        context["glossaries"] = {"odd": {"Id": None, "Name": None, "Description": None}, **context["glossaries"]}
        context["terms"]["odd"] = {"Id": None, "GlossaryId": glossary, "Name": None}
        context["terms"]["nameless"] = {"Id": "nameless", "GlossaryId": glossary, "Name": None}
        context["terms"]["without id"] = {"Id": None, "GlossaryId": glossary, "Name": "Net revenue"}

    edit(glue, add)
    run = empty.ask("sync", code=None)
    assert "unexpected" not in str(run["failures"]), run
    assert terms(glue, column="col_001") == {"Customer"}


def test_a_term_that_others_had_put_there_stays_when_ours_goes(empty: Installation, glue: GlueSimulator) -> None:
    empty.config = ALONE
    empty.ask("sync")
    hands = glue.client_of("glue")
    glossary = hands.create_glossary(Name="SAP Datasphere")["Id"]
    term = hands.create_glossary_term(GlossaryIdentifier=glossary, Name="Net revenue")["Id"]
    hands.associate_glossary_terms(AssetIdentifier=f"{ARN}asset_00000", GlossaryTermIdentifiers=[term])
    empty.config = CONFIG
    run = empty.ask("sync")
    assert noted(glue)[""]["terms"] == noted(glue, "asset_00001")[""]["terms"] == [term]
    undo = empty.ask("revert", run["run_id"])
    assert empty.ask("apply", undo["change_set_id"])["state"] == "done"
    assert noted(glue) == {"": {"terms": [term], "attachments": {}}} and not noted(glue, "asset_00001")


@pytest.mark.parametrize("operation", ["ListGlossaries", "ListGlossaryTerms"])
def test_a_list_without_an_end_is_an_error_and_no_list(lake: Installation, glue: GlueSimulator, operation: str) -> None:
    before = glue.glue_context_dump()
    glue.fault("loop", operation, times=None)
    put_context(lake, CONTEXT.replace("[Net revenue]", "[Net revenue, Margin]"))
    run = lake.ask("sync", code=None)
    held = glue.glue_context_dump()
    assert held["glossaries"] == before["glossaries"], run
    glue.heal()
    assert lake.ask("sync")["state"] == "done"
    assert terms(glue) == {"Net revenue", "Margin"}


def test_texts_of_every_length_are_cut_or_told(empty: Installation, glue: GlueSimulator) -> None:
    tags = ", ".join(f"t{number}: {'x' * 200}" for number in range(25))
    rules = 'mapping: {rules: [{match: {}, set: {description: "DESCRIPTION"}}]}\n'
    empty.config = CONFIG + rules.replace("DESCRIPTION", "d" * 4_090)
    put_context(empty, CONTEXT.replace("domain: Sales", f"domain: Sales, tags: {{{tags}}}"))
    assert empty.ask("sync")["state"] == "done"
    assert len(attached(glue)["tags"]) == 4_000 and len(attached(glue)["description"]) <= 4_000
    require_settled(empty, glue)


def test_a_term_that_is_too_long_fails_what_uses_it_and_says_so(empty: Installation, glue: GlueSimulator) -> None:
    put_context(empty, CONTEXT.replace("Revenue after discounts.", "x" * 3_990).replace("Nettoumsatz", "y" * 200))
    run = empty.ask("sync", code=1)
    assert run["counts"]["create"] == ASSETS and "characters, and Glue takes" in str(run["failures"]), run
    put_context(empty, CONTEXT)
    assert empty.ask("sync")["state"] == "done" and terms(glue) == {"Net revenue"}


def test_a_bound_table_of_a_name_that_no_asset_has_fails_alone(empty: Installation, glue: GlueSimulator) -> None:
    make_lake(glue, "umsätze 1")
    empty.config = CONFIG + BINDING.replace("NAME", "lake.umsätze 1")
    run = empty.ask("sync", code=1)
    (failure,) = run["failures"]
    assert "cannot name the table lake.umsätze 1" in failure["reason"], failure
    assert attached(glue)["domain"] == "Sales"


def test_an_undo_refuses_what_others_changed_since_and_brings_back_the_rest(
    lake: Installation, glue: GlueSimulator
) -> None:
    put_context(lake, FINANCE)
    run = lake.ask("sync")
    asset = {"AssetIdentifier": f"{ARN}asset_00003"}
    glue.client_of("glue").disassociate_glossary_terms(
        **asset, GlossaryTermIdentifiers=noted(glue, "asset_00003")[""]["terms"]
    )
    undo = lake.ask("revert", run["run_id"])
    lake.ask("apply", undo["change_set_id"], code=None)
    assert attached(glue)["domain"] == "Sales"
    assert not terms(glue, "asset_00003") and attached(glue, "asset_00003")["domain"] == "Finance"


def test_what_became_of_tables_while_the_target_was_off_is_made_good_once_it_is_on(
    lake: Installation, glue: GlueSimulator
) -> None:
    before = noted(glue)
    rules = "mapping: {rules: [{match: {name: ASSET_00002}, set: {table: renamed}}]}\n"
    lake.config = ALONE + rules
    glue.client().delete_table(DatabaseName="space_000", Name="asset_00000")
    assert lake.ask("sync", "--full")["state"] == "done"
    assert not noted(glue) and not noted(glue, "renamed")
    lake.config = CONFIG + rules
    assert lake.ask("sync")["state"] == "done"
    assert lake.ask("sync", "--full")["state"] == "done"
    assert noted(glue) == before and terms(glue, "renamed") == {"Net revenue"}
    require_settled(lake, glue)


@pytest.mark.parametrize("operation", ["GetAsset", "PutAttachment", "AssociateGlossaryTerms"])
def test_one_table_that_may_not_be_touched_fails_alone(
    empty: Installation, glue: GlueSimulator, operation: str
) -> None:
    empty.config = ALONE
    empty.ask("sync")
    code = {"code": "AccessDeniedException", "status": 400, "message": "Insufficient Lake Formation permission(s)"}
    glue.fault("error", operation, times=None, table=f"{ARN}asset_00004", **code)
    empty.config = CONFIG
    run = empty.ask("sync", code=1)
    assert [each["asset"] for each in run["failures"]] == ["SPACE_000/ASSET_00004"], run
    assert attached(glue, "asset_00003")["domain"] == "Sales" and terms(glue, "asset_00002") == {"Net revenue"}
    glue.heal()
    assert empty.ask("sync")["state"] == "done" and terms(glue, "asset_00002") == {"Net revenue"}


def test_values_of_persons_reach_no_attachment(empty: Installation, glue: GlueSimulator, tenant: RunningTenant) -> None:
    account = "DE89370400440532013000"
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00000", label=f"Konto {account}")
    assert empty.ask("sync")["state"] == "done"
    assert attached(glue)["label"].startswith("Konto") and account not in str(glue.glue_context_dump())


def test_an_undo_of_a_delete_brings_the_table_back_with_its_context(
    lake: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    before = noted(glue)
    lake.config = CONFIG + "deletion: {misses: 1, grace: 0s, policy: delete}\n"
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00000")
    runs = [lake.ask("sync") for _ in range(2)]
    assert not noted(glue)
    undo = lake.ask("revert", runs[-1]["run_id"])
    assert lake.ask("apply", undo["change_set_id"])["state"] == "done"
    assert noted(glue) == before


@pytest.mark.parametrize("form", ["SpheresyncTable", "SpheresyncColumn"])
def test_a_form_type_of_others_that_has_our_name_is_told_once_and_stays(
    empty: Installation, glue: GlueSimulator, form: str
) -> None:
    hands = glue.client_of("glue")
    theirs = f"structure {form} {{ said: String }}"
    hands.put_form_type(Name=form, Schema=theirs)
    run = empty.ask("sync", code=1)
    assert run["state"] == "partly_failed" and run["counts"]["create"] == ASSETS
    (failure,) = run["failures"]
    assert "none of our members" in failure["reason"]
    assert "glue:PutAttachment" not in glue.calls()
    assert glue.glue_context_dump()["form_types"][form] == theirs and not attached(glue)
    hands.delete_form_type(Identifier=form)
    assert empty.ask("sync")["state"] == "done"
    assert attached(glue)["domain"] == "Sales" and attached(glue, column="col_001")["personalData"] == "identifier"


def test_half_of_what_a_write_was_to_put_there_is_nobody_elses_edit(lake: Installation, glue: GlueSimulator) -> None:
    put_context(lake, FINANCE.replace("terms: [Customer]", "terms: [Customer, Revenue]"))
    glue.fault("error", "AssociateGlossaryTerms", times=None, code="InternalServiceException", status=500)
    lake.ask("sync", code=1)
    glue.heal()
    assert attached(glue, "asset_00000")["domain"] == "Finance"
    assert not [each for each in lake.ask("drift")["items"] if each["target"] == "glue_context"]
    put_context(lake, CONTEXT)
    assert lake.ask("sync")["state"] == "done"
    assert attached(glue, "asset_00000")["domain"] == "Sales"
    require_settled(lake, glue)
