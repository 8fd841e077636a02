"""The CSN of objects: all of a space in one answer where the tenant offers it, else one by one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

import anyio

from spheresync.errors import SourceError, SourceFault
from spheresync.model import AssetEntry, AssetId, AssetKind, JsonValue, SpaceName
from spheresync.source.datasphere.csn.document import FLOW_ROOTS
from spheresync.source.datasphere.csn.elements import ref_of
from spheresync.source.datasphere.csn.labels import TEXT_KEY, Texts, key_of
from spheresync.source.datasphere.listing.pages import load_json
from spheresync.source.datasphere.objects.object_list import remedy_of
from spheresync.source.datasphere.objects.object_types import BASE, SIBLINGS, object_path
from spheresync.source.transport.http import JSON, Response, TenantHttp

RUN_TIME = "application/vnd.sap.datasphere.object.content.run-time+json"
"""What is deployed; the design-time form may hold edits that are not (reference: datasphere-api.md 4.2)."""
WORTH_A_WHOLE_SPACE = 5
"""Definitions of one space from which on all of it is asked for at once."""
_DEEP = 16

Definitions = Mapping[str, JsonValue]


@dataclass(slots=True)
class _Space:
    """A space of which definitions are being asked for. `content` is None where it is not offered, or not whole."""

    left: int
    lock: anyio.Lock
    asked: bool = False
    content: Mapping[str, Definitions] | None = None


class ObjectDefinitions:
    """Reads the CSN of objects; holds the content of a space while its objects are being read, and no longer."""

    def __init__(self, http: TenantHttp) -> None:
        self._http = http
        self._spaces: dict[SpaceName, _Space] = {}
        self._offers_content = True
        self.saved = 0
        """Requests that were not sent, because the content of a space had the definition."""

    def expect(self, entries: Collection[AssetEntry]) -> None:
        """Tell which definitions will be asked for, each once: of many of a space its content is asked for at once."""
        wanted = Counter(entry.id.space for entry in entries)
        self._spaces = {
            space: _Space(number, anyio.Lock()) for space, number in wanted.items() if number >= WORTH_A_WHOLE_SPACE
        }

    async def read(self, entry: AssetEntry) -> bytes | None:
        """The CSN of an object; None where the tenant has none of an asset that the catalog lists.

        Raises:
            SourceError: it could not be read; the message names the asset.
        """
        content = await self._content_of(entry.id.space)
        if content is not None and (body := _cut_out(content, str(entry.id.name), entry.kind)) is not None:
            self.saved += 1
            return body
        missing: SourceError | None = None
        for path in _paths(entry):
            try:
                return await self._http.read(path, accept=RUN_TIME, decode=lambda response: _whole(response).body)
            except SourceError as error:
                if not error.absent:
                    raise _named(entry.id, error) from error
                missing = missing or error
        if entry.object_type is not None and missing is not None:
            raise _named(entry.id, missing) from missing
        return None

    async def is_served(self, entry: AssetEntry) -> bool:
        """Whether the tenant still has an object; False where it says itself that it has none of that name.

        Raises:
            SourceError: it says neither.
        """
        for path in _paths(entry):
            try:
                await self._http.get(path, accept=RUN_TIME)
            except SourceError as error:
                if not error.absent:
                    raise _named(entry.id, error) from error
            else:
                return True
        return False

    async def _content_of(self, name: SpaceName) -> Mapping[str, Definitions] | None:
        """The content of a space that is worth it. A failure says nothing: its objects are then read one by one."""
        space = self._spaces.get(name)
        if space is None:
            return None
        space.left -= 1
        if space.left <= 0:
            self._spaces.pop(name, None)
        async with space.lock:
            if not space.asked and self._offers_content:
                space.content = await self._ask(name)
            space.asked = True
        return space.content

    async def _ask(self, space: SpaceName) -> Mapping[str, Definitions] | None:
        path = f"{BASE}/content?space={quote(space, safe='')}&definitions=true"
        try:
            found = await self._http.read(path, accept=JSON, decode=lambda response: _content(response, space))
        except SourceError as error:
            unknown = error.status in {400, 404, 405} or error.fault is SourceFault.HTML_INSTEAD
            self._offers_content = self._offers_content and not unknown
            return None
        self.saved -= 1
        return found


def _paths(entry: AssetEntry) -> Iterator[str]:
    """Where an object is read: under its type, then under the one that it may be of instead."""
    for kind in (entry.kind, SIBLINGS.get(entry.kind)):
        if kind is not None:
            try:
                yield object_path(entry.id, kind)
            except SourceError as error:
                raise _named(entry.id, error) from error


def _named(asset: AssetId, error: SourceError) -> SourceError:
    return SourceError(
        error.fault, f"{asset}: csn: {error.message}", remedy=remedy_of(error), status=error.status, absent=error.absent
    )


def _whole(response: Response) -> Response:
    """The answer, once it is known to end: a body that is cut is asked for again.

    Raises:
        SourceError: TRUNCATED.
    """
    if not response.body.rstrip().endswith(b"}"):
        raise SourceError(SourceFault.TRUNCATED, f"{response.url}: the JSON does not end.", remedy="Try again.")
    return response


def _content(response: Response, space: SpaceName) -> Mapping[str, Definitions]:
    """The parts of a space's content by their roots.

    Raises:
        SourceError: TRUNCATED, TOO_LARGE, or WRONG_SHAPE.
    """
    document = load_json(_whole(response))
    part = document.get(space) if isinstance(document, dict) else None
    definitions = part.get("definitions") if isinstance(part, dict) else None
    if not isinstance(part, dict) or not isinstance(definitions, dict):
        raise SourceError(SourceFault.WRONG_SHAPE, f"{response.url}: it holds no definitions.", remedy="")
    root = definitions if isinstance(definitions.get("definitions"), dict) else part
    roots = ("definitions", "businessLayerDefinitions", "i18n", *FLOW_ROOTS)
    return {name: block for name in roots if isinstance(block := root.get(name), dict)}


def _cut_out(content: Mapping[str, Definitions], name: str, kind: AssetKind) -> bytes | None:
    """A document of one object, with what its types and labels are resolved by.

    None where the content does not hold all of it, so that it is the same object whichever way it is read.
    """
    texts = {"i18n": content["i18n"]} if "i18n" in content else {}
    for root in FLOW_ROOTS:
        if isinstance(content.get(root, {}).get(name), dict):
            flow: dict[str, object] = {root: {name: content[root][name]}}
            return _dumped({**flow, **texts}) if _has_texts(flow, texts) else None
    definitions = content.get("definitions", {})
    if not isinstance(definitions.get(name), dict):
        return None
    model = content.get("businessLayerDefinitions", {}).get(name)
    if kind is AssetKind.ANALYTIC_MODEL and model is None:
        return None
    needed = _with_what_it_needs(definitions, name)
    if needed is None:
        return None
    document: dict[str, object] = {"definitions": needed}
    if model is not None:
        document["businessLayerDefinitions"] = {name: model}
    return _dumped({**document, **texts}) if _has_texts(document, texts) else None


def _has_texts(document: object, texts: Mapping[str, Definitions]) -> bool:
    """Whether every key of a text that the document names is there: a space's content may hold none at all."""
    known: Texts | None = None
    todo = [document]
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            todo += node.values()
        elif isinstance(node, list):
            todo += node
        elif isinstance(node, str) and node.lstrip()[:1] == "{" and (key := TEXT_KEY.fullmatch(node.strip())):
            known = known or Texts(texts.get("i18n"))
            if not known.has(key_of(key)):
                return False
    return True


def _dumped(document: object) -> bytes:
    """JSON in the order in which it was served: that of elements is that of columns."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _with_what_it_needs(definitions: Definitions, name: str) -> dict[str, JsonValue] | None:
    """The definitions that one takes its types from; None where one of them is not there."""
    found: dict[str, JsonValue] = {}
    todo = [(name, 0)]
    while todo:
        each, deep = todo.pop()
        node = definitions.get(each)
        if each in found:
            continue
        if not isinstance(node, dict) or deep > _DEEP:
            return None
        found[each] = node
        todo += [(needed, deep + 1) for needed in _needs(node)]
    return found


def _needs(node: Definitions) -> Iterator[str]:
    """The types that a definition names, and where an element has no type of its own what it is selected from."""
    each_of = _elements(node)
    params = node.get("params")
    each_param = params.values() if isinstance(params, dict) else ()
    typed = (*_nested(each_of), *(each for each in each_param if isinstance(each, dict)))
    for each in (node, *typed):
        named = each.get("type")
        if isinstance(named, str) and not named.startswith("cds."):
            yield named
        elif (
            isinstance(named, dict) and isinstance(path := named.get("ref"), list) and path and isinstance(path[0], str)
        ):
            yield path[0]
    if any("type" not in each and "elements" not in each and "items" not in each for each in each_of):
        yield from _sources(node.get("query"), _DEEP)
        for each in each_of:
            if isinstance(target := each.get("target"), str):
                yield target


def _elements(node: Definitions) -> list[Definitions]:
    elements = node.get("elements")
    return [each for each in elements.values() if isinstance(each, dict)] if isinstance(elements, dict) else []


def _nested(elements: list[Definitions]) -> Iterator[Definitions]:
    """Elements with those of structures and of lists that are in them."""
    todo = list(elements)
    while todo:
        each = todo.pop()
        yield each
        todo += _elements(each)
        if isinstance(items := each.get("items"), dict):
            todo.append(items)


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
