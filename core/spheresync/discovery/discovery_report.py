"""What a discovery did, in counts and problems."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from spheresync.errors import SourceFault
from spheresync.model import (
    AssetEntry,
    AssetId,
    Problem,
    TargetKey,
    first_of,
)
from spheresync.planning.asset_status import settle_statuses
from spheresync.runtime.scope import Scope
from spheresync.state.port import Store, Tx
from spheresync.state.records import AssetRecord


@dataclass(slots=True)
class DiscoveryReport:
    """What a discovery did: `listed = mapped + filtered + failed`. `read` counts definitions asked for."""

    spaces: int = 0
    listed: int = 0
    mapped: int = 0
    filtered: int = 0
    failed: int = 0
    read: int = 0
    unchanged: int = 0
    reached: bool = True
    problems: list[Problem] = field(default_factory=list)
    not_exposed: list[str] = field(default_factory=list)
    gone: list[Problem] = field(default_factory=list)
    empty: bool = False  # the tenant answered, and lists no space

    def told_to(self, scope: Scope) -> DiscoveryReport:
        """The report as whoever asked for `scope` is to hear it: what is gone is a failure where it was named."""
        missed = [problem for problem in self.gone if scope.names(problem.subject)]
        others = [problem for problem in self.gone if problem not in missed]
        return replace(self, problems=[*self.problems, *missed], gone=others) if missed else self

    @property
    def notices(self) -> tuple[Problem, ...]:
        """What is worth a line and no failure: assets that were listed and whose definition is not exposed.

        Spaces that are gone are none of these: whoever plans goes by what is known of them, read now or before.
        """
        if not self.not_exposed:
            return ()
        text = f"listed, but not exposed (404), so left as they were: {first_of(sorted(self.not_exposed), 5)}"
        remedy = "Deploy them and switch on 'Expose for Consumption', or wait for the next listing."
        return (Problem("tenant", SourceFault.NOT_EXPOSED, text, remedy),)


@dataclass(frozen=True, slots=True)
class DefinitionToRead:
    """A definition that a listing says is to be read, with the asset's record as the listing leaves it.

    `as_known`: that is what is known of it, and nothing is wrong with it; a definition that is as it was then changes
    nothing but when it was read.
    """

    entry: AssetEntry
    record: AssetRecord
    as_known: bool = False


Redefined = Callable[[Tx, Sequence[AssetId], Sequence[AssetId]], Awaitable[None]]


class CatalogRecorder:
    """Writes records into the local catalog, with where their assets stand by what is known of the targets now."""

    def __init__(
        self,
        store: Store,
        still_ours: Callable[[Tx], Awaitable[None]],
        in_force: Sequence[TargetKey],
        bind: Callable[[Tx], Awaitable[None]],
        redefined: Redefined,
    ) -> None:
        """`still_ours` raises in a unit of work once another process reads in our place.

        `in_force`: the targets by which an asset stands where it stands. `bind` is called in the unit of work that
        writes what the tenant listed, `redefined` in the one that writes other definitions than before: with those,
        and with those of them that name other objects.
        """
        self.still_ours = still_ours
        self.bind = bind
        self.redefined = redefined
        self._store = store
        self._in_force = in_force

    async def put(
        self, tx: Tx, records: Sequence[AssetRecord], put: Callable[[Sequence[AssetRecord]], Awaitable[None]]
    ) -> None:
        """Write records, and where their assets stand by what is known of the target now.

        Raises:
            LeaseLostError: another process reads Datasphere by now; nothing is written.
        """
        await self.still_ours(tx)
        assets = [record.id for record in records]
        await put(records)
        await settle_statuses(tx, assets, self._in_force)
