"""OData annotation terms, however a document spells them.

SAP serves `Analytics.Dimension` beside `Analytics.dimension` and `Analytics.measure`, and is free to rename aliases
(reference: datasphere-api.md 3.2). A term is therefore known by its vocabulary's short name and its own, in lower
case: `com.sap.vocabularies.Common.v1.Label` is `common.label` under every alias.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

_NAMESPACE = re.compile(r"(?:com\.sap\.vocabularies|org\.odata)\.(\w+)\.v\d+", re.IGNORECASE)
_SHORT_NAMES = frozenset(
    {
        "aggregation",
        "analytics",
        "capabilities",
        "common",
        "core",
        "dataintegration",
        "hierarchy",
        "measures",
        "odm",
        "personaldata",
        "session",
        "ui",
        "validation",
    }
)
_T = TypeVar("_T")


class Terms:
    """Resolves the terms of one document; `aliases` maps each alias of it to a namespace."""

    def __init__(self, aliases: Mapping[str, str]) -> None:
        self._aliases = aliases
        self._known: dict[str, str] = {}

    def key(self, term: str) -> str:
        """`vocabulary.term` in lower case; `.term` where the term has no prefix, or one that leads nowhere."""
        key = self._known.get(term)
        if key is None:
            key = self._known[term] = self._resolve(term)
        return key

    def _resolve(self, term: str) -> str:
        prefix, _, name = term.strip().rpartition(".")
        namespace = self._aliases.get(prefix, prefix)
        match = _NAMESPACE.fullmatch(namespace)
        if match:
            vocabulary = match[1]
        elif namespace != prefix or "." in namespace:
            vocabulary = namespace  # somebody's own vocabulary: not to be mistaken for SAP's
        elif prefix.lower() in _SHORT_NAMES:
            vocabulary = prefix
        else:
            vocabulary = ""
        return f"{vocabulary}.{name}".lower()


def find(annotations: Mapping[str, _T], key: str) -> _T | None:
    """The value of `vocabulary.term`, else that of the bare term; None where there is neither."""
    if not annotations:
        return None
    value = annotations.get(key)
    return annotations.get(key[key.rfind(".") :]) if value is None else value
