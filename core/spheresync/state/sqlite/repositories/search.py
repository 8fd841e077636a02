"""The index of texts by which assets are found, in tables of FTS5.

Asked step by step, the best one first (`search_expressions.ranks`), so that no more is put in order than a page shows:
a word that stands in every asset costs about as much as one that stands in few.
"""

# ruff: noqa: S608 -- statements are put together from this module's own words; values are always bound
from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from spheresync.errors import SearchIndexLostError, StateError
from spheresync.mapping.search.fields import Mark
from spheresync.mapping.search.folding import as_one_word, fold, from_one_word
from spheresync.mapping.search.question import Question
from spheresync.model import AssetId, canonical_json
from spheresync.state.cell_encoding import decode_asset_id
from spheresync.state.records import (
    ALL_ASSETS,
    AssetFilter,
    AssetHits,
    AssetPlace,
    AssetSort,
    FacetCount,
)
from spheresync.state.sqlite.connection import ReadConnection, Row
from spheresync.state.sqlite.repositories.search_expressions import (
    all_of,
    any_of,
    beginning_with,
    everything,
    glob_over_text,
    is_column,
    is_name,
    quoted,
    ranks,
)
from spheresync.state.sqlite.repositories.search_filters import (
    MATCHING,
    UNCLASSIFIED,
    column_expression,
    filter_clause,
    index_restrictions,
    only_beginning,
)
from spheresync.state.sqlite.rows.facets import FACET, facets_where, read_facet
from spheresync.state.sqlite.rows.readable import readable
from spheresync.state.sqlite.rows.shapes import shape_of

MANY = 3_000
"""Matches from which on walking through all assets in order is quicker than looking each one up and sorting."""
NEXT_ONES = 300
"""Assets that are asked for one by one where many match."""
_TOGETHER = 10 * NEXT_ONES
"""Row numbers of the index, from the first to the last, that are asked for at once."""
ENOUGH = 1_000
"""Matches by words after which parts of words are not looked for."""
_LONGER_WORDS = 64
LAST = "\U0010ffff"
"""Sorts behind every other character."""
_SHORTEST_PART = 3
_COMPARED = 5_000
_NAME = shape_of("assets", "space, name")
_SORTED_BY: Mapping[AssetSort, str] = {
    AssetSort.NAME: "''",
    AssetSort.LABEL: "lower(label)",
    AssetSort.KIND: "kind",
    AssetSort.TIER: "CASE tier WHEN 'critical' THEN '0' WHEN 'high' THEN '1' WHEN 'medium' THEN '2' ELSE '3' END",
    AssetSort.STATUS: "status",
    AssetSort.COLUMNS: "printf('%010d', column_count)",
    AssetSort.CHANGED: "coalesce(changed_at, '')",
    AssetSort.READ: "coalesce(read_at, '')",
}
LOST_TEXTS = (
    "SELECT a.space || '/' || a.name FROM assets a LEFT JOIN search_rows r ON r.space = a.space AND r.name = a.name "
    "WHERE a.search_stale = 0 AND (r.id IS NULL OR r.id IS NOT a.search_id "
    "OR r.id NOT IN (SELECT id FROM asset_search_parts_docsize) OR NOT EXISTS (SELECT 1 FROM search_words))"
)
"""The assets that count as indexed and whose texts are not in the index."""


@dataclass(frozen=True, slots=True)
class _Step:
    """Row numbers of the index that some matches have: a query with its values."""

    select: str
    values: tuple[str, ...]
    part_of: str | None = None  # an expression that finds all that is on this step, and more


@dataclass(frozen=True, slots=True)
class _Found:
    """What a question finds: `steps` in order, and the same in the fewest parts, with how many each one has."""

    steps: Sequence[_Step]
    disjoint: Sequence[tuple[_Step, int]]
    parts: bool  # whether parts of words were looked for
    counted: dict[_Step, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(count for _, count in self.disjoint)


class SearchReader:
    """Finds and lists assets."""

    def __init__(self, connection: ReadConnection) -> None:
        self._connection = connection

    async def find(
        self, question: Question, among: AssetFilter = ALL_ASSETS, *, limit: int = 50, after: AssetPlace | None = None
    ) -> AssetHits:
        where = await filter_clause(self._connection, among)
        found = await self._found(question)
        places: list[AssetPlace] = []
        for number, step in enumerate(found.steps):
            key = f"{number:02}"
            if len(places) >= limit or (after is not None and key < after.key):
                continue
            count = await self._count_of_step(found, step)
            if count:
                start = after.asset if after is not None and key == after.key else None
                rows = await self._in_order(step, count, where, limit=limit - len(places), after=start)
                places += [AssetPlace(key, asset) for asset in rows]
        total = found.total if where[0] == "1" else await self._total_among(found, where)
        return AssetHits(tuple(places), total, whole_words=not found.parts)

    async def _count_of_step(self, found: _Found, step: _Step) -> int:
        """How many are on a step, no more than tells that these are many; steps that can have none are not asked."""
        asked = [step] if step.part_of is None else [_matching(step.part_of), step]
        count = 0
        for each in asked:
            if each not in found.counted:
                found.counted[each] = await self._count(each, up_to=MANY + 1)
            count = found.counted[each]
            if not count:
                break
        return count

    async def _total_among(self, found: _Found, where: tuple[str, list[str]]) -> int:
        return sum([await self._count_among(step, count, *where) for step, count in found.disjoint])

    async def listed(
        self,
        among: AssetFilter = ALL_ASSETS,
        question: Question | None = None,
        *,
        sort: AssetSort = AssetSort.NAME,
        descending: bool = False,
        limit: int = 50,
        after: AssetPlace | None = None,
    ) -> AssetHits:
        clause, values = await self._clause_of(among, question)
        matches = None if question is not None else await self._matches(among)
        if matches is not None and clause == f"search_id IN ({MATCHING})":
            total = matches
            if sort is AssetSort.NAME and not descending:
                start_at = None if after is None else after.asset
                step = _matching(values[0])
                if next_ones := await self._first_in_order(step, matches, limit=limit, after=start_at):
                    return AssetHits(tuple(AssetPlace("", asset) for asset in next_ones), total)
        else:
            total = await self._number(f"SELECT count(*) FROM assets{_index(matches)} WHERE {clause}", values)
        by = _SORTED_BY[sort]
        way, beyond = ("DESC", "<") if descending else ("ASC", ">")
        if sort is AssetSort.NAME:
            index = _index(matches, sorted_by_name=among.pii is None and question is None)
            order, past = "", f"(space, name) {beyond} (?, ?)"
            names = f"space {way}, name {way}"
            start: tuple[str, ...] = () if after is None else (after.asset.space, after.asset.name)
        else:
            index, order, names = _index(matches), f"{by} {way}, ", "space, name"
            past = f"({by} {beyond} ? OR ({by} = ? AND (space, name) > (?, ?)))"
            start = () if after is None else (after.key, after.key, after.asset.space, after.asset.name)
        where = clause if after is None else f"{clause} AND {past}"
        rows = await self._ask(
            f"SELECT space, name, {by} FROM assets{index} WHERE {where} ORDER BY {order}{names} LIMIT ?",
            [*values, *start, limit],
        )
        places = [
            AssetPlace(str(row[2]), asset)
            for row in rows
            for asset in readable(self._connection.lost, _NAME, [row[:2]], decode_asset_id)
        ]
        return AssetHits(tuple(places), total)

    async def _matches(self, among: AssetFilter) -> int | None:
        """How many assets the index leaves to be looked at, None where nothing of it is asked."""
        expressions = await index_restrictions(self._connection, among)
        if not expressions or among.stewarded:
            return None
        return await self._count(_matching(all_of(expressions))) if all(expressions) else 0

    async def counts(self, among: AssetFilter, question: Question | None) -> list[FacetCount]:
        clause, values = await self._clause_of(among, question)
        rows = await self._ask(
            facets_where(clause),
            values,
        )
        return readable(self._connection.lost, FACET, rows, read_facet)

    async def similar(self, word: str, *, column: bool = False) -> list[str]:
        asked = as_one_word(fold(word)) if column else word
        if len(asked) <= 2:
            return []
        rows = await self._connection.all(
            "SELECT word FROM search_words WHERE kind = ? AND word >= ? AND word < ? "
            "AND length(word) BETWEEN ? AND ? LIMIT ?",
            (
                *("column" if column else "word", asked[0], asked[0] + LAST),
                *(len(asked) - 2, len(asked) + 2, _COMPARED),
            ),
        )
        likeness = [(_likeness(asked, found), found) for (found,) in rows if isinstance(found, str)]
        near = sorted(((like, found) for like, found in likeness if like > 0.5), key=lambda each: (-each[0], each[1]))
        return [from_one_word(found) for _, found in near[:3]]

    async def unclassified(self, among: AssetFilter) -> tuple[int, int]:
        clause, values = await filter_clause(self._connection, replace(among, pii=None))
        unknown = f"SELECT count(*) FROM assets WHERE {UNCLASSIFIED} AND {clause}"
        unread = await self._number(f"{unknown} AND included = 1 AND misses = 0", values)
        return unread, await self._number(unknown, values) - unread

    async def not_indexed(self) -> int:
        row = await self._connection.one("SELECT count(*) FROM assets WHERE search_stale = 1")
        return int(row[0]) if row else 0

    async def is_sound(self) -> bool:
        return not await self._ask(f"{LOST_TEXTS} LIMIT 1", ())

    async def _found(self, question: Question) -> _Found:
        if question.glob is not None:
            steps = await self._steps_of_glob(question)
            counted = {step: await self._count(step) for step in steps}
            return _Found(steps, [*counted.items()], True, counted)
        steps, everywhere = await self._steps_of_words(question)
        by_words = await self._count(everywhere)
        if by_words >= ENOUGH:
            return _Found(steps, [(everywhere, by_words)], False)
        part = _part_of_texts(question.text)
        beside = _Step(f"{part.select} AND rowid NOT IN ({everywhere.select})", (*part.values, *everywhere.values))
        counted = {beside: await self._count(beside)}
        if not by_words:
            counted |= dict.fromkeys(steps, 0)
        return _Found([*steps, beside], [(everywhere, by_words), (beside, counted[beside])], True, counted)

    async def _steps_of_words(self, question: Question) -> tuple[list[_Step], _Step]:
        if not question.words:
            name_is, column_is = is_name(question), is_column(question)
            steps = [_matching(name_is), _matching(f"({column_is}) NOT ({name_is})")]
            return steps, _matching(any_of([name_is, column_is]))
        parts = {part for alternatives in question.words for word in alternatives for part in word}
        longer = {part: await self._longer(part) for part in parts}
        steps = [_Step(MATCHING, (rank.expression,), rank.part_of) for rank in ranks(question, longer)]
        return steps, _matching(everything(question, longer))

    async def _longer(self, word: str) -> list[str] | None:
        """The words of the index that begin so, None where they are too many to name.

        What so many begin with and is a number or a letter or two stands for itself only.
        """
        rows = await self._connection.all(
            "SELECT word FROM search_words WHERE kind = 'word' AND word >= ? AND word < ? LIMIT ?",
            (word, word + LAST, _LONGER_WORDS + 1),
        )
        found = [each for (each,) in rows if isinstance(each, str)]
        if len(found) <= _LONGER_WORDS:
            return found
        return [word] if len(word) < _SHORTEST_PART or word.isdecimal() else None

    async def _steps_of_glob(self, question: Question) -> list[_Step]:
        folded = question.glob or ""
        begin = only_beginning(folded)
        if begin is not None:
            names = _matching(beginning_with(Mark.WHOLE_NAME, as_one_word(begin)))
        else:
            glob = glob_over_text(folded)
            one = "SELECT rowid FROM asset_search_parts WHERE name GLOB ?"
            # A name that is spelled in several ways has a line for each.
            names = _Step(f"SELECT rowid FROM ({one} UNION {one} UNION {one})", (glob, f"{glob}\n*", f"*\n{glob}"))
        column, _ = await column_expression(self._connection, folded)
        if not column:
            return [names]
        return [names, _Step(f"{MATCHING} AND rowid NOT IN ({names.select})", (column, *names.values))]

    async def _clause_of(self, among: AssetFilter, question: Question | None) -> tuple[str, list[str]]:
        """As `_clause`, for the assets among them that answer a question."""
        clause, values = await filter_clause(self._connection, among)
        if question is None:
            return clause, values
        steps = [step for step, _ in (await self._found(question)).disjoint]
        union = " UNION ALL ".join(step.select for step in steps)
        return f"{clause} AND search_id IN ({union})", [*values, *(value for step in steps for value in step.values)]

    async def _count(self, step: _Step, *, up_to: int = -1) -> int:
        return await self._number(
            f"SELECT count(*) FROM (SELECT 1 FROM ({step.select}) LIMIT ?)", [*step.values, up_to]
        )

    async def _count_among(self, step: _Step, matches: int, clause: str, values: Sequence[str]) -> int:
        if not matches:
            return 0
        return await self._number(
            f"SELECT count(*) FROM assets INDEXED BY {_index_for(matches)} WHERE {clause} AND search_id IN "
            f"({step.select})",
            [*values, *step.values],
        )

    async def _first_in_order(self, step: _Step, matches: int, *, limit: int, after: AssetId | None) -> list[AssetId]:
        """The next places where so many assets match that most of those that follow do; empty where that is not so.

        Each asset is asked for by itself then, as putting all matches in order costs far more.
        """
        if matches <= MANY or step.select is not MATCHING:
            return []
        past, start = ("1", ()) if after is None else ("(space, name) > (?, ?)", (after.space, after.name))
        rows = await self._ask(
            f"SELECT space, name, search_id FROM assets INDEXED BY assets_by_name WHERE {past} ORDER BY space, name "
            "LIMIT ?",
            [*start, NEXT_ONES],
        )
        matching = await self._matching_among(step, [row[2] for row in rows if isinstance(row[2], int)])
        named = [row[:2] for row in rows if row[2] in matching][:limit]
        found = readable(self._connection.lost, _NAME, named, decode_asset_id)
        return found if len(found) == limit else []

    async def _matching_among(self, step: _Step, numbers: Sequence[int]) -> set[int]:
        """Those of these row numbers of the index that match; the index is walked once where they lie together."""
        if numbers and max(numbers) - min(numbers) < _TOGETHER:
            between = f"{step.select} AND rowid BETWEEN ? AND ?"
            found = await self._ask(between, [*step.values, min(numbers), max(numbers)])
        else:
            # Each one by itself: FTS5 would walk through all matches for a list of numbers.
            found = await self._ask(
                f"SELECT value FROM json_each(?) AS w WHERE EXISTS ({MATCHING} AND rowid = w.value)",
                [canonical_json(numbers).decode(), *step.values],
            )
        return {int(row[0]) for row in found}

    async def _in_order(
        self, step: _Step, matches: int, where: tuple[str, Sequence[str]], *, limit: int, after: AssetId | None
    ) -> list[AssetId]:
        clause, values = where
        if clause == "1" and (next_ones := await self._first_in_order(step, matches, limit=limit, after=after)):
            return next_ones
        given = [*values, *step.values]
        if after is not None:
            clause += " AND (space, name) > (?, ?)"
            given = [*values, after.space, after.name, *step.values]
        rows = await self._ask(
            f"SELECT space, name FROM assets INDEXED BY {_index_for(matches)} WHERE {clause} AND search_id IN "
            f"({step.select}) ORDER BY space, name LIMIT ?",
            [*given, limit],
        )
        return readable(self._connection.lost, _NAME, rows, decode_asset_id)

    async def _ask(self, sql: str, values: Sequence[Any]) -> list[Row]:
        with _lost_index_told():
            return await self._connection.all(sql, values)

    async def _number(self, sql: str, values: Sequence[Any]) -> int:
        with _lost_index_told():
            return await self._connection.count(sql, values)


@contextmanager
def _lost_index_told() -> Iterator[None]:
    try:
        yield
    except (StateError, sqlite3.DatabaseError) as error:
        if not is_lost_index(error):
            raise
        raise SearchIndexLostError("The search index of the state is damaged.", remedy="Ask again.") from error


def is_lost_index(error: BaseException) -> bool:
    """Whether tables of the index are what is damaged, and not the file."""
    cause = error.__cause__ if isinstance(error, StateError) else error
    return isinstance(cause, sqlite3.Error) and getattr(cause, "sqlite_errorname", "") == "SQLITE_CORRUPT_VTAB"


def _index(matches: int | None, *, sorted_by_name: bool = False) -> str:
    if matches is None:
        return " INDEXED BY assets_by_name" if sorted_by_name else ""
    return f" INDEXED BY {_index_for(matches)}"


def _index_for(matches: int) -> str:
    return "assets_by_name" if matches > MANY else "assets_by_search_id"


def _matching(expression: str) -> _Step:
    return _Step(MATCHING, (expression,))


def _part_of_texts(text: str) -> _Step:
    """The names and labels that have a text somewhere in them."""
    wanted = text.replace("\0", " ")
    if len(wanted) >= _SHORTEST_PART:
        return _Step("SELECT rowid FROM asset_search_parts WHERE asset_search_parts MATCH ?", (quoted(wanted),))
    # Too short for an index of three letters each: the texts themselves are looked through.
    return _Step(
        "SELECT rowid FROM asset_search_parts_content WHERE (instr(c0, ?) > 0 OR instr(c1, ?) > 0)", (wanted, wanted)
    )


def _likeness(one: str, other: str) -> float:
    """From 0 to 1: how many pairs of letters two words share."""
    ours, theirs = _pairs(one), _pairs(other)
    return 2 * len(ours & theirs) / (len(ours) + len(theirs))


def _pairs(word: str) -> set[str]:
    framed = f"^{word}$"
    return {framed[at : at + 2] for at in range(len(framed) - 1)}
