"""What Datasphere lists under a name that nothing can be known by: told each time, and kept out by itself.

A space whose name holds a slash cannot be told from another one in `SPACE/NAME`, and half a character is held by
neither the state nor AWS. What has such a name is left out of the listing, which stays as complete as it was: nothing
else is missing. The state notes such spaces, so that answers can name them between two listings.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from spheresync.model import (
    UNSPELLABLE,
    UNSPELLABLE_REMEDY,
    AssetEntry,
    AssetId,
    Listing,
    Problem,
    SpaceEntry,
    SpaceName,
    shown,
    unspellable,
)
from spheresync.observe.incidents import product_error
from spheresync.state.cell_encoding import decode_cell
from spheresync.state.port import Store, Tx

MOST_TOLD = 100
"""Of each listing; of more, the number is told."""
_NOTE = "unspellable_spaces"


@dataclass(frozen=True, slots=True, order=True)
class UnspellableSpace:
    """A space that is kept out, with the reason."""

    name: SpaceName
    why: str

    @property
    def problem(self) -> Problem:
        """As runs, previews and the status tell it."""
        text = f"space {self.name!r} is kept out with all its assets: {self.why}"
        return Problem(shown(self.name) or repr(self.name), UNSPELLABLE, text, UNSPELLABLE_REMEDY)


@dataclass(frozen=True, slots=True)
class UnspellableAsset:
    """An asset that is kept out, with what to tell of it."""

    asset: AssetEntry
    problem: Problem


def without_unspellable_spaces(spaces: Listing[SpaceEntry]) -> tuple[Listing[SpaceEntry], tuple[UnspellableSpace, ...]]:
    """The listing without the spaces that cannot be kept, and those."""
    found = {space.name: unspellable(space.name, of_space=True) for space in spaces.items}
    kept = tuple(space for space in spaces.items if found[space.name] is None)
    odd = sorted(UnspellableSpace(name, why) for name, why in found.items() if why is not None)
    return replace(spaces, items=kept), tuple(odd)


def without_unspellable_assets(
    listing: Listing[AssetEntry],
) -> tuple[Listing[AssetEntry], tuple[UnspellableAsset, ...]]:
    """The listing of a space without the assets that cannot be kept, and those."""
    odd = tuple(
        UnspellableAsset(entry, _problem(entry.id, why))
        for entry in listing.items
        if (why := unspellable(entry.id.name)) is not None
    )
    if not odd:
        return listing, ()
    left_out = {each.asset.id for each in odd}
    kept = tuple(entry for entry in listing.items if entry.id not in left_out)
    problems = tuple(each for each in listing.problems if each.asset not in left_out)
    return replace(listing, items=kept, problems=problems), odd


def first_problems(problems: Sequence[Problem], subject: str) -> list[Problem]:
    """The first ones of a listing, and how many more there are."""
    left = len(problems) - MOST_TOLD
    if left <= 0:
        return [*problems]
    text = f"{left} more are kept out for their names"
    return [*problems[:MOST_TOLD], Problem(subject, UNSPELLABLE, text, UNSPELLABLE_REMEDY)]


def _problem(asset: AssetId, why: str) -> Problem:
    return Problem(shown(str(asset)), UNSPELLABLE, f"asset {str(asset)!r} is kept out: {why}", UNSPELLABLE_REMEDY)


async def note_unspellable_spaces(tx: Tx, spaces: Iterable[UnspellableSpace], *, complete: bool) -> None:
    """Remember which spaces the last listing kept out; an incomplete one takes none back."""
    found = set(spaces) if complete else {*spaces, *_read(await tx.meta.get(_NOTE))}
    if found:
        await tx.meta.set(_NOTE, json.dumps([[space.name, space.why] for space in sorted(found)[:MOST_TOLD]]))
    else:
        await tx.meta.delete(_NOTE)


async def unspellable_spaces(store: Store, wants: Callable[[SpaceName], bool]) -> tuple[UnspellableSpace, ...]:
    """The spaces that the last listing kept out, those of them that are wanted."""
    return tuple(space for space in _read(await store.meta.get(_NOTE)) if wants(space.name))


def _read(note: str | None) -> list[UnspellableSpace]:
    try:
        return [] if note is None else [UnspellableSpace(SpaceName(name), why) for name, why in decode_cell(note)]
    except (ValueError, TypeError) as error:  # a note that is damaged is none: the next listing notes them anew
        product_error(error, "note of unspellable spaces")
        return []
