"""What the Glue Data Catalog should hold of an asset: tables in databases. Pure.

Gives the functions of this package the shape that planning and execution know (`targets.design.TargetDesign`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from spheresync.config import DriftPolicies, DriftPolicy
from spheresync.mapping.rules import Decision
from spheresync.model import (
    GLUE,
    Action,
    Asset,
    AssetId,
    AssetKind,
    DesiredObject,
    Digest,
    FieldChange,
    PhysicalName,
    TargetName,
)
from spheresync.model.json_document import read_own_json
from spheresync.targets.design import (
    Explanation,
    LastWritten,
    MarkPaths,
    Marks,
    Merged,
    PhysicalColumn,
    RequiredObject,
    TargetDesign,
)
from spheresync.targets.field_changes import FieldComparison
from spheresync.targets.glue import explain, last_written, merge, own_fields, table_input

_OPERATIONS = {
    Action.CREATE: ("glue:CreateTable",),
    Action.UPDATE: ("glue:UpdateTable",),
    Action.METADATA_ONLY: ("glue:UpdateTable",),
    Action.RETIRE: ("glue:UpdateTable",),
    Action.DELETE: ("glue:GetTable", "glue:DeleteTable"),
}
#: The digest of the rest of the body moves with every change and tells a reader nothing.
_COMPARISON = FieldComparison(
    ignored=frozenset({f"parameters.{table_input.FINGERPRINT}"}), folded=frozenset({"StorageDescriptor"})
)


class GlueDesign(TargetDesign):
    """Tables of the Glue Data Catalog, one for each asset, and the databases that they are in."""

    @property
    def name(self) -> TargetName:
        return GLUE

    @property
    def mark_paths(self) -> MarkPaths:
        marks = (table_input.OWNER, table_input.SOURCE, table_input.FINGERPRINT)
        return MarkPaths(*(f"parameters.{key}" for key in marks))

    def design(
        self,
        asset: Asset,
        decision: Decision,
        container: PhysicalName,
        name: PhysicalName,
        marker: str,
        *,
        last_body: bytes | None = None,
    ) -> DesiredObject:
        return table_input.design_table(asset, decision, container, name, marker, last_body=last_body)

    def retire(self, last_body: bytes, at: str, container: PhysicalName, name: PhysicalName) -> DesiredObject:
        return table_input.retired(last_body, at, container, name)

    def prerequisites(
        self, container: PhysicalName, source: str, label: str, marker: str
    ) -> tuple[RequiredObject, ...]:
        database = table_input.design_database(container, source, label, marker)
        return (RequiredObject(0, "glue:CreateDatabase", database),)

    def operations(self, action: Action) -> tuple[str, ...]:
        return _OPERATIONS.get(action, ())

    def merge(self, last_written: bytes | None, live: bytes, desired: bytes, policies: DriftPolicies) -> Merged:
        return merge.merge(last_written, read_own_json(live), desired, policies)

    def own_changes(self, before: bytes, after: bytes) -> tuple[FieldChange, ...]:
        return () if before == after else merge.moved_fields(read_own_json(before), read_own_json(after))

    def differences(self, last: bytes, live: bytes) -> tuple[str, ...]:
        return () if last == live else merge.differences(read_own_json(last), read_own_json(live))

    def untouched(self, last_body: bytes, live_body: bytes) -> bool:
        if any(f'"{key}"'.encode() in last_body for key in table_input.OWN_TEXT.values()):
            return False
        if last_body == live_body:
            return True
        written: dict[str, Any] = read_own_json(last_body)
        there: dict[str, Any] = read_own_json(live_body)
        # Nearly every table ends here, so the members that AWS fills in are taken out before a walk is worth it.
        return written == _unfilled(written, there) or not merge.differences(written, there)

    def changes(self, before: bytes | None, after: bytes | None) -> tuple[FieldChange, ...]:
        return _COMPARISON.changes(before, after)

    def foreign_changes(self, last_body: bytes, live_body: bytes) -> tuple[FieldChange, ...]:
        written: dict[str, Any] = read_own_json(last_body)
        there: dict[str, Any] = read_own_json(live_body)
        both = _column_names(written) & _column_names(there)
        return self.changes(own_fields.foreign_fields(written, both), own_fields.foreign_fields(there, both))

    def own_fields(self, written: bytes, live_body: bytes) -> bytes:
        return own_fields.own_fields(written, _column_names(read_own_json(live_body)))

    def fingerprint(self, body: bytes) -> Digest:
        return table_input.fingerprint_of(read_own_json(body))

    def column_names(self, body: bytes) -> Mapping[str, str]:
        columns = table_input.columns_of(read_own_json(body))
        named = [((each.get("Parameters") or {}).get(table_input.COLUMN_NAME), each["Name"]) for each in columns]
        return {source: name for source, name in named if source is not None}

    def marks(self, body: bytes) -> Marks:
        parameters = table_input.parameters_of(body)
        return Marks(
            owner=parameters.get(table_input.OWNER),
            source=parameters.get(table_input.SOURCE),
            kind=parameters.get(table_input.KIND),
            digest=parameters.get(table_input.FINGERPRINT),
            retired=parameters.get(table_input.STATUS) == "retired",
            retired_at=parameters.get(table_input.RETIRED_AT),
            retired_object=parameters.get(table_input.RETIRED_TABLE),
        )

    def last_written(self, live_body: bytes, claimed: Digest | None) -> LastWritten:
        return last_written.last_written(live_body, claimed)

    def is_text(self, path: str) -> bool:
        return merge.is_text(path)

    def policy_of(self, path: str, policies: DriftPolicies) -> DriftPolicy:
        return merge.policy_of(path, policies)

    def columns(self, asset: Asset, decision: Decision, last_body: bytes | None = None) -> Sequence[PhysicalColumn]:
        return table_input.physical_columns(asset, decision, last_body)

    def explain(
        self,
        asset_id: AssetId,
        kind: AssetKind,
        label: str,
        *,
        asset: Asset | None,
        decision: Decision,
        container: PhysicalName,
        name: PhysicalName,
        unread: str | None = None,
    ) -> Explanation:
        return explain.explain(
            asset_id, kind, label, asset=asset, decision=decision, database=container, table=name, unread=unread
        )


GLUE_DESIGN = GlueDesign()


def _column_names(table: dict[str, Any]) -> set[str]:
    return {column["Name"] for column in table_input.columns_of(table)}


def _unfilled(written: dict[str, Any], there: dict[str, Any]) -> dict[str, Any]:
    """What is there without empty members of the table and its storage that were not written."""
    kept = {key: value for key, value in there.items() if value or key in written}
    storage, stored = kept.get("StorageDescriptor"), written.get("StorageDescriptor")
    if isinstance(storage, dict) and isinstance(stored, dict):
        kept["StorageDescriptor"] = {key: value for key, value in storage.items() if value or key in stored}
    return kept
