"""The double of Glue's business context through clients of boto3, on both ways to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spheresync.dog.aws import embedded_session_factory
from tests.integration.lake import WAYS, Json, lake_on
from tests.integration.zone import ARN, refusal
from tests.simulators.glue_process import GlueSimulator
from tests.unit.dog.services.example_times import member_of

INVALID = "InvalidInputException"
NOT_FOUND = "EntityNotFoundException"
EXISTS = "AlreadyExistsException"
CONFLICT = "ConflictException"
TABLE: Json = {"AssetIdentifier": ARN}
COLUMN: Json = {**TABLE, "IterableFormName": "columns", "ItemIdentifier": "a"}
FORM_TYPE = member_of("glue", "PutAttachment", "FormTypeIdentifier", "FormTypeId")
FORM: Json = {"AttachmentName": "sap", FORM_TYPE: "SapForm", "Content": '{"object": "o"}'}


@pytest.fixture(params=WAYS)
def glue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """A client; there are a database `d` and its table `t` of columns `a` and `b`."""
    with lake_on(request.param, tmp_path) as lake:
        yield lake.glue


def glossary(glue: Any, name: str = "SAP", **more: str) -> str:
    return str(glue.create_glossary(Name=name, **more)["Id"])


def terms(glue: Any, count: int) -> list[str]:
    whose = glossary(glue)
    return [glue.create_glossary_term(GlossaryIdentifier=whose, Name=f"t{number}")["Id"] for number in range(count)]


def associate(glue: Any, place: Json, *identifiers: str) -> list[str]:
    found: list[str] = glue.associate_glossary_terms(**place, GlossaryTermIdentifiers=[*identifiers])["GlossaryTerms"]
    return found


def schema(glue: Any, text: str = "structure SapForm { @required object: String }") -> None:
    glue.put_form_type(Name="SapForm", Schema=text)


class TestGlossaries:
    def test_names_are_unique_and_bounded(self, glue: Any) -> None:
        first = glossary(glue, "g" * 256, Description="d" * 2048)
        assert refusal(lambda: glossary(glue, "g" * 256)) == EXISTS
        assert refusal(lambda: glossary(glue, "g" * 257)) == INVALID
        assert refusal(lambda: glossary(glue, "h", Description="d" * 2049)) == INVALID
        wanted: Json = {"GlossaryIdentifier": first, "Name": "t" * 256}
        texts = {"ShortDescription": "s" * 1024, "LongDescription": "l" * 4096}
        term = glue.create_glossary_term(**wanted, **texts)["Id"]
        assert refusal(lambda: glue.create_glossary_term(**wanted)) == EXISTS
        for name, text in texts.items():
            more = {**wanted, "Name": "t", name: f"{text}x"}
            assert refusal(lambda: glue.create_glossary_term(**more)) == INVALID  # noqa: B023
        glue.create_glossary_term(GlossaryIdentifier=glossary(glue, "other"), Name="t" * 256)
        glue.update_glossary_term(Identifier=term, Name="t")
        assert glue.get_glossary_term(Identifier=term)["LongDescription"] == texts["LongDescription"]

    def test_a_token_makes_one(self, glue: Any) -> None:
        assert glossary(glue, ClientToken="t") == glossary(glue, ClientToken="t")
        assert len(glue.list_glossaries()["Items"]) == 1
        assert refusal(lambda: glossary(glue, "other", ClientToken="t")) == INVALID

    def test_only_an_empty_one_is_deleted(self, glue: Any) -> None:
        (term,) = terms(glue, 1)
        whose = glue.get_glossary_term(Identifier=term)["GlossaryId"]
        assert refusal(lambda: glue.delete_glossary(Identifier=whose)) == CONFLICT
        associate(glue, TABLE, term)
        glue.delete_glossary_term(Identifier=term)
        assert "GlossaryTerms" not in glue.get_asset(Identifier=ARN)
        glue.delete_glossary(Identifier=whose)
        assert refusal(lambda: glue.get_glossary(Identifier=whose)) == NOT_FOUND

    def test_listings_come_in_pages(self, glue: Any) -> None:
        made = terms(glue, 3)
        whose = {"GlossaryIdentifier": glue.list_glossaries()["Items"][0]["Id"]}
        page = glue.list_glossary_terms(**whose, MaxResults=2)
        rest = glue.list_glossary_terms(**whose, NextToken=page["NextToken"])
        assert [row["Id"] for row in (*page["Items"], *rest["Items"])] == made
        assert refusal(lambda: glue.list_glossary_terms(**whose, MaxResults=1001)) == INVALID


class TestTables:
    def test_ten_terms_a_table_and_five_a_column(self, glue: Any) -> None:
        made = terms(glue, 11)
        assert associate(glue, TABLE, *made[:10]) == made[:10]
        assert associate(glue, TABLE, made[0]) == made[:10]
        assert refusal(lambda: associate(glue, TABLE, made[10])) == INVALID
        assert associate(glue, COLUMN, *made[:5]) == made[:5]
        assert refusal(lambda: associate(glue, COLUMN, made[5])) == INVALID
        assert refusal(lambda: associate(glue, COLUMN, *made)) == INVALID
        glue.disassociate_glossary_terms(**COLUMN, GlossaryTermIdentifiers=made[:4])
        assert glue.get_asset(Identifier=ARN)["GlossaryTerms"] == made[:10]
        columns = glue.list_iterable_forms(**TABLE, IterableFormName="columns")["Items"]
        found = [(row["ItemId"], row.get("GlossaryTerms")) for row in columns]
        assert found == [("a", made[4:5]), ("b", None)]

    @pytest.mark.parametrize(
        ("place", "code"),
        [
            ({"AssetIdentifier": f"{ARN}x"}, NOT_FOUND),
            ({"AssetIdentifier": ARN.replace("123456789012", "999999999999")}, NOT_FOUND),
            ({"AssetIdentifier": "ü"}, INVALID),
            ({**COLUMN, "ItemIdentifier": "x"}, NOT_FOUND),
            ({**COLUMN, "IterableFormName": "rows"}, NOT_FOUND),
            ({**TABLE, "ItemIdentifier": "a"}, INVALID),
        ],
    )
    def test_what_is_not_there_takes_nothing(self, glue: Any, place: Json, code: str) -> None:
        schema(glue)
        (term,) = terms(glue, 1)
        assert refusal(lambda: associate(glue, place, term)) == code
        assert refusal(lambda: glue.put_attachment(**place, **FORM)) == code
        assert refusal(lambda: associate(glue, TABLE, "absent")) == NOT_FOUND

    def test_attachments_fit_their_type_and_overwrite(self, glue: Any) -> None:
        assert refusal(lambda: glue.put_attachment(**TABLE, **FORM)) == NOT_FOUND
        schema(glue)
        for content in ("no JSON", "{}", '{"object": 1}', '{"object": "o", "other": 1}'):
            assert refusal(lambda: glue.put_attachment(**TABLE, **{**FORM, "Content": content})) == INVALID  # noqa: B023
        for content in ('{"object": "o"}', '{"object": "p"}'):
            glue.put_attachment(**TABLE, **{**FORM, "Content": content})
        glue.put_attachment(**COLUMN, **FORM)
        attached = glue.get_asset(Identifier=ARN)["Attachments"]
        assert attached == {"sap": {"FormTypeId": "SapForm", "Content": '{"object": "p"}'}}
        wanted = {**TABLE, "IterableFormName": "columns", "ItemIdentifiers": ["a", "x"]}
        found = glue.batch_get_iterable_forms(**wanted)
        assert [row["Attachments"]["sap"]["Content"] for row in found["Items"]] == [FORM["Content"]]
        assert [row["ItemIdentifier"] for row in found["Errors"]] == ["x"]
        assert refusal(lambda: glue.delete_form_type(Identifier="SapForm")) == CONFLICT
        for place in (TABLE, COLUMN):
            glue.delete_attachment(**place, AttachmentName="sap")
        assert refusal(lambda: glue.delete_attachment(**TABLE, AttachmentName="sap")) == NOT_FOUND
        glue.delete_form_type(Identifier="SapForm")

    def test_schemas_are_read(self, glue: Any) -> None:
        assert refusal(lambda: schema(glue, "structure Other {}")) == INVALID
        assert refusal(lambda: glue.put_form_type(Name="small", Schema="structure small {}")) == INVALID
        text = "structure SapForm {}"
        assert refusal(lambda: schema(glue, text + "/" * (100_001 - len(text)))) == INVALID
        schema(glue, text + "/" * (100_000 - len(text)))

    def test_they_go_with_the_table_and_with_the_column(self, glue: Any) -> None:
        (term,) = terms(glue, 1)
        associate(glue, TABLE, term)
        associate(glue, COLUMN, term)
        for names in ("b", "ab"):
            storage = {"Columns": [{"Name": name, "Type": "int"} for name in names]}
            glue.update_table(DatabaseName="d", TableInput={"Name": "t", "StorageDescriptor": storage})
        columns = glue.list_iterable_forms(**TABLE, IterableFormName="columns")["Items"]
        assert not any("GlossaryTerms" in row for row in columns)
        assert glue.get_asset(Identifier=ARN)["GlossaryTerms"] == [term]
        glue.delete_table(DatabaseName="d", Name="t")
        assert refusal(lambda: glue.get_asset(Identifier=ARN)) == NOT_FOUND
        glue.create_table(DatabaseName="d", TableInput={"Name": "t"})
        assert "GlossaryTerms" not in glue.get_asset(Identifier=ARN)


@pytest.mark.parametrize("compact_bytes", [10_000_000, 1])
def test_every_process_finds_the_same_whole_or_compacted(tmp_path: Path, compact_bytes: int) -> None:
    session: Any = embedded_session_factory(tmp_path, compact_bytes=compact_bytes)()
    glue = session.client("glue")
    glue.create_database(DatabaseInput={"Name": "d"})
    storage = {"Columns": [{"Name": "a", "Type": "int"}]}
    glue.create_table(DatabaseName="d", TableInput={"Name": "t", "StorageDescriptor": storage})
    schema(glue)
    (term,) = terms(glue, 1)
    associate(glue, COLUMN, term)
    glue.put_attachment(**TABLE, **FORM)
    other_session: Any = embedded_session_factory(tmp_path)()
    other = other_session.client("glue")
    for one in (glue, other):
        assert one.get_asset(Identifier=ARN)["Attachments"]["sap"]["Content"] == FORM["Content"]
        (column,) = one.list_iterable_forms(**TABLE, IterableFormName="columns")["Items"]
        assert column["GlossaryTerms"] == [term]


def test_the_simulator_counts_and_dumps(simulator: GlueSimulator) -> None:
    simulator.heal()
    simulator.load({"databases": {}, "tables": {}})
    simulator.reset()
    glue: Any = simulator.client()
    glue.create_database(DatabaseInput={"Name": "d"})
    glue.create_table(DatabaseName="d", TableInput={"Name": "t"})
    (term,) = terms(glue, 1)
    associate(glue, TABLE, term)
    assert simulator.glue_context_dump()["noted"] == {ARN: {"": {"terms": [term], "attachments": {}}}}
    assert simulator.calls()["glue:AssociateGlossaryTerms"] == 1
    simulator.fault("throttle", "glue:GetAsset")
    assert glue.get_asset(Identifier=ARN)["GlossaryTerms"] == [term]
    assert simulator.counters()["refused"] == {"ThrottlingException": 1}
