"""Calls of all operations of QuickSight's double, as `examples.py` says."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

ACCOUNT = "123456789012"
_ARN = f"arn:aws:quicksight:eu-central-1:{ACCOUNT}"
_USER = f"{_ARN}:user/default/ann"
_TAGS = [{"Key": "made-by", "Value": "test"}]
_DATA_SOURCE_ACTIONS = [
    f"quicksight:{verb}DataSource{what}" for verb, what in (("Describe", ""), ("Describe", "Permissions"), ("Pass", ""))
]
_DATA_SET_ACTIONS = [
    f"quicksight:{name}"
    for name in (
        "DescribeDataSet",
        "DescribeDataSetPermissions",
        "PassDataSet",
        "DescribeIngestion",
        "ListIngestions",
        "DescribeRefreshSchedule",
        "ListRefreshSchedules",
    )
]


def _may(*actions: str) -> list[Json]:
    return [{"Principal": _USER, "Actions": [*actions]}]


def _on(**parameters: Any) -> Json:
    return {"AwsAccountId": ACCOUNT, **parameters}


def _physical(*columns: str) -> Json:
    table = {
        "DataSourceArn": f"{_ARN}:datasource/athena",
        "Catalog": "AwsDataCatalog",
        "Schema": "d",
        "Name": "t",
        "InputColumns": [{"Name": name, "Type": "DECIMAL"} for name in columns],
    }
    return {"RelationalTable": table}


_TRANSFORMS: list[Json] = [
    {"RenameColumnOperation": {"ColumnName": "a", "NewColumnName": "Amount"}},
    {"CastColumnTypeOperation": {"ColumnName": "b", "NewColumnType": "STRING"}},
    {"TagColumnOperation": {"ColumnName": "b", "Tags": [{"ColumnGeographicRole": "CITY"}]}},
    {"TagColumnOperation": {"ColumnName": "Amount", "Tags": [{"ColumnDescription": {"Text": "What it costs"}}]}},
    {"UntagColumnOperation": {"ColumnName": "b", "TagNames": ["COLUMN_DESCRIPTION"]}},
    {"CreateColumnsOperation": {"Columns": [{"ColumnName": "c", "ColumnId": "c", "Expression": "{b}"}]}},
    {"ProjectOperation": {"ProjectedColumns": ["Amount", "b", "c"]}},
]
_JOIN = {"LeftOperand": "left", "RightOperand": "right", "Type": "LEFT", "OnClause": "{b} = {b[other]}"}
_LOGICAL: Json = {
    "left": {"Alias": "t", "DataTransforms": _TRANSFORMS, "Source": {"PhysicalTableId": "p"}},
    "right": {"Alias": "other", "Source": {"DataSetArn": f"{_ARN}:dataset/plain"}},
    "both": {"Alias": "both", "Source": {"JoinInstruction": _JOIN}},
}
_DATA_SET: Json = {
    "Name": "Sales",
    "PhysicalTableMap": {"p": _physical("a", "b")},
    "LogicalTableMap": _LOGICAL,
    "ImportMode": "DIRECT_QUERY",
    "ColumnGroups": [{"GeoSpatialColumnGroup": {"Name": "places", "CountryCode": "US", "Columns": ["b"]}}],
    "FieldFolders": {"Measures/Money": {"description": "Sums", "columns": ["Amount"]}},
    "ColumnLevelPermissionRules": [{"Principals": [_USER], "ColumnNames": ["Amount"]}],
    "DataSetUsageConfiguration": {"DisableUseAsDirectQuerySource": False, "DisableUseAsImportedSource": False},
}
_PLAIN: Json = {"Name": "Plain", "PhysicalTableMap": {"p": _physical("a", "b")}, "ImportMode": "SPICE"}
_SOURCE: Json = {
    "Name": "Athena",
    "DataSourceParameters": {"AthenaParameters": {"WorkGroup": "primary"}},
    "SslProperties": {"DisableSsl": False},
}
_REFRESHED = {
    "RefreshConfiguration": {
        "IncrementalRefresh": {"LookbackWindow": {"ColumnName": "a", "Size": 1, "SizeUnit": "DAY"}}
    }
}
_TOPIC: Json = {
    "Name": "Sales",
    "Description": "What was sold",
    "UserExperienceVersion": "NEW_READER_EXPERIENCE",
    "DataSets": [
        {
            "DatasetArn": f"{_ARN}:dataset/sales",
            "DatasetName": "Sales",
            "DataAggregation": {"DefaultDateColumnName": "b"},
            "Filters": [{"FilterName": "Here", "OperandFieldName": "b"}],
            "Columns": [{"ColumnName": "Amount", "ColumnDataRole": "MEASURE", "Aggregation": "SUM"}],
            "CalculatedFields": [{"CalculatedFieldName": "Half", "Expression": "{Amount} / 2"}],
            "NamedEntities": [
                {
                    "EntityName": "Sale",
                    "Definition": [{"FieldName": "Half"}],
                    "Sort": [{"FieldName": "b", "Direction": "ASCENDING"}],
                }
            ],
        }
    ],
}
_RELATED: Json = {
    "Name": "Related",
    "DataSets": [{"DataSetArn": f"{_ARN}:dataset/sales"}, {"DataSetArn": f"{_ARN}:dataset/plain"}],
    "DataSetRelations": [
        {
            "Left": {"DataSetArn": f"{_ARN}:dataset/sales", "ColumnNames": ["b"]},
            "Right": {"DataSetArn": f"{_ARN}:dataset/plain", "ColumnNames": ["b"]},
        }
    ],
}
_SAID = {"CustomInstructionsString": "Say where numbers come from."}
_SALES_MEMBER = {"FolderId": "inner", "MemberId": "sales", "MemberType": "DATASET"}
_IN_INNER = [f"{_ARN}:folder/inner"]


def _folders() -> list[tuple[str, Json]]:
    may = _may("quicksight:DescribeFolder")
    kinds = {"FolderType": "SHARED", "SharingModel": "ACCOUNT"}
    inside = _on(FolderId="inner", Name="Inner", ParentFolderArn=f"{_ARN}:folder/outer", Permissions=may, Tags=_TAGS)
    return [
        ("CreateFolder", _on(FolderId="outer", Name="Outer", **kinds)),
        ("CreateFolder", inside),
        ("UpdateFolder", _on(FolderId="inner", Name="Inside")),
        ("DescribeFolder", _on(FolderId="inner")),
        ("ListFolders", _on(MaxResults=1)),
        ("ListFolders", _on(NextToken="MQ==")),
        ("DescribeFolderPermissions", _on(FolderId="inner", MaxResults=1)),
        ("UpdateFolderPermissions", _on(FolderId="inner", RevokePermissions=may)),
        ("UpdateFolderPermissions", _on(FolderId="inner", GrantPermissions=may)),
    ]


def _data_sources() -> list[tuple[str, Json]]:
    may = _may(*_DATA_SOURCE_ACTIONS)
    named = {"DataSourceId": "athena"}
    return [
        (
            "CreateDataSource",
            _on(**named, **_SOURCE, Type="ATHENA", Permissions=may, Tags=_TAGS, FolderArns=_IN_INNER),
        ),
        ("CreateDataSource", _on(DataSourceId="gone", **_SOURCE, Type="ATHENA")),
        ("UpdateDataSource", _on(**named, **{**_SOURCE, "Name": "Athena now"})),
        ("DescribeDataSource", _on(**named)),
        ("ListDataSources", _on(MaxResults=1)),
        ("ListDataSources", _on(NextToken="MQ==")),
        ("UpdateDataSourcePermissions", _on(**named, RevokePermissions=may)),
        ("UpdateDataSourcePermissions", _on(**named, GrantPermissions=may)),
        ("DescribeDataSourcePermissions", _on(**named)),
        ("DeleteDataSource", _on(DataSourceId="gone")),
    ]


def _data_sets() -> list[tuple[str, Json]]:
    may = _may(*_DATA_SET_ACTIONS)
    named = {"DataSetId": "sales"}
    by_name = [{"Name": "DATASET_NAME", "Operator": "StringLike", "Value": "a"}]
    by_user = [{"Name": "QUICKSIGHT_VIEWER_OR_OWNER", "Operator": "StringEquals", "Value": _USER}]
    return [
        ("CreateDataSet", _on(DataSetId="plain", **_PLAIN)),
        ("CreateDataSet", _on(**named, **_DATA_SET, Permissions=may, Tags=_TAGS, FolderArns=_IN_INNER)),
        ("CreateDataSet", _on(DataSetId="gone", **_PLAIN)),
        ("UpdateDataSet", _on(**named, **{**_DATA_SET, "Name": "Sales now"})),
        ("DescribeDataSet", _on(**named)),
        ("DescribeDataSet", _on(DataSetId="plain")),
        ("ListDataSets", _on(MaxResults=1)),
        ("ListDataSets", _on(NextToken="MQ==")),
        ("SearchDataSets", _on(Filters=by_name, MaxResults=1)),
        ("SearchDataSets", _on(Filters=by_name, NextToken="MQ==")),
        ("SearchDataSets", _on(Filters=by_user)),
        ("UpdateDataSetPermissions", _on(**named, RevokePermissions=may)),
        ("UpdateDataSetPermissions", _on(**named, GrantPermissions=may)),
        ("DescribeDataSetPermissions", _on(**named)),
        ("PutDataSetRefreshProperties", _on(DataSetId="plain", DataSetRefreshProperties=_REFRESHED)),
        ("DescribeDataSetRefreshProperties", _on(DataSetId="plain")),
        ("DeleteDataSetRefreshProperties", _on(DataSetId="plain")),
        ("DeleteDataSet", _on(DataSetId="gone")),
    ]


def _topics(version: str, topic: Json) -> list[tuple[str, Json]]:
    may = _may("quicksight:DescribeTopic")
    named = {"TopicId": f"sales{version}"}
    publish = {"PublishOption": "PUBLISH"} if version else {}
    return [
        (
            f"CreateTopic{version}",
            _on(**named, Topic=topic, Tags=_TAGS, FolderArns=_IN_INNER, CustomInstructions=_SAID),
        ),
        (f"CreateTopic{version}", _on(TopicId=f"gone{version}", Topic=topic)),
        (f"UpdateTopic{version}", _on(**named, Topic={**topic, "Name": "Now"}, CustomInstructions=_SAID, **publish)),
        (f"DescribeTopic{version}", _on(**named)),
        (f"ListTopics{version}", _on(MaxResults=1)),
        (f"ListTopics{version}", _on(NextToken="MQ==")),
        (f"UpdateTopicPermissions{version}", _on(**named, GrantPermissions=may)),
        (f"UpdateTopicPermissions{version}", _on(**named, RevokePermissions=may)),
        (f"DescribeTopicPermissions{version}", _on(**named)),
        (f"DeleteTopic{version}", _on(TopicId=f"gone{version}")),
    ]


def _memberships() -> list[tuple[str, Json]]:
    return [
        ("ListFolderMembers", _on(FolderId="inner", MaxResults=1)),
        ("ListFolderMembers", _on(FolderId="inner", NextToken="MQ==")),
        ("ListFoldersForResource", _on(ResourceArn=f"{_ARN}:dataset/sales", MaxResults=1)),
        ("DeleteFolderMembership", _on(**_SALES_MEMBER)),
        ("CreateFolderMembership", _on(**_SALES_MEMBER)),
        ("CreateFolder", _on(FolderId="gone", Name="Gone")),
        ("DeleteFolder", _on(FolderId="gone")),
        ("TagResource", {"ResourceArn": f"{_ARN}:topic/sales", "Tags": [{"Key": "more", "Value": "yes"}]}),
        ("UntagResource", {"ResourceArn": f"{_ARN}:topic/sales", "TagKeys": ["made-by"]}),
        ("ListTagsForResource", {"ResourceArn": f"{_ARN}:topic/sales"}),
    ]


QUICKSIGHT = [
    *_folders(),
    *_data_sources(),
    *_data_sets(),
    *_topics("", _TOPIC),
    ("DescribeTopicRefresh", _on(TopicId="sales", RefreshId="2")),
    *_topics("V2", _RELATED),
    *_memberships(),
]
