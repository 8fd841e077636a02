"""Values for the completion of arguments, from what is known."""

from __future__ import annotations

from collections.abc import Sequence

from spheresync.model import SpaceName
from spheresync.state.port import Store

MOST = 100


async def suggestions(store: Store, what: str, typed: str, space: SpaceName | None) -> list[str]:
    """Those that begin with what was typed, then those that hold it, in any case of letters.

    Runs and change sets come newest first. `what` is run, change_set, space or asset; of a `space`, assets are named
    without it.
    """
    if what == "run":
        return _completing([run.id for run in (await store.runs.page(limit=MOST))[0]], typed)
    if what == "change_set":
        return _completing([record.id for record in await store.change_sets.latest(MOST)], typed)
    if what == "space":
        return _completing(sorted(record.name for record in await store.catalog.spaces()), typed)
    ids = [asset for asset in await store.catalog.ids() if space is None or asset.space == space]
    return _completing(sorted(str(asset) if space is None else asset.name for asset in ids), typed)


def _completing(values: Sequence[str], typed: str) -> list[str]:
    wanted = typed.casefold()
    folded = [(value, value.casefold()) for value in values]
    beginning = [value for value, text in folded if text.startswith(wanted)]
    holding = [value for value, text in folded if wanted in text and not text.startswith(wanted)]
    return [*beginning, *holding][:MOST]
