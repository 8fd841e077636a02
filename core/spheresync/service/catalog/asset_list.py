"""Lists of assets: filtered, searched, put in order, with the reason for which each one answers."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, TypedDict

from spheresync.answers import AssetPage, AssetRow, MatchRow
from spheresync.errors import UsageError
from spheresync.mapping.personal_data import classify
from spheresync.mapping.search.fields import Field, SearchedText
from spheresync.mapping.search.question import Question, has_words, names_matched, reasons
from spheresync.mapping.search.texts import searched_texts
from spheresync.model import (
    Asset,
    AssetId,
    AssetKind,
    AssetStatus,
    Column,
    PersonalDataClass,
    SpaceName,
    TechnicalName,
    Tier,
    counted,
)
from spheresync.observe.incidents import product_error
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.search_index import with_index
from spheresync.service import answer_rows
from spheresync.service.argument_checks import one_of, wants_full
from spheresync.service.catalog.known_problems import problems_of
from spheresync.service.cursors import Listing, first_of_page, page_size, rows_within
from spheresync.service.schedule.tiers import late_since
from spheresync.state.definitions import decode_asset
from spheresync.state.records import (
    ANY_CLASS,
    NO_CLASS,
    AssetFilter,
    AssetHits,
    AssetPlace,
    AssetRecord,
    AssetSort,
    Checkpoint,
)

LATE = "late"
"""Asked for like a status: assets that were not read as often as their tier wants, whatever their status is."""
MOST_NAMED = 12
"""Columns that one row names; of more the number is told."""
NEAR = 5
_LONGEST_TEXT = 160
SEARCHED = "names, labels in every language, business terms, names and labels of columns, and descriptions"
_BY_WORDS = f"{SEARCHED}: whole words and beginnings of words, in any case, with or without umlauts and accents"
_PARTS = ", and parts of words in names and labels"
_NO_PARTS = "; parts of words were not looked for, as whole words find many"
_GLOB = "names of assets and of columns, by * (any characters) and ? (one)"


class AssetArguments(TypedDict, total=False):
    """The fields of `AssetsWanted`, as arguments."""

    space: str | None
    kind: str | None
    tier: str | None
    status: str | None
    query: str | None
    column: str | None
    pii: str | None
    term: str | None
    owner: str | None
    min_columns: int | None
    sort: str | None
    count_only: bool
    detail: str


@dataclass(frozen=True, slots=True)
class AssetsWanted:
    """What a list is asked for, in the words of whoever asks."""

    space: str | None = None
    kind: str | None = None
    tier: str | None = None
    status: str | None = None
    query: str | None = None
    column: str | None = None
    pii: str | None = None
    term: str | None = None
    owner: str | None = None
    min_columns: int | None = None
    sort: str | None = None
    count_only: bool = False
    detail: str = "concise"

    @property
    def question(self) -> Question | None:
        """What is searched, None where nothing is."""
        text = (self.query or "").strip()
        return Question.of(text) if text else None

    def filter(self) -> AssetFilter:
        """The filter.

        Raises:
            UsageError: there is no such kind, tier, status or class, or a text is empty.
        """
        for name, text in (("column", self.column), ("term", self.term), ("owner", self.owner)):
            if text is not None and not text.strip():
                raise UsageError(f"{name} is empty.", remedy=f"Give a {name}, or leave it out.")
        pii: str | None = self.pii
        if pii not in {ANY_CLASS, NO_CLASS}:
            pii = one_of("class of personal data", pii, PersonalDataClass, ANY_CLASS, NO_CLASS)
        return AssetFilter(
            space=None if self.space is None else SpaceName(self.space),
            kind=one_of("kind", self.kind, AssetKind),
            tier=one_of("tier", self.tier, Tier),
            status=None if self.status == LATE else one_of("status", self.status, AssetStatus, LATE),
            column=self.column,
            pii=pii,
            term=self.term,
            owner=self.owner,
            min_columns=self.min_columns,
        )

    def order(self) -> tuple[AssetSort, bool]:
        """By what the list is in order, and whether from the end.

        Raises:
            UsageError: there is no such order.
        """
        if self.sort is None:
            return (AssetSort.NAME if self.question is None else AssetSort.RELEVANCE), False
        sort = one_of("sort", self.sort.removeprefix("-"), AssetSort)
        assert sort is not None
        if sort is AssetSort.RELEVANCE and self.question is None:
            raise UsageError("sort=relevance needs a query.", remedy="Give query, or sort by something else.")
        return sort, self.sort.startswith("-") and sort is not AssetSort.RELEVANCE


class AssetLister:
    """Answers one request for a list."""

    def __init__(self, context: RuntimeContext, wanted: AssetsWanted) -> None:
        self._context = context
        self._store = context.store
        self._wanted = wanted
        self._question = wanted.question
        self._among = wanted.filter()
        if wanted.status == LATE:
            moments = late_since(context.settings, context.clock())
            self._among = replace(self._among, unread_since=moments)
        self._sort, self._descending = wanted.order()
        self._full = wants_full(wanted.detail)
        self._mapping = context.mapping

    async def page(self, *, limit: int, cursor: str | None, budget: int | None) -> AssetPage:
        """One page of it; `budget` is how many characters its rows may be long in all."""
        given = {name: getattr(self._wanted, name) for name in self._wanted.__slots__ if name != "detail"}
        listing = Listing.of("assets", **given)
        before, start = listing.position(cursor, str, str, str)
        size, after = page_size(limit), None
        if start is not None:
            after = AssetPlace(str(start[0]), AssetId(SpaceName(str(start[1])), TechnicalName(str(start[2]))))
        if self._wanted.count_only:
            return await self._counted()
        hits, left = await self._asked(size + 1, after)
        places = hits.places[:size]
        rows = await self._rows(places)
        shown = rows_within(rows, budget)
        if len(shown) < len(rows):
            places = places[: 1 + [str(each.asset) for each in places].index(shown[-1].asset)]
        next_cursor = None
        if len(places) < len(hits.places):
            last = places[-1]
            next_cursor = listing.encode(before + len(places), last.key, last.asset.space, last.asset.name)
        meant, near = await self._nearly(hits)
        return AssetPage(
            items=shown,
            total=hits.total,
            next_cursor=next_cursor,
            first=first_of_page(before, shown),
            as_of=await self._as_of(),
            searched=self._searched(hits),
            notes=await self._notes(hits, left),
            meant=meant,
            near=near,
        )

    async def _counted(self) -> AssetPage:
        by_question = self._question
        counts, left = await self._indexed(lambda: self._store.search.counts(self._among, by_question))
        return AssetPage(
            items=[],
            total=sum(each.count for each in counts),
            as_of=await self._as_of(),
            kinds=answer_rows.tally(counts, lambda each: each.kind),
            statuses=answer_rows.tally(counts, lambda each: each.status),
            notes=await self._notes(AssetHits(total=sum(each.count for each in counts)), left),
        )

    async def _asked(self, limit: int, after: AssetPlace | None) -> tuple[AssetHits, int]:
        question, sort = self._question, self._sort
        if question is not None and sort is AssetSort.RELEVANCE:
            return await self._indexed(lambda: self._store.search.find(question, self._among, limit=limit, after=after))
        return await self._indexed(
            lambda: self._store.search.listed(
                self._among, question, sort=sort, descending=self._descending, limit=limit, after=after
            )
        )

    async def _indexed(self, ask: Any) -> tuple[Any, int]:
        """What the store answers, and how many assets are not in the index that was asked."""
        wanted = self._wanted
        if self._question is None and not (wanted.column or wanted.term or wanted.owner):
            return await ask(), 0
        return await with_index(self._store, ask)

    async def _rows(self, places: Sequence[AssetPlace]) -> list[AssetRow]:
        found = {record.id: record for record in await self._store.catalog.some([each.asset for each in places])}
        records = [found[each.asset] for each in places if each.asset in found]
        settings = self._context.settings
        checkpoints = await self._store.checkpoints.of_assets([record.id for record in records])
        problems = await problems_of(self._store, records, settings.deletion, settings.target_keys, checkpoints)
        definitions = await self._definitions(records)
        return [
            self._explained(
                self._row(record, problems[record.id], checkpoints.get(record.id, [])),
                record,
                definitions.get(record.id),
            )
            for record in records
        ]

    def _row(self, record: AssetRecord, problem: str | None, known: list[Checkpoint]) -> AssetRow:
        tier, held = self._tier_of(record), [each for each in known if each.is_there]
        if self._full:
            return answer_rows.full_asset_row(record, tier, problem, held)
        in_force = self._context.settings.target_keys
        objects = [f"{each.key}:{each.container}.{each.name}" for each in held if each.key in in_force]
        return answer_rows.asset_row(record, tier, problem).model_copy(update={"objects": objects or None})

    def _tier_of(self, record: AssetRecord) -> Tier:
        try:
            return record.decided_by(self._mapping).tier
        except Exception as error:  # noqa: BLE001 -- isolates this asset: what the last reading decided stays
            product_error(error, str(record.id))
            return record.tier or Tier.MEDIUM

    async def _definitions(self, records: Sequence[AssetRecord]) -> dict[AssetId, Asset]:
        """The definitions of assets, as far as they are needed to say why each one answers."""
        wanted = self._wanted
        if self._question is None and not (wanted.column or wanted.pii or wanted.term or wanted.owner):
            return {}
        bodies = await self._store.blobs.get_many([each.definition for each in records if each.definition])
        found: dict[AssetId, Asset] = {}
        for record in records:
            if record.definition is not None and record.definition in bodies:
                with suppress(ValueError):
                    found[record.id] = decode_asset(bodies[record.definition])
        return found

    def _explained(self, row: AssetRow, record: AssetRecord, definition: Asset | None) -> AssetRow:
        """A row with what it answers by."""
        update: dict[str, Any] = {}
        wanted_texts = (self._wanted.column, self._wanted.term, self._wanted.owner)
        if self._question is not None or any(text is not None for text in wanted_texts):
            matched, total = self._matched(record, definition)
            update |= {"matched": matched[:MOST_NAMED], "matched_total": total if total > MOST_NAMED else None}
        if self._wanted.pii not in {None, NO_CLASS} and definition is not None:
            wanted = None if self._wanted.pii == ANY_CLASS else self._wanted.pii
            columns = self._personal_columns(record, definition)
            columns = [(word, name) for word, name in columns if wanted in {None, word}]
            by_class: dict[str, list[str]] = {}
            for word, name in columns[:MOST_NAMED]:
                by_class.setdefault(word, []).append(name)
            update |= {"pii": by_class, "pii_total": len(columns) if len(columns) > MOST_NAMED else None}
        return row.model_copy(update=update) if update else row

    def _personal_columns(self, record: AssetRecord, asset: Asset) -> list[tuple[str, str]]:
        """Class and name of each column that holds personal data, by what stewards say too."""
        context = self._mapping.context_of(record.id, record.kind, record.label)
        if not context.speaks_of_personal_data:
            return [(each.pii, each.name) for each in asset.columns if each.pii]
        found = classify(asset, context.stewards_words(asset.columns))
        return [(str(found[each.name].personal_class), each.name) for each in asset.columns if each.name in found]

    def _matched(self, record: AssetRecord, definition: Asset | None) -> tuple[list[MatchRow], int]:
        found = list[MatchRow]()
        if self._wanted.column is not None and definition is not None:
            by_name: dict[str, Column] = {column.name: column for column in definition.columns}
            found += [_column_match(by_name[name]) for name in names_matched(self._wanted.column, by_name)]
        total = len(found)
        found = [*self._terms_and_owner(record, definition), *found]
        if self._question is not None:
            texts = list(searched_texts(record.id.name, record.label, definition, record.context_texts))
            found = [*map(_match, reasons(self._question, texts)), *found]
        return found, total

    def _terms_and_owner(self, record: AssetRecord, definition: Asset | None) -> list[MatchRow]:
        """The terms that were asked for and, of whoever asks for terms or owners, the owner."""
        wanted, said = self._wanted, record.context_texts
        if wanted.term is None and wanted.owner is None:
            return []
        terms = [term for term in said.terms if wanted.term is not None and has_words(wanted.term, term)]
        owner = said.owner if said.owner is not None or definition is None else definition.owner
        rows = [MatchRow(field=Field.TERM, text=_shortened(term)) for term in terms[:MOST_NAMED]]
        return [*rows, MatchRow(field="owner", text=_shortened(owner))] if owner else rows

    def _searched(self, hits: AssetHits) -> str | None:
        if self._question is None:
            return None
        if self._question.glob is not None:
            return f"{_GLOB}."
        return f"{_BY_WORDS}{_NO_PARTS if hits.whole_words else _PARTS}."

    async def _notes(self, hits: AssetHits, left: int) -> list[str]:
        """What the answer does not cover, and what may be meant where nothing was found."""
        notes = []
        if left:
            are = "is" if left == 1 else "are"
            notes.append(
                f"Not covered: {counted(left, 'asset')} that {are} not indexed yet; ask again, each time indexes more."
            )
        if self._among.pii is not None and (unknown := await self._store.search.unclassified(self._among)):
            are = "was" if unknown == 1 else "were"
            notes.append(
                f"Not covered: {counted(unknown, 'asset')} in which personal data {are} not looked for yet; "
                "the next reading does."
            )
        if not hits.total:
            notes += await self._why_none()
        return notes

    async def _why_none(self) -> list[str]:
        """What filters by text find elsewhere, or what else is there."""
        notes = []
        if (column := self._wanted.column) is not None:
            elsewhere = await self._store.search.counts(AssetFilter(column=column), None)
            if number := sum(each.count for each in elsewhere):
                has = "has" if number == 1 else "have"
                notes.append(f"{counted(number, 'asset')} {has} such a column, and what else is asked leaves them out.")
            else:
                near = await self._store.search.similar(column, column=True)
                nearest_names = f" Nearest: {', '.join(name.upper() for name in near)}." if near else ""
                globs = "" if "*" in column else "; * stands for any characters, as in *QTY*"
                notes.append(f"No column is called so{globs}.{nearest_names}")
        if self._wanted.term is not None:
            notes.append("Terms, with their synonyms, come from context files; none of these assets has one like that.")
        if self._wanted.owner is not None:
            notes.append(
                "An owner is whom a context file names, else Datasphere; none of these assets has one like that."
            )
        return notes

    async def _nearly(self, hits: AssetHits) -> tuple[str | None, list[AssetRow]]:
        """What may be meant by a question that nothing answers, and the first few assets that answer that."""
        question = self._question
        if question is None or hits.total or question.glob is not None:
            return None, []
        words = []
        for alternatives in question.words:
            word = alternatives[0][0]
            words.append(next(iter(await self._store.search.similar(word)), word))
        meant = " ".join(words)
        if not words or meant == " ".join(alternatives[0][0] for alternatives in question.words):
            return None, []
        near = AssetLister(self._context, replace(self._wanted, query=meant, sort=None))
        found = await self._store.search.find(Question.of(meant), self._among, limit=NEAR)
        return (meant, await near._rows(found.places)) if found.places else (None, [])

    async def _as_of(self) -> str | None:
        return max((space.listed_at for space in await self._store.catalog.spaces() if space.listed_at), default=None)


def _match(found: SearchedText) -> MatchRow:
    field = Field.LABEL if found.field is Field.COLUMN_LABEL else found.field
    return MatchRow(
        field=field,
        text=_shortened(found.text),
        language=found.language or None,
        column=found.column if found.column and found.field is not Field.COLUMN else None,
    )


def _column_match(column: Column) -> MatchRow:
    return MatchRow(field=Field.COLUMN, text=column.name, label=_shortened(column.label) or None, type=str(column.type))


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_TEXT else f"{line[:_LONGEST_TEXT]}…"
