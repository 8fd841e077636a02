"""What DataZone should hold of an asset: our form, terms, names of columns. The pure half of DataZone as a target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from spheresync.config.datazone import DataZone
from spheresync.config.sections import TargetSection
from spheresync.errors import TargetError, TargetFault
from spheresync.mapping.rules import Decision, decide_column
from spheresync.mapping.texts import one_line, several_lines
from spheresync.model import (
    DATAZONE,
    GLUE,
    Action,
    Asset,
    AssetId,
    Column,
    DesiredObject,
    JsonValue,
    PhysicalName,
    canonical_json,
    counted,
)
from spheresync.targets.annotations import content
from spheresync.targets.annotations.content import COLUMN_FACTS, COLUMNS, DESCRIPTION, FORM, TERMS, Content
from spheresync.targets.annotations.design import ContentDesign, desired_of
from spheresync.targets.annotations.said import description_of, facts_of, held_columns, said_of
from spheresync.targets.datazone.required import required_objects
from spheresync.targets.design_values import BaseObject, Capabilities, PermissionGroup, PermissionReach, RequiredObject

MOST_TERMS = 20
"""Glossary terms of one asset (reference: aws-catalogs.md 4)."""
MOST_CONTENT = 300_000
"""Characters of the content of a form (same place)."""
ONE_INSTALLATION = "Let one installation write a table's asset: give the asset another name by a mapping rule."
_ROOM = 20_000
"""Characters of a form that are kept for its other members."""
_OPERATIONS = {
    Action.CREATE: ("datazone:CreateAssetRevision",),
    Action.UPDATE: ("datazone:CreateAssetRevision",),
    Action.METADATA_ONLY: ("datazone:CreateAssetRevision",),
    Action.RETIRE: ("datazone:CreateAssetRevision",),
    Action.DELETE: ("datazone:GetAsset", "datazone:CreateAssetRevision"),
}


class DataZoneDesign(ContentDesign):
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
        assert base is not None and isinstance(decision.section, DataZone)
        columns = held_columns(asset, decision, base)
        fields = {
            content.OWNER: marker,
            content.SOURCE: str(asset.id),
            content.KIND: asset.kind.value,
            content.TABLE: f"{container}.{name}",
            **{f"{FORM}{name}": text for name, text in said_of(asset, decision).items()},
            **{f"{TERMS}{term}": decision.section.glossary for term in decision.context.terms},
        }
        if text := description_of(asset, decision):
            fields[DESCRIPTION] = text
        for physical, column in columns.items():
            fields |= {
                f"{COLUMNS}{physical}.{path}": value
                for path, value in _of_column(column, decision, decision.section).items()
            }
        if facts := [_facts(physical, column, decision) for physical, column in columns.items()]:
            fields[COLUMN_FACTS] = canonical_json(facts).decode()
        _require_taken(asset.id, fields, len(columns))
        return desired_of(container, name, content.wanted(fields, decision.section.home))

    def retire(self, last_body: bytes, at: str, container: PhysicalName, name: PhysicalName) -> DesiredObject:
        last = Content.read(last_body)
        mark = {content.STATUS: "retired", content.RETIRED_AT: at, content.TABLE: f"{container}.{name}"}
        marked = replace(last, fields={**last.fields, **mark}, ours={**last.ours, **mark})
        return desired_of(container, name, marked.stamped())

    def shared_prerequisites(
        self, bodies: Iterable[bytes], marker: str, section: TargetSection | None
    ) -> tuple[RequiredObject, ...]:
        """The glossary, the terms that these assets use with the wider ones above them, and our types."""
        assert isinstance(section, DataZone)
        used = {term for body in bodies for term in Content.read(body).terms}
        return required_objects(section, used)

    def operations(self, action: Action) -> tuple[str, ...]:
        return _OPERATIONS.get(action, ())

    @property
    def object_word(self) -> str:
        return "asset"

    @property
    def named_word(self) -> str:
        return "DataZone asset"

    @property
    def conflict_remedy(self) -> str:
        return ONE_INSTALLATION

    @property
    def taken_remedy(self) -> str:
        return ONE_INSTALLATION

    @property
    def missing_text(self) -> str:
        return "somebody else has taken our form or our asset away, or a data source has imported the table"

    @property
    def service(self) -> str:
        return "Amazon DataZone"


def _of_column(column: Column, decision: Decision, section: DataZone) -> Mapping[str, str]:
    """Name, description and terms of a column as people read them."""
    label, said = decision.label_of(column.labels), decide_column(decision.columns, column)
    found = {f"{TERMS}{term}": section.glossary for term in decision.context.of_column(column).terms}
    if name := one_line(label):
        found["name"] = name
    if said.description is not None:
        text = said.description.format(column=column.name, label=label, type=column.type)
        found |= {"description": several} if (several := several_lines(text)) else {}
    return found


def _facts(physical: str, column: Column, decision: Decision) -> JsonValue:
    """What programs may want to know of a column."""
    return {"column": physical, "name": column.name, "type": str(column.type), **facts_of(column, decision)}


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
