"""Bytes from outside to an XML tree, or a fault: no DOCTYPE, no entities, no network, bounded in every direction.

What bounds memory and time is counted on the bytes, before libxml2 sees them, in encodings that spell ASCII as ASCII;
UTF-16 is turned into UTF-8 first, any other is refused. lxml with `resolve_entities=False` accepts a document with its
entities left out, and fills in default attributes of an internal DTD, so a DOCTYPE is refused as such; libxml2 without
`huge_tree` stops at 256 levels (reference: reliability-and-scale.md 8).
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

from lxml import etree

from spheresync.errors import SourceError, SourceFault
from spheresync.source.datasphere.edmx.document_budget import DocumentBudget, beyond

_REMEDY = "Open the asset's $metadata in a browser; deploy the object again if it is damaged."
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([^\"'>]{1,100})[\"'][^>]{0,200}\?>")
_SPACE = re.compile(rb"\s*")
_ROOT = re.compile(rb"<([^\s<>/!?]+)")
_AS_ASCII = frozenset({"utf-8", "ascii", "iso8859-1", "iso8859-15", "cp1252"})
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, b"<\0", b"\0<")
_END = 8192
"""Bytes within which the closing tag of a whole document stands, followed by comments at most."""
_BEFORE_ROOT = 1_000
"""Comments and instructions that may precede the root."""
_AFTER_ROOT = 16
"""Comments and instructions that may follow the closing tag."""


def parse_xml(body: bytes, *, budget: DocumentBudget) -> etree._Element:
    """The root element; comments and processing instructions are not in the tree.

    Raises:
        SourceError: TOO_LARGE (over the budget or 256 levels), TRUNCATED (does not parse to its end), WRONG_SHAPE (no
            XML at all, or with a DOCTYPE).
    """
    if len(body) > budget.size:
        raise SourceError(SourceFault.TOO_LARGE, f"The XML has {len(body)} bytes, over {budget.size}.", remedy=_REMEDY)
    body = _in_ascii_spelling(body)
    _count(body, budget)
    _refuse_doctype(body)
    try:
        root = etree.fromstring(body, _parser())
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise _fault(body, error) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise _doctype()
    _count_attributes_of_each(root, body, budget)
    return root


def check_ended(body: bytes) -> None:
    """Cheap test that an XML answer arrived whole, so that a cut one can be asked for again; nothing is parsed.

    Raises:
        SourceError: TRUNCATED, or WRONG_SHAPE where it is no XML or has a DOCTYPE.
    """
    start, end = body, body[-_END:]
    if body.startswith(_UTF_16):
        little = body.startswith((codecs.BOM_UTF16_LE, b"<\0"))
        start = _from_utf_16(body[:_END], little=little)
        end = _from_utf_16(end[len(end) % 2 :], little=little)
    after_prolog = _refuse_doctype(start)
    root = _ROOT.match(start, after_prolog)
    if root is None and start[after_prolog:] and not start[after_prolog:].startswith(b"<"):
        raise _no_xml()
    closing = _without_what_follows(end)
    if root is None or not (_closes(root[1], closing) or _is_one_tag(start, after_prolog, whole=len(body) <= _END)):
        raise SourceError(
            SourceFault.TRUNCATED, "The XML does not end with the closing tag of its root.", remedy=_REMEDY
        )


def _closes(name: bytes, end: bytes) -> bool:
    return end.endswith(b"</%b>" % name) or re.search(rb"</" + re.escape(name) + rb"\s*>\Z", end) is not None


def _is_one_tag(start: bytes, at: int, *, whole: bool) -> bool:
    rest = _without_what_follows(start[at:]) if whole else b""
    return rest.endswith(b"/>") and rest.count(b"<") == 1


def _without_what_follows(end: bytes) -> bytes:
    """Without comments, instructions and white space at the end."""
    for _ in range(_AFTER_ROOT):
        end = end.rstrip()
        opening = b"<!--" if end.endswith(b"-->") else b"<?" if end.endswith(b"?>") else None
        at = end.rfind(opening) if opening is not None else -1
        if at < 0:
            break
        end = end[:at]
    return end


def _in_ascii_spelling(body: bytes) -> bytes:
    """The document in an encoding in which the bytes of ASCII stand for nothing else.

    Raises:
        SourceError: TRUNCATED, no such encoding, or one that is not read.
    """
    if body.startswith(_UTF_16):
        return _from_utf_16(body, little=body.startswith((codecs.BOM_UTF16_LE, b"<\0")))
    declared = _DECLARED.match(body.removeprefix(codecs.BOM_UTF8))
    if declared is not None and _encoding(declared[1]) not in _AS_ASCII:
        name = declared[1].decode("ascii", "replace")
        raise SourceError(
            SourceFault.TRUNCATED,
            f"The XML does not parse to its end: it claims the encoding {name!r}, which is not read.",
            remedy=_REMEDY,
        )
    return body


def _encoding(name: bytes) -> str:
    try:
        return codecs.lookup(name.decode("ascii")).name
    except (LookupError, ValueError):
        return ""


def _from_utf_16(body: bytes, *, little: bool) -> bytes:
    text = body.decode("utf-16-le" if little else "utf-16-be", "replace").removeprefix("\ufeff")
    plain = text.encode()
    declared = _DECLARED.match(plain)
    return plain[declared.end() :] if declared is not None else plain


def _refuse_doctype(body: bytes) -> int:
    """Where the first thing after the prolog's declaration, comments and instructions stands.

    Raises:
        SourceError: WRONG_SHAPE, it is a DOCTYPE; TOO_LARGE, the prolog does not end.
    """
    at = len(codecs.BOM_UTF8) if body.startswith(codecs.BOM_UTF8) else 0
    for _ in range(_BEFORE_ROOT):
        space = _SPACE.match(body, at)
        at = space.end() if space is not None else at
        if body.startswith(b"<!DOCTYPE", at):
            raise _doctype()
        closing = b"?>" if body.startswith(b"<?", at) else b"-->" if body.startswith(b"<!--", at) else None
        end = body.find(closing, at + 2) if closing is not None else -1
        if closing is None or end < 0:
            return at
        at = end + len(closing)
    raise beyond(f"begins with more than {_BEFORE_ROOT} comments and instructions")


def _count(body: bytes, budget: DocumentBudget) -> None:
    if body.count(b"<") > budget.tags:
        raise beyond(f"holds more than {budget.tags} tags")
    if body.count(b"=") > budget.attributes:
        raise beyond(f"holds more than {budget.attributes} attributes")


def _count_attributes_of_each(root: etree._Element, body: bytes, budget: DocumentBudget) -> None:
    """Reading the attributes of one element takes lxml the square of their number."""
    most = budget.attributes_of_one
    if re.search(rb"<[^<]{%d}" % (5 * most), body) is None:  # ` a=""` is the shortest attribute
        return
    if any(len(element.attrib) > most for element in root.iter(etree.Element)):
        raise beyond(f"holds an element with more than {most} attributes")


@lru_cache(maxsize=1)
def _parser() -> etree.XMLParser:
    """One for all documents: making one takes as long as parsing twenty columns. It keeps nothing between them."""
    # Not collect_ids=False, however fast: libxml2 then opens the external subset of a DOCTYPE in spite of load_dtd.
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def _fault(body: bytes, error: Exception) -> SourceError:
    text = str(error)[:200]
    if "xcessive depth" in text or "huge" in text.lower():
        return SourceError(SourceFault.TOO_LARGE, f"The XML is nested too deep or too large: {text}", remedy=_REMEDY)
    if body.strip() and not body.lstrip(b"\xef\xbb\xbf\0 \t\r\n").startswith(b"<"):
        return _no_xml()
    return SourceError(SourceFault.TRUNCATED, f"The XML does not parse to its end: {text}", remedy=_REMEDY)


def _no_xml() -> SourceError:
    return SourceError(SourceFault.WRONG_SHAPE, "The answer is no XML.", remedy=_REMEDY)


def _doctype() -> SourceError:
    return SourceError(
        SourceFault.WRONG_SHAPE,
        "The XML carries a DOCTYPE, which no $metadata has; it was refused.",
        remedy="Find out what answers in the tenant's place.",
    )
