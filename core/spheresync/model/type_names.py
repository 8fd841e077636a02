"""Names of types of columns: how CSN spells those of `$metadata`, and which of them somebody means."""

from __future__ import annotations

from collections.abc import Mapping

CSN_OF_EDM: Mapping[str, frozenset[str]] = {
    "Edm.Boolean": frozenset({"cds.Boolean"}),
    "Edm.Byte": frozenset({"cds.UInt8", "cds.hana.TINYINT"}),
    "Edm.SByte": frozenset({"cds.hana.TINYINT"}),
    "Edm.Int16": frozenset({"cds.Int16", "cds.hana.SMALLINT", "cds.hana.TINYINT"}),
    "Edm.Int32": frozenset({"cds.Integer", "cds.Int32"}),
    "Edm.Int64": frozenset({"cds.Integer64", "cds.Int64"}),
    "Edm.Single": frozenset({"cds.hana.REAL"}),
    "Edm.Double": frozenset({"cds.Double"}),
    "Edm.Decimal": frozenset({"cds.Decimal", "cds.DecimalFloat", "cds.hana.SMALLDECIMAL"}),
    "Edm.Date": frozenset({"cds.Date"}),
    "Edm.TimeOfDay": frozenset({"cds.Time"}),
    "Edm.DateTimeOffset": frozenset({"cds.DateTime", "cds.Timestamp"}),
    "Edm.Guid": frozenset({"cds.UUID"}),
    "Edm.Binary": frozenset({"cds.Binary", "cds.LargeBinary", "cds.hana.BINARY"}),
}
"""Types of CSN that `$metadata` spells as another one. As `Edm.String` it spells whatever it has no type for."""
_EDM_OF_GLUE: Mapping[str, tuple[str, ...]] = {
    "boolean": ("Edm.Boolean",),
    "tinyint": ("Edm.SByte",),
    "smallint": ("Edm.Byte", "Edm.Int16"),
    "int": ("Edm.Int32",),
    "integer": ("Edm.Int32",),
    "bigint": ("Edm.Int64",),
    "float": ("Edm.Single",),
    "real": ("Edm.Single",),
    "double": ("Edm.Double",),
    "decimal": ("Edm.Decimal",),
    "date": ("Edm.Date",),
    "timestamp": ("Edm.DateTimeOffset",),
    "varchar": ("Edm.String",),
    "string": ("Edm.String",),
    "binary": ("Edm.Binary",),
}
"""What Glue and Athena call the types as which columns are kept (CONTRACT.md)."""
_TEXTS = {"Edm.String": frozenset({"cds.String", "cds.LargeString"})}
_QUALIFIED = ("edm.", "cds.")


def types_named(asked: str) -> frozenset[str]:
    """The types that a text names: as Datasphere does, with what stands before the dot or without, or as Glue does.

    In any case, and without facets (`decimal(15,2)`). A name without what stands before the dot is that of all that
    `$metadata` spells alike. Empty where it names none; a qualified name that is not known here stands for itself.
    """
    name = asked.strip().partition("(")[0].strip().casefold()
    glues = _EDM_OF_GLUE.get(name, ())
    found: set[str] = set()
    for edm, csn in {**CSN_OF_EDM, **_TEXTS}.items():
        if edm in glues or _is(name, edm):
            found |= {edm, *csn}
        for known in csn:
            if name == known.casefold():
                found |= {known, edm}
            elif _is(name, known):
                found |= {edm, *csn}
    return frozenset(found) or (frozenset({asked.strip()}) if name.startswith(_QUALIFIED) else frozenset())


def facets_named(asked: str) -> tuple[int, ...]:
    """The numbers in the brackets of a type, as in `decimal(15,2)` and `varchar(10)`; empty where it has none."""
    _, _, within = asked.strip().partition("(")
    parts = [part.strip() for part in within.rstrip(") ").split(",")]
    return tuple(map(int, parts)) if within and all(part.isdecimal() for part in parts) else ()


def is_qualified(asked: str) -> bool:
    """Whether a text can only be the name of a type."""
    return asked.strip().casefold().startswith(_QUALIFIED)


def _is(name: str, known: str) -> bool:
    folded = known.casefold()
    return name in {folded, folded.rpartition(".")[2]}
