"""What part of the tenant one request is about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from spheresync.model import (
    AssetId,
    DestinationName,
    JsonValue,
    ScopeRequest,
    SpaceName,
    TargetKey,
    TargetName,
    Tier,
)
from spheresync.runtime.out_of_scope import NOTHING_OUTSIDE, Outside
from spheresync.runtime.unknown_names import (
    WrongName,
    named_asset,
    nearest,
    refuse,
    unknown,
    unknown_asset,
    with_meant_assets,
)
from spheresync.runtime.unspellable_names import UnspellableSpace, unspellable_spaces
from spheresync.state.port import Store


@dataclass(frozen=True, slots=True)
class Scope:
    """A checked scope. An asset is in it when every given dimension admits it, and so is a target.

    `targets` and `destinations` choose which of the keys in force are planned, written and compared; what is read of
    Datasphere does not depend on them, and `everything` says nothing of them.
    """

    spaces: frozenset[SpaceName] = frozenset()
    assets: frozenset[AssetId] = frozenset()
    tiers: frozenset[Tier] = frozenset()
    targets: frozenset[TargetName] = frozenset()
    destinations: frozenset[DestinationName] = frozenset()

    @classmethod
    def read(cls, request: ScopeRequest, *, keys: Iterable[TargetKey]) -> tuple[Scope, tuple[WrongName, ...]]:
        """The scope that the well-formed part of a request gives, and what of it is wrong by itself."""
        in_force = list(keys)
        wrong = _wrong_keys(request, in_force)
        wrong += [_unknown_tier(name) for name in request.tiers if name not in set(Tier)]
        assets = set[AssetId]()
        for text in request.assets:
            named = named_asset(text)
            if isinstance(named, WrongName):
                wrong.append(named)
            else:
                assets.add(named)
        tiers = frozenset(Tier(text) for text in request.tiers if text in set(Tier))
        scope = cls(
            frozenset(map(SpaceName, request.spaces)),
            frozenset(assets),
            tiers,
            frozenset(map(TargetName, request.targets)),
            frozenset(map(DestinationName, request.destinations)),
        )
        return scope, tuple(wrong)

    @classmethod
    def parse(cls, request: ScopeRequest, *, keys: Iterable[TargetKey]) -> Scope:
        """Check a request.

        Raises:
            UsageError: an asset is not SPACE/NAME, a tier or target is unknown; the text names valid ones.
        """
        scope, wrong = cls.read(request, keys=keys)
        refuse(wrong)
        return scope

    @property
    def everything(self) -> bool:
        return not (self.spaces or self.assets or self.tiers)

    @property
    def every_target(self) -> bool:
        """Whether it leaves out no target in force."""
        return not (self.targets or self.destinations)

    def wants_space(self, space: SpaceName) -> bool:
        """Whether any asset of the space can be in scope, so that the space must be listed."""
        if self.spaces and space not in self.spaces:
            return False
        return not self.assets or any(asset.space == space for asset in self.assets)

    def names(self, space: str) -> bool:
        """Whether somebody asked for this space, or for an asset of it, by name."""
        return space in self.spaces or any(asset.space == space for asset in self.assets)

    def wants_key(self, key: TargetKey) -> bool:
        """Whether a target in a destination is planned, written or compared."""
        return (not self.targets or key.target in self.targets) and (
            not self.destinations or key.destination in self.destinations
        )

    def wants(self, asset: AssetId, tier: Tier | None) -> bool:
        return (
            (not self.spaces or asset.space in self.spaces)
            and (not self.assets or asset in self.assets)
            and (not self.tiers or tier in self.tiers)
        )

    def covers(self, other: Scope) -> bool:
        """Whether all that `other` would read is read by this scope too."""
        return (
            (not self.spaces or (bool(other.spaces) and other.spaces <= self.spaces))
            and (not self.assets or (bool(other.assets) and other.assets <= self.assets))
            and (not self.tiers or (bool(other.tiers) and other.tiers <= self.tiers))
        )

    def spelled(self) -> dict[str, list[str]]:
        """As people read it; a dimension that leaves nothing out is not named."""
        whole: dict[str, list[str]] = {
            "spaces": sorted(self.spaces),
            "assets": [str(asset) for asset in sorted(self.assets)],
            "tiers": sorted(self.tiers),
            "targets": sorted(self.targets),
            "destinations": sorted(self.destinations),
        }
        return {name: values for name, values in whole.items() if values}

    def to_json(self) -> dict[str, JsonValue]:
        return {
            "spaces": [*sorted(self.spaces)],
            "assets": [asset.to_json() for asset in sorted(self.assets)],
            "tiers": [*sorted(self.tiers)],
            # Left out where all are meant, as states of former versions have it.
            **({"targets": [*sorted(self.targets)]} if self.targets else {}),
            **({"destinations": [*sorted(self.destinations)]} if self.destinations else {}),
        }

    @classmethod
    def from_json(cls, value: dict[str, JsonValue]) -> Scope:
        """Read what `to_json` wrote."""

        def items(key: str) -> list[JsonValue]:
            found = value.get(key)
            return found if isinstance(found, list) else []

        return cls(
            frozenset(SpaceName(str(item)) for item in items("spaces")),
            frozenset(map(AssetId.from_json, items("assets"))),
            frozenset(Tier(str(item)) for item in items("tiers")),
            frozenset(TargetName(str(item)) for item in items("targets")),
            frozenset(DestinationName(str(item)) for item in items("destinations")),
        )


def _wrong_keys(request: ScopeRequest, in_force: Sequence[TargetKey]) -> list[WrongName]:
    """Targets and destinations that are not configured, and a choice of them that leaves none."""
    targets = list(dict.fromkeys(key.target for key in in_force))
    destinations = list(dict.fromkeys(key.destination for key in in_force))
    wrong = [_not_configured("target", name, targets) for name in request.targets if name not in targets]
    wrong += [
        _not_configured("destination", name, destinations) for name in request.destinations if name not in destinations
    ]
    chosen = Scope(
        targets=frozenset(map(TargetName, request.targets)),
        destinations=frozenset(map(DestinationName, request.destinations)),
    )
    if not wrong and in_force and not any(map(chosen.wants_key, in_force)):
        said = f"no target of {', '.join(request.targets)} is configured in {', '.join(request.destinations)}"
        wrong.append(WrongName("target", said, lambda: f"Configured: {', '.join(map(str, in_force))}."))
    return wrong


def _not_configured(what: str, name: str, configured: Sequence[str]) -> WrongName:
    said = f"{what} {name!r} is not configured"
    return WrongName(what, said, lambda: nearest(name, configured) or f"Configured: {', '.join(configured)}.")


def _unknown_tier(name: str) -> WrongName:
    said = f"there is no tier {name!r}"
    return WrongName("tier", said, lambda: nearest(name, Tier) or f"Tiers: {', '.join(Tier)}.")


def _kept_out(space: UnspellableSpace) -> WrongName:
    problem = space.problem
    return WrongName("space", problem.message, lambda: problem.remedy)


async def look_up(
    store: Store, scope: Scope, *, listed: bool = True, outside: Outside = NOTHING_OUTSIDE
) -> tuple[WrongName, ...]:
    """The spaces and assets of a scope that the catalog does not hold; `listed`: it would if they existed.

    Where nothing is known at all, the last listing itself failed and says so, and nothing is wrong here.
    """
    known = {space.name for space in await store.catalog.spaces()}
    if not known:
        return ()
    kept_out = {space.name: space for space in await unspellable_spaces(store, scope.spaces.__contains__)}
    wrong = [
        _kept_out(kept_out[space])
        if space in kept_out
        else unknown("space", space, known, listing="list_spaces", listed=listed)
        for space in sorted(scope.spaces - known)
    ]
    missing = [asset for asset in sorted(scope.assets) if await store.catalog.asset(asset) is None]
    if missing:
        missing.sort(key=lambda asset: asset.space not in known)  # the nearer to right, the earlier told
        assets = await store.catalog.ids()
        wrong += [unknown_asset(asset, assets, known, listed=listed, outside=outside) for asset in missing]
    return tuple(wrong)


async def require_found(store: Store, scope: Scope, outside: Outside = NOTHING_OUTSIDE) -> None:
    """After a listing, a space or asset of the scope that is still unknown was a wrong name.

    Raises:
        UsageError: with the nearest names that exist.
    """
    refuse(await look_up(store, scope, outside=outside))


async def checked_scope(
    store: Store,
    request: ScopeRequest,
    *,
    keys: Iterable[TargetKey],
    listed: bool,
    outside: Outside = NOTHING_OUTSIDE,
) -> Scope:
    """Check a request. Where a listing is still to come, names it may bring are let through if all else is right.

    Raises:
        UsageError: naming everything that is wrong at once.
    """
    scope, wrong = Scope.read(request, keys=keys)
    if any(each.written is not None for each in wrong):
        wrong = tuple(with_meant_assets(wrong, await store.catalog.ids()))
    if listed or wrong:
        refuse((*wrong, *await look_up(store, scope, listed=listed, outside=outside)))
    return scope
