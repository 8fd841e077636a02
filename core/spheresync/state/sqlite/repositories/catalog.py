"""The local catalog: spaces and assets as last listed and read."""

# ruff: noqa: S608 -- statements are put together from this module's own column lists; values are always bound
from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence

from spheresync.mapping.search.fields import NO_CONTEXT_TEXTS, NO_TEXTS, IndexedTexts
from spheresync.model import AssetId, AssetKind, AssetStatus, Digest, PersonalDataClass, SpaceName, TechnicalName, Tier
from spheresync.state.cell_encoding import (
    decode_asset_id,
    decode_context_texts,
    decode_fingerprints,
    decode_problem,
    decode_problems,
    encode_context_texts,
    encode_fingerprints,
    encode_problem,
    valid_text,
)
from spheresync.state.records import AssetRecord, FacetCount, SettledContext, SpaceRecord, UnreadGroup
from spheresync.state.sqlite.connection import ReadConnection, Row, WriteConnection
from spheresync.state.sqlite.repositories.search_writer import SearchWriter
from spheresync.state.sqlite.rows.facets import FACET, facets_where, read_facet
from spheresync.state.sqlite.rows.readable import readable, readable_one
from spheresync.state.sqlite.rows.shapes import shape_of
from spheresync.state.sqlite.rows.statements import MOST_LOOKED_UP, rows_of_assets

_ASSET = (
    "space, name, kind, label, tier, status, entry_digest, raw_digest, parser_version, definition, fp_schema, "
    "fp_content, fp_metadata, column_count, included, reason, problem, misses, first_missed_at, first_seen_at, "
    "listed_at, read_at, changed_at, pii_columns, personal_data, context_texts"
)
_SHAPE = shape_of("assets", _ASSET)
_SPACE = shape_of("spaces", "name, label, listed_at, complete, problem, present")
_PROBLEM = shape_of("assets", "problem")
_NAME = shape_of("assets", "space, name")
MOST_INDEXED = 500
"""Assets whose texts are read off their stored definitions in one unit of work; the others are indexed later."""


class CatalogReader:
    """Reads the catalog."""

    def __init__(self, connection: ReadConnection) -> None:
        self._connection = connection

    async def spaces(self) -> list[SpaceRecord]:
        rows = await self._connection.all(f"SELECT {_SPACE.names} FROM spaces ORDER BY name")
        return readable(self._connection.lost, _SPACE, rows, _read_space)

    async def assets(self, space: SpaceName | None = None) -> list[AssetRecord]:
        if space is None:
            rows = await self._connection.all(f"SELECT {_ASSET} FROM assets ORDER BY space, name")
        else:
            rows = await self._connection.all(f"SELECT {_ASSET} FROM assets WHERE space = ? ORDER BY name", (space,))
        return self._readable(rows)

    async def asset(self, asset: AssetId) -> AssetRecord | None:
        row = await self._connection.one(
            f"SELECT {_ASSET} FROM assets WHERE space = ? AND name = ?", (asset.space, asset.name)
        )
        return readable_one(self._connection.lost, _SHAPE, row, _read_asset)

    async def with_problems(self) -> list[AssetRecord]:
        rows = await self._connection.all(
            f"SELECT {_ASSET} FROM assets WHERE problem IS NOT NULL AND included = 1 ORDER BY space, name"
        )
        return self._readable(rows)

    async def unread(self) -> list[UnreadGroup]:
        where = "FROM assets WHERE problem IS NOT NULL AND included = 1 AND misses = 0"
        code = "CASE WHEN json_valid(problem) THEN json_extract(problem, '$[0][1]') END"
        rows = await self._connection.all(f"SELECT {code} AS code, count(*) {where} GROUP BY code ORDER BY code")
        groups = []
        for word, count in rows:
            if not isinstance(word, str):  # damaged: noted, for whoever asks how it stands
                self._readable(
                    await self._connection.all(f"SELECT {_ASSET} {where} AND {code} IS ? LIMIT 100", (word,))
                )
                continue
            query = f"SELECT problem {where} AND {code} = ? ORDER BY space, name LIMIT 3"
            first = readable(
                self._connection.lost,
                _PROBLEM,
                await self._connection.all(query, (word,)),
                lambda row: decode_problems(row[0])[0],
            )
            if first:
                groups.append(UnreadGroup(word, count, tuple(first)))
        return groups

    async def some(self, assets: Collection[AssetId]) -> list[AssetRecord]:
        if len(assets) > MOST_LOOKED_UP:
            among = frozenset(assets)
            return [record for record in await self.assets() if record.id in among]
        found = list[AssetRecord]()
        for clause, values in rows_of_assets(assets, "assets", name="name"):
            rows = await self._connection.all(f"{clause} SELECT {_ASSET} FROM named_assets", values)
            found += self._readable(rows)
        return found

    async def ids(self) -> list[AssetId]:
        rows = await self._connection.all("SELECT space, name FROM assets ORDER BY space, name")
        return readable(self._connection.lost, _NAME, rows, decode_asset_id)

    async def signature(self, misses: int) -> str:
        row = await self._connection.one(
            "SELECT count(*), max(changed_at), total(included), count(definition), total(min(misses, ?)) FROM assets",
            (misses,),
        )
        return repr(row)

    async def page(
        self,
        *,
        space: SpaceName | None = None,
        kind: AssetKind | None = None,
        tier: Tier | None = None,
        status: AssetStatus | None = None,
        limit: int = 50,
        after: AssetId | None = None,
    ) -> tuple[list[AssetRecord], int]:
        given = {"space": space, "kind": kind, "tier": tier, "status": status}
        values = [str(value) for value in given.values() if value is not None]
        clause = " AND ".join(["1", *(f"{column} = ?" for column, value in given.items() if value is not None)])
        total = await self._connection.one(f"SELECT count(*) FROM assets WHERE {clause}", values)
        if after is not None:
            clause += " AND (space, name) > (?, ?)"
            values = [*values, after.space, after.name]
        # Keys first, from the covering index alone: a row is ten times as wide.
        rows = await self._connection.all(
            f"SELECT {_ASSET} FROM assets WHERE (space, name) IN ("
            f"SELECT space, name FROM assets INDEXED BY assets_by_name WHERE {clause} ORDER BY space, name LIMIT ?"
            ") ORDER BY space, name",
            [*values, limit],
        )
        found = self._readable(rows)
        if len(found) < len(rows) == limit:  # those that follow stand in for what cannot be read
            last = AssetId(rows[-1][0], rows[-1][1])
            more, _ = await self.page(
                space=space,
                kind=kind,
                tier=tier,
                status=status,
                limit=limit - len(found),
                after=last,
            )
            found += more
        return found, int(total[0]) if total else 0

    async def counts(self) -> list[FacetCount]:
        rows = await self._connection.all(facets_where())
        found = readable(self._connection.lost, FACET, rows, read_facet)
        if len(found) < len(rows):
            await self.assets()  # which notes the rows one by one
        return found

    async def referring_to(self, names: Collection[str]) -> list[AssetId]:
        found: dict[AssetId, None] = {}
        wanted = sorted(names)
        for start in range(0, len(wanted), MOST_LOOKED_UP):
            chunk = wanted[start : start + MOST_LOOKED_UP]
            rows = await self._connection.all(
                "SELECT DISTINCT a.space, a.name FROM assets a, json_each(CASE WHEN json_valid(a.refers_to) "
                f"THEN a.refers_to ELSE '[]' END) r WHERE a.refers_to IS NOT NULL AND r.value IN "
                f"({', '.join('?' * len(chunk))}) ORDER BY a.space, a.name",
                chunk,
            )
            found |= dict.fromkeys(readable(self._connection.lost, _NAME, rows, decode_asset_id))
        return list(found)

    def _readable(self, rows: Sequence[Row]) -> list[AssetRecord]:
        return readable(self._connection.lost, _SHAPE, rows, _read_asset)


class CatalogWriter(CatalogReader):
    """Writes the catalog. Spaces and assets are never removed."""

    def __init__(self, connection: WriteConnection) -> None:
        super().__init__(connection)
        self._writer = connection
        self._search = SearchWriter(connection)

    async def put_spaces(self, spaces: Iterable[SpaceRecord]) -> None:
        await self._writer.execute_many(
            "INSERT OR REPLACE INTO spaces (name, label, listed_at, complete, problem, present) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            [
                (s.name, valid_text(s.label), s.listed_at, s.complete, encode_problem(s.problem), s.present)
                for s in spaces
            ],
        )

    async def put_assets(self, assets: Sequence[AssetRecord], texts: Mapping[AssetId, IndexedTexts] = NO_TEXTS) -> None:
        await self._writer.execute_many(_PUT_ASSET, [_spell_asset(asset) for asset in assets])
        await self._search.index_written([asset.id for asset in assets], texts, MOST_INDEXED)

    async def put_listings(self, assets: Sequence[AssetRecord]) -> None:
        await self._writer.execute_many(_PUT_LISTING, [_spell_asset(asset) for asset in assets])
        await self._search.index_written([asset.id for asset in assets], NO_TEXTS, MOST_INDEXED)

    async def put_readings(
        self, assets: Sequence[AssetRecord], texts: Mapping[AssetId, IndexedTexts] = NO_TEXTS
    ) -> None:
        rows = (dict(zip(_COLUMNS, _spell_asset(asset), strict=True)) for asset in assets)
        await self._writer.execute_many(
            f"UPDATE assets SET {', '.join(f'{column} = ?' for column in _READ_COLUMNS)}, "
            f"{_stale_unless_same(_INDEXED_COLUMNS, '?')} WHERE space = ? AND name = ?",
            [
                (*(row[column] for column in (*_READ_COLUMNS, *_INDEXED_COLUMNS)), row["space"], row["name"])
                for row in rows
            ],
        )
        await self._search.index_written([asset.id for asset in assets], texts, MOST_INDEXED)

    async def put_moments(self, assets: Sequence[AssetId], *, at: str) -> None:
        for clause, values in rows_of_assets(assets, "assets", name="name"):
            await self._writer.execute(
                f"{clause} UPDATE assets SET listed_at = ?, read_at = ? "
                "WHERE (space, name) IN (SELECT space, name FROM named_assets)",
                (*values, at, at),
            )

    async def set_references(self, references: Sequence[tuple[AssetId, Sequence[str]]]) -> None:
        await self._writer.execute_many(
            "UPDATE assets SET refers_to = ? WHERE space = ? AND name = ?",
            [(json.dumps(list(names)) if names else None, asset.space, asset.name) for asset, names in references],
        )

    async def set_context(self, held: Sequence[SettledContext]) -> None:
        await self._writer.execute_many(
            "UPDATE assets SET personal_data = ?1, pii_columns = ?2, context_texts = ?3, "
            "search_stale = CASE WHEN context_texts IS ?3 THEN search_stale ELSE 1 END "
            "WHERE space = ?4 AND name = ?5 AND definition = ?6",
            [
                (
                    _spell_classes(each.personal_data),
                    each.pii_columns,
                    encode_context_texts(each.context_texts),
                    each.asset.space,
                    each.asset.name,
                    each.definition,
                )
                for each in held
            ],
        )

    async def set_statuses(self, statuses: Sequence[tuple[AssetId, AssetStatus]]) -> None:
        await self._writer.execute_many(
            "UPDATE assets SET status = ? WHERE space = ? AND name = ?",
            [(status, asset.space, asset.name) for asset, status in statuses],
        )


def _stale_unless_same(columns: Iterable[str], fresh: str | None = None) -> str:
    """What is to be in the index of texts is so on where it was, and these columns stay as they are.

    `fresh`: what stands for the new value of each; else that of the row that is put.
    """
    same = " AND ".join(f"assets.{column} IS {fresh or f'excluded.{column}'}" for column in columns)
    return f"search_stale = CASE WHEN assets.search_stale = 0 AND {same} THEN 0 ELSE 1 END"


_COLUMNS = [column.strip() for column in _ASSET.split(",")]
_INDEXED_COLUMNS = ("label", "definition", "context_texts")
_LISTING_COLUMNS = [
    *("kind", "label", "tier", "entry_digest", "included", "reason", "misses", "first_missed_at", "listed_at")
]
_PUT_LISTING = (
    f"INSERT INTO assets ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))}) "
    f"ON CONFLICT (space, name) DO UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in _LISTING_COLUMNS)}, "
    # Where it stands is known better by whoever wrote it, unless the listing itself changes that.
    "status = CASE WHEN assets.misses > 0 OR assets.included = 0 THEN excluded.status ELSE assets.status END, "
    f"{_stale_unless_same(['label'])}"
)
_LISTED_COLUMNS = {"space", "name", "entry_digest", "misses", "first_missed_at", "first_seen_at", "listed_at"}
_READ_COLUMNS = [column for column in _COLUMNS if column not in _LISTED_COLUMNS]
_PUT_ASSET = (
    f"INSERT INTO assets ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))}) "
    f"ON CONFLICT (space, name) DO UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in _COLUMNS[2:])}, "
    f"{_stale_unless_same(_INDEXED_COLUMNS)}"
)


def _spell_asset(a: AssetRecord) -> tuple[object, ...]:
    return (
        a.id.space,
        a.id.name,
        a.kind,
        valid_text(a.label),
        a.tier,
        a.status,
        a.entry_digest,
        a.raw_digest,
        a.parser_version,
        a.definition,
        *encode_fingerprints(a.fingerprints),
        a.column_count,
        a.included,
        valid_text(a.reason),
        encode_problem(a.problem),
        a.misses,
        a.first_missed_at,
        a.first_seen_at,
        a.listed_at,
        a.read_at,
        a.changed_at,
        a.pii_columns,
        _spell_classes(a.personal_data),
        encode_context_texts(a.context_texts),
    )


def _spell_classes(classes: Sequence[PersonalDataClass]) -> str:
    return ",".join(classes)


def _read_space(row: Row) -> SpaceRecord:
    name, label, listed_at, complete, problem, present = row
    return SpaceRecord(SpaceName(name), label, listed_at, bool(complete), decode_problem(problem), bool(present))


def _read_asset(row: Row) -> AssetRecord:
    return AssetRecord(
        AssetId(SpaceName(row[0]), TechnicalName(row[1])),
        _KINDS[row[2]],
        row[3],
        _TIERS[row[4]],
        _STATUSES[row[5]],
        _digest(row[6]),
        _digest(row[7]),
        row[8],
        _digest(row[9]),
        decode_fingerprints(row[10], row[11], row[12]),
        row[13],
        bool(row[14]),
        row[15],
        decode_problem(row[16]),
        row[17],
        row[18],
        row[19],
        row[20],
        row[21],
        row[22],
        row[23],
        tuple([_CLASSES[word] for word in row[24].split(",")]) if row[24] else (),
        decode_context_texts(row[25]) if row[25] else NO_CONTEXT_TEXTS,
    )


# Looked up, not constructed: a hundred thousand rows hold three such values each.
_KINDS = {kind.value: kind for kind in AssetKind}
_TIERS: dict[str | None, Tier | None] = {None: None} | {tier.value: tier for tier in Tier}
_CLASSES = {each.value: each for each in PersonalDataClass}
_STATUSES = {status.value: status for status in AssetStatus}


def _digest(text: str | None) -> Digest | None:
    return None if text is None else Digest(text)
