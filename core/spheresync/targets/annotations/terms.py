"""Glossary terms as catalogs get them: which are needed, what they say, and whose text that is. Pure.

No catalog keeps with a term by whom it was made, so a line at the end of one of ours names this installation and the
term, and carries a digest of the rest: a text that somebody edited is known by that, and stays, and a term that
somebody renamed is found again.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from spheresync.config.context import ContextTerm
from spheresync.config.glossary import LONGEST_NAME, GlossarySection
from spheresync.errors import TargetError, TargetFault
from spheresync.model import DesiredObject, JsonValue, PhysicalName, canonical_json, digest_json, digest_of
from spheresync.targets.design_values import RequiredObject

MOST_SHORT, MOST_LONG = 1_024, 4_096
"""Characters of the two descriptions of a term (reference: aws-catalogs.md 4; Glue's API model says the same)."""
_MARK = re.compile(r"Kept by (?P<owner>.+?) as (?P<name>.+) \((?P<digest>[0-9a-f]{8})(?:, below (?P<above>\S+))?\)\.")


@dataclass(frozen=True, slots=True)
class TermTexts:
    """The two descriptions of a term."""

    short: str
    long: str


@dataclass(frozen=True, slots=True)
class Mark:
    """The line by which a text of ours is known, and `text`, which is the rest of it.

    `name`: by which we know what it is about, whatever somebody calls it now. `above`: the id of the wider term.
    """

    name: str
    above: str
    digest: str
    text: str

    def fits(self, short: str) -> bool:
        """Whether nobody has edited the text, nor the short one beside it."""
        return self.digest == _digest(short, self.text)


def term_texts(
    name: str,
    terms: Mapping[str, ContextTerm],
    owner: str,
    *,
    service: str,
    above: str = "",
    related: bool = True,
) -> TermTexts:
    """What a term of ours says.

    Args:
        name: of the term.
        terms: those that context files define.
        owner: the marker of this installation.
        service: as people call it.
        above: the id of the wider term, where the service relates terms.
        related: it does; else the text names the wider term, and there is always a short one.

    Raises:
        TargetError: INVALID where no catalog would take it, and what to do.
    """
    if len(name) > LONGEST_NAME:
        raise _too_long(name, "name", len(name), LONGEST_NAME, service)
    said = term_body(name, terms)
    definition = str(said.get("definition", ""))
    synonyms = ", ".join(cast("Sequence[str]", said.get("synonyms", ())))
    broader = "" if related else str(said.get("broader", ""))
    lines = (definition, synonyms and f"Synonyms: {synonyms}", broader and f"Broader term: {broader}")
    text = "\n".join(each for each in lines if each)
    short = definition[:MOST_SHORT] or ("" if related else name)
    mark = _mark(name, owner, short, text, above)
    long = f"{text}\n\n{mark}" if text else mark
    if len(long) > MOST_LONG:
        raise _too_long(name, "definition with its synonyms", len(text), MOST_LONG - len(mark) - 2, service)
    return TermTexts(short, long)


def glossary_text(name: str, owner: str) -> str:
    """The description of a glossary of ours."""
    text = "Terms of assets of SAP Datasphere."
    return f"{text}\n\n{_mark(name, owner, '', text)}"


def mark_in(text: str, owner: str) -> Mark | None:
    """The mark of this installation in a description; None where others made what is described."""
    lines = text.split("\n")
    for at in range(len(lines) - 1, -1, -1):
        found = _MARK.fullmatch(lines[at].strip())
        if found is not None and found["owner"] == owner:
            rest = "\n".join([*lines[:at], *lines[at + 1 :]])
            return Mark(found["name"], found["above"] or "", found["digest"], rest.rstrip("\n"))
    return None


def required_terms(
    section: GlossarySection,
    used: Collection[str],
    *,
    create_glossary: str,
    create_term: str,
    of: Mapping[str, JsonValue] | None = None,
) -> tuple[RequiredObject, ...]:
    """In waves: the glossary, and terms after the wider ones above them; nothing where no term is used.

    A term of another glossary is another term, and so is all of another place, which `of` says.
    """
    waves = {name: 1 + depth for name, depth in _depths(used, section.terms).items()}
    if not waves:
        return ()
    here = of or {}
    glossary = required(0, create_glossary, f"glossary {section.glossary}", {"name": section.glossary, **here})
    within: Mapping[str, JsonValue] = {"glossary": section.glossary, **here}
    terms = [
        required(wave, create_term, f"term {name}", {**term_body(name, section.terms), **within})
        for name, wave in sorted(waves.items())
    ]
    return (glossary, *terms)


def required(wave: int, operation: str, what: str, body: Mapping[str, JsonValue]) -> RequiredObject:
    """That something exists as `body` says; its digest is the part of it that must be there."""
    spelled = canonical_json({"operation": operation, **body})
    digest = digest_of(spelled)
    desired = DesiredObject(PhysicalName(what), PhysicalName(str(body["name"])), spelled, digest)
    return RequiredObject(
        wave,
        operation,
        desired,
        parts=frozenset({digest}),
        lacks="it is to be as it is defined now; what others wrote of it stays",
    )


def term_body(name: str, terms: Mapping[str, ContextTerm]) -> dict[str, JsonValue]:
    """What a term should be; one that no context file defines has a name only."""
    term = terms.get(name)
    if term is None:
        return {"name": name}
    said: dict[str, JsonValue] = {"definition": term.definition, "synonyms": [*term.synonyms]}
    if term.broader is not None and term.broader != name:
        said["broader"] = term.broader
    return {"name": name, **{key: value for key, value in said.items() if value}}


def _mark(name: str, owner: str, short: str, text: str, above: str = "") -> str:
    below = f", below {above}" if above else ""
    return f"Kept by {owner} as {name} ({_digest(short, text)}{below})."


def _digest(short: str, text: str) -> str:
    return digest_json([short, text.rstrip("\n")])[-8:]


def _depths(used: Iterable[str], terms: Mapping[str, ContextTerm]) -> dict[str, int]:
    """How many wider terms stand above each term that is needed, they themselves included; circles are cut."""
    found: dict[str, int] = {}
    for name in sorted(used):
        chain = list(with_wider(name, terms))
        for depth, each in enumerate(reversed(chain)):
            found[each] = max(depth, found.get(each, 0))
    return found


def with_wider(name: str, terms: Mapping[str, ContextTerm]) -> Iterator[str]:
    """A term and the wider ones above it."""
    seen: set[str] = set()
    at: str | None = name
    while at is not None and at not in seen:
        seen.add(at)
        yield at
        at = terms[at].broader if at in terms else None


def _too_long(name: str, what: str, length: int, most: int, service: str) -> TargetError:
    text = f"term {name[:80]}: its {what} has {length} characters, and {service} takes {most}."
    return TargetError(TargetFault.INVALID, text, remedy="Shorten it in the context file.")
