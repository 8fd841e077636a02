"""What a list of assets is filtered by, as SQL: cells of assets, and expressions that the search index must match."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

from spheresync.errors import UsageError
from spheresync.mapping.personal_data import CLASSIFIERS
from spheresync.mapping.search.fields import Mark
from spheresync.mapping.search.folding import as_one_word, fold, spellings, words_of
from spheresync.mapping.search.question import is_glob
from spheresync.model import AssetId
from spheresync.state.records import ANY_CLASS, NO_CLASS, AssetFilter
from spheresync.state.sqlite.connection import ReadConnection
from spheresync.state.sqlite.repositories.schedule import LATE
from spheresync.state.sqlite.repositories.search_expressions import (
    all_of,
    beginning_with,
    glob_over_words,
    one_of_words,
    quoted,
)

COLUMNS_OF_A_GLOB = 500
"""Different names that a glob of columns may stand for."""
UNCLASSIFIED = f"parser_version < {CLASSIFIERS}"
MATCHING = "SELECT rowid FROM asset_search WHERE asset_search MATCH ?"


_ONE_OF = "space || '/' || name IN (SELECT value FROM json_each(?))"


def _names(assets: Iterable[AssetId]) -> str:
    return json.dumps([str(asset) for asset in assets])


async def filter_clause(connection: ReadConnection, among: AssetFilter) -> tuple[str, list[str]]:
    """A WHERE clause over `assets` for the assets of a filter, with its values.

    Raises:
        UsageError: the glob of a column fits too many names.
    """
    terms, values = list[str](), list[str]()
    for column in ("space", "kind", "tier", "status"):
        value = getattr(among, column)
        if value is not None:
            terms.append(f"{column} = ?")
            values.append(str(value))
    if among.pii == NO_CLASS:
        terms.append(f"personal_data = '' AND NOT ({UNCLASSIFIED})")
    elif among.pii is not None:
        terms.append("personal_data != ''")
        if among.pii != ANY_CLASS:
            terms.append("instr(',' || personal_data || ',', ?) > 0")
            values.append(f",{among.pii},")
    if among.unread_since is not None:
        late = [f"(tier = ? AND {LATE.format(moment='?')})" for _ in among.unread_since]
        terms.append(f"included = 1 AND misses = 0 AND ({' OR '.join(late) or '0'})")
        values += [str(value) for pair in among.unread_since for value in pair]
    if among.min_columns is not None:
        terms.append("column_count >= CAST(? AS INTEGER)")
        values.append(str(among.min_columns))
    if among.only is not None:
        terms.append(_ONE_OF)
        values.append(_names(among.only))
    indexed = among
    if among.owner is not None and among.stewarded:
        owned = _text_of(Mark.OWNER, among.owner)
        either = [_ONE_OF]
        either += [f"search_id IN ({MATCHING})"] if owned else []
        terms.append(f"({' OR '.join(either)})")
        values += [_names(among.stewarded), *([owned] if owned else [])]
        indexed = replace(among, owner=None)
    expressions = await index_restrictions(connection, indexed)
    if not all(expressions):
        return "0", []
    if expressions:
        terms.append(f"search_id IN ({MATCHING})")
        values.append(all_of(expressions))
    return " AND ".join(terms) or "1", values


async def column_expression(connection: ReadConnection, pattern: str) -> tuple[str, bool]:
    """The expression for assets with a column of this name or glob, and whether it is of all such columns.

    Empty where none is called so.
    """
    folded = fold(pattern)
    if not is_glob(folded):
        return one_of_words(Mark.WHOLE_COLUMN, map(as_one_word, spellings(pattern))), True
    begin = only_beginning(folded)
    if begin is not None:
        return beginning_with(Mark.WHOLE_COLUMN, as_one_word(begin)), True
    rows = await connection.all(
        "SELECT word FROM search_words WHERE kind = 'column' AND word GLOB ? LIMIT ?",
        (glob_over_words(folded), COLUMNS_OF_A_GLOB + 1),
    )
    words = [word for (word,) in rows if isinstance(word, str)]
    return one_of_words(Mark.WHOLE_COLUMN, words[:COLUMNS_OF_A_GLOB]), len(words) <= COLUMNS_OF_A_GLOB


def only_beginning(folded: str) -> str | None:
    """What names begin with that a glob admits, where that is all it says."""
    begin = folded.rstrip("*")
    return begin if begin != folded and "*" not in begin and "?" not in begin else None


async def index_restrictions(connection: ReadConnection, among: AssetFilter) -> list[str]:
    """Expressions that the index must match, the empty one for what nothing can."""
    found = []
    if among.column is not None:
        expression, whole = await column_expression(connection, among.column)
        if not whole:
            raise UsageError(
                f"too many different names fit column {among.column!r}; at most {COLUMNS_OF_A_GLOB} may.",
                remedy="Give more of the name; a beginning, such as QTY*, may fit any number.",
            )
        found.append(expression)
    if among.term is not None:
        found.append(_text_of(Mark.TERM, among.term))
    if among.owner is not None:
        found.append(_text_of(Mark.OWNER, among.owner))
    return found


def _text_of(mark: Mark, text: str) -> str:
    """The expression for a text of a place that has all of these words; empty where there is none in it."""
    if text.strip() == "*":
        return beginning_with(mark, "")
    *whole, last = words_of(text) or ("",)
    if not last:
        return ""
    return all_of(
        [*(quoted(mark + word) for word in whole), (beginning_with if text.endswith("*") else _whole)(mark, last)]
    )


def _whole(mark: str, word: str) -> str:
    return quoted(mark + word)
