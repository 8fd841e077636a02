"""What one listing has read so far, and what it comes to: complete, or with the reason why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from spheresync.errors import SourceError, SourceFault
from spheresync.model import AssetId, Listing, Problem, SpaceName, counted, first_of
from spheresync.source.datasphere.listing.pages import REMEDY, Page
from spheresync.source.datasphere.listing.paging import loop_error
from spheresync.source.datasphere.listing.rows import Row, RowFault, UnusableRowError, contradiction

MAX_ITEMS = 200_000
EXAMPLES = 5
"""Problems of one kind that are told one by one; of more, these are the examples of one problem for all."""

_Item = TypeVar("_Item")


@dataclass(slots=True)
class ListingCollector(Generic[_Item]):
    """Collects the rows of one listing. `noun` is what messages call them, such as "assets of SALES"."""

    scope: str
    noun: str
    items: dict[SpaceName | AssetId, _Item] = field(default_factory=dict)
    flaws: dict[SpaceName | AssetId, Problem] = field(default_factory=dict)
    _disputed: set[SpaceName | AssetId] = field(default_factory=set)
    _errors: list[Problem] = field(default_factory=list)
    _bad_rows: Counter[RowFault] = field(default_factory=Counter)
    _examples: dict[RowFault, list[str]] = field(default_factory=dict)
    _rows: int = 0
    _announced: int | None = None
    _doubted: bool = False

    def fail(self, error: SourceError) -> None:
        """The listing is not whole, for this reason."""
        self._errors.append(Problem(self.scope, error.fault.value, error.message, error.remedy))

    def take(self, page: Page, read: Callable[[object], Row[_Item]]) -> None:
        """Add a page's rows.

        Raises:
            SourceError: PAGING_LOOP, every row of the page was there before; TOO_LARGE, the listing does not end.
        """
        before, faults = len(self.items), self._bad_rows.total()
        for row in page.rows:
            self._rows += 1
            try:
                self._add(read(row))
            except UnusableRowError as error:
                self._note(error)
        self._announce(page)
        if page.doubt is not None and not self._doubted:  # pages of one listing are alike: one reason is told
            self._doubted = True
            self.fail(page.doubt)
        if len(self.items) > MAX_ITEMS:
            raise SourceError(
                SourceFault.TOO_LARGE,
                f"{page.url}: more than {MAX_ITEMS} {self.noun} were listed; the rest was not read.",
                remedy=REMEDY,
            )
        repeated = (len(self.items), self._bad_rows.total()) == (before, faults)
        if page.rows and self._rows > len(page.rows) and repeated:
            raise loop_error(f"{page.url}: the page brings nothing new, so the paging leads nowhere.")

    def listing(self) -> Listing[_Item]:
        """What was listed, and whether that is all."""
        errors = [*self._bad_row_problems(), *self._errors]
        if not errors and self._announced is not None and self._announced != len(self.items):
            errors.append(
                Problem(
                    self.scope,
                    SourceFault.WRONG_SHAPE.value,
                    f"The tenant announced {counted(self._announced, 'row')} and served {len(self.items)}.",
                    "Try again; something may have been deployed while the list was read.",
                )
            )
        return Listing(
            scope=self.scope,
            items=tuple(self.items.values()),
            complete=not errors,
            problems=(*errors, *self._flaw_problems()),
            flaws=self.flaws,
        )

    def _add(self, row: Row[_Item]) -> None:
        known = self.items.setdefault(row.id, row.item)
        if known is row.item:
            if row.problem is not None:
                self.flaws[row.id] = row.problem
        elif row.id not in self._disputed and (known != row.item or self.flaws.get(row.id) != row.problem):
            self._disputed.add(row.id)
            self.flaws[row.id] = contradiction(row.id)

    def _note(self, error: UnusableRowError) -> None:
        self._bad_rows[error.fault] += 1
        examples = self._examples.setdefault(error.fault, [])
        if len(examples) < EXAMPLES:
            examples.append(f"Row {self._rows}" + (f" ({error.example})" if error.example else ""))

    def _announce(self, page: Page) -> None:
        if page.count is None:
            return
        if self._announced not in {None, page.count} and not self._errors:
            self.fail(
                SourceError(
                    SourceFault.WRONG_SHAPE,
                    f"{page.url}: the tenant announced {counted(self._announced or 0, 'row')} before, "
                    f"and now {page.count}.",
                    remedy="Try again; something may have been deployed while the list was read.",
                )
            )
        self._announced = page.count

    def _bad_row_problems(self) -> list[Problem]:
        told: list[Problem] = []
        for fault, number in self._bad_rows.items():
            shown = _shown(self._examples[fault], number)
            message = (
                f"{shown} of the {self.noun} {fault.value}."
                if number == 1
                else f"{counted(number, 'row')} of the {self.noun}, each of which {fault.value}: {shown}."
            )
            told.append(Problem(self.scope, SourceFault.WRONG_SHAPE.value, message, REMEDY))
        return told

    def _flaw_problems(self) -> list[Problem]:
        """A problem for each asset; of one kind that many have, one for all."""
        alike: dict[str, list[Problem]] = {}
        for problem in self.flaws.values():
            alike.setdefault(problem.message, []).append(problem)
        return [told for problems in alike.values() for told in self._told(problems)]

    def _told(self, problems: Sequence[Problem]) -> Sequence[Problem]:
        if len(problems) <= EXAMPLES:
            return problems
        first = problems[0]
        shown = _shown([problem.subject for problem in problems[:EXAMPLES]], len(problems))
        return [
            Problem(
                self.scope, first.code, f"{len(problems)} of the {self.noun}: {first.message} {shown}.", first.remedy
            )
        ]


def _shown(examples: Sequence[str], number: int) -> str:
    return first_of(examples, len(examples), total=number)
