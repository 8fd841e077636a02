"""What must exist in DataZone before an asset is written: the glossary, terms, our form type and asset type. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from spheresync.config.context import ContextTerm
from spheresync.config.datazone import DataZone
from spheresync.model import DesiredObject, JsonValue, PhysicalName, canonical_json, digest_of
from spheresync.targets.design import RequiredObject

CREATE_GLOSSARY: Final = "datazone:CreateGlossary"
CREATE_TERM: Final = "datazone:CreateGlossaryTerm"
CREATE_FORM_TYPE: Final = "datazone:CreateFormType"
CREATE_ASSET_TYPE: Final = "datazone:CreateAssetType"
FORM_TYPE: Final = "SpheresyncForm"
"""The type of our form, and the name under which assets carry it."""
ASSET_TYPE: Final = "SpheresyncTable"
"""The type of assets that we make ourselves."""
FORM_MEMBERS: Final = (
    "managedBy",
    "source",
    "kind",
    "label",
    "table",
    "status",
    "retiredAt",
    "owner",
    "steward",
    "domain",
    "certification",
    "sensitivity",
    "retention",
    "tags",
    "columns",
    "digest",
    "written",
)


def smithy() -> str:
    """The model of our form type."""
    required = {"managedBy", "source"}
    members = " ".join(f"{'@required ' if name in required else ''}{name}: String" for name in FORM_MEMBERS)
    return f"structure {FORM_TYPE} {{ {members} }}"


def required_objects(section: DataZone, used: Collection[str]) -> tuple[RequiredObject, ...]:
    """In waves: the glossary, terms after the wider ones above them, and the types."""
    glossary = _required(0, CREATE_GLOSSARY, f"glossary {section.glossary}", {"name": section.glossary})
    waves = {name: 1 + depth for name, depth in _depths(used, section.terms).items()}
    last = max(waves.values(), default=0)
    return (
        *([glossary] if waves else []),
        *(_term(name, section, wave) for name, wave in sorted(waves.items())),
        _required(last + 1, CREATE_FORM_TYPE, f"form type {FORM_TYPE}", {"name": FORM_TYPE, "smithy": smithy()}),
        _required(last + 2, CREATE_ASSET_TYPE, f"asset type {ASSET_TYPE}", {"name": ASSET_TYPE}),
    )


def _term(name: str, section: DataZone, wave: int) -> RequiredObject:
    return _required(wave, CREATE_TERM, f"term {name}", term_body(name, section.terms))


def term_body(name: str, terms: Mapping[str, ContextTerm]) -> dict[str, JsonValue]:
    """What a term should be; one that no context file defines has a name only."""
    term = terms.get(name)
    if term is None:
        return {"name": name}
    said: dict[str, JsonValue] = {"definition": term.definition, "synonyms": [*term.synonyms]}
    if term.broader is not None and term.broader != name:
        said["broader"] = term.broader
    return {"name": name, **{key: value for key, value in said.items() if value}}


def _required(wave: int, operation: str, what: str, body: Mapping[str, JsonValue]) -> RequiredObject:
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


def _depths(used: Iterable[str], terms: Mapping[str, ContextTerm]) -> dict[str, int]:
    """How many wider terms stand above each term that is needed, they themselves included; circles are cut."""
    found: dict[str, int] = {}
    for name in sorted(used):
        chain = list(_above(name, terms))
        for depth, each in enumerate(reversed(chain)):
            found[each] = max(depth, found.get(each, 0))
    return found


def _above(name: str, terms: Mapping[str, ContextTerm]) -> Iterator[str]:
    """A term and the wider ones above it."""
    seen: set[str] = set()
    at: str | None = name
    while at is not None and at not in seen:
        seen.add(at)
        yield at
        at = terms[at].broader if at in terms else None
