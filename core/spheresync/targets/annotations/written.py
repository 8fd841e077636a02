"""What our form keeps of what else of an asset is ours, as a text that anybody may have edited since. Pure.

It has ids of terms besides their names: somebody may have renamed one, and one of another glossary is another term.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeGuard

from spheresync.model import JsonValue, canonical_json
from spheresync.model.json_document import read_json
from spheresync.targets.annotations.content import FORM, Content, term_of

WRITTEN: Final = "written"
"""The member of our form that has this text."""


class PlacedTerm(NamedTuple):
    """A term that stands at a path, by its glossary and its id."""

    path: str
    glossary: str
    id: str


@dataclass(frozen=True, slots=True)
class Written:
    """`ours`, `found` and `ids` as of `Content`, without the members of our form and what others had there before.

    `lost`: the text is not there or cannot be read, and says no more what is ours.
    """

    ours: Mapping[str, str] = field(default_factory=dict)
    found: frozenset[str] = frozenset()
    ids: Mapping[str, str] = field(default_factory=dict)
    lost: bool = False

    @classmethod
    def read(cls, text: object) -> Written:
        try:
            held = read_json(text) if isinstance(text, str) else None
        except ValueError:
            held = None
        if not isinstance(held, dict):
            return cls(lost=True)
        ours, found, ids = held.get("ours"), held.get("found", []), held.get("ids", {})
        if not (_are_texts(ours) and _are_texts(ids) and isinstance(found, list)):
            return cls(lost=True)
        paths = frozenset(str(each) for each in found)
        return cls({path: value for path, value in ours.items() if not path.startswith(FORM)}, paths, ids)

    @classmethod
    def of(cls, content: Content) -> Written:
        """What is to be kept of a content."""
        ours = {path: value for path, value in content.ours.items() if not path.startswith(FORM)}
        ids = {path: each for path, each in content.ids.items() if path in ours and path not in content.found}
        return cls(ours, content.found, ids)

    @property
    def text(self) -> str:
        found: list[JsonValue] = [*sorted(self.found)]
        more: dict[str, JsonValue] = {"found": found} if found else {}
        more |= {"ids": dict(self.ids)} if self.ids else {}
        return canonical_json({"ours": dict(self.ours), **more}).decode()

    @property
    def terms(self) -> Mapping[str, str]:
        """The names by which we know terms that we put there, by id."""
        return {each: term for path, each in self.ids.items() if (term := term_of(path)) is not None}

    def placed(
        self, prefix: str, there: Iterable[object], names: Mapping[str, str], glossary: str
    ) -> Iterator[PlacedTerm]:
        """The terms of one place: first as this text knows them, then the others that have a name.

        Args:
            prefix: of the paths of the place.
            there: the ids that stand there.
            names: of terms that exist, by id.
            glossary: ours, in which all are whose glossary this text does not name.
        """
        held = [str(each) for each in there if str(each) in names]
        known = {path: each for path, each in self.ids.items() if path.startswith(prefix) and each in held}
        for path, each in known.items():
            yield PlacedTerm(path, self.ours.get(path, glossary), each)
        placed = {*known.values()}
        paths = {*known}
        for each in held:
            path = f"{prefix}{names[each]}"
            if each not in placed and path not in paths:
                paths.add(path)
                yield PlacedTerm(path, glossary, each)


def _are_texts(held: object) -> TypeGuard[dict[str, str]]:
    return isinstance(held, dict) and all(isinstance(value, str) for value in held.values())
