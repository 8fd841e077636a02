"""Writes the index of texts. What went into it is kept packed beside it, so that it can be taken out again."""

# ruff: noqa: S608 -- statements are put together from this module's own words; values are always bound
from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence

from spheresync.mapping.search.fields import IndexedTexts
from spheresync.mapping.search.texts import texts_to_index
from spheresync.model import AssetId, Digest
from spheresync.state.cell_encoding import decode_asset_id, decode_context_texts, decode_texts, encode_texts
from spheresync.state.definitions import decode_asset
from spheresync.state.sqlite.connection import Row, WriteConnection
from spheresync.state.sqlite.repositories.blobs import BlobReader
from spheresync.state.sqlite.repositories.search import SearchReader, is_lost_index
from spheresync.state.sqlite.rows.shapes import UNREADABLE
from spheresync.state.sqlite.rows.statements import rows_of_assets

_INDEXED = "space, name, label, definition, context_texts"


class SearchWriter(SearchReader):
    """Writes the index."""

    def __init__(self, connection: WriteConnection) -> None:
        super().__init__(connection)
        self._writer = connection
        self._blobs = BlobReader(connection)

    async def put(self, texts: Mapping[AssetId, IndexedTexts]) -> None:
        try:
            await self._put(texts)
        except sqlite3.DatabaseError as error:
            # An index that contradicts itself is made anew as a lost one is: it holds nothing that is not elsewhere.
            if not (is_lost_index(error) or isinstance(error, sqlite3.IntegrityError)):
                raise
            await self.forget_all()

    async def fill(self, limit: int) -> int:
        rows = await self._writer.all(
            f"SELECT {_INDEXED} FROM assets WHERE search_stale = 1 ORDER BY space, name LIMIT ?",
            (limit,),
        )
        texts = await self._texts_of(rows)
        await self.put(texts)
        return len(texts)

    async def index_written(self, assets: Sequence[AssetId], texts: Mapping[AssetId, IndexedTexts], most: int) -> None:
        """Index what was written of assets, by the texts where they are known; the rest is left, beyond `most`."""
        stale: list[Row] = []
        for clause, values in rows_of_assets([each for each in assets if each not in texts], "assets", name="name"):
            if len(stale) >= most:
                break
            stale += await self._writer.all(
                f"{clause} SELECT {_INDEXED} FROM named_assets WHERE search_stale = 1", values
            )
        await self.put({**await self._texts_of(stale[:most]), **texts})

    async def forget_all(self) -> None:
        await self._writer.execute("INSERT INTO asset_search (asset_search) VALUES ('delete-all')")
        # Made anew rather than emptied: what is damaged cannot be taken out row by row.
        row = await self._writer.one("SELECT sql FROM sqlite_schema WHERE name = 'asset_search_parts'")
        assert row is not None  # or the state would not have been opened
        await self._writer.execute("DROP TABLE asset_search_parts")
        await self._writer.execute(row[0])
        await self._writer.execute("DELETE FROM search_rows")
        await self._writer.execute("DELETE FROM search_words")
        await self._writer.execute("UPDATE assets SET search_id = NULL, search_stale = 1")

    async def has_every_word(self) -> bool:
        """Whether every word of the index can be looked up by its beginning. Reads all of it."""
        rows = await self._writer.all("SELECT texts FROM search_rows")
        return not lacks_words(rows, await self._writer.all("SELECT kind, word FROM search_words"))

    async def _texts_of(self, rows: Sequence[Row]) -> dict[AssetId, IndexedTexts]:
        """What the index is to hold of assets, by their stored definitions; of lost ones the name and the label."""
        definitions = await self._blobs.get_many([Digest(row[3]) for row in rows if isinstance(row[3], str)])
        found = {}
        for space, name, label, digest, said in rows:
            if not (isinstance(space, str) and isinstance(name, str)):
                continue
            asset = decode_asset_id((space, name))
            told = label if isinstance(label, str) else ""
            try:
                body = definitions.get(digest)
                read = None if body is None else decode_asset(body)
                found[asset] = texts_to_index(name, told, read, decode_context_texts(said))
            except UNREADABLE:
                found[asset] = texts_to_index(name, told, None)
        return found

    async def _put(self, texts: Mapping[AssetId, IndexedTexts]) -> None:
        known = await self._known(texts)
        if known is None:
            await self.forget_all()
            return
        moved = {asset: each for asset, each in texts.items() if known.get(asset, (0, None))[1] != each}
        last = await self._last_number()  # before anything is taken out, since what changed keeps its number
        await self._take_out([(number, former) for number, former in (known[a] for a in moved if a in known)])
        newcomers = (asset for asset in moved if asset not in known)
        numbers = {asset: number for asset, (number, _) in known.items()}
        numbers |= {asset: last + place for place, asset in enumerate(newcomers, 1)}
        await self._enter([(numbers[asset], asset, each) for asset, each in moved.items()])
        await self._writer.execute_many(
            "UPDATE assets SET search_id = ?1, search_stale = 0 WHERE space = ?2 AND name = ?3 "
            "AND (search_stale != 0 OR search_id IS NOT ?1)",
            [(numbers[asset], asset.space, asset.name) for asset in texts],
        )

    async def _known(self, assets: Collection[AssetId]) -> dict[AssetId, tuple[int, IndexedTexts]] | None:
        """What the index holds of assets, None where that cannot be told of all, so that it cannot be taken out."""
        found: dict[AssetId, tuple[int, IndexedTexts]] = {}
        for clause, values in rows_of_assets(assets, "search_rows", name="name"):
            rows = await self._writer.all(f"{clause} SELECT space, name, id, texts FROM named_search_rows", values)
            try:
                found |= {decode_asset_id(row[:2]): (row[2], decode_texts(row[3])) for row in rows}
            except UNREADABLE:
                return None
        return found

    async def _last_number(self) -> int:
        row = await self._writer.one(
            "SELECT max(coalesce((SELECT max(id) FROM search_rows), 0), "
            "coalesce((SELECT max(id) FROM asset_search_parts_docsize), 0))"
        )
        return int(row[0]) if row else 0

    async def _take_out(self, rows: Sequence[tuple[int, IndexedTexts]]) -> None:
        await self._writer.execute_many(
            "INSERT INTO asset_search (asset_search, rowid, words) VALUES ('delete', ?, ?)",
            [(number, each.entry) for number, each in rows],
        )
        for table, key in (("search_rows", "id"), ("asset_search_parts", "rowid")):
            await self._writer.execute_many(f"DELETE FROM {table} WHERE {key} = ?", [(number,) for number, _ in rows])

    async def _enter(self, rows: Sequence[tuple[int, AssetId, IndexedTexts]]) -> None:
        await self._writer.execute_many(
            "INSERT INTO search_rows (id, space, name, texts) VALUES (?, ?, ?, ?)",
            [(number, asset.space, asset.name, encode_texts(each)) for number, asset, each in rows],
        )
        await self._writer.execute_many(
            "INSERT INTO asset_search (rowid, words) VALUES (?, ?)", [(number, each.entry) for number, _, each in rows]
        )
        await self._writer.execute_many(
            "INSERT INTO asset_search_parts (rowid, name, label) VALUES (?, ?, ?)",
            [(number, each.name_text, each.label_text) for number, _, each in rows],
        )
        words = {("word", word) for *_, each in rows for word in each.words}
        columns = {("column", word) for *_, each in rows for word in each.column_whole.split()}
        await self._writer.execute_many(
            "INSERT OR IGNORE INTO search_words (kind, word) VALUES (?, ?)", sorted(words | columns)
        )


def lacks_words(rows: Iterable[Sequence[object]], words: Iterable[Sequence[object]]) -> bool:
    """Whether words of what is indexed are not among those that beginnings and globs are looked up in.

    `rows` hold the packed texts of an asset each, `words` kind and word.
    """
    wanted: set[tuple[str, str]] = set()
    for (body,) in rows:
        try:
            texts = decode_texts(body)  # type: ignore[arg-type]  # what a cell holds; anything else is refused there
        except UNREADABLE:
            continue  # told by the shape of its row
        wanted.update(("word", word) for word in texts.words)
        wanted.update(("column", word) for word in texts.column_whole.split())
    return not wanted <= {(kind, word) for kind, word in words}
