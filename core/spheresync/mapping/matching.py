"""Whether the `match` of a rule or of a context entry is about an asset, or about a column."""

from __future__ import annotations

from spheresync.config.rules import ColumnMatch, RuleMatch
from spheresync.mapping.patterns import first_match
from spheresync.model import AssetId, AssetKind, Column


def applies(match: RuleMatch, asset: AssetId, kind: AssetKind, label: str) -> bool:
    """Every key that is given must match."""
    return (
        (match.space is None or first_match(match.space, asset.space) is not None)
        and (match.name is None or first_match(match.name, asset.name) is not None)
        and (match.kind is None or first_match(match.kind, kind) is not None)
        and (match.label is None or first_match(match.label, label) is not None)
    )


def unmet(match: RuleMatch, asset: AssetId, kind: AssetKind, label: str) -> dict[str, tuple[str, ...]]:
    """The keys of a match that an asset does not meet, with what each of them asks for."""
    values = {"space": asset.space, "name": asset.name, "kind": kind, "label": label}
    asked: dict[str, tuple[str, ...] | None] = {key: getattr(match, key) for key in values}
    return {key: globs for key, globs in asked.items() if globs is not None and first_match(globs, values[key]) is None}


def applies_to_column(match: ColumnMatch, column: Column) -> bool:
    """Every key that is given must match."""
    return (
        (match.name is None or first_match(match.name, column.name) is not None)
        and (match.label is None or first_match(match.label, column.label) is not None)
        and (match.type is None or first_match(match.type, str(column.type)) is not None)
        and (match.role is None or first_match(match.role, column.role) is not None)
    )
