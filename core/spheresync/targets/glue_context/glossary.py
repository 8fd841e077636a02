"""The glossary and its terms in Glue's business context: found before they are made, and only what is ours is changed.

Terms are listed once for all, since no operation finds one by its name.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import anyio

from spheresync.config import DriftPolicies, DriftPolicy
from spheresync.config.glue_context import GlueContext
from spheresync.model import PhysicalName
from spheresync.targets.annotations.terms import (
    Mark,
    TermTexts,
    glossary_text,
    mark_in,
    term_texts,
    with_wider,
)
from spheresync.targets.aws.error_codes import Recovery
from spheresync.targets.aws.errors import ALREADY_EXISTS, AwsError
from spheresync.targets.glue_context.service import BusinessContext, id_in
from spheresync.targets.protocol import ContainerOutcome

_REMEMBERED = 300.0
"""Seconds for which terms that were listed are not listed again."""


class Glossary:
    """The glossary of a catalog by its name, and its terms by name and by id."""

    def __init__(self, context: BusinessContext, section: GlueContext, owner: str, drift: DriftPolicies) -> None:
        self._context = context
        self._section = section
        self._owner = owner
        self._drift = drift
        self._id: str | None = None
        self._ids: dict[str, str] = {}
        self._unknown: set[str] = set()
        self._elsewhere: dict[str, bool] = {}
        self._listed: float | None = None
        self._listing = anyio.Lock()
        self._making = anyio.Lock()

    async def ensure(self) -> ContainerOutcome:
        """Have the glossary."""
        name = self._section.glossary
        what = PhysicalName(f"glossary {name}")
        if await self._look_for_glossary() is not None:
            return ContainerOutcome(what, created=False, ours=False)
        about = glossary_text(name, self._owner)
        try:
            reply = await self._context.make(
                "CreateGlossary", {"Name": name, "Description": about, **_once()}, subject=what
            )
        except AwsError as error:
            if error.code != ALREADY_EXISTS or await self._look_for_glossary() is None:
                raise
            return ContainerOutcome(what, created=False, ours=False)
        self._id = id_in(reply, what)
        return ContainerOutcome(what, created=True, ours=True, request_id=reply.request_id)

    async def ensure_term(self, name: str) -> ContainerOutcome:
        """Have a term as it is defined; one that others made, or whose text they edited, is used as it is.

        Raises:
            TargetError: INVALID where Glue would not take it; or what the service answered.
        """
        texts = term_texts(name, self._section.terms, self._owner, service="Glue", related=False)
        what = PhysicalName(f"term {name}")
        there = await self._term(name)
        if there is None:
            try:
                return await self._create_term(name, texts)
            except AwsError as error:
                self.forget()
                there = await self._term(name) if error.code == ALREADY_EXISTS else None
                if there is None:
                    raise
        if not self._is_to_change(there, texts):
            return ContainerOutcome(what, created=False, ours=self._mark(there) is not None)
        asked = {"Identifier": there["Id"], "ShortDescription": texts.short, "LongDescription": texts.long}
        reply = await self._context.write("UpdateGlossaryTerm", asked, subject=f"glossary {what}")
        added = frozenset({"definition"})
        return ContainerOutcome(what, created=False, ours=True, request_id=reply.request_id, added=added)

    async def _create_term(self, name: str, texts: TermTexts) -> ContainerOutcome:
        if await self._known_glossary() is None:
            await self.ensure()
        asked = {
            "GlossaryIdentifier": self._id,
            "Name": name,
            "ShortDescription": texts.short,
            "LongDescription": texts.long,
            **_once(),
        }
        reply = await self._context.write("CreateGlossaryTerm", asked, subject=f"glossary term {name}")
        self._ids[name] = id_in(reply, f"glossary term {name}")
        return ContainerOutcome(PhysicalName(f"term {name}"), created=True, ours=True, request_id=reply.request_id)

    async def id_of(self, name: str) -> str:
        """The id of a term; one that is gone is made again after the wider ones, once for all that look for it."""
        async with self._making:
            if (known := await self._look_for_term(name)) is not None:
                return known
            for each in reversed([*with_wider(name, self._section.terms)]):
                if await self._look_for_term(each) is None:
                    await self.ensure_term(each)
            return self._ids[name]

    async def names(self) -> Mapping[str, str]:
        """The names of all terms of the glossary, by id: of ours those by which we know them, once that was asked."""
        return {identifier: name for name, identifier in (await self._terms()).items()}

    async def is_there(self, identifier: str) -> bool:
        """Whether there is a term of that id, in whichever glossary."""
        if identifier not in self._elsewhere:
            self._elsewhere[identifier] = await self._read(identifier) is not None
        return self._elsewhere[identifier]

    def forget(self) -> None:
        """Look everything up anew: something is not as it was remembered."""
        self._id = self._listed = None

    def _is_to_change(self, there: Mapping[str, Any], texts: TermTexts) -> bool:
        """Whether a term of ours is not as it should be, and nobody has edited what we wrote there."""
        now = TermTexts(str(there.get("ShortDescription", "")), str(there.get("LongDescription", "")))
        mark = self._mark(there)
        if mark is None or now == texts:
            return False
        return mark.fits(now.short) or self._drift.description is DriftPolicy.OVERWRITE

    def _mark(self, term: Mapping[str, Any]) -> Mark | None:
        return mark_in(str(term.get("LongDescription", "")), self._owner)

    async def _term(self, name: str) -> Mapping[str, Any] | None:
        """A term of that name, or ours that somebody has renamed, with all that it says."""
        identifier = await self._look_for_term(name)
        return None if identifier is None else await self._read(identifier)

    async def _look_for_term(self, name: str) -> str | None:
        ids = await self._terms()
        if name not in ids and self._unknown:
            await self._look_into_unknown()
        return ids.get(name)

    async def _look_into_unknown(self) -> None:
        """Find by their marks which of our terms the listed ones are whose names we do not know: no list has marks."""
        async with self._listing:
            for identifier in sorted(self._unknown):
                term = await self._read(identifier)
                self._unknown.discard(identifier)
                mark = None if term is None else self._mark(term)
                if mark is not None:
                    self._ids.setdefault(mark.name, identifier)

    async def _read(self, identifier: str) -> Mapping[str, Any] | None:
        """All that a term says; None where it is not there."""
        try:
            reply = await self._context.read("GetGlossaryTerm", {"Identifier": identifier}, subject="glossary term")
        except AwsError as error:
            if error.recovery is not Recovery.ABSENT:
                raise
            return None
        return reply.body

    async def _terms(self) -> Mapping[str, str]:
        """Ids by name; listed where that was long ago."""
        async with self._listing:
            if self._listed is not None and time.monotonic() - self._listed < _REMEMBERED:
                return self._ids
            glossary = await self._known_glossary()
            found: dict[str, str] = {}
            if glossary is not None:
                asked, subject = {"GlossaryIdentifier": glossary}, f"glossary {self._section.glossary}"
                async for item in self._context.items("ListGlossaryTerms", asked, subject=subject):
                    found.setdefault(str(item["Name"]), str(item["Id"]))
            self._ids, self._listed = found, time.monotonic()
            self._unknown = {each for name, each in found.items() if name not in self._section.terms}
            self._elsewhere.clear()
            return found

    async def _known_glossary(self) -> str | None:
        return self._id if self._id is not None else await self._look_for_glossary()

    async def _look_for_glossary(self) -> str | None:
        name, renamed = self._section.glossary, None
        self._id = None
        async for item in self._context.items("ListGlossaries", {}, subject=f"glossary {name}"):
            if item.get("Name") == name:
                self._id = str(item["Id"])
                return self._id
            mark = mark_in(str(item.get("Description", "")), self._owner)
            renamed = str(item["Id"]) if mark is not None and mark.name == name else renamed
        self._id = renamed
        return renamed


def _once() -> dict[str, str]:
    """The token by which a call that is sent again makes nothing twice."""
    return {"ClientToken": uuid4().hex}
