"""All definitions of a space in one answer, and the document of one object cut out of it as it was served."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from spheresync.errors import SourceError, SourceFault
from spheresync.model import AssetKind, JsonValue, SpaceName
from spheresync.model.json_document import Path, SpelledJson
from spheresync.source.datasphere.csn.document import FLOW_ROOTS
from spheresync.source.datasphere.csn.elements import ref_of
from spheresync.source.datasphere.csn.labels import TEXT_KEY, Texts, key_of
from spheresync.source.datasphere.listing.pages import load_spelled_json
from spheresync.source.transport.http import Response

_DEFINITIONS, _BUSINESS, _TEXTS = "definitions", "businessLayerDefinitions", "i18n"
_OPENED = frozenset({_DEFINITIONS, _BUSINESS, *FLOW_ROOTS})
_DEEP = 16
_IN_EVERY_KEY_OF_A_TEXT = ">"  # see TEXT_KEY; JSON may spell it by an escape

Definitions = Mapping[str, JsonValue]


@dataclass(frozen=True)
class SpaceContent:
    """What one answer holds of a space: `roots` by name, which stand at `path` in `answer`.

    What is cut out is the text as served: it is compared with what was read before, byte by byte, and nothing that a
    parser forgets (the order of members, the spelling of a number) can be lost on the way.
    """

    answer: SpelledJson
    path: Path
    roots: Mapping[str, Definitions]

    def cut_out(self, name: str, kind: AssetKind) -> bytes | None:
        """A document of one object, with what its types and labels are resolved by.

        None where the content does not hold all of it, so that it is the same object whichever way it is read.
        """
        for root in FLOW_ROOTS:
            if isinstance(self._root(root).get(name), dict):
                return self._document({root: [name]})
        definitions = self._root(_DEFINITIONS)
        if not isinstance(definitions.get(name), dict):
            return None
        model = self._root(_BUSINESS).get(name)
        if kind is AssetKind.ANALYTIC_MODEL and model is None:
            return None
        needed = _with_what_it_needs(definitions, name)
        if needed is None:
            return None
        return self._document({_DEFINITIONS: needed, **({} if model is None else {_BUSINESS: [name]})})

    def _document(self, parts: Mapping[str, list[str]]) -> bytes | None:
        """A document of these members of these roots; None where a text that they name is not there."""
        blocks: list[str] = []
        for root, names in parts.items():
            members: list[str] = []
            for name in names:
                spelling = self.answer.spelling(*self.path, root, name)
                may_name_texts = _IN_EVERY_KEY_OF_A_TEXT in spelling or "\\" in spelling
                if may_name_texts and not self._has_texts(self.roots[root][name]):
                    return None
                members.append(f"{_spelled(name)}:{spelling}")
            blocks.append(f"{_spelled(root)}:{{{','.join(members)}}}")
        if _TEXTS in self.roots:
            blocks.append(f"{_spelled(_TEXTS)}:{self.answer.spelling(*self.path, _TEXTS)}")
        return f"{{{','.join(blocks)}}}".encode("utf-8", "surrogatepass")

    def _root(self, name: str) -> Definitions:
        return self.roots.get(name, {})

    @cached_property
    def _texts(self) -> Texts:
        return Texts(self.roots.get(_TEXTS))

    def _has_texts(self, node: JsonValue) -> bool:
        """Whether every key of a text that is named is there: a space's content may hold none at all."""
        todo = [node]
        while todo:
            each = todo.pop()
            if isinstance(each, dict):
                todo += each.values()
            elif isinstance(each, list):
                todo += each
            elif isinstance(each, str) and each.lstrip()[:1] == "{":
                key = TEXT_KEY.fullmatch(each.strip())
                if key is not None and not self._texts.has(key_of(key)):
                    return False
        return True


def read_content(response: Response, space: SpaceName) -> SpaceContent:
    """The content of a space. Some tenants put all roots under another `definitions`.

    Raises:
        SourceError: TRUNCATED, TOO_LARGE, or WRONG_SHAPE.
    """

    def opened(path: Path) -> bool:
        if path[:1] != (space,):
            return not path
        return len(path) == 1 or (path[-1] in _OPENED and path[1:-1] in {(), (_DEFINITIONS,)})

    answer = load_spelled_json(response, opened)
    document = answer.value
    part = document.get(space) if isinstance(document, dict) else None
    definitions = part.get(_DEFINITIONS) if isinstance(part, dict) else None
    if not isinstance(part, dict) or not isinstance(definitions, dict):
        raise SourceError(SourceFault.WRONG_SHAPE, f"{response.url}: it holds no definitions.", remedy="")
    deeper = isinstance(definitions.get(_DEFINITIONS), dict)
    path, root = ((space, _DEFINITIONS), definitions) if deeper else ((space,), part)
    named = (_DEFINITIONS, _BUSINESS, _TEXTS, *FLOW_ROOTS)
    return SpaceContent(answer, path, {name: block for name in named if isinstance(block := root.get(name), dict)})


_spelled = json.JSONEncoder(ensure_ascii=False).encode
"""A name as JSON spells it."""


def _with_what_it_needs(definitions: Definitions, name: str) -> list[str] | None:
    """A definition and those that it takes its types from, by name; None where one of them is not there."""
    found: dict[str, None] = {}
    todo = [(name, 0)]
    while todo:
        each, deep = todo.pop()
        node = definitions.get(each)
        if each in found:
            continue
        if not isinstance(node, dict) or deep > _DEEP:
            return None
        found[each] = None
        todo += [(needed, deep + 1) for needed in _needs(node)]
    return list(found)


def _needs(node: Definitions) -> Iterator[str]:
    """The types that a definition names, and where an element has no type of its own what it is selected from."""
    each_of = _elements(node)
    params = node.get("params")
    each_param = params.values() if isinstance(params, dict) else ()
    for each in (node, *_nested(each_of), *(each for each in each_param if isinstance(each, dict))):
        named = each.get("type")
        if isinstance(named, str):
            if not named.startswith("cds."):
                yield named
        elif isinstance(named, dict):
            path = named.get("ref")
            if isinstance(path, list) and path and isinstance(path[0], str):
                yield path[0]
    if any("type" not in each and "elements" not in each and "items" not in each for each in each_of):
        yield from _sources(node.get("query"), _DEEP)
        for each in each_of:
            if isinstance(target := each.get("target"), str):
                yield target


def _elements(node: Definitions) -> list[Definitions]:
    elements = node.get("elements")
    return [each for each in elements.values() if isinstance(each, dict)] if isinstance(elements, dict) else []


def _nested(elements: list[Definitions]) -> list[Definitions]:
    """Elements with those of structures and of lists that are in them."""
    found = list(elements)
    for each in found:  # which grows meanwhile
        if "elements" in each:
            found += _elements(each)
        if "items" in each and isinstance(items := each["items"], dict):
            found.append(items)
    return found


def _sources(node: JsonValue, deep: int) -> Iterator[str]:
    """The objects that a query selects from, at any depth."""
    if not deep:
        return
    if isinstance(node, list):
        for each in node:
            yield from _sources(each, deep - 1)
    elif isinstance(node, dict):
        if path := ref_of(node):
            yield path[0]
        if isinstance(target := node.get("target"), str):
            yield target
        for member in ("SELECT", "SET", "from", "args", "mixin"):
            inner = node.get(member)
            yield from _sources(
                list(inner.values()) if member == "mixin" and isinstance(inner, dict) else inner, deep - 1
            )
