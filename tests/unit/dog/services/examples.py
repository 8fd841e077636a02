"""For each double, calls of all its operations in an order that works, with every member that it reads.

They begin on a Glue with database `d` and its table `t` of the columns `a` and `b`, which can be queried.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.unit.dog.services.datazone_examples import DATAZONE
from tests.unit.dog.services.glue_context_examples import GLUE_CONTEXT
from tests.unit.dog.services.quicksight_examples import QUICKSIGHT

Json = dict[str, Any]

_ACCOUNT = "123456789012"
_PRINCIPAL = {"DataLakePrincipalIdentifier": f"arn:aws:iam::{_ACCOUNT}:role/analyst"}
_DATABASE = {"Database": {"CatalogId": _ACCOUNT, "Name": "d"}}
_TABLE = {"Table": {"CatalogId": _ACCOUNT, "DatabaseName": "d", "Name": "t"}}
_ALL_TABLES = {"Table": {"DatabaseName": "d", "TableWildcard": {}}}
_COLUMNS = {"TableWithColumns": {"CatalogId": _ACCOUNT, "DatabaseName": "d", "Name": "t", "ColumnNames": ["a"]}}
_WILDCARD = {"TableWithColumns": {"DatabaseName": "d", "Name": "t", "ColumnWildcard": {"ExcludedColumnNames": ["a"]}}}
_PAIR = {"CatalogId": _ACCOUNT, "TagKey": "k", "TagValues": ["v"]}
_UNKNOWN = {"TagKey": "unknown", "TagValues": ["v"]}
_ENTRY = {
    "Principal": _PRINCIPAL,
    "Resource": _TABLE,
    "Permissions": ["ALTER"],
    "PermissionsWithGrantOption": ["ALTER"],
}
_ABSENT = {**_ENTRY, "Resource": {"Database": {"Name": "absent"}}}
_DEFAULTS = [{"Principal": _PRINCIPAL, "Permissions": ["SELECT"]}]


def _in_catalog(**parameters: Any) -> Json:
    return {"CatalogId": _ACCOUNT, **parameters}


_LAKE_FORMATION: list[tuple[str, Json]] = [
    ("CreateLFTag", _in_catalog(TagKey="K", TagValues=["V", "w"])),
    ("CreateLFTag", _in_catalog(TagKey="other", TagValues=["x"])),
    ("UpdateLFTag", _in_catalog(TagKey="k", TagValuesToAdd=["x"], TagValuesToDelete=["w"])),
    ("GetLFTag", _in_catalog(TagKey="k")),
    ("ListLFTags", _in_catalog(ResourceShareType="ALL", MaxResults=1)),
    ("ListLFTags", {"NextToken": "MQ=="}),
    ("AddLFTagsToResource", _in_catalog(Resource=_DATABASE, LFTags=[_PAIR, _UNKNOWN])),
    ("AddLFTagsToResource", {"Resource": _TABLE, "LFTags": [_PAIR]}),
    ("AddLFTagsToResource", {"Resource": _COLUMNS, "LFTags": [_PAIR]}),
    ("AddLFTagsToResource", {"Resource": _WILDCARD, "LFTags": [_PAIR]}),
    ("GetResourceLFTags", _in_catalog(Resource=_TABLE, ShowAssignedLFTags=True)),
    ("SearchTablesByLFTags", _in_catalog(Expression=[{"TagKey": "k", "TagValues": ["v"]}], MaxResults=1)),
    ("SearchTablesByLFTags", {"Expression": [{"TagKey": "k", "TagValues": ["v"]}], "NextToken": "MQ=="}),
    ("RemoveLFTagsFromResource", _in_catalog(Resource=_COLUMNS, LFTags=[_PAIR, _UNKNOWN])),
    ("DeleteLFTag", _in_catalog(TagKey="other")),
    ("GrantPermissions", _in_catalog(**_ENTRY)),
    ("GrantPermissions", {**_ENTRY, "Resource": _ALL_TABLES}),
    ("GrantPermissions", {**_ENTRY, "Resource": _COLUMNS, "Permissions": ["SELECT"]}),
    ("BatchGrantPermissions", _in_catalog(Entries=[{"Id": "1", **_ENTRY}, {"Id": "2", **_ABSENT}])),
    ("ListPermissions", _in_catalog(Principal=_PRINCIPAL, ResourceType="TABLE", Resource=_TABLE, MaxResults=1)),
    ("ListPermissions", {"NextToken": "MQ=="}),
    ("BatchRevokePermissions", _in_catalog(Entries=[{"Id": "1", **_ENTRY}, {"Id": "2", **_ABSENT}])),
    ("RevokePermissions", _in_catalog(**{**_ENTRY, "Resource": _ALL_TABLES})),
    ("GetDataLakeSettings", _in_catalog()),
    (
        "PutDataLakeSettings",
        _in_catalog(
            DataLakeSettings={
                "DataLakeAdmins": [_PRINCIPAL],
                "CreateDatabaseDefaultPermissions": _DEFAULTS,
                "CreateTableDefaultPermissions": _DEFAULTS,
            }
        ),
    ),
    ("GetDataLakeSettings", {}),
]

EXAMPLES: Mapping[str, list[tuple[str, Json]]] = {
    "lakeformation": _LAKE_FORMATION,
    "quicksight": QUICKSIGHT,
    "datazone": DATAZONE,
    "glue_context": GLUE_CONTEXT,
}
