"""Where the columns of a query come from: its results, subqueries among them, and what its expressions may name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from spheresync.model import Derivation
from spheresync.source.datasphere.csn.budget import Budget


class QueryOrigin(NamedTuple):
    """Objects of which one, or each, has the column at the end of `path`; what stands before it are associations."""

    objects: tuple[str, ...]
    path: tuple[str, ...]
    how: Derivation = Derivation.DIRECT

    def through(self, steps: Sequence[str]) -> QueryOrigin:
        return QueryOrigin(self.objects, (*self.path, *steps), self.how) if self.objects else self


MADE = QueryOrigin((), ())
"""Stands beside the origins of a column that does not hold them as they are: a constant, a cast, a call."""
FoundOrigins = dict[QueryOrigin, None]
"""Origins, each once, in the order in which they were found. Shared between results, so that none is changed."""


@dataclass(slots=True)
class QueryResult:
    """The columns of a query, and the objects whose columns it passes on unnamed."""

    columns: dict[str, FoundOrigins] = field(default_factory=dict)
    passed_on: dict[str, tuple[str, ...]] = field(default_factory=dict)  # object: path of associations before
    inner: list[QueryResult] = field(default_factory=list)  # subqueries whose columns are passed on
    left_out: frozenset[str] = frozenset()
    table: str = ""  # where it is nothing but one table, as nearly always

    def column(self, name: str, budget: Budget) -> FoundOrigins | None:
        """Where a column comes from; None where the result has no such."""
        if self.table:
            budget.spend()
            return {QueryOrigin((self.table,), (name,)): None}
        if name in self.columns:
            return self.columns[name]
        if name in self.left_out:
            return None
        if not self.inner and len(self.passed_on) == 1:
            budget.spend()
            ((each, path),) = self.passed_on.items()
            return {QueryOrigin((each,), (*path, name)): None}
        found = self.named(name, budget)
        if found is not None:
            return found
        by_path: dict[tuple[str, ...], dict[str, None]] = {}
        for each, path in self.open_to(name, budget):
            by_path.setdefault(path, {}).setdefault(each)
        return {QueryOrigin(tuple(objects), (*path, name)): None for path, objects in by_path.items()} or None

    def named(self, name: str, budget: Budget) -> FoundOrigins | None:
        """As `column`, for one that this query or a subquery names."""
        if name in self.columns:
            return self.columns[name]
        if name in self.left_out:
            return None
        budget.spend()
        found: FoundOrigins = {}
        for result in self.inner:
            found |= result.named(name, budget) or {}
        budget.spend(len(found))
        return found or None

    def open_to(self, name: str, budget: Budget) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The objects whose columns are passed on, so that the name may be one of theirs."""
        if name in self.left_out:
            return
        budget.spend(1 + len(self.passed_on))
        yield from self.passed_on.items()
        for result in self.inner:
            yield from result.open_to(name, budget)


@dataclass(frozen=True, slots=True)
class QueryScope:
    """The tables and associations that the expressions of one SELECT may name."""

    sources: Mapping[str, QueryResult]
    mixins: Mapping[str, str]
    outer: QueryScope | None = None
