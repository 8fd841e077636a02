"""Topics, folders, tags and permissions of QuickSight's double through boto3, on both ways to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.lake import WAYS
from tests.integration.quick_lake import (
    ANN,
    ARN,
    BOB,
    Json,
    QuickLake,
    code,
    owner,
    quick_lake_on,
    refusal,
    rename,
    topic,
    viewer,
)

INVALID = "InvalidParameterValueException"
ABSENT = "ResourceNotFoundException"
EXISTS = "ResourceExistsException"
KINDS = ("data_source", "data_set", "topic", "folder")


@pytest.fixture(params=WAYS)
def lake(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[QuickLake]:
    """With the data set `s` of `Amount`, `b` and `c`, the topic `s` on it and the folder `s`."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with quick_lake_on(request.param, tmp_path) as lake:
        lake.make_data_source("s")
        lake.make_data_set("s", rename("a", "Amount"))
        lake.make_topic("s", {"ColumnName": "Amount", "ColumnDataRole": "MEASURE", "Aggregation": "SUM"})
        lake.create_folder(FolderId="s", Name="Folder")
        yield lake


def id_of(kind: str) -> Json:
    return {f"{kind.title().replace('_', '')}Id": "s"}


def may(principal: str, *actions: str) -> list[Json]:
    return [{"Principal": principal, "Actions": [*actions]}]


@pytest.mark.parametrize("kind", KINDS)
class TestPermissions:
    def change(self, lake: QuickLake, kind: str, **members: Any) -> Any:
        return getattr(lake, f"update_{kind}_permissions")(**id_of(kind), **members)

    def held(self, lake: QuickLake, kind: str) -> dict[str, set[str]]:
        rows = getattr(lake, f"describe_{kind}_permissions")(**id_of(kind))["Permissions"]
        return {row["Principal"]: set(row["Actions"]) for row in rows}

    def test_whole_sets_are_granted_and_revoked(self, lake: QuickLake, kind: str) -> None:
        self.change(lake, kind, GrantPermissions=[*may(ANN, *owner(kind)), *may(BOB, *viewer(kind))])
        assert self.held(lake, kind) == {ANN: set(owner(kind)), BOB: set(viewer(kind))}
        self.change(lake, kind, RevokePermissions=may(ANN, *owner(kind)), GrantPermissions=may(ANN, *viewer(kind)))
        assert self.held(lake, kind)[ANN] == set(viewer(kind))
        self.change(lake, kind, GrantPermissions=may(ANN, *owner(kind)))
        self.change(lake, kind, RevokePermissions=may(BOB, *viewer(kind)))
        assert self.held(lake, kind) == {ANN: set(owner(kind))}

    def test_any_other_set_fails_the_whole_call(self, lake: QuickLake, kind: str) -> None:
        sets = [owner(kind)[1:], [*viewer(kind), "quicksight:DescribeUser"], owner(kind)[:-1], ["*"]]
        for actions in sets:
            grants = [*may(BOB, *viewer(kind)), *may(ANN, *actions)]
            text = refusal(lambda: self.change(lake, kind, GrantPermissions=grants))  # noqa: B023
            assert text.startswith(f"{INVALID}: ResourcePermission list contains unsupported permission sets [")
        assert self.held(lake, kind) == {}
        self.change(lake, kind, GrantPermissions=may(ANN, *owner(kind)))
        part = sorted(set(owner(kind)) - set(viewer(kind)))
        assert code(lambda: self.change(lake, kind, RevokePermissions=may(ANN, *part))) == INVALID
        assert code(lambda: self.change(lake, kind, RevokePermissions=may(ANN, *viewer(kind)))) == INVALID
        assert self.held(lake, kind) == {ANN: set(owner(kind))}

    def test_principals_are_users_and_groups_of_the_account(self, lake: QuickLake, kind: str) -> None:
        bad = [
            "ann",
            f"{ARN}:namespace/default",
            f"{ARN}:user/ann",
            "arn:aws:iam::123456789012:user/ann",
            "arn:aws:quicksight:eu-central-1:999999999999:user/default/ann",
            f"{ANN}{'n' * (257 - len(ANN))}",
        ]
        grants = [may(principal, *viewer(kind)) for principal in bad]
        assert [code(lambda: self.change(lake, kind, GrantPermissions=each)) for each in grants] == [INVALID] * 6  # noqa: B023
        twice = [*may(ANN, *viewer(kind)), *may(ANN, *viewer(kind))]
        assert code(lambda: self.change(lake, kind, GrantPermissions=twice)) == INVALID

    def test_as_many_entries_as_the_model_says(self, lake: QuickLake, kind: str) -> None:
        most = 100 if kind == "topic" else 64
        entries = [entry for number in range(most + 1) for entry in may(f"{ANN}{number}", *viewer(kind))]
        assert code(lambda: self.change(lake, kind, GrantPermissions=entries)) == INVALID
        self.change(lake, kind, GrantPermissions=entries[:most])
        assert len(self.held(lake, kind)) == most


def test_a_new_data_set_may_have_the_earlier_sets(lake: QuickLake) -> None:
    earlier = [action for action in viewer("data_set") if "Schedule" not in action]
    lake.make_data_set("x", Permissions=may(ANN, *earlier))
    assert code(lambda: lake.make_data_set("y", Permissions=may(ANN, *earlier[1:]))) == INVALID
    assert code(lambda: lake.data_set("y")) == ABSENT


class TestTopics:
    def test_one_is_made_once_replaced_whole_and_deleted(self, lake: QuickLake) -> None:
        said = {"CustomInstructionsString": "i" * 5000}
        made = lake.create_topic(TopicId="x.y", Topic={**topic(), "Description": "d" * 256}, CustomInstructions=said)
        assert made["Arn"] == f"{ARN}:topic/x.y"
        assert lake.describe_topic(TopicId="x.y")["CustomInstructions"] == said
        assert code(lambda: lake.make_topic("x.y")) == EXISTS
        lake.update_topic(TopicId="x.y", Topic={"Name": "New"})
        found = lake.describe_topic(TopicId="x.y")
        assert (found["Topic"], "CustomInstructions" in found) == ({"Name": "New"}, False)
        assert [row["Name"] for row in lake.list_topics()["TopicsSummaries"]] == ["Q", "New"]
        lake.delete_topic(TopicId="x.y")
        calls: list[Callable[[], object]] = [
            lambda: lake.describe_topic(TopicId="x.y"),
            lambda: lake.update_topic(TopicId="x.y", Topic=topic()),
            lambda: lake.delete_topic(TopicId="x.y"),
        ]
        assert [code(call) for call in calls] == [ABSENT] * 3

    @pytest.mark.parametrize(
        "described",
        [
            topic({"ColumnName": "a"}),
            topic({"ColumnName": "amount"}),
            topic({"ColumnName": "b"}, {"ColumnName": "b"}),
            topic({"ColumnName": "b", "ColumnDescription": "d" * 501}),
            topic({"ColumnName": "b", "ColumnFriendlyName": "f" * 257}),
            topic({"ColumnName": "b", "ColumnSynonyms": ["s" * 257]}),
            topic({"ColumnName": "b", "ColumnDataRole": "KEY"}),
            topic({"ColumnName": "b", "Aggregation": "PERCENTILE"}),
            topic({"ColumnName": "b", "AllowedAggregations": ["FIRST"]}),
            topic(CalculatedFields=[{"CalculatedFieldName": "b", "Expression": "1"}]),
            topic(CalculatedFields=[{"CalculatedFieldName": "x", "Expression": "x" * 4097}]),
            topic(DataAggregation={"DefaultDateColumnName": "absent"}),
            topic(Filters=[{"FilterName": "f", "OperandFieldName": "absent"}]),
            topic(NamedEntities=[{"EntityName": "e", "Definition": [{"FieldName": "absent"}]}]),
            {**topic(), "Description": "d" * 257},
            {**topic(), "Name": "n" * 129},
            {"DataSets": []},
            {"Name": "Q", "DataSets": topic()["DataSets"] * 2},
            {"Name": "Q", "DataSets": [{"DatasetArn": f"{ARN}:topic/s"}]},
        ],
    )
    def test_what_the_data_set_does_not_have_or_the_model_not_allow(self, lake: QuickLake, described: Json) -> None:
        before = lake.describe_topic(TopicId="s")["Topic"]
        assert code(lambda: lake.create_topic(TopicId="x", Topic=described)) == INVALID
        assert code(lambda: lake.update_topic(TopicId="s", Topic=described)) == INVALID
        assert code(lambda: lake.describe_topic(TopicId="x")) == ABSENT
        assert lake.describe_topic(TopicId="s")["Topic"] == before

    def test_limits_are_reached(self, lake: QuickLake) -> None:
        column = {"ColumnDescription": "d" * 500, "ColumnFriendlyName": "f" * 256, "ColumnSynonyms": ["s" * 256]}
        fields = [{"CalculatedFieldName": "x", "Expression": "x" * 4096}]
        asked = topic({"ColumnName": "b", **column}, CalculatedFields=fields)
        lake.create_topic(TopicId="t" * 256, Topic={**asked, "Name": "n" * 128, "Description": "d" * 256})
        assert code(lambda: lake.make_topic("t" * 257)) == INVALID
        assert code(lambda: lake.make_topic("a b")) == INVALID
        said = {"CustomInstructionsString": "i" * 5001}
        assert code(lambda: lake.create_topic(TopicId="x", Topic=topic(), CustomInstructions=said)) == INVALID

    def test_each_change_is_a_refresh(self, lake: QuickLake) -> None:
        arn = lake.update_topic(TopicId="s", Topic=topic())["RefreshArn"]
        refresh = arn.rpartition("/")[2]
        details = lake.describe_topic_refresh(TopicId="s", RefreshId=refresh)["RefreshDetails"]
        assert (details["RefreshArn"], details["RefreshStatus"]) == (arn, "COMPLETED")
        assert code(lambda: lake.describe_topic_refresh(TopicId="s", RefreshId="absent")) == ABSENT

    def test_a_topic_stays_when_its_data_set_goes(self, lake: QuickLake) -> None:
        described = lake.describe_topic(TopicId="s")["Topic"]
        lake.delete_data_set(DataSetId="s")
        assert lake.describe_topic(TopicId="s")["Topic"] == described
        assert code(lambda: lake.update_topic(TopicId="s", Topic=described)) == ABSENT

    def test_the_second_version_relates_data_sets(self, lake: QuickLake) -> None:
        lake.make_data_set("other")
        ends = [
            {"DataSetArn": f"{ARN}:dataset/s", "ColumnNames": ["Amount"]},
            {"DataSetArn": f"{ARN}:dataset/other", "ColumnNames": ["a"]},
        ]

        def related(left: Json, right: Json, sets: int = 2) -> Json:
            arns = [{"DataSetArn": end["DataSetArn"]} for end in ends[:sets]]
            return {"Name": "Q", "DataSets": arns, "DataSetRelations": [{"Left": left, "Right": right}]}

        lake.create_topic_v2(TopicId="v", Topic=related(*ends))
        assert lake.describe_topic_v2(TopicId="v")["Topic"] == related(*ends)
        assert [code(lambda: lake.make_topic("v")), code(lambda: lake.describe_topic(TopicId="v"))] == [EXISTS, ABSENT]
        bad = [
            related(*ends, sets=1),
            related({**ends[0], "ColumnNames": ["a"]}, ends[1]),
            related({**ends[0], "ColumnNames": ["Amount", "b"]}, ends[1]),
            related({**ends[0], "ColumnNames": ["b"] * 6}, {**ends[1], "ColumnNames": ["b"] * 6}),
        ]
        assert [code(lambda: lake.update_topic_v2(TopicId="v", Topic=each)) for each in bad] == [INVALID] * 4  # noqa: B023
        assert code(lambda: lake.update_topic_v2(TopicId="v", Topic=related(*ends), PublishOption="DRAFT")) == INVALID


class TestFolders:
    def test_they_hold_each_thing_once_until_it_goes(self, lake: QuickLake) -> None:
        kinds = {"DATASOURCE": "datasource", "DATASET": "dataset", "TOPIC": "topic"}
        for member_type in kinds:
            lake.create_folder_membership(FolderId="s", MemberId="s", MemberType=member_type)
        again = code(lambda: lake.create_folder_membership(FolderId="s", MemberId="s", MemberType="TOPIC"))
        assert again == EXISTS
        arns = [row["MemberArn"] for row in lake.list_folder_members(FolderId="s")["FolderMemberList"]]
        assert arns == [f"{ARN}:{word}/s" for word in kinds.values()]
        assert lake.list_folders_for_resource(ResourceArn=arns[1])["Folders"] == [f"{ARN}:folder/s"]
        assert code(lambda: lake.delete_folder(FolderId="s")) == "PreconditionNotMetException"
        lake.delete_topic(TopicId="s")
        lake.delete_data_source(DataSourceId="s")
        lake.delete_folder_membership(FolderId="s", MemberId="s", MemberType="DATASET")
        gone = code(lambda: lake.delete_folder_membership(FolderId="s", MemberId="s", MemberType="DATASET"))
        assert gone == ABSENT
        lake.delete_folder(FolderId="s")
        assert code(lambda: lake.describe_folder(FolderId="s")) == ABSENT

    def test_they_stand_in_each_other_and_what_is_made_in_them(self, lake: QuickLake) -> None:
        above = f"{ARN}:folder/s"
        for number in range(10):
            lake.create_folder(FolderId=f"f{number}", Name="n" * 200, ParentFolderArn=above)
            above = f"{ARN}:folder/f{number}"
        assert len(lake.describe_folder(FolderId="f9")["Folder"]["FolderPath"]) == 10
        lake.make_data_set("x", FolderArns=[above])
        assert [row["MemberId"] for row in lake.list_folder_members(FolderId="f9")["FolderMemberList"]] == ["x"]
        bad: list[Callable[[], object]] = [
            lambda: lake.create_folder(FolderId="y", Name="N", ParentFolderArn=above),
            lambda: lake.create_folder(FolderId="y", Name="n" * 201),
            lambda: lake.create_folder(FolderId="y.y", Name="N"),
            lambda: lake.create_folder(FolderId="y"),
            lambda: lake.make_data_set("y", FolderArns=[above, f"{ARN}:folder/s"]),
            lambda: lake.make_data_set("y", FolderArns=[f"{ARN}:dataset/s"]),
            lambda: lake.create_folder_membership(FolderId="s", MemberId="s", MemberType="DASHBOARD"),
        ]
        assert [code(call) for call in bad] == [INVALID] * 7
        assert code(lambda: lake.create_folder(FolderId="s", Name="N")) == EXISTS
        assert code(lambda: lake.make_data_set("y", FolderArns=[f"{ARN}:folder/absent"])) == ABSENT
        assert code(lambda: lake.delete_folder(FolderId="s")) == "PreconditionNotMetException"


class TestTags:
    def test_they_are_added_replaced_and_taken_away(self, lake: QuickLake) -> None:
        for word in ("datasource", "dataset", "topic", "folder"):
            named = {"ResourceArn": f"{ARN}:{word}/s"}
            lake.client.tag_resource(**named, Tags=[{"Key": "k", "Value": "1"}, {"Key": "l", "Value": "1"}])
            lake.client.tag_resource(**named, Tags=[{"Key": "k", "Value": "2"}])
            lake.client.untag_resource(**named, TagKeys=["l", "absent"])
            assert lake.client.list_tags_for_resource(**named)["Tags"] == [{"Key": "k", "Value": "2"}]

    def test_fifty_a_resource_and_no_reserved_key(self, lake: QuickLake) -> None:
        named = {"ResourceArn": f"{ARN}:dataset/s"}
        tags = [{"Key": f"k{number}", "Value": "v"} for number in range(51)]

        def put(*tags: Json) -> Callable[[], object]:
            return lambda: lake.client.tag_resource(**named, Tags=[*tags])

        assert code(put(*tags)) == "LimitExceededException"
        put(*tags[:50])()
        put({"Key": "k0", "Value": "w"})()
        assert code(put(tags[50])) == "LimitExceededException"
        bad = [
            put({"Key": "k" * 129, "Value": "v"}),
            put({"Key": "k1", "Value": "v" * 257}),
            put({"Key": "k1", "Value": "v"}, {"Key": "k1", "Value": "w"}),
            put({"Key": "aws:k", "Value": "v"}),
            lambda: lake.client.list_tags_for_resource(ResourceArn="nonsense"),
        ]
        assert [code(call) for call in bad] == [INVALID] * 5
        assert code(lambda: lake.client.list_tags_for_resource(ResourceArn=f"{ARN}:topic/absent")) == ABSENT
