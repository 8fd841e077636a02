"""What of stored definitions leads to columns that do not exist: looked for again wherever a definition has changed.

A definition that changed is checked, and so are those that read it: a column that is gone upstream breaks them. What
was found stands in the state until the asset is checked again, so that each run tells it at the cost of one value; a
sync that finds nothing changed checks nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from spheresync.lineage.known_assets import KnownAssets
from spheresync.lineage.resolve import resolve
from spheresync.lineage.stored import StoredLineage
from spheresync.mapping.references import asset_of
from spheresync.model import AssetId, Problem, canonical_json, counted
from spheresync.model.json_document import read_own_json
from spheresync.observe.incidents import product_error
from spheresync.state.port import Store, Tx
from spheresync.state.records import AssetRecord

BROKEN = "lineage"
"""Code of a finding about a column or an object that is named and not there."""
REMEDY = "Correct or deploy the object that names it in Datasphere's Data Builder."
_FOUND = "lineage_broken"
_UNCHECKED = "lineage_unchecked:"
_AT_ONCE = 100
_MOST_ASSETS = 1_000
_MOST_TEXTS = 3
_SHOWN = 20


class LineageCheck:
    """Checks the lineage of what one pass of discovery has changed. `note` while it reads, `run` when it has read."""

    def __init__(self, store: Store, owner: str, *, at: str) -> None:
        """`owner`: of the process, by which the next one knows what it left unchecked; `at`: when the pass began."""
        self._store = store
        self._source = StoredLineage(store, ())
        self._at = at
        self._mark = f"{_UNCHECKED}{owner}:{secrets.token_hex(4)}"
        self._changed: set[str] = set()
        self._naming: set[str] = set()

    async def note(self, tx: Tx, changed: Collection[AssetId], naming: Collection[AssetId]) -> None:
        """In the unit of work that writes definitions: these are other ones than before; `naming` name others."""
        if changed or naming:
            self._changed.update(map(str, changed))
            self._naming.update(map(str, naming))
            await tx.meta.set(self._mark, self._at)

    async def run(self, moved: Callable[[Tx, Sequence[AssetId]], Awaitable[None]]) -> None:
        """Check what was noted, what a process that died had noted, and who reads any of it.

        `moved` is told whose findings are others than before, in the unit of work that writes them.
        """
        left = await self._unchecked_by_ended_processes()
        if not (self._changed or self._naming or left):
            return
        names = sorted(self._naming | set(await self._readers()))
        found: dict[str, list[str]] = {}
        passing: dict[AssetId, Sequence[str]] = {}
        for start in range(0, len(names), _AT_ONCE):
            found |= await self._broken(names[start : start + _AT_ONCE], passing)

        async def write(tx: Tx) -> None:
            standing = _read(await tx.meta.get(_FOUND))
            checked = {name for name in standing if name in self._changed or name in names}
            now = {name: texts for name, texts in standing.items() if name not in checked} | found
            kept = dict(sorted(now.items())[:_MOST_ASSETS])
            if kept != standing:
                await tx.meta.set(_FOUND, canonical_json(kept).decode())
            for mark in (self._mark, *left):
                await tx.meta.delete(mark)
            await tx.catalog.set_references([*passing.items()])
            others = [name for name in sorted({*checked, *found}) if standing.get(name) != found.get(name)]
            await moved(tx, [asset for name in others if (asset := asset_of(name)) is not None])

        await self._store.write(write)

    async def _unchecked_by_ended_processes(self) -> list[str]:
        """The notes of processes that died before they checked; all that was read since counts as changed."""
        noted = await self._store.meta.with_prefix(_UNCHECKED)
        left = {
            mark: at
            for mark, at in noted.items()
            if not self._store.is_alive(mark.removeprefix(_UNCHECKED).rpartition(":")[0])
        }
        if left:
            since = min(left.values())
            for record in await self._store.catalog.assets():
                if record.read_at is not None and record.read_at >= since:
                    self._changed.add(str(record.id))
            self._naming |= self._changed
        return [*left]

    async def _readers(self) -> Sequence[str]:
        """Who reads what has changed; not asked where all there is has changed."""
        if len(self._changed) >= _AT_ONCE and len(await self._store.catalog.ids()) == len(self._changed):
            return ()
        return await self._source.naming(self._changed)

    async def _broken(self, names: Sequence[str], passing: dict[AssetId, Sequence[str]]) -> dict[str, list[str]]:
        """What leads to what is not there; notes for those that follow associations all that they pass through."""
        found: dict[str, list[str]] = {}
        known = KnownAssets(self._source)
        for asset in await known.load_to_resolve(names):
            try:
                resolved = resolve(asset, known.assets)
                broken = resolved.broken
                if asset.origins.followed:
                    passing[asset.id] = sorted({*asset.origins.names, *resolved.passed})
            except Exception as error:  # noqa: BLE001 -- isolates this asset
                broken = [product_error(error, f"lineage of {asset.id}").message]
            if broken:
                found[str(asset.id)] = [_bare(asset.id, text) for text in broken[:_MOST_TEXTS]]
        return found


async def findings_of(store: Store, asset: AssetId) -> list[str]:
    """What could not be followed of an asset by the definitions of others as they are now; its own says the rest."""
    known = KnownAssets(StoredLineage(store, ()))
    return [
        text
        for each in await known.load_to_resolve([str(asset)])
        for text in (_bare(asset, said) for said in resolve(each, known.assets).findings)
        if text not in each.origins.unknown
    ]


async def broken_lineage(store: Store, wants: Callable[[AssetRecord], bool] = lambda _: True) -> list[Problem]:
    """A finding for each listed asset that names what is not there, a count for those beyond the first ones."""
    standing = _read(await store.meta.get(_FOUND))
    known = await store.catalog.some([asset for name in standing if (asset := asset_of(name)) is not None])
    assets = sorted(record.id for record in known if not record.misses and wants(record))
    told = [Problem.of(each, BROKEN, "; ".join(standing[str(each)]), REMEDY) for each in assets[:_SHOWN]]
    if len(assets) > _SHOWN:
        more = counted(len(assets) - _SHOWN, "more asset")
        told.append(Problem("lineage", BROKEN, f"{more} whose lineage names what is not there", REMEDY))
    return told


def _bare(asset: AssetId, text: str) -> str:
    """A finding as it stands where the asset is told anyway."""
    return text.removeprefix(f"{asset}: ")


def _read(text: str | None) -> Mapping[str, list[str]]:
    """What was found before; a value that is damaged says nothing, and is found again when it is checked."""
    try:
        value = {} if text is None else read_own_json(text)
        return {str(name): [str(each) for each in texts] for name, texts in value.items()}
    except (ValueError, AttributeError, TypeError):
        return {}
