"""What of a promotion does not fit the tenant that it came to: assets that are not there, or look otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from spheresync.model import Action, Asset, AssetId, Digest, Problem, counted, first_of

if TYPE_CHECKING:
    from spheresync.config import PromotedAsset
    from spheresync.state.records import AssetRecord

PROMOTED_MISSING = "promoted_missing"
PROMOTED_DIFFERS = "promoted_differs"
UNFIT = frozenset({PROMOTED_MISSING, PROMOTED_DIFFERS})
MOST_FINDINGS = 20
"""Of each sort; of more, the number is told."""
_NAMED = 5
_GONE_THERE = frozenset({Action.RETIRE, Action.DELETE, Action.FORGET})
_TRANSPORT = "Bring it to this tenant as it was there, or make the promotion anew from what is wanted here."


def missing_here(promoted: Sequence[PromotedAsset], records: Mapping[AssetId, AssetRecord]) -> list[PromotedAsset]:
    """Promoted assets that this tenant does not list."""
    wanted = [each for each in promoted if each.action not in _GONE_THERE]
    return [each for each in wanted if each.asset not in records or records[each.asset].misses > 0]


def differing_here(
    promoted: Sequence[PromotedAsset], records: Mapping[AssetId, AssetRecord]
) -> list[tuple[PromotedAsset, Digest | None]]:
    """Promoted assets whose columns are others here, with where their present definition is."""
    found = []
    for each in promoted:
        record = records.get(each.asset)
        if record is None or record.misses or record.fingerprints is None or each.structure is None:
            continue
        if each.action not in _GONE_THERE and record.fingerprints.schema != each.structure:
            found.append((each, record.definition))
    return found


def missing_findings(missing: Sequence[PromotedAsset]) -> list[Problem]:
    """One finding for each, or for the first ones and the number of the rest."""
    findings = [
        Problem.of(
            each.asset,
            PROMOTED_MISSING,
            f"the promotion has it with action {each.action}, and this tenant does not list it",
            _TRANSPORT,
        )
        for each in missing[:MOST_FINDINGS]
    ]
    return findings + _rest(PROMOTED_MISSING, len(missing), "that this tenant does not list")


def differing_findings(differing: Sequence[tuple[PromotedAsset, Asset | None]], total: int) -> list[Problem]:
    """As `missing_findings`, of assets with what they are here; `total` counts those that were left out too."""
    findings = [
        Problem.of(
            each.asset,
            PROMOTED_DIFFERS,
            f"its columns are not those that the promotion was made with: {_difference(each, here)}",
            _TRANSPORT,
        )
        for each, here in differing[:MOST_FINDINGS]
    ]
    return findings + _rest(PROMOTED_DIFFERS, total, "whose columns are others here")


def _rest(code: str, total: int, what: str) -> list[Problem]:
    left = total - MOST_FINDINGS
    return (
        [Problem("promotion", code, f"and {counted(left, 'more promoted asset')} {what}", _TRANSPORT)]
        if left > 0
        else []
    )


def _difference(promoted: PromotedAsset, here: Asset | None) -> str:
    there = {column.name: column.type for column in promoted.columns}
    now = {} if here is None else {str(column.name): str(column.type) for column in here.columns}
    others = [name for name in there if name in now and there[name] != now[name]]
    said = [
        _named("not here", [name for name in there if name not in now]),
        _named("only here", [name for name in now if name not in there]),
        _named("of another type", [f"{name} ({there[name]} there, {now[name]} here)" for name in others]),
    ]
    return "; ".join(part for part in said if part) or "their order, their keys, or which of them may be empty"


def _named(what: str, names: Sequence[str]) -> str:
    return f"{first_of(names, _NAMED)} {what}" if names else ""
