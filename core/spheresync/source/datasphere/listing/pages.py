"""One page of an OData collection, and what it says about those to come (OData JSON Format 4.0 and 4.01)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import unquote

from spheresync.errors import SourceError, SourceFault
from spheresync.model import counted
from spheresync.model.json_document import (
    DocumentTooLargeError,
    NestedTooDeepError,
    Path,
    SpelledJson,
    read_json,
    read_spelled_json,
)
from spheresync.source.transport.http import Response

MAX_ROWS = 50_000
"""Rows of a page; the documented page has 500 (reference: datasphere-api.md 2.4)."""
REMEDY = "Report it to SAP; until it is mended, nothing here counts as deleted."

_NEXT_LINK = ("@odata.nextLink", "@nextLink")
_COUNT = ("@odata.count", "@count")
_CONTEXT = ("@odata.context", "@context")
_STANDARD = frozenset({"value", *_NEXT_LINK, *_COUNT, *_CONTEXT})
#: Control members of OData 4 that say nothing of how much of the collection is here; names without `@` and `odata.`.
_HARMLESS = frozenset({"metadataetag", "etag", "type", "id", "editlink", "readlink"})
#: The total of a collection, as OData 2 to 4 and APIs of other makers spell it.
_FOREIGN_COUNT = re.compile(
    r"@?(?:odata\.|__|\$)?(?:(?:inline|total|row)?_?counts?|totals?(?:_?(?:rows|items|results|elements|records|size))?)",
    re.IGNORECASE,
)
_FOREIGN_ERROR = re.compile(r"@?(?:odata\.)?errors?", re.IGNORECASE)
#: Names of members that lead on or tell of more, in OData 2 and 3, HAL, JSON:API, and APIs of other makers.
_MORE = re.compile(
    r"next|skip_?token|continuation|has_?more|is_?truncated|more_?(?:rows|pages|results|items|data)|_*more",
    re.IGNORECASE,
)
#: What an annotation that nobody knows may be about, so that it is not passed over.
_TELLING = re.compile(
    r"link|next|skip|token|cursor|page|paging|more|last|count|total|error|warn|messages?|delta|partial|truncat|"
    r"incomplete|complete|remove|delet|limit",
    re.IGNORECASE,
)
_LINKS = frozenset({"links", "_links"})
_NOT_AHEAD = frozenset({"self", "prev", "previous", "first"})
_REL_NEXT = re.compile(r"""rel\s*=\s*(?:"[^"]*\bnext\b[^"]*"|next\b)""", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,18}")

_LONGEST_FRAGMENT = 2_000
"""Characters of a context URL's fragment."""
_SPACE = re.compile(r"\bspaces\('((?:[^']|'')*)'\)")
_LITERAL = re.compile(r"'(?:[^']|'')*'")
_COLLECTION = re.compile(r"Collection\(", re.IGNORECASE)
_PARENTHESES = re.compile(r"\([^()]*\)")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a collection as served.

    Attributes:
        next_link: where the next one is, as served; None on the last.
        context: the context URL as served, against which a relative `next_link` is resolved.
        count: how many rows the whole collection has, where the tenant says so.
        doubt: why the listing may not be whole by what this page says; None where there is no reason.
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
            collection, an error beside its rows, two members of one name). An `OData-Error` that comes in a trailer is
            not seen: the HTTP library drops trailers.
    """
    url, document = response.url, load_json(response)
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
    doubt = _doubt(document, response, linked=link is not None)
    return Page(tuple(rows), link, context, count, doubt, url)


def load_json(response: Response) -> object:
    """The JSON of an answer.

    Raises:
        SourceError: TRUNCATED (it does not end), TOO_LARGE (too many values, too deep), WRONG_SHAPE.
    """
    with _faults_of(response):
        return read_json(response.body)


def load_spelled_json(response: Response, opened: Callable[[Path], bool]) -> SpelledJson:
    """The JSON of an answer with its text, as of `read_spelled_json`.

    Raises:
        SourceError: as of `load_json`.
    """
    with _faults_of(response):
        return read_spelled_json(response.body, opened)


@contextmanager
def _faults_of(response: Response) -> Iterator[None]:
    try:
        yield
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
    except NestedTooDeepError as error:
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
        if not _FOREIGN_COUNT.fullmatch(name) or value is None:
            continue
        text = value if isinstance(value, str) else f"{value:.0f}" if _is_whole(value) else ""
        if not _NUMBER.fullmatch(text):
            raise _wrong(f"{url}: {name} is no number of rows.")
        found.add(int(text))
    if len(found) > 1:
        raise _wrong(f"{url}: the answer holds two different numbers of rows.")
    return found.pop() if found else None


def _is_whole(value: object) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())


def _doubt(document: Mapping[str, object], response: Response, *, linked: bool) -> SourceError | None:
    """What is no member of an OData collection, or is one that this client never asked for.

    A collection has `value` and control members. Whatever else stands there may say that rows are missing, so it is
    not passed over; with a next link the names that lead on have said nothing new.
    """
    if any(document.get(name) == "" for name in _NEXT_LINK):
        return _wrong(f"{response.url}: the next link is empty, so nobody knows whether there is one.")
    for name, value in document.items():
        if _is_harmless(name, value) or (linked and _MORE.search(name)):
            continue
        return _wrong(
            f"{response.url}: the answer holds {name[:80]!r}, which is no member of an OData 4 listing, so there may "
            f"be more than was read."
        )
    if not linked and _REL_NEXT.search(response.headers.get("link", "")):
        return _wrong(f"{response.url}: the answer seems to go on by a Link header, which was not followed.")
    return None


def _is_harmless(name: str, value: object) -> bool:
    """Whether a member says nothing of rows that are not here. Null is absent: serializers spell what they lack so."""
    if name in _STANDARD or value is None or _FOREIGN_COUNT.fullmatch(name):
        return True
    if name.startswith("@"):
        own = name[1:].lower().removeprefix("odata.")
        return own in _HARMLESS or not _TELLING.search(own)
    if name in _LINKS and isinstance(value, dict):
        return _NOT_AHEAD.issuperset(value)
    return bool(_MORE.search(name)) and value in (False, "", 0, [], {})


def _of_another(context: str | None, asked: str) -> str | None:
    """What a context URL says that the rows are, where that is not the collection at the URL `asked`; else None.

    The part before `#` is left alone: a proxy may spell it as it likes. The fragment names the resource, with keys,
    selected properties and types (OData 4.0, Protocol 10); its last segment and a space that it names must agree.
    """
    fragment = unquote((context or "").partition("#")[2]).strip()
    if not fragment:
        return None
    if len(fragment) > _LONGEST_FRAGMENT:
        return fragment[:80]
    wanted = unquote(asked.partition("?")[0])
    named, meant = _SPACE.search(fragment), _SPACE.search(wanted)
    if named is not None and (meant is None or named.group(1) != meant.group(1)):
        return fragment[:80]
    plain = _LITERAL.sub("", fragment)
    if "$" in plain:  # $delta, $entity, $deletedEntity, $ref and the like: no rows of a whole collection
        return fragment[:80]
    if _COLLECTION.match(plain):
        return None
    while (without := _PARENTHESES.sub("", plain)) != plain:
        plain = without
    segments = [segment for segment in plain.split("/") if segment]
    if len(segments) > 1 and "." in segments[-1]:  # a type that the rows are cast to
        segments.pop()
    own = segments[-1].rpartition(".")[2] if segments else ""
    return None if own.lower() == wanted.rstrip("/").rpartition("/")[2].lower() else fragment[:80]


def doubt_of_context(page: Page, asked: str) -> SourceError | None:
    """Why the rows of a page are not the ones of the collection that was asked for, by its context URL."""
    other = _of_another(page.context, asked)
    if other is None:
        return None
    return _wrong(f"{page.url}: the answer says that it holds {other!r}, which is not what was asked for.")


def _wrong(message: str) -> SourceError:
    return SourceError(SourceFault.WRONG_SHAPE, message, remedy=REMEDY)


def _too_large(message: str) -> SourceError:
    return SourceError(SourceFault.TOO_LARGE, message, remedy=REMEDY)
