"""Give columns that their own documents leave open the types of what they are selected from, once all is read.

Nothing is written untyped in between: what was read with open types waits for the rest of its pass. An asset that was
not read again follows its sources in the same pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from spheresync.discovery.discovery_report import CatalogRecorder
from spheresync.discovery.normalisation import Normalised, normalised_all
from spheresync.lineage.column_types import load_type_sources, with_types
from spheresync.lineage.known_assets import KnownAssets
from spheresync.lineage.open_types import OpenTypes
from spheresync.lineage.stored import StoredLineage
from spheresync.mapping.references import asset_of
from spheresync.mapping.search.fields import NO_CONTEXT_TEXTS, IndexedTexts
from spheresync.mapping.search.texts import texts_to_index
from spheresync.model import Asset
from spheresync.observe.incidents import ErrorAccount, product_error
from spheresync.runtime.worker_process import WorkerProcess
from spheresync.state.definitions import decode_asset
from spheresync.state.port import Store, Tx
from spheresync.state.records import AssetRecord

_AT_ONCE = 100


class OpenTypeResolver:
    """Resolves open types by the definitions of the state, and of what was read with open types itself."""

    def __init__(self, store: Store, recorder: CatalogRecorder, worker: WorkerProcess) -> None:
        self._store = store
        self._source = StoredLineage(store, ())
        self._recorder = recorder
        self._worker = worker

    async def of(self, read: Sequence[Normalised]) -> list[Normalised | ErrorAccount]:
        """What was read, in the same order, with the types that could be found."""
        assets = {str(asset.id): asset for asset in (decode_asset(each.definition) for each in read)}
        found: list[Normalised | ErrorAccount] = []
        for start in range(0, len(read), _AT_ONCE):
            lot = [*assets.values()][start : start + _AT_ONCE]
            try:
                typed = await self._typed(lot, assets)
            except Exception as error:  # noqa: BLE001 -- isolates these assets: what they had stays
                found += [ErrorAccount.of(error)] * len(lot)
            else:
                found += [typed.get(str(asset.id), said) for asset, said in zip(lot, read[start:], strict=False)]
        return found

    async def settle(self, stated: Callable[[AssetRecord, Normalised], AssetRecord]) -> None:
        """Look again at the stored assets whose sources have changed; `stated`: the record that a definition makes."""
        note = await OpenTypes.read(self._store.meta)
        names = front = note.waiting & note.columns.keys()
        while front:
            naming = {str(asset) for asset in await self._store.catalog.referring_to(front)}
            front = (naming & note.columns.keys()) - names
            names = names | front
        todo = sorted(names)
        for start in range(0, len(todo), _AT_ONCE):
            try:
                await self._settle(todo[start : start + _AT_ONCE], stated)
            except Exception as error:  # noqa: BLE001 -- they wait on, for the next pass
                product_error(error, "types of columns by what they are selected from")

    async def _settle(self, names: Sequence[str], stated: Callable[[AssetRecord, Normalised], AssetRecord]) -> None:
        records = await self._store.catalog.some([asset for name in names if (asset := asset_of(name)) is not None])
        definitions = await self._source.definitions(names)
        typed = await self._typed([*definitions.values()], {})

        async def write(tx: Tx) -> None:
            now = {each.id: each.definition for each in await tx.catalog.some([record.id for record in records])}
            same = [record for record in records if now.get(record.id) == record.definition]
            others = {each.id: said for each in same if isinstance(said := typed.get(str(each.id)), Normalised)}
            digests = await tx.blobs.put_many([said.definition for said in others.values()])
            stored = dict(zip(others, digests, strict=True))
            changed = [
                replace(stated(each, others[each.id]), definition=stored[each.id]) for each in same if each.id in others
            ]
            note = await OpenTypes.read(tx.meta)
            settled = [each.id for each in same if not isinstance(typed.get(str(each.id)), ErrorAccount)]
            await note.settled(tx, settled, {asset: said.open_columns for asset, said in others.items()})
            if changed:
                texts = {each.id: texts_of(each, others[each.id]) for each in changed}
                await self._recorder.put(tx, changed, partial(tx.catalog.put_readings, texts=texts))
                await self._recorder.redefined(tx, [each.id for each in changed], ())

        await self._store.write(write)

    async def _typed(
        self, assets: Sequence[Asset], others: Mapping[str, Asset]
    ) -> dict[str, Normalised | ErrorAccount]:
        """Those of the assets that get other types than they have, by name; `others` count before what is stored."""
        known = KnownAssets(self._source, {**others, **{str(asset.id): asset for asset in assets}})
        await load_type_sources(known, assets)
        typed = [with_types(asset, known.assets) for asset in assets]
        changed = [now for now, before in zip(typed, assets, strict=True) if now != before]
        said = await self._worker.do(normalised_all, changed) if changed else []
        return {str(asset.id): each for asset, each in zip(changed, said, strict=True)}


def texts_of(record: AssetRecord, said: Normalised) -> IndexedTexts:
    """What the index holds of an asset: of most nothing but what was made of its definition in another process."""
    if record.context_texts == NO_CONTEXT_TEXTS:
        return said.texts
    return texts_to_index(record.id.name, said.label, decode_asset(said.definition), record.context_texts)
