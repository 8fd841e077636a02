"""The glossary and its terms in DataZone: found before they are made, and only what is ours is changed."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from spheresync.config import DriftPolicies, DriftPolicy
from spheresync.config.datazone import DataZone
from spheresync.model import PhysicalName
from spheresync.targets.annotations.terms import (
    KEPT_BY,
    TermTexts,
    is_kept_by,
    is_unedited,
    term_body,
    term_texts,
)
from spheresync.targets.aws.error_codes import Recovery
from spheresync.targets.aws.errors import AwsError
from spheresync.targets.datazone.domain import Domain
from spheresync.targets.protocol import ContainerOutcome

_REMEMBERED = 300.0
"""Seconds for which a term that was looked up is not looked up again."""


class Glossary:
    """The glossary of one project, and its terms by name and by id."""

    def __init__(self, domain: Domain, section: DataZone, owner: str, drift: DriftPolicies) -> None:
        self._domain = domain
        self._section = section
        self._owner = owner
        self._drift = drift
        self._id: str | None = None
        self._ids: dict[str, tuple[float, str]] = {}
        self._names: dict[str, tuple[float, str | None]] = {}

    async def ensure(self) -> ContainerOutcome:
        """Have the glossary."""
        name = self._section.glossary
        if (there := await self._look_for_glossary()) is not None:
            self._id = there
            return ContainerOutcome(PhysicalName(f"glossary {name}"), created=False, ours=False)
        try:
            reply = await self._domain.write(
                "CreateGlossary",
                {"name": name, "owningProjectIdentifier": self._domain.project, "description": self._about},
                subject=f"glossary {name}",
            )
        except AwsError as error:
            self._id = await self._look_for_glossary() if error.needs_look else None
            if self._id is None:
                raise
            return ContainerOutcome(PhysicalName(f"glossary {name}"), created=error.uncertain, ours=error.uncertain)
        self._id = str(reply.body["id"])
        return ContainerOutcome(PhysicalName(f"glossary {name}"), created=True, ours=True, request_id=reply.request_id)

    async def ensure_term(self, name: str) -> ContainerOutcome:
        """Have a term as it is defined; one that others made, or whose text they edited, is used as it is.

        Raises:
            TargetError: INVALID where DataZone would not take it; or what the service answered.
        """
        asked = await self._term_input(name)
        there = await self._look_for_term(name)
        what = PhysicalName(f"term {name}")
        if there is None:
            glossary = await self._glossary_id()
            try:
                reply = await self._domain.write(
                    "CreateGlossaryTerm",
                    {"glossaryIdentifier": glossary, "name": name, **asked, "status": "ENABLED"},
                    subject=f"glossary term {name}",
                )
            except AwsError as error:
                there = await self._look_for_term(name) if error.needs_look else None
                if there is None:
                    raise
                ours = self._marked(there)
                self._note(name, str(there["id"]))
                return ContainerOutcome(what, created=error.uncertain and ours, ours=ours)
            self._note(name, str(reply.body["id"]))
            return ContainerOutcome(what, created=True, ours=True, request_id=reply.request_id)
        self._note(name, str(there["id"]))
        if not self._is_to_change(there, asked):
            return ContainerOutcome(what, created=False, ours=self._marked(there))
        relations = {**(there.get("termRelations") or {}), **(asked.get("termRelations") or {"isA": []})}
        relations = {kind: ids for kind, ids in relations.items() if ids}
        changed = {**asked, **({"termRelations": relations} if relations else {})}
        reply = await self._domain.write(
            "UpdateGlossaryTerm",
            {"identifier": str(there["id"]), **changed},
            subject=f"glossary term {name}",
            repeatable=True,
        )
        return ContainerOutcome(
            what, created=False, ours=True, request_id=reply.request_id, added=frozenset({"definition"})
        )

    async def id_of(self, name: str) -> str:
        """The id of a term; one that is gone is made again."""
        at, identifier = self._ids.get(name, (0.0, ""))
        if identifier and time.monotonic() - at < _REMEMBERED:
            return identifier
        there = await self._look_for_term(name)
        if there is None:
            await self.ensure_term(name)
        else:
            self._note(name, str(there["id"]))
        return self._ids[name][1]

    async def name_of(self, identifier: str) -> str | None:
        """The name of a term of this glossary; None of any other term."""
        at, name = self._names.get(identifier, (0.0, None))
        if at and time.monotonic() - at < _REMEMBERED:
            return name
        try:
            term = (
                await self._domain.read("GetGlossaryTerm", {"identifier": identifier}, subject="glossary term")
            ).body
        except AwsError as error:
            if error.recovery is not Recovery.ABSENT:
                raise
            return None
        named = str(term["name"]) if term.get("glossaryId") == await self._known_glossary() else None
        self._names[identifier] = (time.monotonic(), named)
        if named is not None:
            self._ids[named] = (time.monotonic(), identifier)
        return named

    def forget(self) -> None:
        """Look everything up anew: something is not as it was remembered."""
        self._id = None
        self._ids.clear()
        self._names.clear()

    @property
    def _about(self) -> str:
        return f"Terms of assets of SAP Datasphere. {KEPT_BY}{self._owner}."

    async def _term_input(self, name: str) -> dict[str, Any]:
        """The texts and relations of a term as they should be.

        Raises:
            TargetError: INVALID, and what to do.
        """
        relations: dict[str, list[str]] = {}
        if (broader := term_body(name, self._section.terms).get("broader")) is not None:
            above = await self._look_for_term(str(broader))
            relations = {"isA": [str(above["id"])]} if above is not None else {}
        texts = term_texts(name, self._section.terms, self._owner, service="DataZone", above=relations.get("isA", ()))
        asked: dict[str, Any] = {"shortDescription": texts.short, "longDescription": texts.long}
        return asked | ({"termRelations": relations} if relations else {})

    def _is_to_change(self, there: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
        """Whether a term of ours is not as it should be, and nobody has edited what we wrote there."""
        if not self._marked(there):
            return False
        isa = list((there.get("termRelations") or {}).get("isA") or ())
        same = (
            there.get("shortDescription", "") == asked["shortDescription"]
            and there.get("longDescription", "") == asked["longDescription"]
            and set((asked.get("termRelations") or {}).get("isA", ())) <= set(isa)
        )
        texts = TermTexts(str(there.get("shortDescription", "")), str(there.get("longDescription", "")))
        return not same and (is_unedited(texts, isa) or self._drift.description is DriftPolicy.OVERWRITE)

    def _marked(self, term: Mapping[str, Any]) -> bool:
        """Whether this installation made a term."""
        return is_kept_by(self._owner, str(term.get("longDescription", "")))

    def _note(self, name: str, identifier: str) -> None:
        self._ids[name] = (time.monotonic(), identifier)
        self._names[identifier] = (time.monotonic(), name)

    async def _glossary_id(self) -> str:
        if await self._known_glossary() is None:
            await self.ensure()
        assert self._id is not None
        return self._id

    async def _known_glossary(self) -> str | None:
        if self._id is None:
            self._id = await self._look_for_glossary()
        return self._id

    async def _look_for_glossary(self) -> str | None:
        name = self._section.glossary
        async for item in self._found("GLOSSARY", "glossaryItem", name, {}):
            return str(item["id"])
        return None

    async def _look_for_term(self, name: str) -> Mapping[str, Any] | None:
        glossary = await self._known_glossary()
        if glossary is None:
            return None
        only = {"filters": {"filter": {"attribute": "glossaryId", "value": glossary}}}
        async for item in self._found("GLOSSARY_TERM", "glossaryTermItem", name, only):
            if item.get("glossaryId") == glossary:
                return item
        return None

    async def _found(
        self, scope: str, member: str, name: str, more: Mapping[str, Any]
    ) -> AsyncIterator[Mapping[str, Any]]:
        """Those of exactly that name; a search finds many more (reference: field-2026-11.md 4)."""
        asked = {"searchScope": scope, "searchText": name[:512], **more}
        async for item in self._domain.search(asked, subject=f"{scope.lower().replace('_', ' ')} {name}"):
            if (found := item.get(member)) is not None and found.get("name") == name:
                yield found
