"""A scope whose spaces, tiers and assets leave nothing of each other is a mistake, and said so."""

from __future__ import annotations

from spheresync.errors import UsageError
from spheresync.mapping.rules import MappingRules
from spheresync.model import ScopeRequest, Tier
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.scope import Scope, checked_scope, look_up, require_found
from spheresync.state.port import Store


def require_within_spaces(scope: Scope) -> None:
    """Let a scope pass whose assets are all in its spaces.

    Raises:
        UsageError: an asset is asked for outside of the spaces that are asked for.
    """
    outside = sorted(asset for asset in scope.assets if scope.spaces and asset.space not in scope.spaces)
    if not outside:
        return
    others = f" and {len(outside) - 1} more" if len(outside) > 1 else ""
    raise UsageError(
        f"asset {outside[0]}{others} would be left out: what is selected must be in the spaces given "
        f"({', '.join(sorted(scope.spaces))}) and among the assets given.",
        remedy="Leave the spaces out, or name the space of each asset too.",
    )


async def require_within_known_spaces(store: Store, scope: Scope) -> None:
    """The same before a listing: where a name is not known yet, that may be what is wrong, and the listing tells it.

    Raises:
        UsageError: as above.
    """
    if not await look_up(store, scope):
        require_within_spaces(scope)


async def require_within_tiers(store: Store, mapping: MappingRules, scope: Scope) -> None:
    """Let a scope pass whose assets are all of its tiers, as the rules are now; unknown assets are another mistake.

    Raises:
        UsageError: an asset is asked for that is of another tier than those that are asked for.
    """
    if not scope.tiers:
        return
    outside = []
    for asset in sorted(scope.assets):
        record = await store.catalog.asset(asset)
        if record is not None:
            tier = record.decided_by(mapping).tier
            if tier not in scope.tiers:
                outside.append((asset, tier))
    if not outside:
        return
    asset, tier = outside[0]
    others = f" (and {len(outside) - 1} more of other tiers)" if len(outside) > 1 else ""
    raise UsageError(
        f"asset {asset} is of tier {tier}{others} and would be left out: what is selected must be of the tiers given "
        f"({', '.join(each for each in Tier if each in scope.tiers)}) and among the assets given.",
        remedy="Leave the tiers out, or name the tier of each asset too.",
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
