"""Bytes from outside to an XML tree, or a fault: no DOCTYPE, no entities, no network, bounded size and depth.

lxml with `resolve_entities=False` accepts a document with its entities left out, so a DOCTYPE is refused as such;
libxml2 without `huge_tree` stops at 256 levels (reference: reliability-and-scale.md 8).
"""

from __future__ import annotations

from functools import lru_cache

from lxml import etree

from spheresync.errors import SourceError, SourceFault

XML_CAP = 64 * 1024 * 1024  # bytes
_REMEDY = "Open the asset's $metadata in a browser; deploy the object again if it is damaged."


def parse_xml(body: bytes, *, cap: int = XML_CAP) -> etree._Element:
    """The root element; comments and processing instructions are not in the tree.

    Raises:
        SourceError: TOO_LARGE (over `cap` bytes or 256 levels), TRUNCATED (does not parse to its end),
            WRONG_SHAPE (no XML at all, or with a DOCTYPE).
    """
    if len(body) > cap:
        raise SourceError(SourceFault.TOO_LARGE, f"The XML has {len(body)} bytes, over {cap}.", remedy=_REMEDY)
    try:
        root = etree.fromstring(body, _parser())
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise _fault(body, error) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise _doctype()
    return root


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
    if b"<!DOCTYPE" in body:
        return _doctype()
    if "xcessive depth" in text or "huge" in text.lower():
        return SourceError(SourceFault.TOO_LARGE, f"The XML is nested too deep or too large: {text}", remedy=_REMEDY)
    if body.strip() and not body.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n").startswith(b"<"):
        return SourceError(SourceFault.WRONG_SHAPE, "The answer is no XML.", remedy=_REMEDY)
    return SourceError(SourceFault.TRUNCATED, f"The XML does not parse to its end: {text}", remedy=_REMEDY)


def _doctype() -> SourceError:
    return SourceError(
        SourceFault.WRONG_SHAPE,
        "The XML carries a DOCTYPE, which no $metadata has; it was refused.",
        remedy="Find out what answers in the tenant's place.",
    )
