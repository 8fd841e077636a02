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
    LiveObject,
    PhysicalName,
    TargetName,
)
from spheresync.model.json_document import read_own_json
from spheresync.targets.design import TargetDesign
from spheresync.targets.design_values import (
    BaseObject,
    Capabilities,
    Explanation,
    LastWritten,
    MarkPaths,
    Marks,
    Merged,
    PermissionGroup,
    PermissionReach,
    PhysicalColumn,
    RequiredObject,
)
from spheresync.targets.field_changes import FieldComparison
from spheresync.targets.glue import bound_table, explain, last_written, merge, own_fields, table_input

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


_READS = ("glue:GetDatabases", "glue:GetDatabase", "glue:GetTables", "glue:GetTable")
_PERMISSIONS = (
    PermissionGroup(
        "KeepTables",
        (*_READS, "glue:CreateDatabase", "glue:CreateTable", "glue:UpdateTable", "glue:DeleteTable"),
        PermissionReach.OUR_TABLES,
    ),
    PermissionGroup("AnnotateBoundTables", (*_READS, "glue:UpdateTable"), PermissionReach.BOUND_TABLES),
    PermissionGroup("FindCrawlers", ("glue:GetCrawlers",), PermissionReach.WHERE_BOUND),
)


class GlueDesign(TargetDesign):
    """Tables of the Glue Data Catalog, one for each asset, and the databases that they are in.

    A table that others made and that an asset is bound to goes by `bound_table`: its body says that it is one.
    """

    @property
    def name(self) -> TargetName:
        return GLUE

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(binds=True)

    @property
    def permissions(self) -> tuple[PermissionGroup, ...]:
        return _PERMISSIONS

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
        base: BaseObject | None = None,
    ) -> DesiredObject:
        return table_input.design_table(asset, decision, container, name, marker, last_body=last_body)

    def retire(self, last_body: bytes, at: str, container: PhysicalName, name: PhysicalName) -> DesiredObject:
        return table_input.retired(last_body, at, container, name)

    def annotate(self, asset: Asset, decision: Decision, live: LiveObject, marker: str) -> DesiredObject:
        return bound_table.annotate(asset, decision, live, marker)

    def take_back(self, container: PhysicalName, name: PhysicalName) -> DesiredObject:
        return bound_table.nothing_of_ours(container, name)

    def binding_findings(self, asset: Asset, decision: Decision, live_body: bytes) -> tuple[str, ...]:
        return bound_table.findings(asset, decision, live_body)

    def not_bindable_because(
        self, live: LiveObject, asset: AssetId, marker: str, last_body: bytes | None
    ) -> str | None:
        return bound_table.foreign_because(live, asset, marker, last_body)

    def is_bound(self, body: bytes) -> bool:
        return bound_table.may_be_bound(body) and table_input.is_bound(read_own_json(body))

    def merge_base(self, last_body: bytes, live: LiveObject, desired: DesiredObject) -> bytes:
        if not self.is_bound(desired.body):
            return super().merge_base(last_body, live, desired)
        if live.digest is None or live.digest == self.claim_of(last_body):
            return last_body
        return self.last_written(live.body, live.digest).body

    def holds(self, live: LiveObject, desired: DesiredObject) -> bool:
        if self.is_bound(desired.body) and bound_table.takes_back(desired.body):
            return live.bound_by is None
        return super().holds(live, desired)

    def restored(self, before: bytes, after: bytes, live_body: bytes) -> bytes:
        bound = self.is_bound(before) or self.is_bound(after)
        return bound_table.restored(before, after, live_body) if bound else before

    def edited_since(self, before: bytes, after: bytes, live_body: bytes) -> tuple[str, ...]:
        if self.is_bound(before) or self.is_bound(after):
            return bound_table.edited_since(before, after, live_body)
        return super().edited_since(before, after, live_body)

    def prerequisites(
        self, container: PhysicalName, source: str, label: str, marker: str
    ) -> tuple[RequiredObject, ...]:
        database = table_input.design_database(container, source, label, marker)
        return (RequiredObject(0, "glue:CreateDatabase", database),)

    def operations(self, action: Action) -> tuple[str, ...]:
        return _OPERATIONS.get(action, ())

    def merge(self, last_written: bytes | None, live: bytes, desired: bytes, policies: DriftPolicies) -> Merged:
        if self.is_bound(desired):
            return bound_table.merge(last_written, live, desired, policies)
        return merge.merge(last_written, read_own_json(live), desired, policies)

    def own_changes(self, before: bytes, after: bytes) -> tuple[FieldChange, ...]:
        if before == after:
            return ()
        compared = bound_table.own_changes if self.is_bound(before) or self.is_bound(after) else merge.moved_fields
        return compared(read_own_json(before), read_own_json(after))

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
        if self.is_bound(last_body):
            return ()  # all that is not ours is its owner's affair
        written: dict[str, Any] = read_own_json(last_body)
        there: dict[str, Any] = read_own_json(live_body)
        both = _column_names(written) & _column_names(there)
        return self.changes(own_fields.foreign_fields(written, both), own_fields.foreign_fields(there, both))

    def own_fields(self, written: bytes, live_body: bytes) -> bytes:
        if self.is_bound(written):
            return bound_table.with_own_texts(written)  # only what is ours of it is ever merged
        return own_fields.own_fields(written, _column_names(read_own_json(live_body)))

    def fingerprint(self, body: bytes) -> Digest:
        return table_input.fingerprint_of(read_own_json(body))

    def column_names(self, body: bytes) -> Mapping[str, str]:
        columns = table_input.columns_of(read_own_json(body))
        named = [((each.get("Parameters") or {}).get(table_input.COLUMN_NAME), each["Name"]) for each in columns]
        return {source: name for source, name in named if source is not None}

    def columns_there(self, body: bytes) -> frozenset[str]:
        return frozenset(_column_names(read_own_json(body)))

    def column_types(self, body: bytes) -> Mapping[str, str]:
        columns = table_input.columns_of(read_own_json(body))
        typed = [((each.get("Parameters") or {}).get(table_input.COLUMN_NAME), each.get("Type")) for each in columns]
        return {source: type_ for source, type_ in typed if source is not None and type_ is not None}

    def personal_data(self, body: bytes) -> Mapping[str, str]:
        columns = table_input.columns_of(read_own_json(body))
        said = {each["Name"]: (each.get("Parameters") or {}).get(table_input.COLUMN_PII) for each in columns}
        return {name: found for name, found in said.items() if found}

    def marks(self, body: bytes) -> Marks:
        parameters = table_input.parameters_of(body)
        return Marks(
            owner=parameters.get(table_input.OWNER),
            bound_by=parameters.get(table_input.BOUND_BY),
            source=parameters.get(table_input.SOURCE),
            kind=parameters.get(table_input.KIND),
            digest=parameters.get(table_input.FINGERPRINT),
            retired=parameters.get(table_input.STATUS) == "retired",
            retired_at=parameters.get(table_input.RETIRED_AT),
            retired_object=parameters.get(table_input.RETIRED_TABLE),
        )

    def last_written(self, live_body: bytes, claimed: Digest | None) -> LastWritten:
        return last_written.last_written(live_body, claimed)

    def foreign_because(self, live: LiveObject, asset: AssetId, marker: str, last_body: bytes | None) -> str | None:
        if last_body is not None and self.is_bound(last_body):
            return bound_table.foreign_because(live, asset, marker, last_body)
        return super().foreign_because(live, asset, marker, last_body)

    def made_anew_because(self, live: LiveObject, last_body: bytes, version: str | None) -> str | None:
        if self.is_bound(last_body):
            return None  # whoever made it may do so again
        return super().made_anew_because(live, last_body, version)

    def written_before(self, restored_body: bytes, noted: bytes | None) -> bytes:
        if noted is not None and self.is_bound(noted) and not self.is_bound(restored_body):
            return restored_body  # nothing of it is ours any more
        return super().written_before(restored_body, noted)

    @property
    def service(self) -> str:
        return "AWS Glue"

    def is_text(self, path: str) -> bool:
        return merge.is_text(path)

    def is_note(self, path: str) -> bool:
        return path.rpartition("parameters.")[2] in table_input.NOTES

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
        last_body: bytes | None = None,
    ) -> Explanation:
        return explain.explain(
            asset_id,
            kind,
            label,
            asset=asset,
            decision=decision,
            database=container,
            table=name,
            unread=unread,
            bound_to=last_body if last_body is not None and self.is_bound(last_body) else None,
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
