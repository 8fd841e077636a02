"""What part of the tenant one request is about."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from spheresync.errors import UsageError
from spheresync.model import AssetId, JsonValue, SpaceName, Tier
from spheresync.state.store import Store


@dataclass(frozen=True, slots=True)
class ScopeRequest:
    """The scope flags of a command or tool, as given; empty means everything."""

    spaces: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """A checked scope. An asset is in it when every given dimension admits it."""

    spaces: frozenset[SpaceName] = frozenset()
    assets: frozenset[AssetId] = frozenset()
    tiers: frozenset[Tier] = frozenset()

    @classmethod
    def parse(cls, request: ScopeRequest, *, targets: Iterable[str]) -> Scope:
        """Check a request.

        Raises:
            UsageError: an asset is not SPACE/NAME, a tier or target is unknown; the text names valid ones.
        """
        known_targets = list(targets)
        for target in request.targets:
            if target not in known_targets:
                raise UsageError(
                    f"target {target!r} is not configured.", remedy=f"Configured: {', '.join(known_targets)}."
                )
        assets = set()
        for text in request.assets:
            try:
                assets.add(AssetId.parse(text))
            except ValueError as error:
                raise UsageError(
                    f"{error}.", remedy="Write an asset as SPACE/NAME, for example SALES/Orders."
                ) from error
        tiers = set()
        for text in request.tiers:
            if text not in set(Tier):
                raise UsageError(f"there is no tier {text!r}.", remedy=f"Tiers: {', '.join(Tier)}.")
            tiers.add(Tier(text))
        return cls(frozenset(map(SpaceName, request.spaces)), frozenset(assets), frozenset(tiers))

    @property
    def everything(self) -> bool:
        return not (self.spaces or self.assets or self.tiers)

    def wants_space(self, space: SpaceName) -> bool:
        """Whether any asset of the space can be in scope, so that the space must be listed."""
        if self.spaces and space not in self.spaces:
            return False
        return not self.assets or any(asset.space == space for asset in self.assets)

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

    def to_json(self) -> dict[str, JsonValue]:
        return {
            "spaces": [*sorted(self.spaces)],
            "assets": [*sorted(str(asset) for asset in self.assets)],
            "tiers": [*sorted(self.tiers)],
        }

    @classmethod
    def from_json(cls, value: dict[str, JsonValue]) -> Scope:
        """Read what `to_json` wrote."""

        def texts(key: str) -> list[str]:
            items = value.get(key)
            return [str(item) for item in items] if isinstance(items, list) else []

        return cls(
            frozenset(map(SpaceName, texts("spaces"))),
            frozenset(map(AssetId.parse, texts("assets"))),
            frozenset(map(Tier, texts("tiers"))),
        )


def unknown_name(what: str, name: str, known: Iterable[str], *, listing: str) -> UsageError:
    """The error for a name that does not exist: nearest matches first, else how to list the valid ones."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        hint = f"Did you mean {', '.join(near)}?"
    elif 0 < len(names) <= 12:
        hint = f"Known: {', '.join(sorted(names))}."
    else:
        hint = f"{listing} shows the {len(names)} known ones." if names else "Nothing is known yet: run discover first."
    return UsageError(f"there is no {what} {name!r}.", remedy=hint)


async def require_found(store: Store, scope: Scope) -> None:
    """After a listing, a space or asset of the scope that is still unknown was a wrong name.

    Raises:
        UsageError: with the nearest names that exist. Where nothing is known at all, the listing itself failed and
            says so, and nothing is raised.
    """
    known = {space.name for space in await store.catalog.spaces()}
    if not known:
        return
    for space in sorted(scope.spaces | {asset.space for asset in scope.assets}):
        if space not in known:
            raise unknown_name("space", space, known, listing="list_spaces")
    for asset in sorted(scope.assets):
        if await store.catalog.asset(asset) is None:
            names = [str(each.id) for each in await store.catalog.assets(asset.space)]
            raise unknown_name("asset", str(asset), names, listing="list_assets")
