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


def applies_to_column(match: ColumnMatch, column: Column) -> bool:
    """Every key that is given must match."""
    return (
        (match.name is None or first_match(match.name, column.name) is not None)
        and (match.label is None or first_match(match.label, column.label) is not None)
        and (match.type is None or first_match(match.type, str(column.type)) is not None)
        and (match.role is None or first_match(match.role, column.role) is not None)
    )
