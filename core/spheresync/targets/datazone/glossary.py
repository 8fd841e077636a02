"""The glossary and its terms in DataZone: found before they are made, and only what is ours is changed.

A term that somebody renamed is found again by its mark, as is the glossary. (That AWS searches these texts too is
UNVERIFIED.)
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from spheresync.config import DriftPolicies, DriftPolicy
from spheresync.config.datazone import DataZone
from spheresync.model import PhysicalName
from spheresync.targets.annotations.terms import Mark, glossary_text, mark_in, term_body, term_texts
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
        self._gone: dict[str, float] = {}

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
        mark = self._mark(there)
        changed = {**asked, "termRelations": _relations(there, asked, "" if mark is None else mark.above)}
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
            self._gone[identifier] = time.monotonic()
            return None
        named = self._called(term) if term.get("glossaryId") == await self._known_glossary() else None
        self._names[identifier] = (time.monotonic(), named)
        if named is not None:
            self._ids[named] = (time.monotonic(), identifier)
        return named

    async def is_there(self, identifier: str) -> bool:
        """Whether there is a term of that id, in whichever glossary."""
        if time.monotonic() - self._gone.get(identifier, -_REMEMBERED) < _REMEMBERED:
            return False
        await self.name_of(identifier)
        return identifier not in self._gone

    def forget(self) -> None:
        """Look everything up anew: something is not as it was remembered."""
        self._id = None
        self._ids.clear()
        self._names.clear()
        self._gone.clear()

    @property
    def _about(self) -> str:
        return glossary_text(self._section.glossary, self._owner)

    async def _term_input(self, name: str) -> dict[str, Any]:
        """The texts and relations of a term as they should be.

        Raises:
            TargetError: INVALID, and what to do.
        """
        relations: dict[str, list[str]] = {}
        if (broader := term_body(name, self._section.terms).get("broader")) is not None:
            above = await self._look_for_term(str(broader))
            relations = {"isA": [str(above["id"])]} if above is not None else {}
        wider = relations.get("isA", [""])[0]
        texts = term_texts(name, self._section.terms, self._owner, service="DataZone", above=wider)
        asked: dict[str, Any] = {"shortDescription": texts.short, "longDescription": texts.long}
        return asked | ({"termRelations": relations} if relations else {})

    def _is_to_change(self, there: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
        """Whether a term of ours is not as it should be, and nobody has edited what we wrote there."""
        mark = self._mark(there)
        if mark is None:
            return False
        same = (
            there.get("shortDescription", "") == asked["shortDescription"]
            and there.get("longDescription", "") == asked["longDescription"]
            and set((asked.get("termRelations") or {}).get("isA", ())) <= _above(there)
        )
        unedited = mark.fits(str(there.get("shortDescription", ""))) and (not mark.above or mark.above in _above(there))
        return not same and (unedited or self._drift.description is DriftPolicy.OVERWRITE)

    def _marked(self, term: Mapping[str, Any]) -> bool:
        """Whether this installation made a term."""
        return self._mark(term) is not None

    def _mark(self, item: Mapping[str, Any], member: str = "longDescription") -> Mark | None:
        """The mark of this installation in a text; None where there is none."""
        return mark_in(str(item.get(member, "")), self._owner)

    def _called(self, term: Mapping[str, Any]) -> str:
        """By which name we know a term, whatever somebody calls it now."""
        mark = self._mark(term)
        return str(term["name"]) if mark is None else mark.name

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
        name, renamed = self._section.glossary, None
        async for item in self._found("GLOSSARY", "glossaryItem", name, {}):
            if item.get("name") == name:
                return str(item["id"])
            mark = self._mark(item, "description")
            if mark is not None and mark.name == name:
                renamed = str(item["id"])
        return renamed

    async def _look_for_term(self, name: str) -> Mapping[str, Any] | None:
        """The term of that name in our glossary, else ours that somebody has renamed."""
        glossary = await self._known_glossary()
        if glossary is None:
            return None
        only, renamed = {"filters": {"filter": {"attribute": "glossaryId", "value": glossary}}}, None
        async for item in self._found("GLOSSARY_TERM", "glossaryTermItem", name, only):
            if item.get("glossaryId") != glossary:
                continue
            if item.get("name") == name:
                return item
            if self._called(item) == name:
                renamed = item
        return renamed

    async def _found(
        self, scope: str, member: str, name: str, more: Mapping[str, Any]
    ) -> AsyncIterator[Mapping[str, Any]]:
        """What a search for a name finds: much more than those of that name (reference: field-2026-11.md 4)."""
        asked = {"searchScope": scope, "searchText": name[:512], **more}
        async for item in self._domain.search(asked, subject=f"{scope.lower().replace('_', ' ')} {name}"):
            if (found := item.get(member)) is not None:
                yield found


def _above(term: Mapping[str, Any]) -> set[str]:
    return {str(each) for each in (term.get("termRelations") or {}).get("isA") or ()}


def _relations(there: Mapping[str, Any], asked: Mapping[str, Any], former: str) -> dict[str, list[str]]:
    """All relations of a term of ours with the wider term that it should have, not `former`; those of others stay."""
    held = {kind: [*ids] for kind, ids in (there.get("termRelations") or {}).items()}
    wanted = (asked.get("termRelations") or {}).get("isA", [])
    kept = [each for each in held.get("isA", []) if each != former and each not in wanted]
    return {kind: ids for kind, ids in {**held, "isA": [*wanted, *kept]}.items() if ids}
