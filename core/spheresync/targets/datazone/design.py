"""What DataZone should hold of an asset: our form, terms, names of columns. The pure half of DataZone as a target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from spheresync.config import DriftPolicies, DriftPolicy
from spheresync.config.datazone import DataZone
from spheresync.config.sections import TargetSection
from spheresync.errors import TargetError, TargetFault
from spheresync.mapping.rules import Decision, decide_column, fill
from spheresync.mapping.texts import cut, one_line, several_lines
from spheresync.model import (
    DATAZONE,
    GLUE,
    Action,
    Asset,
    AssetId,
    Column,
    DesiredObject,
    Digest,
    FieldChange,
    JsonValue,
    LiveObject,
    PhysicalName,
    Severity,
    canonical_json,
    counted,
)
from spheresync.targets.datazone import content
from spheresync.targets.datazone.content import COLUMN_FACTS, COLUMNS, DESCRIPTION, FORM, SET, TERMS, Content
from spheresync.targets.datazone.required import required_objects
from spheresync.targets.design import (
    BaseObject,
    Capabilities,
    LastWritten,
    MarkPaths,
    Marks,
    Merged,
    PermissionGroup,
    PermissionReach,
    RequiredObject,
    TargetDesign,
)

MOST_TERMS = 20
"""Glossary terms of one asset (reference: aws-catalogs.md 4)."""
MOST_CONTENT = 300_000
"""Characters of the content of a form (same place)."""
LONGEST_MEMBER = 4_000
"""Characters of one text in our form; longer ones are cut."""
_ROOM = 20_000
"""Characters of a form that are kept for its other members."""
_OPERATIONS = {
    Action.CREATE: ("datazone:CreateAssetRevision",),
    Action.UPDATE: ("datazone:CreateAssetRevision",),
    Action.METADATA_ONLY: ("datazone:CreateAssetRevision",),
    Action.RETIRE: ("datazone:CreateAssetRevision",),
    Action.DELETE: ("datazone:GetAsset", "datazone:CreateAssetRevision"),
}


class DataZoneDesign(TargetDesign):
    """A form of ours, terms and texts on the asset that stands for a table in DataZone."""

    name = DATAZONE
    capabilities = Capabilities(depends_on=GLUE, lineage=True)
    permissions = (
        PermissionGroup(
            "WriteAssets",
            tuple(
                f"datazone:{call}"
                for call in (
                    "GetDomain",
                    "GetProject",
                    "Search",
                    "GetAsset",
                    "CreateAsset",
                    "CreateAssetRevision",
                    "DeleteAsset",
                    "CreateListingChangeSet",
                    "CreateGlossary",
                    "GetGlossaryTerm",
                    "CreateGlossaryTerm",
                    "UpdateGlossaryTerm",
                    "GetFormType",
                    "CreateFormType",
                    "GetAssetType",
                    "CreateAssetType",
                    "PostLineageEvent",
                )
            ),
            PermissionReach.EVERYTHING,
        ),
    )
    mark_paths = MarkPaths(content.OWNER, content.SOURCE, content.DIGEST)

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
        assert base is not None
        columns = {
            base.columns[column.name]: column
            for column in asset.columns
            if column.name in base.columns and decide_column(decision.columns, column).included
        }
        fields = {
            content.OWNER: marker,
            content.SOURCE: str(asset.id),
            content.KIND: asset.kind.value,
            content.TABLE: f"{container}.{name}",
            **_said(asset, decision),
            **{f"{TERMS}{term}": SET for term in decision.context.terms},
        }
        if text := _description(asset, decision):
            fields[DESCRIPTION] = text
        for physical, column in columns.items():
            fields |= {f"{COLUMNS}{physical}.{path}": value for path, value in _of_column(column, decision).items()}
        if facts := [_facts(physical, column, decision) for physical, column in columns.items()]:
            fields[COLUMN_FACTS] = canonical_json(facts).decode()
        _require_taken(asset.id, fields, len(columns))
        return _desired(container, name, content.wanted(fields))

    def retire(self, last_body: bytes, at: str, container: PhysicalName, name: PhysicalName) -> DesiredObject:
        last = Content.read(last_body)
        mark = {content.STATUS: "retired", content.RETIRED_AT: at, content.TABLE: f"{container}.{name}"}
        marked = replace(last, fields={**last.fields, **mark}, ours={**last.ours, **mark})
        return _desired(container, name, marked.stamped())

    def prerequisites(
        self, container: PhysicalName, source: str, label: str, marker: str
    ) -> tuple[RequiredObject, ...]:
        return ()  # databases are Glue's

    def shared_prerequisites(
        self, bodies: Iterable[bytes], marker: str, section: TargetSection | None
    ) -> tuple[RequiredObject, ...]:
        """The glossary, the terms that these assets use with the wider ones above them, and our types."""
        assert isinstance(section, DataZone)
        used = {term for body in bodies for term in Content.read(body).terms}
        return required_objects(section, used)

    def operations(self, action: Action) -> tuple[str, ...]:
        return _OPERATIONS.get(action, ())

    def merge(self, last_written: bytes | None, live: bytes, desired: bytes, policies: DriftPolicies) -> Merged:
        last = None if last_written is None else Content.read(last_written)
        there, want = Content.read(live), Content.read(desired)
        merged, kept = content.merged(last, there, want, policies)
        moved = () if last is None else tuple(content.moved(last, there, want))
        stays = tuple(FieldChange(path, want.ours.get(path), there.fields.get(path)) for path in kept)
        return Merged(merged.body, stays, moved)

    def own_changes(self, before: bytes, after: bytes) -> tuple[FieldChange, ...]:
        then, now = Content.read(before), Content.read(after)
        return content.differing(then, now, content.own_paths(then, now))

    def edited_since(self, before: bytes, after: bytes, live_body: bytes) -> tuple[str, ...]:
        then, now = Content.read(after), Content.read(live_body)
        return tuple(change.path for change in content.differing(then, now, content.own_paths(then)))

    def untouched(self, last_body: bytes, live_body: bytes) -> bool:
        last, live = Content.read(last_body), Content.read(live_body)
        return last.fields == live.fields and all(
            last.fields.get(path) == value for path, value in last.ours.items() if path not in last.found
        )

    def changes(self, before: bytes | None, after: bytes | None) -> tuple[FieldChange, ...]:
        then = Content({}) if not before else Content.read(before)
        now = Content({}) if not after else Content.read(after)
        return content.differing(then, now, then.fields.keys() | now.fields.keys())

    def foreign_changes(self, last_body: bytes, live_body: bytes) -> tuple[FieldChange, ...]:
        then, now = Content.read(last_body), Content.read(live_body)
        theirs = (then.fields.keys() | now.fields.keys()) - content.own_paths(then)
        return content.differing(then, now, {path for path in theirs if not path.startswith(FORM)})

    def own_fields(self, written: bytes, live_body: bytes) -> bytes:
        last = Content.read(written)
        return replace(last, fields=dict(last.ours)).stamped().body

    def fingerprint(self, body: bytes) -> Digest:
        return Content.read(body).digest

    def marks(self, body: bytes) -> Marks:
        fields = Content.read(body).fields
        digest = fields.get(content.DIGEST)
        retired = fields.get(content.STATUS) == "retired"
        return Marks(
            owner=fields.get(content.OWNER),
            source=fields.get(content.SOURCE),
            kind=fields.get(content.KIND),
            digest=None if digest is None else Digest(digest),
            retired=retired,
            retired_at=fields.get(content.RETIRED_AT),
            retired_object=fields.get(content.TABLE) if retired else None,
        )

    def last_written(self, live_body: bytes, claimed: Digest | None) -> LastWritten:
        live = Content.read(live_body)
        proven = live.digest == claimed
        texts = dict(live.ours) if proven else {path: value for path, value in live.ours.items() if path[:5] == FORM}
        written = replace(live, fields={**texts, **_marks_of(live)}, ours=texts)
        return LastWritten(written.body, proven)

    def made_anew_because(self, live: LiveObject, last_body: bytes, version: str | None) -> str | None:
        return None  # a data source imports a table anew under the same id, and our form says whose it is

    def is_text(self, path: str) -> bool:
        return content.is_text(path)

    def policy_of(self, path: str, policies: DriftPolicies) -> DriftPolicy:
        return content.policy_of(path, policies)

    @property
    def service(self) -> str:
        return "Amazon DataZone"

    def severity(self, changes: tuple[FieldChange, ...]) -> Severity:
        return Severity.COMPATIBLE if changes else Severity.NONE

    def moves_columns(self, changes: tuple[FieldChange, ...]) -> bool:
        return False


def _desired(container: PhysicalName, name: PhysicalName, held: Content) -> DesiredObject:
    return DesiredObject(container, name, held.body, held.digest)


def _marks_of(live: Content) -> dict[str, str]:
    return {path: live.fields[path] for path in (content.DIGEST,) if path in live.fields}


def _description(asset: Asset, decision: Decision) -> str:
    description = label = decision.label_of(asset.labels)
    if decision.description is not None:
        description = fill(decision.description, asset.id, asset.kind, label, decision.prefix)
    return several_lines(description)


def _said(asset: Asset, decision: Decision) -> Mapping[str, str]:
    """Members of our form that say what is known of the asset."""
    said = {
        "label": decision.label_of(asset.labels),
        "owner": asset.owner or "",
        **{name: text for name, text in decision.context.fields if name != "owner"},
        "tags": _listed({**dict(decision.tags), **dict(decision.context.tags)}),
    }
    return {f"{FORM}{name}": cut(text, LONGEST_MEMBER) for name, text in said.items() if text}


def _listed(tags: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(tags.items()))


def _of_column(column: Column, decision: Decision) -> Mapping[str, str]:
    """Name, description and terms of a column as people read them."""
    label, said = decision.label_of(column.labels), decide_column(decision.columns, column)
    found = {f"{TERMS}{term}": SET for term in decision.context.of_column(column).terms}
    if name := one_line(label):
        found["name"] = name
    if said.description is not None:
        text = said.description.format(column=column.name, label=label, type=column.type)
        found |= {"description": several} if (several := several_lines(text)) else {}
    return found


def _facts(physical: str, column: Column, decision: Decision) -> JsonValue:
    """What programs may want to know of a column."""
    facts = {
        "column": physical,
        "name": column.name,
        "type": str(column.type),
        "label": decision.label_of(column.labels),
        "role": "key" if column.key else column.role.value,
        "aggregation": column.aggregation or "",
        "personalData": column.pii or "",
    }
    return {name: text for name, text in facts.items() if text}


def _require_taken(asset: AssetId, fields: Mapping[str, str], columns: int) -> None:
    """Let pass what DataZone takes.

    Raises:
        TargetError: INVALID, and what to do.
    """
    terms = sum(1 for path in fields if path.startswith(TERMS))
    if terms > MOST_TERMS:
        text = f"{asset}: has {counted(terms, 'term')}, and DataZone takes {MOST_TERMS} of an asset."
        raise TargetError(TargetFault.INVALID, text, remedy="Name fewer, wider terms in the context file.")
    size = len(fields.get(COLUMN_FACTS, "")) + sum(
        len(path) + len(value) for path, value in fields.items() if path != COLUMN_FACTS
    )
    if size > MOST_CONTENT - _ROOM:
        text = f"{asset}: what is to be said of its {counted(columns, 'column')} has {size} characters, and a form of "
        text += f"DataZone takes {MOST_CONTENT}."
        raise TargetError(TargetFault.INVALID, text, remedy="Leave columns out by a mapping rule (`include: false`).")


DATAZONE_DESIGN = DataZoneDesign()
