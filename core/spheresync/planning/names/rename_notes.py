"""Notes in the state of which asset had which name before, kept by space: what answers tell of former names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from spheresync.model import AssetId, SpaceName, TechnicalName, canonical_json
from spheresync.observe.incidents import product_error
from spheresync.state.cell_encoding import decode_cell
from spheresync.state.port import Store, Tx

_KEY = "renamed:"


async def former_names(store: Store, space: SpaceName) -> Mapping[AssetId, AssetId]:
    """New name → former one, of the assets of a space; a chain of renames is told a link at a time."""
    names = _names(await store.meta.get(f"{_KEY}{space}"))
    return {AssetId(space, TechnicalName(new)): AssetId(space, TechnicalName(old)) for new, old in names.items()}


async def note_renames(tx: Tx, renamed: Mapping[AssetId, AssetId]) -> None:
    """Note new name → former one; a name that is taken on again is nobody's former one any more."""
    by_space: dict[SpaceName, dict[str, str]] = defaultdict(dict)
    for new, old in renamed.items():
        by_space[new.space][new.name] = old.name
    for space, names in by_space.items():
        before = _names(await tx.meta.get(f"{_KEY}{space}"))
        kept = {new: old for new, old in before.items() if old not in names}
        await tx.meta.set(f"{_KEY}{space}", canonical_json({**kept, **names}).decode())


def _names(noted: str | None) -> dict[str, str]:
    """The names of a note; of a damaged one none, since nothing goes by them."""
    try:
        return {str(new): str(old) for new, old in decode_cell(noted).items()} if noted else {}
    except (ValueError, TypeError, AttributeError) as error:
        product_error(error, "former names of assets")
        return {}
