"""Which missed assets the tenant was asked for and said to be gone, kept by space: only their tables may go.

A plan that reads nothing goes by misses that were counted under other settings, or while a revert held the asset: then
nobody asked. So each confirmation is stored for itself, and the number of misses does not imply one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from spheresync.model import GONE_UNCONFIRMED, AssetId, Problem, SpaceName, canonical_json
from spheresync.observe.incidents import product_error
from spheresync.state.cell_encoding import decode_cell
from spheresync.state.port import Store, Tx
from spheresync.state.records import AssetRecord

_KEY = "gone_confirmed:"


@dataclass(frozen=True, slots=True)
class ConfirmedGone:
    """What was noted, by space."""

    names: Mapping[SpaceName, frozenset[str]] = field(default_factory=dict)

    @classmethod
    async def load(cls, store: Store) -> ConfirmedGone:
        """What is noted now."""
        noted = await store.meta.with_prefix(_KEY)
        return cls({SpaceName(key.removeprefix(_KEY)): _names(names) for key, names in noted.items()})

    def allows(self, asset: AssetId) -> bool:
        """Whether a table may go by what was asked; of a space of which nothing was noted yet nobody can say no."""
        noted = self.names.get(asset.space)
        return noted is None or asset.name in noted


async def note_confirmed(tx: Tx, missed: Iterable[AssetRecord], gone: Collection[AssetId]) -> None:
    """Note which of the missed assets are confirmed now, or were before and nothing says otherwise since."""
    before: dict[SpaceName, ConfirmedGone] = {}
    still: dict[SpaceName, set[str]] = defaultdict(set)
    for record in missed:
        space = record.id.space
        if space not in before:
            noted = await tx.meta.get(f"{_KEY}{space}")
            before[space] = ConfirmedGone({space: _names(noted)})
        doubted = not record.misses or (record.problem is not None and record.problem.code == GONE_UNCONFIRMED)
        kept = record.id in gone or before[space].allows(record.id)
        still[space] |= {record.id.name} if kept and not doubted else set()
    for space in before:
        await tx.meta.set(f"{_KEY}{space}", canonical_json(sorted(still[space])).decode())


def _names(noted: str | None) -> frozenset[str]:
    """The names of a note; of a damaged one none, so that they are asked for again."""
    try:
        return frozenset(map(str, decode_cell(noted))) if noted else frozenset()
    except (ValueError, TypeError) as error:
        product_error(error, "assets that are confirmed to be gone")
        return frozenset()


def not_asked(asset: AssetId) -> Problem:
    """That a table stays which would go by the settings of now, since the tenant was not asked for its asset."""
    message = (
        f"{asset} is not listed any more, but nobody has asked Datasphere for it by its name since it counts as gone; "
        "what AWS holds of it stays as it is."
    )
    return Problem.of(
        asset, GONE_UNCONFIRMED, message, "Plan with a reading of Datasphere: a sync, or a new preview that refreshes."
    )
