"""Data sources and data sets of QuickSight's double through boto3, on both ways: each limit, and one beyond."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.lake import WAYS
from tests.integration.quick_lake import (
    ACCOUNT,
    ANN,
    ARN,
    BOB,
    Json,
    QuickLake,
    athena,
    code,
    data_set,
    describe,
    owner,
    physical,
    quick_lake_on,
    refusal,
    rename,
    tag,
    viewer,
)

INVALID = "InvalidParameterValueException"
ABSENT = "ResourceNotFoundException"


@pytest.fixture(params=WAYS)
def lake(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[QuickLake]:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with quick_lake_on(request.param, tmp_path) as lake:
        yield lake


class TestDataSources:
    def test_one_is_made_once_replaced_whole_and_deleted(self, lake: QuickLake) -> None:
        made = lake.make_data_source("x", SslProperties={"DisableSsl": True})
        assert (made["Arn"], made["CreationStatus"]) == (f"{ARN}:datasource/x", "CREATION_IN_PROGRESS")
        found = lake.describe_data_source(DataSourceId="x")["DataSource"]
        assert (found["Status"], found["DataSourceParameters"]) == ("CREATION_SUCCESSFUL", athena("primary"))
        assert code(lambda: lake.make_data_source("x")) == "ResourceExistsException"
        lake.update_data_source(DataSourceId="x", Name="New", DataSourceParameters=athena("other"))
        again = lake.describe_data_source(DataSourceId="x")["DataSource"]
        assert (again["Name"], again["Status"], again["Type"]) == ("New", "UPDATE_SUCCESSFUL", "ATHENA")
        assert "SslProperties" not in again
        assert again["LastUpdatedTime"] > again["CreatedTime"] == found["CreatedTime"]
        assert [row["DataSourceId"] for row in lake.list_data_sources()["DataSources"]] == ["athena", "x"]
        lake.delete_data_source(DataSourceId="x")
        calls: list[Callable[[], object]] = [
            lambda: lake.describe_data_source(DataSourceId="x"),
            lambda: lake.delete_data_source(DataSourceId="x"),
            lambda: lake.update_data_source(DataSourceId="x", Name="N", DataSourceParameters=athena("w")),
            lambda: lake.describe_data_source_permissions(DataSourceId="x"),
        ]
        assert [code(call) for call in calls] == [ABSENT] * 4

    def test_ids_names_and_workgroups_have_limits(self, lake: QuickLake) -> None:
        lake.make_data_source("i" * 96, Name="n" * 128, DataSourceParameters=athena("w" * 128))
        beyond: list[Json] = [
            {"own_id": "i" * 97},
            {"own_id": "a.b"},
            {"own_id": "x", "Name": "n" * 129},
            {"own_id": "x", "DataSourceParameters": athena("w" * 129)},
            {"own_id": "x", "DataSourceParameters": athena("w w")},
            {"own_id": "x", "DataSourceParameters": {}},
            {"own_id": "x", "DataSourceParameters": {"RdsParameters": {"InstanceId": "i", "Database": "d"}}},
            {"own_id": "x", "Type": "S3"},
        ]
        assert [code(lambda: lake.make_data_source(**each)) for each in beyond] == [INVALID] * len(beyond)  # noqa: B023

    def test_another_account_is_not_the_callers(self, lake: QuickLake) -> None:
        foreign = code(lambda: lake.list_data_sources(AwsAccountId="999999999999"))
        assert foreign == "AccessDeniedException"
        assert code(lambda: lake.make_data_source("x", AwsAccountId="999999999999")) == "AccessDeniedException"


class TestColumns:
    def test_transforms_name_columns_as_the_one_before_left_them(self, lake: QuickLake) -> None:
        lake.make_data_set("s", rename("a", "Amount"), describe("Amount", "What it costs"), rename("b", "a"))
        assert lake.data_set()["OutputColumns"] == [
            {"Name": "Amount", "Type": "INTEGER", "Description": "What it costs"},
            {"Name": "a", "Type": "INTEGER"},
            {"Name": "c", "Type": "INTEGER"},
        ]
        assert (
            lake.data_set()["LogicalTableMap"]
            == data_set(rename("a", "Amount"), describe("Amount", "What it costs"), rename("b", "a"))["LogicalTableMap"]
        )

    @pytest.mark.parametrize(
        "transforms",
        [
            (rename("absent", "x"),),
            (rename("A", "x"),),
            (rename("a", "b"),),
            (rename("a", "B"),),
            (rename("a", "n" * 129),),
            (rename("a", "x"), describe("a", "said of the old name")),
            (describe("absent", "x"),),
            (describe("a", "x" * 501),),
            (tag("a", {}),),
            (tag("a", {"ColumnDescription": {}}),),
            (tag("a", {"ColumnGeographicRole": "MOON"}),),
            (tag("a", {"ColumnGeographicRole": "CITY", "ColumnDescription": {"Text": "x"}}),),
            ({"ProjectOperation": {"ProjectedColumns": ["a", "absent"]}},),
            ({"ProjectOperation": {"ProjectedColumns": ["a"]}}, rename("b", "x")),
            ({},),
            ({**rename("a", "x"), **describe("b", "x")},),
        ],
    )
    def test_a_bad_transform_fails_the_whole_call(self, lake: QuickLake, transforms: tuple[Json, ...]) -> None:
        good = (rename("c", "Fine"), *transforms)
        assert code(lambda: lake.make_data_set("s", *good)) == INVALID
        assert code(lake.data_set) == ABSENT
        lake.make_data_set("s")
        before = lake.data_set()
        assert code(lambda: lake.change_data_set("s", *good)) == INVALID
        assert lake.data_set() == before

    def test_limits_of_names_and_descriptions_are_reached(self, lake: QuickLake) -> None:
        lake.make_data_set("s" * 96, rename("a", "n" * 128), describe("b", "x" * 500), Name="n" * 128)
        assert code(lambda: lake.make_data_set("x", Name="n" * 129)) == INVALID
        assert code(lambda: lake.make_data_set("s" * 97)) == INVALID
        empty = refusal(lambda: lake.make_data_set("x", tag("a", {})))
        assert empty.endswith("Invalid ColumnTag added for column with name a")

    def test_2048_columns_and_2048_transforms(self, lake: QuickLake) -> None:
        names = tuple(f"c{number}" for number in range(2049))
        lake.make_table("wide", names, Location="s3://lake/wide/")
        renames = [rename(name, f"{name} new") for name in names]
        wide = physical(*names[:2048], Name="wide")
        lake.make_data_set("s", *renames[:2048], PhysicalTableMap=wide)
        assert lake.columns()[-1] == "c2047 new"
        assert code(lambda: lake.make_data_set("x", PhysicalTableMap=physical(*names, Name="wide"))) == INVALID
        beyond = [*renames[:2048], describe("c0 new", "x")]
        assert code(lambda: lake.make_data_set("x", *beyond, PhysicalTableMap=wide)) == INVALID

    def test_a_column_is_in_one_folder(self, lake: QuickLake) -> None:
        lake.make_data_set("s", rename("a", "x"), FieldFolders={"F/G": {"columns": ["x"], "description": "d" * 500}})
        bad: list[Json] = [
            {"F": {"columns": ["a"]}, "G": {"columns": ["b", "a"]}},
            {"F": {"columns": ["a", "a"]}},
            {"F": {"columns": ["absent"]}},
            {"F": {"columns": ["A"]}},
            {"F": {"columns": ["a"], "description": "d" * 501}},
            {"f" * 1001: {"columns": ["a"]}},
        ]
        assert [code(lambda: lake.change_data_set("s", FieldFolders=each)) for each in bad] == [INVALID] * 6  # noqa: B023
        assert lake.data_set()["FieldFolders"]["F/G"]["columns"] == ["x"]


class TestTables:
    def test_a_table_must_be_there_with_its_columns(self, lake: QuickLake) -> None:
        lake.make_table("metadata_only")
        view = {"Name": "v", "TableType": "VIRTUAL_VIEW", "ViewOriginalText": "/* Presto View: e30= */"}
        columns = [{"Name": "a", "Type": "int"}]
        lake.glue.create_table(DatabaseName="d", TableInput={**view, "StorageDescriptor": {"Columns": columns}})
        lake.make_data_set("v", PhysicalTableMap=physical("A", Name="V"))
        lake.make_data_set("m", PhysicalTableMap=physical("a", Name="metadata_only"))
        bad: list[Json] = [
            {"Name": "absent"},
            {"Schema": "absent"},
            {"Catalog": "other"},
            {"Name": "n" * 257},
            {"InputColumns": []},
            {"InputColumns": [{"Name": "absent", "Type": "STRING"}]},
            {"InputColumns": [{"Name": "a", "Type": "STRING"}, {"Name": "A", "Type": "STRING"}]},
            {"InputColumns": [{"Name": "a", "Type": "TEXT"}]},
            {"InputColumns": [{"Name": "a", "Type": "SEMISTRUCT"}]},
            {"InputColumns": [{"Name": "a", "Type": "DECIMAL", "SubType": "FIXED"}]},
            {"DataSourceArn": "arn:aws:quicksight:eu-central-1:999999999999:datasource/athena"},
            {"DataSourceArn": f"arn:aws:quicksight:eu-west-1:{ACCOUNT}:datasource/athena"},
            {"DataSourceArn": f"{ARN}:dataset/athena"},
            {"DataSourceArn": "athena"},
        ]
        tables = [physical(**each) for each in bad]
        assert [code(lambda: lake.make_data_set("x", PhysicalTableMap=each)) for each in tables] == [INVALID] * len(bad)  # noqa: B023
        absent = physical(DataSourceArn=f"{ARN}:datasource/absent")
        assert code(lambda: lake.make_data_set("x", PhysicalTableMap=absent)) == ABSENT

    @pytest.mark.parametrize(
        "members",
        [
            {"PhysicalTableMap": {"p_1": physical()["p"]}},
            {"PhysicalTableMap": {"p" * 65: physical()["p"]}},
            {"PhysicalTableMap": {"p": {}}},
            {"PhysicalTableMap": {"p": {"CustomSql": {"DataSourceArn": "x", "Name": "n", "SqlQuery": "select 1"}}}},
            {"PhysicalTableMap": {}},
            {"LogicalTableMap": {"l": {"Alias": "t", "Source": {"PhysicalTableId": "absent"}}}},
            {"LogicalTableMap": {"l": {"Alias": "t", "Source": {}}}},
            {"LogicalTableMap": {"l": {"Alias": "a" * 65, "Source": {"PhysicalTableId": "p"}}}},
            {"LogicalTableMap": {name: {"Alias": "t", "Source": {"PhysicalTableId": "p"}} for name in "lm"}},
            {"ImportMode": "CACHE"},
            {"DataPrepConfiguration": {"SourceTableMap": {}, "TransformStepMap": {}, "DestinationTableMap": {}}},
            {"ColumnLevelPermissionRules": [{"Principals": [ANN], "ColumnNames": ["absent"]}]},
            {"ColumnLevelPermissionRules": [{"Principals": ["ann"], "ColumnNames": ["a"]}]},
            {"ColumnGroups": [{"GeoSpatialColumnGroup": {"Name": "g", "Columns": ["absent"]}}]},
        ],
    )
    def test_what_is_not_allowed_or_not_known_is_refused(self, lake: QuickLake, members: Json) -> None:
        assert code(lambda: lake.make_data_set("s", **members)) == INVALID
        assert lake.list_data_sets()["DataSetSummaries"] == []

    def test_a_data_set_stays_when_its_table_or_data_source_goes(self, lake: QuickLake) -> None:
        lake.make_data_set("s")
        lake.glue.delete_table(DatabaseName="d", Name="t")
        assert lake.columns() == ["a", "b", "c"]
        assert code(lambda: lake.change_data_set("s")) == INVALID
        lake.make_table("t", Location="s3://lake/t/")
        lake.change_data_set("s")
        lake.delete_data_source(DataSourceId="athena")
        assert lake.columns() == ["a", "b", "c"]
        assert code(lambda: lake.change_data_set("s")) == ABSENT

    def test_tables_are_joined_and_data_sets_built_on(self, lake: QuickLake) -> None:
        lake.make_data_set("s", rename("c", "C of s"))
        join = {"LeftOperand": "l", "RightOperand": "r", "Type": "INNER", "OnClause": "{a} = {a[other]}"}
        logical: Json = {
            "l": {"Alias": "t", "Source": {"PhysicalTableId": "p"}},
            "r": {"Alias": "other", "Source": {"DataSetArn": f"{ARN}:dataset/s"}},
            "j": {"Alias": "joined", "Source": {"JoinInstruction": join}},
        }
        lake.make_data_set("joined", LogicalTableMap=logical)
        assert lake.columns("joined") == ["a", "b", "c", "a[other]", "b[other]", "C of s"]
        looped = {**logical, "r": {"Alias": "r", "Source": {"JoinInstruction": {**join, "RightOperand": "j"}}}}
        assert code(lambda: lake.make_data_set("x", LogicalTableMap=looped)) == INVALID


class TestDefinitions:
    def test_an_update_replaces_the_definition_and_nothing_else(self, lake: QuickLake) -> None:
        may = [{"Principal": ANN, "Actions": viewer("data_set")}]
        tags = [{"Key": "k", "Value": "v"}]
        folders = {"F": {"columns": ["Amount"]}}
        lake.make_data_set("s", rename("a", "Amount"), FieldFolders=folders, Permissions=may, Tags=tags)
        assert code(lambda: lake.make_data_set("s")) == "ResourceExistsException"
        lake.change_data_set("s", Name="New")
        found = lake.data_set()
        assert (found["Name"], lake.columns(), "FieldFolders" in found) == ("New", ["a", "b", "c"], False)
        assert len(lake.describe_data_set_permissions(DataSetId="s")["Permissions"]) == 1
        assert lake.client.list_tags_for_resource(ResourceArn=found["Arn"])["Tags"] == tags
        lake.delete_data_set(DataSetId="s")
        assert [code(lake.data_set), code(lambda: lake.change_data_set("s"))] == [ABSENT, ABSENT]
        assert code(lambda: lake.client.list_tags_for_resource(ResourceArn=found["Arn"])) == ABSENT

    def test_without_a_logical_table_one_is_made(self, lake: QuickLake) -> None:
        asked = data_set()
        del asked["LogicalTableMap"]
        lake.create_data_set(DataSetId="s", **asked)
        (logical,) = lake.data_set()["LogicalTableMap"].values()
        assert logical == {"Alias": "t", "Source": {"PhysicalTableId": "p"}}

    def test_they_are_listed_and_searched_in_pages(self, lake: QuickLake) -> None:
        for name, who, actions in (("one", ANN, owner), ("two", BOB, owner), ("three", ANN, viewer)):
            may = [{"Principal": who, "Actions": actions("data_set")}]
            lake.make_data_set(name, Name=f"Set {name}", Permissions=may)
        pages = list(
            lake.client.get_paginator("list_data_sets").paginate(AwsAccountId=ACCOUNT, PaginationConfig={"PageSize": 2})
        )
        assert [len(page["DataSetSummaries"]) for page in pages] == [2, 1]

        def found(name: str, operator: str, value: str) -> list[str]:
            wanted = [{"Name": name, "Operator": operator, "Value": value}]
            rows: list[Any] = lake.search_data_sets(Filters=wanted)["DataSetSummaries"]
            return [row["DataSetId"] for row in rows]

        assert found("DATASET_NAME", "StringLike", "t t") == ["three", "two"]
        assert found("QUICKSIGHT_VIEWER_OR_OWNER", "StringEquals", ANN) == ["one", "three"]
        assert found("DIRECT_QUICKSIGHT_SOLE_OWNER", "StringEquals", BOB) == ["two"]
        assert code(lambda: found("DATASET_NAME", "StringEquals", "Set one")) == INVALID
        assert code(lambda: found("QUICKSIGHT_OWNER", "StringLike", ANN)) == INVALID
        assert code(lambda: lake.list_data_sets(NextToken="nonsense!")) == "InvalidNextTokenException"
        assert code(lambda: lake.list_data_sets(MaxResults=101)) == INVALID

    def test_only_spice_has_refresh_properties(self, lake: QuickLake) -> None:
        assert "IngestionArn" not in lake.make_data_set("s")
        text = "The dataset s is not a SPICE dataset and is not supported for incremental refresh."
        assert refusal(lambda: lake.describe_data_set_refresh_properties(DataSetId="s")) == f"{INVALID}: {text}"
        assert code(lambda: lake.put_data_set_refresh_properties(DataSetId="s", DataSetRefreshProperties={})) == INVALID
        assert "IngestionArn" in lake.change_data_set("s", ImportMode="SPICE")
        lake.put_data_set_refresh_properties(DataSetId="s", DataSetRefreshProperties={})
        lake.describe_data_set_refresh_properties(DataSetId="s")
