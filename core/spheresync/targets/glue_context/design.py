"""What Glue's business context should hold of an asset: our attachments and terms. The pure half of it as a target."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from spheresync.config.glue_context import GlueContext
from spheresync.config.sections import TargetSection
from spheresync.errors import TargetError, TargetFault
from spheresync.mapping.rules import Decision
from spheresync.mapping.texts import cut
from spheresync.model import (
    GLUE,
    GLUE_CONTEXT,
    Action,
    Asset,
    AssetId,
    Column,
    ColumnRole,
    DesiredObject,
    Digest,
    Hierarchy,
    JsonValue,
    LiveObject,
    PhysicalName,
    canonical_json,
    counted,
)
from spheresync.targets.annotations import content
from spheresync.targets.annotations.content import COLUMNS, FORM, TERMS, Content, columns_in
from spheresync.targets.annotations.design import ContentDesign, desired_of
from spheresync.targets.annotations.merging import differs
from spheresync.targets.annotations.said import LONGEST_MEMBER, description_of, facts_of, held_columns, said_of
from spheresync.targets.design_values import BaseObject, Capabilities, PermissionGroup, PermissionReach, RequiredObject
from spheresync.targets.glue_context.forms import column_attachment, path_of_form
from spheresync.targets.glue_context.required import required_objects
from spheresync.targets.tried_writes import as_written, with_tried

MOST_TERMS: Final = 10
MOST_TERMS_OF_A_COLUMN: Final = 5
"""Terms of one table and of one column in the preview (AWS's guide)."""
MOST_CONTENT = 300_000
"""Characters of our attachment. Nobody says how many are taken: this is what DataZone takes of a form."""
_NOTED = frozenset({"asset", "bound", "custom", "found", "home", "ids"})
"""Members of bodies that say nothing of what stands on a table."""
ONE_INSTALLATION = "Let one installation write a table's context: give the asset another name by a mapping rule."
_NOT_IN_AN_IDENTIFIER = re.compile(r"[^a-zA-Z0-9\-:/._*]")
"""What the API model does not take in the identifier of an asset, which is the ARN of a table."""


class GlueContextDesign(ContentDesign):
    """Attachments of ours and terms on a table of Glue and on its columns."""

    name = GLUE_CONTEXT
    capabilities = Capabilities(depends_on=GLUE, marked=False, goes_with_base=True)
    permissions = (
        PermissionGroup(
            "KeepBusinessContext",
            tuple(
                f"glue:{call}"
                for call in (
                    "GetDatabase",
                    "GetAsset",
                    "BatchGetIterableForms",
                    "PutAttachment",
                    "DeleteAttachment",
                    "ListGlossaries",
                    "CreateGlossary",
                    "ListGlossaryTerms",
                    "GetGlossaryTerm",
                    "CreateGlossaryTerm",
                    "UpdateGlossaryTerm",
                    "AssociateGlossaryTerms",
                    "DisassociateGlossaryTerms",
                    "GetFormType",
                    "PutFormType",
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
        assert base is not None and isinstance(decision.section, GlueContext)
        glossary = decision.section.glossary
        _require_named(asset.id, f"{container}/{name}")
        said = {
            **said_of(asset, decision),
            "description": cut(description_of(asset, decision), LONGEST_MEMBER),
            "facts": cut(", ".join(f"{fact}={value}" for fact, value in asset.facts), LONGEST_MEMBER),
            "hierarchies": _hierarchies(asset.hierarchies, decision),
        }
        fields = {
            content.OWNER: marker,
            content.SOURCE: str(asset.id),
            content.KIND: asset.kind.value,
            content.TABLE: f"{container}.{name}",
            **{f"{FORM}{member}": text for member, text in said.items() if text},
            **{f"{TERMS}{term}": glossary for term in decision.context.terms[:MOST_TERMS]},
        }
        columns = held_columns(asset, decision, base)
        for physical, column in columns.items():
            terms = decision.context.of_column(column).terms[:MOST_TERMS_OF_A_COLUMN]
            fields |= {f"{COLUMNS}{physical}.{TERMS}{term}": glossary for term in terms}
            if (told := _of_column(column, decision)) is not None:
                fields[path_of_form(physical)] = told
        _require_taken(asset.id, fields, len(columns))
        return desired_of(container, name, replace(content.wanted(fields), bound=base.bound))

    def retire(self, last_body: bytes, at: str, container: PhysicalName, name: PhysicalName) -> DesiredObject:
        return desired_of(container, name, Content.read(last_body))  # the table says that it is retired

    def take_back(self, container: PhysicalName, name: PhysicalName) -> DesiredObject:
        return desired_of(container, name, Content({}))

    def not_bindable_because(
        self, live: LiveObject, asset: AssetId, marker: str, last_body: bytes | None
    ) -> str | None:
        return self.foreign_because(live, asset, marker, last_body)

    def is_bound(self, body: bytes) -> bool:
        return Content.read(body).bound

    def with_noted(self, body: bytes, last_body: bytes) -> bytes:
        return replace(Content.read(body), bound=self.is_bound(last_body)).body

    def without_columns(self, body: bytes, columns: frozenset[str]) -> bytes:
        return Content.read(body).without_columns(columns).body

    def columns_said(self, body: bytes) -> frozenset[str]:
        return frozenset(columns_in(Content.read(body).fields))  # the attachment of a table may still name others

    def with_columns(self, body: bytes, former: bytes, columns: frozenset[str]) -> bytes:
        held, then = Content.read(body), Content.read(former)

        def back(paths: Mapping[str, str]) -> dict[str, str]:
            return {path: value for path, value in paths.items() if columns_in([path]) & columns}

        fields, ours = {**held.fields, **back(then.fields)}, {**held.ours, **back(then.ours)}
        found = held.found | {path for path in then.found if columns_in([path]) & columns}
        content = replace(held, fields=fields, ours=ours, found=found, ids={**back(then.ids), **held.ids})
        return (content.stamped() if content.is_marked else content).body

    def shared_prerequisites(
        self, bodies: Iterable[bytes], marker: str, section: TargetSection | None
    ) -> tuple[RequiredObject, ...]:
        """Our form types, the glossary, and the terms that these tables use with the wider ones above them."""
        assert isinstance(section, GlueContext)
        return required_objects(section, {term for body in bodies for term in Content.read(body).terms})

    def left_out(self, decision: Decision) -> tuple[str, ...]:
        said = decision.context
        most = max((len(entry.terms or ()) for entry in said.columns), default=0)
        places = ((len(said.terms), MOST_TERMS, "a table"), (most, MOST_TERMS_OF_A_COLUMN, "a column"))
        return tuple(
            f"Glue takes {counted(taken, 'term')} of {what}; of more, the first of the context file are kept"
            for count, taken, what in places
            if count > taken
        )

    def operations(self, action: Action) -> tuple[str, ...]:
        if not action.changes_something or action in {Action.ADOPT, Action.FORGET}:
            return ()
        return ("glue:DeleteAttachment",) if action.removes else ("glue:PutAttachment",)

    def with_tried(self, last_body: bytes, tried: bytes | None) -> bytes | None:
        return None if tried is None else with_tried(last_body, self.own_fields(tried, tried))

    def as_written(self, last_body: bytes, live_body: bytes) -> bytes:
        body = as_written(last_body, live_body, noted=_NOTED)
        if body is last_body:
            return last_body
        last, written = Content.read(last_body), Content.read(body)
        # The attachment may say already what a write has not come to, and still what it has taken away.
        stand = written.fields.keys() | (last.ours.keys() - last.fields.keys())
        return replace(written, ours={path: value for path, value in written.ours.items() if path in stand}).body

    def written_before(self, restored_body: bytes, noted: bytes | None) -> bytes:
        if noted is None and Content.read(restored_body).is_intact:
            return restored_body
        return super().written_before(restored_body, noted)

    def merge_base(self, last_body: bytes, live: LiveObject, desired: DesiredObject) -> bytes:
        return last_body

    def holds(self, live: LiveObject, desired: DesiredObject) -> bool:
        there, wanted = Content.read(live.body), Content.read(desired.body)
        return not differs(there, replace(wanted, found=wanted.found | there.found))

    def claim_of(self, body: bytes) -> Digest | None:
        return None

    def foreign_because(self, live: LiveObject, asset: AssetId, marker: str, last_body: bytes | None) -> str | None:
        if live.owner is None:  # nothing of ours stands there, and nothing of another installation
            return None
        if live.source is not None and live.source.casefold() == str(asset).casefold():
            live = replace(live, source=str(asset))  # its table is the asset's, which had that name before
        return super().foreign_because(live, asset, marker, last_body)

    @property
    def conflict_remedy(self) -> str:
        return ONE_INSTALLATION

    @property
    def taken_remedy(self) -> str:
        return ONE_INSTALLATION

    @property
    def service(self) -> str:
        return "Glue's business context"


def _of_column(column: Column, decision: Decision) -> str | None:
    """The attachment of a column; None where nothing is known of it that the table itself does not say."""
    facts, semantics = facts_of(column, decision), dict(column.semantics)
    if not semantics and facts.keys() <= {"label", "role"} and facts.get("role") == ColumnRole.ATTRIBUTE:
        return None
    said = {
        "name": column.name,
        **facts,
        "currency": semantics.pop("currency_column", "") or semantics.pop("currency_code", ""),
        "unit": semantics.pop("unit_column", "") or semantics.pop("unit_code", ""),
        "semantics": ", ".join(f"{fact}={value}" for fact, value in sorted(semantics.items())),
    }
    return column_attachment({member: cut(text, LONGEST_MEMBER) for member, text in said.items()})


def _hierarchies(hierarchies: Iterable[Hierarchy], decision: Decision) -> str:
    """Hierarchies as JSON, which is what programs read; empty where there are none."""
    told = [_hierarchy(each, decision) for each in hierarchies]
    return canonical_json(told).decode() if told else ""


def _hierarchy(hierarchy: Hierarchy, decision: Decision) -> JsonValue:
    said: Mapping[str, JsonValue] = {
        "name": hierarchy.name,
        "label": decision.label_of(hierarchy.labels),
        "levels": [*hierarchy.levels],
        "parent": [*hierarchy.parent],
        "child": [*hierarchy.child],
    }
    return {name: value for name, value in said.items() if value}


def _require_named(asset: AssetId, table: str) -> None:
    """Let pass a table that the identifier of an asset of Glue can name; of ours that is each one.

    Raises:
        TargetError: INVALID, and what to do.
    """
    odd = sorted(set(_NOT_IN_AN_IDENTIFIER.findall(table)))
    if odd:
        text = f"{asset}: Glue's business context cannot name the table {table.replace('/', '.', 1)}: it takes no "
        text += f"{' '.join(map(repr, odd))} in a name."
        remedy = "Bind the asset to a table of another name, or let no destination with glue_context have its space."
        raise TargetError(TargetFault.INVALID, text, remedy=remedy)


def _require_taken(asset: AssetId, fields: Mapping[str, str], columns: int) -> None:
    """Let pass what fits into an attachment.

    Raises:
        TargetError: INVALID, and what to do.
    """
    size = sum(len(path) + len(value) for path, value in fields.items())
    if size > MOST_CONTENT:
        text = f"{asset}: what is to be said of its {counted(columns, 'column')} has {size} characters, and an "
        text += f"attachment may have {MOST_CONTENT}."
        raise TargetError(TargetFault.INVALID, text, remedy="Leave columns out by a mapping rule (`include: false`).")


GLUE_CONTEXT_DESIGN = GlueContextDesign()
