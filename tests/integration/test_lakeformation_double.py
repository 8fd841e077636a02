"""Lake Formation's double through clients of boto3, on both ways to it: each documented limit, and one beyond."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.integration.lake import EVERYONE, WAYS, Json, Lake, columns, database, lake_on, table

ROLE = "arn:aws:iam::123456789012:role/analyst"


@pytest.fixture(params=WAYS)
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lake]:
    with lake_on(request.param, tmp_path) as lake:
        yield lake


@pytest.fixture
def tagged(lake: Lake) -> Lake:
    """With the tags `pii` (yes, no) and `domain` (sales, hr)."""
    lake.lf.create_lf_tag(TagKey="pii", TagValues=["yes", "no"])
    lake.lf.create_lf_tag(TagKey="domain", TagValues=["sales", "hr"])
    return lake


def refusal(call: Callable[[], object]) -> str:
    """The code by which a call is refused."""
    with pytest.raises(ClientError) as refused:
        call()
    assert refused.value.response["Error"]["Message"]
    return str(refused.value.response["Error"]["Code"])


def numbered(stem: str, count: int) -> list[str]:
    return [f"{stem}{number}" for number in range(count)]


class TestTags:
    def test_keys_and_values_are_stored_in_lower_case(self, lake: Lake) -> None:
        lake.lf.create_lf_tag(TagKey="PII", TagValues=["Yes", "NO", "yes"])
        found = lake.lf.get_lf_tag(TagKey="Pii")
        assert (found["CatalogId"], found["TagKey"], found["TagValues"]) == ("123456789012", "pii", ["yes", "no"])
        assert refusal(lambda: lake.lf.create_lf_tag(TagKey="pII", TagValues=["x"])) == "InvalidInputException"

    def test_a_key_that_is_not_there_is_not_found(self, lake: Lake) -> None:
        calls: list[Callable[[], object]] = [
            lambda: lake.lf.get_lf_tag(TagKey="no"),
            lambda: lake.lf.update_lf_tag(TagKey="no", TagValuesToAdd=["x"]),
            lambda: lake.lf.delete_lf_tag(TagKey="no"),
        ]
        assert [refusal(call) for call in calls] == ["EntityNotFoundException"] * 3

    def test_keys_and_values_have_fifty_characters(self, lake: Lake) -> None:
        lake.lf.create_lf_tag(TagKey="k" * 50, TagValues=["v" * 50])
        assert refusal(lambda: lake.lf.create_lf_tag(TagKey="k" * 51, TagValues=["v"])) == "InvalidInputException"
        assert refusal(lambda: lake.lf.create_lf_tag(TagKey="k", TagValues=["v" * 51])) == "InvalidInputException"

    def test_only_some_characters_are_allowed(self, lake: Lake) -> None:
        lake.lf.create_lf_tag(TagKey="a_.:/=+-@% ü9", TagValues=["a_.:/=+-@% ü9*"])
        for character in "#,;!\n(":
            bad = f"a{character}"
            assert refusal(lambda: lake.lf.create_lf_tag(TagKey=bad, TagValues=["v"])) == "InvalidInputException"  # noqa: B023
            assert refusal(lambda: lake.lf.create_lf_tag(TagKey="k", TagValues=[bad])) == "InvalidInputException"  # noqa: B023
        assert refusal(lambda: lake.lf.create_lf_tag(TagKey="a*", TagValues=["v"])) == "InvalidInputException"

    def test_fifty_values_a_call_and_a_thousand_a_key(self, lake: Lake) -> None:
        values = numbered("v", 1001)
        assert refusal(lambda: lake.lf.create_lf_tag(TagKey="k", TagValues=values[:51])) == "InvalidInputException"
        lake.lf.create_lf_tag(TagKey="k", TagValues=values[:50])
        beyond = refusal(lambda: lake.lf.update_lf_tag(TagKey="k", TagValuesToAdd=values[50:101]))
        assert beyond == "InvalidInputException"
        for start in range(50, 1000, 50):
            lake.lf.update_lf_tag(TagKey="k", TagValuesToAdd=values[start : start + 50])
        beyond = refusal(lambda: lake.lf.update_lf_tag(TagKey="k", TagValuesToAdd=values[1000:]))
        assert beyond == "InvalidInputException"
        assert lake.lf.get_lf_tag(TagKey="k")["TagValues"] == values[:1000]

    def test_values_come_and_go(self, tagged: Lake) -> None:
        tagged.lf.update_lf_tag(TagKey="PII", TagValuesToAdd=["Maybe", "yes"], TagValuesToDelete=["NO"])
        assert tagged.lf.get_lf_tag(TagKey="pii")["TagValues"] == ["yes", "maybe"]
        assert refusal(lambda: tagged.lf.update_lf_tag(TagKey="pii")) == "InvalidInputException"
        absent = refusal(lambda: tagged.lf.update_lf_tag(TagKey="pii", TagValuesToDelete=["never"]))
        assert absent == "EntityNotFoundException"
        both = refusal(lambda: tagged.lf.update_lf_tag(TagKey="pii", TagValuesToAdd=["x"], TagValuesToDelete=["x"]))
        assert both == "InvalidInputException"
        last = refusal(lambda: tagged.lf.update_lf_tag(TagKey="pii", TagValuesToDelete=["yes", "maybe"]))
        assert last == "InvalidInputException"

    def test_a_value_in_use_is_not_deleted(self, tagged: Lake) -> None:
        tagged.put(columns("a"), {"pii": "yes"})
        used = refusal(lambda: tagged.lf.update_lf_tag(TagKey="pii", TagValuesToDelete=["yes"]))
        assert used == "InvalidInputException"
        tagged.remove(columns("a"), {"pii": "yes"})
        tagged.lf.update_lf_tag(TagKey="pii", TagValuesToDelete=["yes"])

    def test_a_deleted_key_leaves_all_resources(self, tagged: Lake) -> None:
        for resource in (database(), table(), columns("a")):
            tagged.put(resource, {"pii": "yes", "domain": "hr"})
        tagged.lf.delete_lf_tag(TagKey="PII")
        hr = {"domain": "hr"}
        assert tagged.tags(table()) == {"database": hr, "table": hr, "a": hr}

    def test_listings_come_in_pages(self, lake: Lake) -> None:
        for key in numbered("k", 5):
            lake.lf.create_lf_tag(TagKey=key, TagValues=["v"])
        pages = list(lake.lf.get_paginator("list_lf_tags").paginate(PaginationConfig={"PageSize": 2}))
        assert [len(page["LFTags"]) for page in pages] == [2, 2, 1]
        assert [tag["TagKey"] for page in pages for tag in page["LFTags"]] == numbered("k", 5)
        assert lake.lf.list_lf_tags(ResourceShareType="FOREIGN")["LFTags"] == []
        assert refusal(lambda: lake.lf.list_lf_tags(NextToken="nonsense!")) == "InvalidInputException"
        assert refusal(lambda: lake.lf.list_lf_tags(MaxResults=1001)) == "InvalidInputException"


class TestAssignment:
    def test_each_key_is_put_for_itself_and_replaced_in_place(self, tagged: Lake) -> None:
        assert tagged.put(table(), {"PII": "Yes", "domain": "sales"}) == []
        assert tagged.put(table(), {"pii": "no"}) == []
        assert tagged.tags(table()) == {"table": {"pii": "no", "domain": "sales"}}

    def test_what_is_not_known_fails_by_itself(self, tagged: Lake) -> None:
        failures = tagged.put(table(), {"pii": "never", "unknown": "x", "domain": "hr"})
        assert [failure["LFTag"]["TagKey"] for failure in failures] == ["pii", "unknown"]
        assert {failure["Error"]["ErrorCode"] for failure in failures} == {"EntityNotFoundException"}
        assert tagged.tags(table()) == {"table": {"domain": "hr"}}
        two = [{"TagKey": "pii", "TagValues": ["yes", "no"]}]
        (failure,) = tagged.lf.add_lf_tags_to_resource(Resource=table(), LFTags=two)["Failures"]
        assert failure["Error"]["ErrorCode"] == "InvalidInputException"
        foreign = [{"CatalogId": "999999999999", "TagKey": "pii", "TagValues": ["yes"]}]
        assert len(tagged.lf.add_lf_tags_to_resource(Resource=table(), LFTags=foreign)["Failures"]) == 1

    def test_a_table_inherits_of_its_database_and_a_column_of_its_table(self, tagged: Lake) -> None:
        tagged.put(database(), {"domain": "sales", "pii": "no"})
        tagged.put(columns("a"), {"pii": "yes"})
        own = {"database": {"domain": "sales", "pii": "no"}, "a": {"pii": "yes"}}
        assert tagged.tags(table()) == own
        inherited = {"domain": "sales", "pii": "no"}
        everything = {"database": inherited, "table": inherited, "a": {"domain": "sales", "pii": "yes"}, "b": inherited}
        assert tagged.tags(table(), assigned=False) == everything
        assert tagged.tags(database()) == {"database": inherited}
        assert set(tagged.tags(columns("b"), assigned=False)) == {"database", "table", "b"}

    def test_a_wildcard_means_every_column_but_those_named(self, tagged: Lake) -> None:
        tagged.make_table("wide", ("x", "y", "Z"))
        wild: Json = {"DatabaseName": "D", "Name": "WIDE", "ColumnWildcard": {"ExcludedColumnNames": ["y"]}}
        assert tagged.put({"TableWithColumns": wild}, {"pii": "yes"}) == []
        assert tagged.tags(table("wide")) == {"x": {"pii": "yes"}, "Z": {"pii": "yes"}}

    def test_removing_takes_only_what_stands_there_so(self, tagged: Lake) -> None:
        tagged.put(table(), {"pii": "yes", "domain": "hr"})
        assert len(tagged.remove(table(), {"pii": "no"})) == 1
        assert len(tagged.remove(columns("a"), {"pii": "yes"})) == 1
        assert tagged.remove(table(), {"pii": "yes"}) == []
        assert tagged.tags(table()) == {"table": {"domain": "hr"}}

    def test_fifty_tags_a_resource_and_a_call(self, lake: Lake) -> None:
        keys = numbered("k", 51)
        for key in keys:
            lake.lf.create_lf_tag(TagKey=key, TagValues=["v", "w"])
        assert lake.put(table(), dict.fromkeys(keys[:50], "v")) == []
        assert lake.put(table(), {keys[0]: "w"}) == []
        assert refusal(lambda: lake.put(table(), {keys[50]: "v"})) == "InvalidInputException"
        assert refusal(lambda: lake.put(columns("a"), dict.fromkeys(keys, "v"))) == "InvalidInputException"
        assert lake.tags(table()) == {"table": {**dict.fromkeys(keys[:50], "v"), keys[0]: "w"}}

    @pytest.mark.parametrize(
        ("resource", "code"),
        [
            (database("x"), "EntityNotFoundException"),
            (table("x"), "EntityNotFoundException"),
            (table("t", "x"), "EntityNotFoundException"),
            (columns("a", "x"), "EntityNotFoundException"),
            ({"Database": {"CatalogId": "999999999999", "Name": "d"}}, "EntityNotFoundException"),
            ({"Table": {"DatabaseName": "d", "TableWildcard": {}}}, "InvalidInputException"),
            ({"TableWithColumns": {"DatabaseName": "d", "Name": "t"}}, "InvalidInputException"),
            (columns(), "InvalidInputException"),
            ({"Catalog": {}}, "InvalidInputException"),
            ({}, "InvalidInputException"),
            ({**database(), **table()}, "InvalidInputException"),
        ],
    )
    def test_what_cannot_be_tagged_is_refused(self, tagged: Lake, resource: Json, code: str) -> None:
        assert refusal(lambda: tagged.put(resource, {"pii": "yes"})) == code
        assert refusal(lambda: tagged.remove(resource, {"pii": "yes"})) == code
        assert refusal(lambda: tagged.tags(resource)) == code

    def test_a_key_twice_in_a_call_is_refused(self, tagged: Lake) -> None:
        assert refusal(lambda: tagged.put(table(), {"pii": "yes", "PII": "no"})) == "InvalidInputException"

    def test_tables_are_found_by_what_counts_there(self, tagged: Lake) -> None:
        tagged.make_table("other")
        tagged.put(database(), {"domain": "sales"})
        tagged.put(table(), {"pii": "yes"})

        def found(**wanted: list[str]) -> list[str]:
            expression = [{"TagKey": key, "TagValues": values} for key, values in wanted.items()]
            answer = tagged.lf.search_tables_by_lf_tags(Expression=expression)
            return [row["Table"]["Name"] for row in answer["TableList"]]

        assert found(domain=["sales", "hr"]) == ["other", "t"]
        assert found(domain=["sales"], pii=["yes"]) == ["t"]
        assert found(pii=["no"]) == []


class TestGlueBeside:
    def test_tags_and_grants_go_with_a_table(self, tagged: Lake) -> None:
        tagged.put(table(), {"pii": "yes"})
        tagged.put(columns("a"), {"domain": "hr"})
        grant(tagged, table(), "SELECT")
        tagged.glue.delete_table(DatabaseName="d", Name="t")
        assert refusal(lambda: tagged.tags(table())) == "EntityNotFoundException"
        tagged.make_table()
        assert tagged.tags(table()) == {}
        assert tagged.grants(table()) == {EVERYONE: ["ALL"]}

    def test_they_go_with_a_batch_and_with_a_database(self, tagged: Lake) -> None:
        tagged.put(table(), {"pii": "yes"})
        tagged.glue.batch_delete_table(DatabaseName="d", TablesToDelete=["t"])
        tagged.make_table()
        assert tagged.tags(table()) == {}
        tagged.put(database(), {"domain": "hr"})
        grant(tagged, database(), "DESCRIBE")
        tagged.glue.delete_database(Name="d")
        tagged.glue.create_database(DatabaseInput={"Name": "d"})
        assert tagged.tags(database()) == {}
        assert tagged.grants(database()) == {EVERYONE: ["ALL"]}

    def test_a_column_that_vanishes_loses_its_tags(self, tagged: Lake) -> None:
        tagged.put(columns("a", "b"), {"pii": "yes"})
        for names in (("b",), ("a", "b")):
            storage = {"Columns": [{"Name": name, "Type": "int"} for name in names]}
            tagged.glue.update_table(DatabaseName="d", TableInput={"Name": "t", "StorageDescriptor": storage})
        assert tagged.tags(table()) == {"b": {"pii": "yes"}}


def grant(lake: Lake, resource: Json, *permissions: str, who: str = ROLE) -> None:
    principal = {"DataLakePrincipalIdentifier": who}
    lake.lf.grant_permissions(Principal=principal, Resource=resource, Permissions=[*permissions])


def revoke(lake: Lake, resource: Json, *permissions: str, who: str = ROLE) -> None:
    principal = {"DataLakePrincipalIdentifier": who}
    lake.lf.revoke_permissions(Principal=principal, Resource=resource, Permissions=[*permissions])


class TestGrants:
    def test_new_tables_and_databases_are_open_to_everyone_in_iam(self, lake: Lake) -> None:
        assert lake.grants(database()) == {EVERYONE: ["ALL"]}
        assert lake.grants(table()) == {EVERYONE: ["ALL"]}
        revoke(lake, table(), "ALL", who=EVERYONE)
        assert lake.grants(table()) == {}
        assert refusal(lambda: revoke(lake, table(), "ALL", who=EVERYONE)) == "InvalidInputException"

    def test_only_empty_defaults_close_them_absent_ones_do_not(self, lake: Lake) -> None:
        settings = lake.lf.get_data_lake_settings()["DataLakeSettings"]
        assert settings["CreateTableDefaultPermissions"][0]["Permissions"] == ["ALL"]
        lake.lf.put_data_lake_settings(DataLakeSettings={"CreateTableDefaultPermissions": []})
        lake.make_table("closed")
        assert lake.lf.get_data_lake_settings()["DataLakeSettings"] == {"CreateTableDefaultPermissions": []}
        lake.lf.put_data_lake_settings(DataLakeSettings={"DataLakeAdmins": []})
        lake.make_table("open")
        assert "CreateTableDefaultPermissions" not in lake.lf.get_data_lake_settings()["DataLakeSettings"]
        found = {name: lake.grants(table(name)) for name in ("t", "closed", "open")}
        assert found == {"t": {EVERYONE: ["ALL"]}, "closed": {}, "open": {EVERYONE: ["ALL"]}}

    def test_what_a_database_says_of_its_tables_comes_first(self, lake: Lake) -> None:
        lake.glue.create_database(DatabaseInput={"Name": "own", "CreateTableDefaultPermissions": []})
        lake.make_table("mine", database="own")
        assert lake.grants(table("mine", "own")) == {}

    def test_grants_add_up_and_are_taken_back(self, lake: Lake) -> None:
        grant(lake, table(), "SELECT")
        grant(lake, table("T", "D"), "DESCRIBE")
        assert lake.grants(table())[ROLE] == ["DESCRIBE", "SELECT"]
        revoke(lake, table(), "SELECT")
        assert lake.grants(table())[ROLE] == ["DESCRIBE"]
        grant(lake, columns("a"), "SELECT")
        principal = {"DataLakePrincipalIdentifier": ROLE}
        rows = lake.lf.list_permissions(Resource=table(), Principal=principal)["PrincipalResourcePermissions"]
        assert [next(iter(row["Resource"])) for row in rows] == ["Table", "TableWithColumns"]
        assert refusal(lambda: lake.grants(columns("a"))) == "InvalidInputException"
        tables = lake.lf.list_permissions(ResourceType="TABLE")["PrincipalResourcePermissions"]
        assert len(tables) == 3
        assert refusal(lambda: grant(lake, table("x"), "SELECT")) == "EntityNotFoundException"

    def test_a_batch_of_twenty_fails_one_by_one(self, lake: Lake) -> None:
        def entries(count: int) -> list[Json]:
            return [
                {
                    "Id": str(number),
                    "Principal": {"DataLakePrincipalIdentifier": f"{ROLE}{number}"},
                    "Resource": table("t" if number else "absent"),
                    "Permissions": ["SELECT"],
                }
                for number in range(count)
            ]

        assert refusal(lambda: lake.lf.batch_grant_permissions(Entries=entries(21))) == "InvalidInputException"
        (failure,) = lake.lf.batch_grant_permissions(Entries=entries(20))["Failures"]
        assert (failure["RequestEntry"]["Id"], failure["Error"]["ErrorCode"]) == ("0", "EntityNotFoundException")
        assert len(lake.grants(table())) == 20
        assert len(lake.lf.batch_revoke_permissions(Entries=entries(20))["Failures"]) == 1
        assert lake.grants(table()) == {EVERYONE: ["ALL"]}


def test_a_thousand_keys(lake: Lake) -> None:
    for key in numbered("k", 1000):
        lake.lf.create_lf_tag(TagKey=key, TagValues=["v"])
    beyond = refusal(lambda: lake.lf.create_lf_tag(TagKey="k1000", TagValues=["v"]))
    assert beyond == "ResourceNumberLimitExceededException"
