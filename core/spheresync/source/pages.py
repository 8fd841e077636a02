"""One page of an OData collection, and what it says about those to come (OData JSON Format 4.0 and 4.01)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from spheresync.errors import SourceError, SourceFault
from spheresync.model import counted
from spheresync.source.http import Response
from spheresync.source.json_document import DocumentTooLargeError, read_json

MAX_ROWS = 50_000
"""Rows of a page; the documented page has 500 (reference: datasphere-api.md 2.4)."""
REMEDY = "Report it to SAP; until it is mended, nothing here counts as deleted."

_NEXT_LINK = ("@odata.nextLink", "@nextLink")
_COUNT = ("@odata.count", "@count")
_CONTEXT = ("@odata.context", "@context")
_STANDARD = frozenset({"value", *_NEXT_LINK, *_COUNT, *_CONTEXT})
_FOREIGN_COUNT = re.compile(r"@?(?:odata\.|__)?count", re.IGNORECASE)
_FOREIGN_ERROR = re.compile(r"@?(?:odata\.)?errors?", re.IGNORECASE)
#: Names of members that lead on or tell of more, in OData 2 and 3, HAL, JSON:API, and APIs of other makers.
_MORE = re.compile(
    r"next|skip_?token|continuation|has_?more|is_?truncated|more_?(?:rows|pages|results|items|data)|_*more",
    re.IGNORECASE,
)
_REL_NEXT = re.compile(r"""rel\s*=\s*(?:"[^"]*\bnext\b[^"]*"|next\b)""", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a collection as served.

    Attributes:
        next_link: where the next one is, as served; None on the last.
        context: the context URL as served, against which a relative `next_link` is resolved.
        count: how many rows the whole collection has, where the tenant says so.
        doubt: why this may not be the last page although it has no `next_link`; None where there is no reason.
    """

    rows: tuple[object, ...]
    next_link: str | None
    context: str | None
    count: int | None
    doubt: SourceError | None
    url: str


def decode_page(response: Response) -> Page:
    """One OData collection answer.

    Raises:
        SourceError: TRUNCATED (JSON that does not end), TOO_LARGE (too deep, too many rows), WRONG_SHAPE (not a
            collection, an error beside its rows, two members of one name).
    """
    url, document = response.url, _load(response)
    if not isinstance(document, dict) or not isinstance(document.get("value"), list):
        raise _wrong(f"{url}: the answer holds no list of values.")
    if any(_FOREIGN_ERROR.fullmatch(name) and value is not None for name, value in document.items()):
        raise _wrong(f"{url}: the answer holds an error beside its values.")
    if response.headers.get("odata-error"):
        raise _wrong(f"{url}: the answer ends with an error in its headers.")
    rows: list[object] = document["value"]
    if len(rows) > MAX_ROWS:
        raise _too_large(
            f"{url}: the page holds {counted(len(rows), 'row')}, more than the {MAX_ROWS} that are read at once."
        )
    link, context = _one_text(document, _NEXT_LINK, url), _one_text(document, _CONTEXT, url)
    count = _count(document, url)
    doubt = None if link else _doubt(document, response)
    return Page(tuple(rows), link, context, count, doubt, url)


def _load(response: Response) -> object:
    try:
        return read_json(response.body)
    except json.JSONDecodeError as error:
        raise SourceError(
            SourceFault.TRUNCATED,
            f"{response.url}: the JSON does not parse to its end ({error.msg} at {error.pos}).",
            remedy="Try again.",
        ) from error
    except UnicodeDecodeError as error:
        cut = error.end >= len(response.body)
        raise SourceError(
            SourceFault.TRUNCATED if cut else SourceFault.WRONG_SHAPE,
            f"{response.url}: the JSON is not valid UTF-8 at byte {error.start}.",
            remedy=REMEDY,
        ) from error
    except DocumentTooLargeError as error:
        raise _too_large(f"{response.url}: the answer is no page of a listing: {error}.") from error
    except RecursionError as error:
        raise _too_large(f"{response.url}: the JSON is nested too deep.") from error
    except ValueError as error:
        raise _wrong(f"{response.url}: the JSON holds an unusable value ({str(error)[:100]}).") from error


def _one_text(document: Mapping[str, object], names: tuple[str, str], url: str) -> str | None:
    """A control member by either of its spellings; empty is absent."""
    found = {name: document[name] for name in names if document.get(name) not in (None, "")}
    texts = [value for value in found.values() if isinstance(value, str)]
    if len(texts) != len(found):
        raise _wrong(f"{url}: {' or '.join(found)} is no text.")
    if len(set(texts)) > 1:
        raise _wrong(f"{url}: {' and '.join(found)} say different things.")
    return texts[0] if texts else None


def _count(document: Mapping[str, object], url: str) -> int | None:
    """How many rows there are in all: a number, or one in quotes as `IEEE754Compatible=true` spells Int64."""
    found: set[int] = set()
    for name, value in document.items():
        if not _FOREIGN_COUNT.fullmatch(name) or value is None or isinstance(value, bool):
            continue
        text = value if isinstance(value, str) else f"{value:.0f}" if _is_whole(value) else ""
        if not _NUMBER.fullmatch(text):
            raise _wrong(f"{url}: {name} is no number of rows.")
        found.add(int(text))
    if len(found) > 1:
        raise _wrong(f"{url}: the answer holds two different numbers of rows.")
    return found.pop() if found else None


def _is_whole(value: object) -> bool:
    return isinstance(value, int) or (isinstance(value, float) and value.is_integer())


def _doubt(document: Mapping[str, object], response: Response) -> SourceError | None:
    for path, name, value in _members(document):
        leads_on = _MORE.search(name) and value not in (None, "", False, 0, [], {})
        if leads_on or (name.lower() == "rel" and value == "next"):
            return _wrong(
                f"{response.url}: the answer seems to go on by {path[:80]!r}, which is no next link of OData 4, so it "
                f"was not followed."
            )
    if _REL_NEXT.search(response.headers.get("link", "")):
        return _wrong(f"{response.url}: the answer seems to go on by a Link header, which was not followed.")
    return None


def _members(document: Mapping[str, object]) -> Iterator[tuple[str, str, object]]:
    """Path, name and value of every member beside the rows and the standard control members, at any depth."""
    left: list[tuple[str, object]] = [(name, value) for name, value in document.items() if name not in _STANDARD]
    yield from ((name, name, value) for name, value in left)
    while left:
        path, container = left.pop()
        if isinstance(container, dict):
            for name, value in container.items():
                yield f"{path}.{name}", name, value
                left.append((f"{path}.{name}", value))
        elif isinstance(container, list):
            left.extend((path, value) for value in container)


def _wrong(message: str) -> SourceError:
    return SourceError(SourceFault.WRONG_SHAPE, message, remedy=REMEDY)


def _too_large(message: str) -> SourceError:
    return SourceError(SourceFault.TOO_LARGE, message, remedy=REMEDY)
