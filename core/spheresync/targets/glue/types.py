"""Datasphere's types as Glue's, exactly or not at all: what has no exact counterpart is a string, never a guess.

EDM types are those of the consumption API; CDS types those of CSN (reference: datasphere-api.md 3.2, 5). Glue keeps
types as free text in Hive's grammar (reference: aws-catalogs.md 1.5).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from spheresync.model import SourceType, counted

LONGEST_VARCHAR = 65535
MOST_DIGITS = 38


@dataclass(frozen=True, slots=True)
class TypeDecision:
    """A Glue type, and why it is that one; `exact`: it holds every value of the source type, and only such."""

    glue: str
    reason: str
    exact: bool = True


_SAME = "exact counterpart"
_SIMPLE = {
    "Edm.Boolean": "boolean",
    "Edm.Byte": "smallint",
    "Edm.SByte": "tinyint",
    "Edm.Int16": "smallint",
    "Edm.Int32": "int",
    "Edm.Int64": "bigint",
    "Edm.Single": "float",
    "Edm.Double": "double",
    "Edm.Date": "date",
    "Edm.DateTimeOffset": "timestamp",
    "Edm.Binary": "binary",
    "cds.Boolean": "boolean",
    "cds.UInt8": "smallint",
    "cds.Int16": "smallint",
    "cds.Int32": "int",
    "cds.Int64": "bigint",
    "cds.Integer": "int",
    "cds.Integer64": "bigint",
    "cds.Double": "double",
    "cds.Date": "date",
    "cds.DateTime": "timestamp",
    "cds.Timestamp": "timestamp",
    "cds.Binary": "binary",
    "cds.LargeBinary": "binary",
    "cds.hana.TINYINT": "smallint",
    "cds.hana.SMALLINT": "smallint",
    "cds.hana.REAL": "float",
    "cds.hana.BINARY": "binary",
}
_TEXT = frozenset({"Edm.String", "cds.String", "cds.hana.NCHAR", "cds.hana.CHAR", "cds.hana.VARCHAR"})
_DECIMAL = frozenset({"Edm.Decimal", "cds.Decimal"})


@lru_cache(maxsize=4_096)
def glue_type(source: SourceType) -> TypeDecision:
    """The Glue type of a source type."""
    if source.collection:
        return _text_for_want_of("a collection has no exact counterpart here")
    if source.name in _TEXT:
        return _text(source)
    if source.name in _DECIMAL:
        return _decimal(source)
    simple = _SIMPLE.get(source.name)
    if simple is not None:
        return TypeDecision(simple, _SAME)
    return _text_for_want_of(f"{source.name} has no exact counterpart")


def _text_for_want_of(reason: str) -> TypeDecision:
    return TypeDecision("string", reason, exact=False)


def _text(source: SourceType) -> TypeDecision:
    if source.length is not None and 1 <= source.length <= LONGEST_VARCHAR:
        return TypeDecision(f"varchar({source.length})", _SAME)
    return TypeDecision("string", "no length, or one above 65535")


def _decimal(source: SourceType) -> TypeDecision:
    """Exact where both facets are numbers that Hive takes.

    SAP's floating decimal (`Scale` "variable" or "floating") moves its point, and one without `Precision` has as many
    digits as it likes (OData CSDL 4.01, 7.2.3 and 7.2.4): any decimal(p,s) would cut values of either.
    """
    precision, scale = source.precision, source.scale
    if scale is not None and not isinstance(scale, int):
        return _text_for_want_of(f"a decimal of {scale} scale has no exact counterpart; a rule can set a type")
    if precision is None or scale is None:
        missing = "precision" if precision is None else "scale"
        return _text_for_want_of(f"a decimal without a {missing} has no exact counterpart; a rule can set a type")
    if not 1 <= precision <= MOST_DIGITS:
        return _text_for_want_of(
            f"Glue's decimals have 1 to {MOST_DIGITS} digits, not {precision}; a rule can set a type"
        )
    if not 0 <= scale <= precision:
        return _text_for_want_of(
            f"a scale of {scale} is not between 0 and the {counted(precision, 'digit')}; a rule can set a type"
        )
    return TypeDecision(f"decimal({precision},{scale})", _SAME)
