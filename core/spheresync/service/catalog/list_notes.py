"""What a list of assets says beside its rows: what was searched, what it does not cover, and what may be meant."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from spheresync.mapping.search.question import Question
from spheresync.mapping.search.texts import own_texts
from spheresync.model import counted, facets_named, first_of, types_named
from spheresync.personal_values import find_personal_values
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.kinds_not_read import kinds_not_read, reads_objects
from spheresync.service.catalog.asset_request import KEYS, AssetsWanted
from spheresync.service.catalog.near_questions import FEW, Near, broader, nearly, personal_data_meant, terms_meant
from spheresync.service.catalog.stewards import Unattended
from spheresync.service.catalog.stored_definitions import definitions_of
from spheresync.state.records import ANY_CLASS, NO_CLASS, AssetFilter, AssetHits

SEARCHED = "names, labels in every language, business terms, names and labels of columns, and descriptions"
_BY_WORDS = f"{SEARCHED}: whole words and beginnings of words, in any case, with or without umlauts and accents"
_PARTS = ", and parts of words in names and labels"
_NO_PARTS = "; parts of words were not looked for, as whole words find many"
WHAT_PII_COVERS = (
    "pii goes by what names, labels, annotations and stewards say of each column. Columns that only may lead to a "
    "person (a customer's number, a key of persons, a reference to them) have no class: person_keys names them (and, "
    "where another class is asked for, columns of class identifier), of assets under pii=none too, so none does not "
    "mean that a row is about nobody."
)
NOT_PROVEN = (
    "Looked for were names and labels of columns, annotations and stewards' words, and no values: codes, remarks and "
    "columns whose names say nothing may hold it. Read the columns of the assets that are about people."
)
NO_ASSOCIATIONS = (
    "datasphere.objects is off, so associations are not read: person_keys has no column that refers to persons unless "
    "its name or label says so."
)
_VALUES_NOT_SEARCHED = "Values of persons in texts (e-mail addresses, telephone and account numbers) are not searched."
_LIKE_A_VALUE = re.compile(r"@|\w\.\w|(?:\d\D?){6}")
_GLOB = "names of assets and of columns, by * (any characters) and ? (one)"


_PHYSICAL_NAME = re.compile(r"(?:[a-z_]+:)?(?:(?P<container>[a-z0-9_-]+)\.)?(?P<name>[a-z0-9_-]+)")
_OBJECTS_NAMED = 5
_LOOKED_AT = 100
"""Assets whose labels tell in which languages labels are."""


class ListNotes:
    """The notes of one list."""

    def __init__(
        self,
        context: RuntimeContext,
        wanted: AssetsWanted,
        among: AssetFilter,
        types: frozenset[str] = frozenset(),
        unattended: Unattended | None = None,
    ) -> None:
        """`types` are those that `column` names, where it is no name of a column; `unattended` as for the list."""
        self._context = context
        self._store = context.store
        self._wanted = wanted
        self._question = wanted.question
        self._types = types
        self._unattended = unattended
        self._among = among

    def searched(self, hits: AssetHits) -> str | None:
        if self._question is None:
            return None
        if self._question.glob is not None:
            return f"{_GLOB}."
        return f"{_BY_WORDS}{_NO_PARTS if hits.whole_words else _PARTS}."

    async def near(self, hits: AssetHits) -> Near | None:
        """What may be meant by a question that nothing answers."""
        question = self._question
        if question is None or hits.total or question.glob is not None:
            return None
        return await nearly(self._store, question, self._among)

    async def of(self, hits: AssetHits, left: int, near: Near | None = None) -> list[str]:
        """What the answer does not cover, and what may be meant where little or nothing was found."""
        notes = [*self._of_personal_data(hits), *await self._values_in_texts()]
        if not hits.total or self._may_be_of_tables():
            notes += filter(None, [kinds_not_read(self._context.settings, self._among.kind)])
        if left:
            are = "is" if left == 1 else "are"
            notes.append(
                f"Not covered: {counted(left, 'asset')} that {are} not indexed yet; ask again, each time indexes more."
            )
        if self._wanted.pii is not None:
            notes += self._not_looked_for(*await self._store.search.unclassified(self._among))
        named = await self._objects_named(hits)
        notes += named
        notes += self._of_types(hits)
        notes += await self._who_is_missing()
        if not hits.total:
            notes += await self._why_none()
        if near is not None and (near.lost or near.apart):
            lost = f"; not in what is near: {', '.join(near.lost)}" if near.lost else ""
            notes.append(f"No asset has all of the words; near are some with the most of them{lost}.")
        if self._question is not None and self._question.glob is None and hits.total <= FEW and not named:
            notes += await self._other_words(self._question, hits)
        return notes

    def _not_looked_for(self, unread: int, left_out: int) -> list[str]:
        """How many assets nobody has looked into, and whether a reading will."""
        notes = []
        if unread:
            notes.append(
                f"Not covered: {counted(unread, 'asset')} in which personal data was not looked for yet; "
                "it is once each is read."
            )
        if left_out:
            are = "is" if left_out == 1 else "are"
            which = f"{counted(left_out, 'asset')} that {are} left out of the scope or gone"
            notes.append(f"Not covered: {which}, and {are} not read.")
        return notes

    async def _other_words(self, question: Question, hits: AssetHits) -> list[str]:
        """Other forms of the words, terms that they name, and that labels may be in another language."""
        wider = await broader(self._store, question, self._among, hits.total) if hits.total else ""
        terms = self._context.mapping.context.terms if self._wanted.term is None else {}
        meant = await terms_meant(self._store, question, self._among, terms)
        if self._wanted.pii is None:
            meant += await personal_data_meant(self._store, question, self._among)
        return [*filter(None, [wider]), *meant, *await self._languages()]

    async def _values_in_texts(self) -> list[str]:
        """Of assets of which no column holds personal data, those that hold values of persons in their own texts."""
        if self._wanted.pii != NO_CLASS:
            return []
        places = (await self._store.search.listed(self._among, limit=_LOOKED_AT)).places
        records = await self._store.catalog.some([each.asset for each in places])
        definitions = await definitions_of(self._store, records)
        found = [
            str(record.id)
            for record in records
            if any(map(find_personal_values, own_texts(record.label, definitions.get(record.id))))
        ]
        if not found:
            return []
        named = first_of(found[:_OBJECTS_NAMED], _OBJECTS_NAMED, total=len(found))
        return [f"{counted(len(found), 'asset')} of pii=none with values of persons in label or description: {named}."]

    async def _languages(self) -> list[str]:
        """That labels are in one language only, where they are, so that a word may be there in another."""
        places = (await self._store.search.listed(self._among, limit=_LOOKED_AT)).places
        records = await self._store.catalog.some([each.asset for each in places])
        definitions = await definitions_of(self._store, records)
        told = [{tag for tag, _ in each.labels if tag} for each in definitions.values() if each.labels]
        alone = [tags for tags in told if len(tags) < 2]
        if not alone:
            return []
        named = Counter(tag for tags in alone for tag in tags)
        unsaid = len(alone) - named.total()
        which = [f"{tag} {count}" for tag, count in sorted(named.items())]
        if unsaid:
            which.append(f"{unsaid} without saying in which")
        of_them = f"{len(alone)} of {counted(len(told), 'asset')} looked at ({', '.join(which)})"
        return [f"Labels in one language only: {of_them}; try other languages too, as Gehalt for salary."]

    def _may_be_of_tables(self) -> bool:
        """Whether the answer may be taken for one of all tables, or is of a kind that objects alone tell of."""
        wanted, kind = self._wanted, self._among.kind
        of_columns = wanted.pii is not None or wanted.column is not None or wanted.min_columns is not None
        return of_columns or wanted.count_only or (kind is not None and not kind.may_be_exposed)

    def _of_personal_data(self, hits: AssetHits) -> list[str]:
        """What a list by personal data goes by, and that a class without a hit proves nothing."""
        pii = self._wanted.pii
        if pii is None:
            return []
        notes = [WHAT_PII_COVERS]
        if pii != NO_CLASS and not hits.total:
            notes.append(f"No hit does not prove that there is no {_called(pii)}. {NOT_PROVEN}")
        if pii in {KEYS, ANY_CLASS, NO_CLASS} and not reads_objects(self._context.settings):
            notes.append(NO_ASSOCIATIONS)
        return notes

    def _of_types(self, hits: AssetHits) -> list[str]:
        """That a column is asked for by its type, or may be: words do not find types."""
        if self._types:
            return [f"column is taken for a type, as no column is called so: {' or '.join(sorted(self._types))}."]
        if self._wanted.column is not None and (meant := _as_type(self._wanted.column)):
            return [f"It is a type, too: column={meant!r} lists the assets with columns of that type."]
        if self._wanted.column is None and hits.total <= FEW and (meant := _as_type(self._wanted.query or "")):
            return [f"Types of columns are not searched: column={meant!r} lists the assets with columns of that type."]
        return []

    async def _objects_named(self, hits: AssetHits) -> list[str]:
        """Assets whose object in AWS is called as what is looked for: such names are not what is searched."""
        asked = _PHYSICAL_NAME.fullmatch((self._wanted.query or "").strip().lower())
        if asked is None or (asked["container"] is None and hits.total):
            return []
        found = await self._store.checkpoints.named(asked["name"], asked["container"], _OBJECTS_NAMED)
        return [f"{container}.{name} in AWS is an object of {asset}." for asset, container, name in found]

    async def _who_is_missing(self) -> list[str]:
        """What is meant by assets that nobody is named for, and how many lack whom."""
        found = self._unattended
        if found is None:
            return []
        lacking = {"both": found.neither, "an owner only": found.no_owner, "a steward only": found.no_steward}
        told = []
        for whom, assets in lacking.items():
            counts = await self._store.search.counts(replace(self._among, only=assets), self._question)
            told.append(f"{sum(each.count for each in counts)} lack {whom}")
        lack = ", ".join(told)
        return [f"owner=none lists assets without an owner or a steward: {lack}; matched names who is there."]

    async def _why_none(self) -> list[str]:
        """What filters by text find elsewhere, or what else is there."""
        notes = []
        if _LIKE_A_VALUE.search(self._wanted.query or ""):
            notes.append(_VALUES_NOT_SEARCHED)
        if (column := self._wanted.column) is not None and not self._types:
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
        if self._wanted.owner is not None and self._unattended is None:
            notes.append(
                "An owner is whom a context file names, else Datasphere, and a steward whom a context file names; none "
                "of these assets has one like that."
            )
        return notes


def _as_type(text: str) -> str:
    """A type spelled so that no name of a column can be meant, with its facets; empty where the text names none."""
    types = types_named(text)
    if not types:
        return ""
    meant = min(types)  # that of `$metadata`, which stands for all that it spells alike
    return f"{meant}({','.join(map(str, facets))})" if (facets := facets_named(text)) else meant


def _called(pii: str) -> str:
    """What a list of this word holds, as said of what there may be."""
    return {ANY_CLASS: "personal data", KEYS: "key of persons"}.get(pii, f"{pii} data")
