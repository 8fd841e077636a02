"""The glossary and its terms in DataZone: found before they are made, and only what is ours is changed.

A term that somebody renamed is found again by its mark, as is the glossary. (That AWS searches these texts too is
UNVERIFIED.) The glossary of another project is used, and nothing is written into it; what is disabled is put on no
asset that has not got it yet.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from spheresync.config import DriftPolicies, DriftPolicy
from spheresync.config.datazone import DataZone
from spheresync.errors import TargetError, TargetFault
from spheresync.model import PhysicalName
from spheresync.targets.annotations.terms import Mark, glossary_text, mark_in, term_body, term_texts
from spheresync.targets.aws.error_codes import Recovery
from spheresync.targets.aws.errors import AwsError
from spheresync.targets.datazone.domain import Domain
from spheresync.targets.protocol import ContainerOutcome

_REMEMBERED = 300.0
"""Seconds for which a glossary or a term that was looked up is not looked up again."""
_DISABLED = "DISABLED"


@dataclass(frozen=True, slots=True)
class _Found:
    """A glossary that is there. `writable`: it is of our project, or this installation made it."""

    id: str
    project: str
    writable: bool
    enabled: bool


class Glossary:
    """The glossary of one project, and its terms by name and by id."""

    def __init__(self, domain: Domain, section: DataZone, owner: str, drift: DriftPolicies) -> None:
        self._domain = domain
        self._section = section
        self._owner = owner
        self._drift = drift
        self._known: tuple[float, _Found | None] = (0.0, None)
        self._ids: dict[str, tuple[float, str]] = {}
        self._names: dict[str, tuple[float, str | None]] = {}
        self._gone: dict[str, float] = {}

    async def ensure(self) -> ContainerOutcome:
        """Have the glossary."""
        name = self._section.glossary
        if await self._look_for_glossary() is not None:
            return ContainerOutcome(PhysicalName(f"glossary {name}"), created=False, ours=False)
        try:
            reply = await self._domain.write(
                "CreateGlossary",
                {"name": name, "owningProjectIdentifier": self._domain.project, "description": self._about},
                subject=f"glossary {name}",
            )
        except AwsError as error:
            if not error.needs_look or await self._look_for_glossary() is None:
                raise
            return ContainerOutcome(PhysicalName(f"glossary {name}"), created=error.uncertain, ours=error.uncertain)
        made = _Found(str(reply.body["id"]), self._domain.project, writable=True, enabled=True)
        self._known = (time.monotonic(), made)
        return ContainerOutcome(PhysicalName(f"glossary {name}"), created=True, ours=True, request_id=reply.request_id)

    async def ensure_term(self, name: str) -> ContainerOutcome:
        """Have a term as it is defined; one that others made, or whose text they edited, is used as it is.

        Raises:
            TargetError: INVALID where DataZone would not take it; CONFLICT where it is to be made in a glossary that is
                another project's or disabled; or what the service answered.
        """
        asked = await self._term_input(name)
        there = await self._look_for_term(name)
        what = PhysicalName(f"term {name}")
        if there is None:
            glossary = await self._open_glossary(name)
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
                self._note(name, there)
                return ContainerOutcome(what, created=error.uncertain and ours, ours=ours)
            self._note(name, reply.body)
            return ContainerOutcome(what, created=True, ours=True, request_id=reply.request_id)
        self._note(name, there)
        glossary_there = await self._glossary()
        if glossary_there is None or not (glossary_there.writable and self._is_to_change(there, asked)):
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
        """The id of a term that is to be put on an asset; one that is gone is made again.

        Raises:
            TargetError: CONFLICT where it is disabled.
        """
        at, identifier = self._ids.get(name, (0.0, ""))
        if identifier and time.monotonic() - at < _REMEMBERED:
            return identifier
        there = await self._look_for_term(name)
        if there is None:
            await self.ensure_term(name)
        else:
            glossary = await self._glossary()
            if there.get("status") == _DISABLED or (glossary is not None and not glossary.enabled):
                what = f"glossary term {name}" if there.get("status") == _DISABLED else self._subject
                text = f"{what} is disabled in DataZone, so the term {name} is put on no asset."
                remedy = "Enable it there, or take the term out of the context file."
                raise TargetError(TargetFault.CONFLICT, text, remedy=remedy)
            self._note(name, there)
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
        glossary = await self._glossary()
        named = self._called(term) if glossary is not None and term.get("glossaryId") == glossary.id else None
        self._names[identifier] = (time.monotonic(), named)
        return named

    async def is_there(self, identifier: str) -> bool:
        """Whether there is a term of that id, in whichever glossary."""
        if time.monotonic() - self._gone.get(identifier, -_REMEMBERED) < _REMEMBERED:
            return False
        await self.name_of(identifier)
        return identifier not in self._gone

    def forget(self) -> None:
        """Look everything up anew: something is not as it was remembered."""
        self._known = (0.0, None)
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

    def _note(self, name: str, term: Mapping[str, Any]) -> None:
        identifier = str(term["id"])
        self._names[identifier] = (time.monotonic(), name)
        if term.get("status") != _DISABLED:
            self._ids[name] = (time.monotonic(), identifier)

    @property
    def _subject(self) -> str:
        return f"glossary {self._section.glossary}"

    async def _open_glossary(self, term: str) -> str:
        """The id of the glossary, which is made where it is not there, to have a term made in it.

        Raises:
            TargetError: CONFLICT where it is another project's or disabled.
        """
        if await self._glossary() is None:
            await self.ensure()
        found = await self._glossary()
        assert found is not None
        if found.writable and found.enabled:
            return found.id
        if not found.writable:
            text = f"{self._subject} is of project {found.project} and has no term {term}; nothing is written into it."
            remedy = "Have the term made in that project, or name a glossary of ours in `datazone.glossary`."
        else:
            text = f"{self._subject} is disabled in DataZone, so the term {term} is not made."
            remedy = "Enable it there, or name another one in `datazone.glossary`."
        raise TargetError(TargetFault.CONFLICT, text, remedy=remedy)

    async def _glossary(self) -> _Found | None:
        at, found = self._known
        if found is None or time.monotonic() - at >= _REMEMBERED:
            found = await self._look_for_glossary()
        return found

    async def _look_for_glossary(self) -> _Found | None:
        name, renamed = self._section.glossary, None
        async for item in self._found("GLOSSARY", "glossaryItem", name, {}):
            mark = self._mark(item, "description")
            if item.get("name") != name and (mark is None or mark.name != name):
                continue
            project = str(item.get("owningProjectId", ""))
            writable = mark is not None or project == self._domain.project
            renamed = _Found(str(item["id"]), project, writable, enabled=item.get("status") != _DISABLED)
            if item.get("name") == name:
                break
        self._known = (time.monotonic(), renamed)
        return renamed

    async def _look_for_term(self, name: str) -> Mapping[str, Any] | None:
        """The term of that name in our glossary, else ours that somebody has renamed."""
        found = await self._glossary()
        if found is None:
            return None
        glossary, renamed = found.id, None
        only = {"filters": {"filter": {"attribute": "glossaryId", "value": glossary}}}
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
