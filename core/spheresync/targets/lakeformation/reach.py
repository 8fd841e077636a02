"""Who gains and who loses what by changes of LF-Tags, from the grants by LF-Tags that there are. Pure.

A grant by LF-Tags reaches a column whose tags satisfy every key of its expression; a column that has no value under a
key has that of its table, a table that of its database (Lake Formation's user guide, "Lake Formation tag-based access
control"). Of columns only those that carry tags before or after are known here: all others are "the other columns".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from spheresync.model import Address, counted, first_of
from spheresync.targets.lakeformation.tags import WHOLE_TABLE, TagSet, Values

_NAMED = 5
_REST = "its other columns"


@dataclass(frozen=True, slots=True)
class TagGrant:
    """What a principal may do with whatever satisfies an expression: each key with the values that do."""

    principal: str
    permissions: tuple[str, ...]
    expression: Mapping[str, frozenset[str]]

    def reaches(self, tags: Values) -> bool:
        """Whether these tags satisfy the expression."""
        return all(tags.get(key) in values for key, values in self.expression.items())


@dataclass(frozen=True, slots=True)
class TagChange:
    """The tags of one table before and after, and those of its database."""

    address: Address
    before: TagSet
    after: TagSet
    of_database: Values = field(default_factory=dict)

    @property
    def places(self) -> list[str]:
        """The table itself, and columns that carry tags before or after."""
        return list(dict.fromkeys([*self.before.places, *self.after.places]))

    def effective(self, tags: TagSet, place: str) -> Values:
        """What counts at a place, with what it has from its table and database."""
        of_column = {} if place == WHOLE_TABLE else tags.of(place)
        return {**self.of_database, **tags.table, **of_column}


def reach_changes(grants: Sequence[TagGrant], changes: Sequence[TagChange]) -> Iterator[str]:
    """One sentence for each principal that gains or loses something, by name."""
    gained: defaultdict[tuple[str, tuple[str, ...]], dict[Address, list[str]]] = defaultdict(dict)
    lost: defaultdict[tuple[str, tuple[str, ...]], dict[Address, list[str]]] = defaultdict(dict)
    for grant in grants:
        key = (grant.principal, grant.permissions)
        for change in changes:
            for place in change.places:
                then = grant.reaches(change.effective(change.before, place))
                now = grant.reaches(change.effective(change.after, place))
                if then != now:
                    (gained if now else lost)[key].setdefault(change.address, []).append(place)
    for key in sorted({*gained, *lost}):
        principal, permissions = key
        said = [
            f"{word} {', '.join(permissions)} on {_told(where)}"
            for word, where in (("gains", gained.get(key)), ("loses", lost.get(key)))
            if where
        ]
        yield f"{principal} {' and '.join(said)}"


def _told(where: Mapping[Address, Iterable[str]]) -> str:
    named = [f"{'.'.join(address)} ({_places(places)})" for address, places in sorted(where.items())]
    return f"{counted(len(named), 'table')}: {first_of(named, _NAMED)}"


def _places(places: Iterable[str]) -> str:
    columns = dict.fromkeys(places)
    rest = [_REST] if WHOLE_TABLE in columns else []
    named = [each for each in columns if each != WHOLE_TABLE]
    return first_of([*named, *rest], _NAMED)
