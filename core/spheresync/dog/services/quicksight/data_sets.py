"""Data sets: columns of Glue's tables, with the names, descriptions and folders that people see.

UNVERIFIED on AWS: that a table which Glue does not have, or Athena cannot query, is refused when the data set is made
(reference: aws-catalogs.md 3), by which code, and whether for SPICE too; that input columns have to be the table's, in
whatever case; the logical table that is made where none is given; the ARN of an ingestion, and that ingestions end
well. What was made on a table stays when the table goes: only its queries would fail. The new data preparation
experience, SQL of one's own, row level security and parameters are not known here, and refused.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Mapping
from typing import Any

from spheresync.dog.services.double import Call, reads, writes
from spheresync.dog.services.glue_catalog import column_names
from spheresync.dog.services.quicksight.assets import Asset, only_member, some_of, without
from spheresync.dog.services.quicksight.columns import Column, Columns, input_columns, output_columns
from spheresync.dog.services.quicksight.data_sources import DataSources
from spheresync.dog.services.quicksight.kinds import Kind, invalid
from spheresync.dog.services.quicksight.permissions import check_principal, is_owner
from spheresync.dog.services.wire import Json

_GLUE = "awsdatacatalog"
_DEFINITION = (
    "Name",
    "PhysicalTableMap",
    "LogicalTableMap",
    "ImportMode",
    "ColumnGroups",
    "FieldFolders",
    "ColumnLevelPermissionRules",
    "DataSetUsageConfiguration",
)
_REFRESH = "DataSetRefreshProperties"
_BY_PRINCIPAL: Mapping[str, Callable[[Asset, str], bool]] = {
    "QUICKSIGHT_VIEWER_OR_OWNER": lambda asset, who: who in asset.permissions,
    "DIRECT_QUICKSIGHT_VIEWER_OR_OWNER": lambda asset, who: who in asset.permissions,
    "QUICKSIGHT_OWNER": lambda asset, who: who in _owners(asset),
    "DIRECT_QUICKSIGHT_OWNER": lambda asset, who: who in _owners(asset),
    "DIRECT_QUICKSIGHT_SOLE_OWNER": lambda asset, who: _owners(asset) == [who],
}


class DataSets(DataSources, ABC):
    """Their operations."""

    @writes("CreateDataSet")
    def create_data_set(self, call: Call) -> Json:
        asked = self._asked(call, *_DEFINITION, "Permissions", "Tags", "FolderArns")
        made = self._new(Kind.DATA_SET, call)
        made.content = self._definition(call, asked)
        self._keep(Kind.DATA_SET, made)
        return self._answer(call, Arn=made.arn, DataSetId=made.id, **_ingestion(made, call))

    @writes("UpdateDataSet")
    def update_data_set(self, call: Call) -> Json:
        """Nothing of the former definition is kept."""
        asked = self._asked(call, *_DEFINITION)
        asset = self._named(Kind.DATA_SET, call)
        content = self._definition(call, asked)
        if _REFRESH in asset.content and content["ImportMode"] == "SPICE":
            content[_REFRESH] = asset.content[_REFRESH]
        self._change(asset, content, call)
        return self._answer(call, Arn=asset.arn, DataSetId=asset.id, **_ingestion(asset, call))

    @reads("DescribeDataSet")
    def describe_data_set(self, call: Call) -> Json:
        self._asked(call)
        asset = self._named(Kind.DATA_SET, call)
        described = {"Arn": asset.arn, "DataSetId": asset.id, **without(asset.content, _REFRESH), **asset.times}
        return self._answer(call, DataSet={**described, "ConsumedSpiceCapacityInBytes": 0})

    @writes("DeleteDataSet")
    def delete_data_set(self, call: Call) -> Json:
        """Topics on it stay."""
        gone = self._delete(Kind.DATA_SET, call)
        return self._answer(call, Arn=gone.arn, DataSetId=gone.id)

    @reads("ListDataSets")
    def list_data_sets(self, call: Call) -> Json:
        self._asked(call)
        return self.page("DataSetSummaries", [_summary(asset) for asset in self._all(Kind.DATA_SET)], call)

    @reads("SearchDataSets")
    def search_data_sets(self, call: Call) -> Json:
        """Permissions that come of folders and groups are not looked at; that case counts in names is UNVERIFIED."""
        (wanted,) = self._asked(call, "Filters")["Filters"]
        name, operator, value = wanted["Name"], wanted["Operator"], wanted["Value"]
        if (name == "DATASET_NAME") != (operator == "StringLike"):
            raise invalid("StringLike goes with DATASET_NAME, and StringEquals with owners and viewers.")
        if operator == "StringLike":
            found = [asset for asset in self._all(Kind.DATA_SET) if value in asset.content["Name"]]
        else:
            fits = _BY_PRINCIPAL[name]
            found = [asset for asset in self._all(Kind.DATA_SET) if fits(asset, value)]
        return self.page("DataSetSummaries", [_summary(asset) for asset in found], call)

    @reads("DescribeDataSetPermissions")
    def describe_data_set_permissions(self, call: Call) -> Json:
        return self._permissions(Kind.DATA_SET, call)

    @writes("UpdateDataSetPermissions")
    def update_data_set_permissions(self, call: Call) -> Json:
        answer = self._change_permissions(Kind.DATA_SET, call)
        return without(answer, "Permissions")

    @reads("DescribeDataSetRefreshProperties")
    def describe_data_set_refresh_properties(self, call: Call) -> Json:
        return self._answer(call, DataSetRefreshProperties=self._refreshed(call).content.get(_REFRESH, {}))

    @writes("PutDataSetRefreshProperties")
    def put_data_set_refresh_properties(self, call: Call) -> Json:
        asset = self._refreshed(call, _REFRESH)
        asset.content[_REFRESH] = call.parameters[_REFRESH]
        return self._answer(call)

    @writes("DeleteDataSetRefreshProperties")
    def delete_data_set_refresh_properties(self, call: Call) -> Json:
        self._refreshed(call).content.pop(_REFRESH, None)
        return self._answer(call)

    def _refreshed(self, call: Call, *known: str) -> Asset:
        """A data set that is refreshed (hashicorp/terraform-provider-aws 31485)."""
        self._asked(call, *known)
        asset = self._named(Kind.DATA_SET, call)
        if asset.content["ImportMode"] != "SPICE":
            raise invalid(
                f"The dataset {asset.id} is not a SPICE dataset and is not supported for incremental refresh."
            )
        return asset

    def _columns_of(self, asset: Asset) -> Columns:
        """What a data set gives to those that build on it."""
        return Columns(
            Column(each["Name"], each["Type"], each.get("SubType")) for each in asset.content["OutputColumns"]
        )

    def _definition(self, call: Call, asked: Json) -> Json:
        physical = {
            name: self._physical(table, asked["ImportMode"]) for name, table in asked["PhysicalTableMap"].items()
        }
        logical = asked.get("LogicalTableMap") or self._usual_logical(call, asked["PhysicalTableMap"])
        columns = output_columns(physical, logical, self._of_data_set)
        _check_folders(columns, asked.get("FieldFolders", {}))
        for group in asked.get("ColumnGroups", []):
            _, described = only_member(group, "Exactly one member must be set for ColumnGroup")
            for name in described["Columns"]:
                columns.named(name)
        for rule in asked.get("ColumnLevelPermissionRules", []):
            for principal in rule.get("Principals", []):
                check_principal(principal, self.place)
            for name in rule.get("ColumnNames", []):
                columns.named(name)
        kept = some_of(asked, *_DEFINITION)
        return {**kept, "LogicalTableMap": logical, "OutputColumns": [column.output() for column in columns]}

    def _usual_logical(self, call: Call, physical: Json) -> Json:
        name, table = only_member(physical, "LogicalTableMap is required, as there is not exactly one PhysicalTable.")
        alias = table["RelationalTable"]["Name"][:64]
        return {call.new_id("logical table", 32): {"Alias": alias, "Source": {"PhysicalTableId": name}}}

    def _of_data_set(self, arn: str) -> Columns:
        return self._columns_of(self._by_arn(arn, Kind.DATA_SET))

    def _physical(self, table: Json, import_mode: str) -> Columns:
        kind, described = only_member(table, "Exactly one member must be set for PhysicalTable")
        if kind != "RelationalTable":
            raise invalid(f"The double of QuickSight knows no {kind}.")
        self._by_arn(described["DataSourceArn"], Kind.DATA_SOURCE)
        name = f"{described.get('Schema', '')}.{described['Name']}"
        held = self._table(name, described)
        there = {each.casefold() for each in column_names(held)}
        columns = input_columns(described["InputColumns"])
        if unknown := [column.name for column in columns if column.name.casefold() not in there]:
            raise invalid(f"Table {name} has no column {unknown[0]}.")
        for column in columns:
            if column.sub_type is not None and (column.type, import_mode) != ("DECIMAL", "SPICE"):
                raise invalid(f"Column {column.name}: only DECIMAL in SPICE has a SubType.")
        if not described["InputColumns"]:
            raise invalid(f"Table {name} has no InputColumns.")
        return columns

    def _table(self, name: str, described: Json) -> Mapping[str, Any]:
        """The table in Glue. UNVERIFIED: one without data is taken too, as nothing is queried before a visual asks."""
        catalog, schema = described.get("Catalog", _GLUE), described.get("Schema")
        if catalog.casefold() != _GLUE:
            raise invalid(f"The double of QuickSight knows no catalog {catalog}.")
        found = self.catalog.table_input(schema, described["Name"]) if schema else None
        if found is None:
            raise invalid(f"Table {name} does not exist.")
        return found


def _check_folders(columns: Columns, folders: Mapping[str, Json]) -> None:
    within: dict[str, str] = {}
    for path, folder in folders.items():
        for name in folder.get("columns", []):
            columns.named(name)
            if name in within:
                raise invalid(f"Column {name} can only be in one folder, is in {within[name]} and {path}.")
            within[name] = path


def _ingestion(asset: Asset, call: Call) -> Json:
    if asset.content["ImportMode"] != "SPICE":
        return {}
    ingestion = call.new_id("ingestion", 32)
    return {"IngestionArn": f"{asset.arn}/ingestion/{ingestion}", "IngestionId": ingestion}


def _owners(asset: Asset) -> list[str]:
    return [principal for principal, actions in asset.permissions.items() if is_owner(actions)]


def _summary(asset: Asset) -> Json:
    return {
        "Arn": asset.arn,
        "DataSetId": asset.id,
        "Name": asset.content["Name"],
        "ImportMode": asset.content["ImportMode"],
        "RowLevelPermissionTagConfigurationApplied": False,
        "ColumnLevelPermissionRulesApplied": bool(asset.content.get("ColumnLevelPermissionRules")),
        **asset.times,
    }
