"""The columns of an asset, a page at a time: a wide one has more than an assistant reads at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from spheresync.answers import AssetDetail, MappingExplanation
from spheresync.mapping.patterns import matches
from spheresync.runtime.unknown_names import unknown_name
from spheresync.service.cursors import Listing, first_of_page, rows_within

_Answer = TypeVar("_Answer", AssetDetail, MappingExplanation)


@dataclass(frozen=True, slots=True)
class ColumnsWanted:
    """Which columns an answer about one asset is to hold; all of them by default.

    `column` is a name or a glob, in any case; `cursor` is of the page before; `budget` is how many characters the
    columns of one answer may have in all.
    """

    column: str | None = None
    cursor: str | None = None
    budget: int | None = None

    def of(self, answer: _Answer) -> _Answer:
        """The answer with these columns; where it holds not all, it says of how many.

        Raises:
            UsageError: the asset has no such column, or the cursor is of another list.
        """
        listing = Listing.of("columns", asset=answer.asset, column=self.column)
        before, _ = listing.position(self.cursor)
        columns = [each for each in answer.columns if self._names(each.name)]
        if not columns and self.column is not None:
            raise unknown_name("column", self.column, [each.name for each in answer.columns], listing="describe_asset")
        rows = rows_within(columns[before:], self.budget)
        shown = before + len(rows)
        return answer.model_copy(
            update={
                "columns": rows,
                "columns_total": len(answer.columns) if len(rows) < len(answer.columns) else None,
                "first": first_of_page(before, rows) if len(rows) < len(columns) else None,
                "next_cursor": listing.encode(shown) if shown < len(columns) else None,
            }
        )

    def _names(self, name: str) -> bool:
        return self.column is None or matches(self.column.casefold(), name.casefold())
