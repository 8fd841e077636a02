"""A scope whose spaces, tiers and assets leave nothing of each other is a mistake, and said so."""

from __future__ import annotations

from collections.abc import Sequence

from spheresync.errors import UsageError
from spheresync.mapping.rules import MappingRules
from spheresync.model import ScopeRequest, Tier
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.scope import Scope, checked_scope, look_up, require_found
from spheresync.state.port import Store

_APART = "Leave the {kind} out, or name just those of the assets; ask for a whole {one} apart from single assets."


def require_within_spaces(scope: Scope) -> None:
    """Let a scope pass whose assets are all in its spaces, and whose spaces all hold one of them.

    Raises:
        UsageError: an asset is asked for outside of the spaces that are asked for, or a space without any of them.
    """
    if not (scope.spaces and scope.assets):
        return
    remedy = _APART.format(kind="spaces", one="space")
    if outside := sorted(asset for asset in scope.assets if asset.space not in scope.spaces):
        others = f" and {len(outside) - 1} more" if len(outside) > 1 else ""
        raise UsageError(
            f"asset {outside[0]}{others} would be left out: what is selected must be in the spaces given "
            f"({', '.join(sorted(scope.spaces))}) and among the assets given.",
            remedy=remedy,
        )
    if empty := sorted(scope.spaces - {asset.space for asset in scope.assets}):
        raise UsageError(_nothing_of("space", empty), remedy=remedy)


def _nothing_of(one: str, names: Sequence[str]) -> str:
    which = f"{one}{'s' if len(names) > 1 else ''} {', '.join(names)}"
    return f"nothing of {which} would be selected: assets and {one}s narrow each other, and no given asset is there."


async def require_within_known_spaces(store: Store, scope: Scope) -> None:
    """The same before a listing: where a name is not known yet, that may be what is wrong, and the listing tells it.

    Raises:
        UsageError: as above.
    """
    if not await look_up(store, scope):
        require_within_spaces(scope)


async def require_within_tiers(store: Store, mapping: MappingRules, scope: Scope) -> None:
    """Let a scope pass whose assets are all of its tiers, as the rules are now, and whose tiers all have one of them.

    Unknown assets are another mistake.

    Raises:
        UsageError: an asset is asked for that is of another tier than those that are asked for, or a tier without any.
    """
    if not (scope.tiers and scope.assets):
        return
    remedy = _APART.format(kind="tiers", one="tier")
    outside = []
    found = set[Tier]()
    known = True
    for asset in sorted(scope.assets):
        record = await store.catalog.asset(asset)
        if record is None:
            known = False
            continue
        tier = record.decided_by(mapping).tier
        found.add(tier)
        if tier not in scope.tiers:
            outside.append((asset, tier))
    if not outside:
        if known and (empty := [each for each in Tier if each in scope.tiers - found]):
            raise UsageError(_nothing_of("tier", empty), remedy=remedy)
        return
    asset, tier = outside[0]
    others = f" (and {len(outside) - 1} more of other tiers)" if len(outside) > 1 else ""
    raise UsageError(
        f"asset {asset} is of tier {tier}{others} and would be left out: what is selected must be of the tiers given "
        f"({', '.join(each for each in Tier if each in scope.tiers)}) and among the assets given.",
        remedy=remedy,
    )


async def check_scope(context: RuntimeContext, request: ScopeRequest, *, refreshes: bool) -> Scope:
    """Check a scope. Names that only a listing could know are let through where a listing follows.

    Raises:
        UsageError: names are wrong, or an asset is asked for outside of the spaces that are asked for.
    """
    scope = await checked_scope(
        context.store,
        request,
        keys=context.settings.target_keys,
        listed=not refreshes,
        outside=context.outside,
    )
    await require_within_known_spaces(context.store, scope)
    return scope


async def require_selected(context: RuntimeContext, scope: Scope) -> None:
    """Raises UsageError where a part of the scope selects nothing."""
    await require_found(context.store, scope, context.outside)
    require_within_spaces(scope)
    await require_within_tiers(context.store, context.mapping, scope)
