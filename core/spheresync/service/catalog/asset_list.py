"""Lists of assets: filtered, searched, put in order, with the reason for which each one answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from spheresync.answers import AssetPage, AssetRow, MatchRow
from spheresync.mapping.personal_data import classify
from spheresync.mapping.search.fields import Field, SearchedText
from spheresync.mapping.search.question import has_words, names_matched, reasons
from spheresync.mapping.search.texts import searched_texts
from spheresync.model import (
    Asset,
    AssetId,
    Column,
    PersonalDataClass,
    SpaceName,
    TargetKey,
    TechnicalName,
    Tier,
)
from spheresync.observe.incidents import product_error
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.search_index import with_index
from spheresync.service import answer_rows
from spheresync.service.argument_checks import wants_full
from spheresync.service.catalog.asset_request import KEYS, LATE, AssetsWanted
from spheresync.service.catalog.known_problems import problems_of
from spheresync.service.catalog.list_notes import ListNotes
from spheresync.service.catalog.near_questions import Near
from spheresync.service.catalog.person_keys import person_keys_of
from spheresync.service.catalog.stewards import NOBODY, Unattended, owner_of_unread, steward_of
from spheresync.service.catalog.stored_definitions import TOGETHER, definitions_of
from spheresync.service.catalog.typed_columns import TypedColumns
from spheresync.service.cursors import Listing, first_of_page, page_size, rows_within
from spheresync.service.schedule.tiers import late_since
from spheresync.state.records import (
    ANY_CLASS,
    NO_CLASS,
    AssetHits,
    AssetPlace,
    AssetRecord,
    AssetSort,
    Checkpoint,
    FacetCount,
)

MOST_NAMED = 12
"""Columns that one row names; of more the number is told."""
_LONGEST_TEXT = 160
CUT_SHORT = "The page ends before limit, as one answer holds no more; what follows is on the next page."
EVERY = 1_000_000


class AssetLister:
    """Answers one request for a list."""

    def __init__(
        self,
        context: RuntimeContext,
        wanted: AssetsWanted,
        stewarded: tuple[AssetId, ...] = (),
        typed: TypedColumns | None = None,
        unattended: Unattended | None = None,
    ) -> None:
        """`stewarded`: assets whose steward is the owner that is asked for; `typed`: what `column` is the type of;
        `unattended`: those that nobody is named for, where they are asked for.
        """
        self._context = context
        self._store = context.store
        self._wanted = wanted
        self._question = wanted.question
        self._typed = typed
        self._among = replace(wanted.filter(), stewarded=stewarded)
        if typed is not None:
            self._among = replace(self._among, column=None, only=typed.assets)
        if unattended is not None:
            among = unattended.assets if typed is None else tuple({*unattended.assets} & {*typed.assets})
            self._among = replace(self._among, owner=None, only=among)
        if wanted.status == LATE:
            moments = late_since(context.settings, context.clock())
            self._among = replace(self._among, unread_since=moments)
        self._sort, self._descending = wanted.order()
        self._full = wants_full(wanted.detail)
        self._mapping = context.mapping
        types = frozenset() if typed is None else typed.types
        self._notes = ListNotes(context, wanted, self._among, types, unattended)

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
        near = await self._notes.near(hits)
        return AssetPage(
            items=shown,
            total=hits.total,
            next_cursor=next_cursor,
            first=first_of_page(before, shown),
            as_of=await self._as_of(),
            searched=self._notes.searched(hits),
            notes=[*await self._notes.of(hits, left, near), *([CUT_SHORT] if len(shown) < len(rows) else [])],
            meant=None if near is None else near.meant,
            near=await self._near_rows(near),
        )

    async def _counted(self) -> AssetPage:
        counts, left = await self._counts()
        return AssetPage(
            items=[],
            total=sum(each.count for each in counts),
            as_of=await self._as_of(),
            kinds=answer_rows.tally(counts, lambda each: each.kind),
            statuses=answer_rows.tally(counts, lambda each: each.status),
            notes=await self._notes.of(AssetHits(total=sum(each.count for each in counts)), left),
        )

    async def _counts(self) -> tuple[list[FacetCount], int]:
        by_question = self._question
        if self._wanted.pii != KEYS:
            return await self._indexed(lambda: self._store.search.counts(self._among, by_question))
        every, left = await self._listed(EVERY, None)
        records = await self._with_keys([each.asset for each in every.places])
        return [FacetCount(each.id.space, each.kind, self._tier_of(each), each.status, 1) for each in records], left

    async def _asked(self, limit: int, after: AssetPlace | None) -> tuple[AssetHits, int]:
        """Places of the list, and how many assets were not looked at."""
        if self._wanted.pii != KEYS:
            return await self._listed(limit, after)
        every, left = await self._listed(EVERY, None)
        keyed = {record.id for record in await self._with_keys([each.asset for each in every.places])}
        places = [each for each in every.places if each.asset in keyed]
        if after is not None:  # a place that is gone by now begins the list again rather than leave some out
            passed = [number for number, each in enumerate(places, 1) if each.asset == after.asset]
            places = places[max(passed, default=0) :]
        return replace(every, places=tuple(places[:limit]), total=len(keyed)), left

    async def _with_keys(self, assets: Sequence[AssetId]) -> list[AssetRecord]:
        """Those that have columns which identify persons, or which may lead to one: no index knows of the latter."""
        found = []
        for start in range(0, len(assets), TOGETHER):
            records = await self._store.catalog.some(assets[start : start + TOGETHER])
            definitions = await self._definitions(records)
            keys = await self._person_keys(records, definitions)
            for record in records:
                known = definitions.get(record.id)
                if keys.get(record.id) or (known is not None and self._told_columns(record, known)):
                    found.append(record)
        return found

    async def _listed(self, limit: int, after: AssetPlace | None) -> tuple[AssetHits, int]:
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
        keys = await self._person_keys(records, definitions)
        rows = []
        for record in records:
            definition = definitions.get(record.id)
            row = self._row(record, problems[record.id], checkpoints.get(record.id, []), settings.target_keys)
            told = self._explained(record, definition)
            told |= _told_keys([*self._identifiers(record, definition), *keys.get(record.id, ())])
            rows.append(row.model_copy(update=told) if told else row)
        return rows

    def _row(
        self, record: AssetRecord, problem: str | None, known: list[Checkpoint], in_force: Collection[TargetKey]
    ) -> AssetRow:
        tier, held = self._tier_of(record), [each for each in known if each.is_there]
        if self._full:
            return answer_rows.full_asset_row(record, tier, problem, held)
        objects = [f"{each.key}:{each.container}.{each.name}" for each in held if each.key in in_force]
        counted_by = self._sort is AssetSort.COLUMNS or self._wanted.min_columns is not None
        row = answer_rows.asset_row(record, tier, problem)
        told = {
            "objects": objects or None,
            "columns": record.column_count if counted_by else None,
            "changed_at": record.changed_at if self._sort is AssetSort.CHANGED else None,
            "read_at": record.read_at if self._sort is AssetSort.READ else None,
        }
        return row.model_copy(update=told) if any(each is not None for each in told.values()) else row

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
        return await definitions_of(self._store, records)

    async def _person_keys(
        self, records: Sequence[AssetRecord], definitions: Mapping[AssetId, Asset]
    ) -> Mapping[AssetId, Mapping[str, str]]:
        """Of whoever asks for personal data, the columns that may lead to persons and have no class."""
        if self._wanted.pii is None:
            return {}
        known = {each.id: (each, definitions[each.id]) for each in records if each.id in definitions}
        return await person_keys_of(self._store, self._mapping, known)

    def _explained(self, record: AssetRecord, definition: Asset | None) -> dict[str, Any]:
        """The fields of a row that say by what it answers."""
        update: dict[str, Any] = {}
        wanted_texts = (self._wanted.column, self._wanted.term, self._wanted.owner)
        if self._question is not None or any(text is not None for text in wanted_texts):
            matched, total = self._matched(record, definition)
            update |= {"matched": matched[:MOST_NAMED], "matched_total": total if total > MOST_NAMED else None}
        if self._wanted.pii not in {None, NO_CLASS} and definition is not None:
            columns = self._told_columns(record, definition)
            by_class: dict[str, list[str]] = {}
            for word, name in columns[:MOST_NAMED]:
                by_class.setdefault(word, []).append(name)
            update |= {"pii": by_class, "pii_total": len(columns) if len(columns) > MOST_NAMED else None}
        return update

    def _identifiers(self, record: AssetRecord, asset: Asset | None) -> list[str]:
        """Of whoever asks for another class, the columns that tell whom the data of that class is about."""
        others = {None, ANY_CLASS, NO_CLASS, KEYS, PersonalDataClass.IDENTIFIER}
        if asset is None or self._wanted.pii in others:
            return []
        found = self._personal_columns(record, asset)
        return [name for word, name in found if word == PersonalDataClass.IDENTIFIER]

    def _told_columns(self, record: AssetRecord, asset: Asset) -> list[tuple[str, str]]:
        """Class and name of each column of the class that was asked for."""
        wanted = {ANY_CLASS: None, KEYS: PersonalDataClass.IDENTIFIER}.get(self._wanted.pii or "", self._wanted.pii)
        return [each for each in self._personal_columns(record, asset) if wanted in {None, each[0]}]

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
            if (typed := self._typed) is not None:
                found += [_column_match(each) for each in definition.columns if typed.take(each.type)]
            else:
                found += [_column_match(by_name[name]) for name in names_matched(self._wanted.column, by_name)]
        total = len(found)
        found = [*self._terms_and_owner(record, definition), *found]
        if self._question is not None:
            texts = list(searched_texts(record.id.name, record.label, definition, record.context_texts))
            found = [*map(_match, reasons(self._question, texts)), *found]
        return found, total

    def _terms_and_owner(self, record: AssetRecord, definition: Asset | None) -> list[MatchRow]:
        """The terms that were asked for, the owner beside them, and in which role whoever was asked for is known."""
        wanted, said = self._wanted, record.context_texts
        if wanted.term is None and wanted.owner is None:
            return []
        terms = [term for term in said.terms if wanted.term is not None and has_words(wanted.term, term)]
        owner = said.owner if said.owner is not None or definition is None else definition.owner
        owner = owner or owner_of_unread(self._context, record)
        rows = [MatchRow(field=Field.TERM, text=_shortened(term)) for term in terms[:MOST_NAMED]]
        asked = wanted.owner
        if owner and (asked in {None, NOBODY} or has_words(asked, owner)):
            rows.append(MatchRow(field="owner", text=_shortened(owner)))
        if asked is not None and asked.strip("* "):
            steward = steward_of(self._context, record)
            if steward and (asked == NOBODY or has_words(asked, steward)):
                rows.append(MatchRow(field="steward", text=_shortened(steward)))
        return rows

    async def _near_rows(self, near: Near | None) -> list[AssetRow]:
        """The first few assets that answer the question that may be meant."""
        if near is None:
            return []
        lister = AssetLister(self._context, replace(self._wanted, query=near.meant, sort=None))
        lister._question = near.question
        return await lister._rows(near.places)

    async def _as_of(self) -> str | None:
        """When Datasphere was listed: of the spaces that are asked for the one that waits longest for a listing.

        One that is listed no more, or left out by the scope, counts only where there is no other.
        """
        asked, outside = self._wanted.space, self._context.outside
        spaces = [each for each in await self._store.catalog.spaces() if each.listed_at and asked in {None, each.name}]
        live = [each for each in spaces if each.present and outside.of_space(each.name) is None]
        return min((each.listed_at for each in live or spaces), default=None)


def _told_keys(names: list[str]) -> dict[str, Any]:
    """The fields of a row that name the columns that may lead to persons."""
    if not names:
        return {}
    return {"person_keys": names[:MOST_NAMED], "person_keys_total": len(names) if len(names) > MOST_NAMED else None}


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
