"""What a plan goes by: when its scope was last read, what of it is older than that, and what nobody has read yet.

A scope of which nothing is known is not one in which nothing changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from spheresync.model import NEVER_READ, JsonValue, Problem, SpaceName, counted, first_of
from spheresync.runtime.empty_tenant import EmptyTenant
from spheresync.runtime.scope import Scope
from spheresync.runtime.unread import by_its_space, is_unread, never_read
from spheresync.state.records import AssetRecord, SpaceRecord

_NAMED = 5
_REMEDY = "Read Datasphere first: run discover."


@dataclass(frozen=True, slots=True)
class LastReading:
    """`at`: when something of the scope was read last; None where nothing ever was.

    `oldest_at`, where something was read before that: the earliest such moment, of which space or asset it is
    (`oldest_of`), and of how many (`older`). `missing` says what of the scope was never read.
    """

    at: str | None
    missing: tuple[Problem, ...] = ()
    oldest_at: str | None = None
    oldest_of: str | None = None
    older: int = 0

    def to_json(self) -> dict[str, JsonValue]:
        """As a saved change set has it."""
        older: dict[str, JsonValue] = {"oldest_at": self.oldest_at, "oldest_of": self.oldest_of, "older": self.older}
        return {"read_at": self.at, **(older if self.oldest_at is not None else {})}

    @classmethod
    def from_json(cls, request: dict[str, Any]) -> LastReading:
        """What a saved change set says of it; former versions noted the oldest moment alone."""
        return cls(
            cast("str | None", request.get("read_at")),
            oldest_at=cast("str | None", request.get("oldest_at")),
            oldest_of=cast("str | None", request.get("oldest_of")),
            older=int(request.get("older") or 0),
        )


def last_reading(
    spaces: Iterable[SpaceRecord],
    assets: Iterable[AssetRecord],
    scope: Scope,
    may_hold: Callable[[SpaceName], bool],
    empty: EmptyTenant | None = None,
) -> LastReading:
    """What is known of a scope. A space or asset with a problem is told as that, and not as never read.

    Args:
        spaces: all that are known.
        assets: likewise.
        scope: what the plan is about.
        may_hold: whether rules let a space have assets.
        empty: that the tenant lists no space.
    """
    known = list(spaces)
    if not known:
        if empty is None:
            return LastReading(None, (_nothing_read(scope),))
        return LastReading(empty.listed_at, (empty.problem,))
    wanted = [each for each in assets if scope.wants(each.id, each.tier)]
    read = sorted(_read(known, wanted, scope, may_hold))
    never = sorted(each.name for each in known if _in_scope(each, scope, may_hold) and _never_listed(each))
    unread = sorted(str(each.id) for each in wanted if never_read(each))
    missing = (*([_never("space", never)] if never else []), *([_never("asset", unread)] if unread else []))
    if not read:
        return LastReading(None, missing)
    newest, (oldest, what) = read[-1][0], read[0]
    older = sum(at < newest for at, _ in read)
    return LastReading(newest, missing, oldest, what, older) if older else LastReading(newest, missing)


def _read(
    spaces: Iterable[SpaceRecord],
    assets: Iterable[AssetRecord],
    scope: Scope,
    may_hold: Callable[[SpaceName], bool],
) -> Iterator[tuple[str, str]]:
    """Moments at which something of the scope was read, each with what it is of.

    A listing says of all assets of its space that they are as they were read; of those that could not be read since,
    only their own last reading does.
    """
    for space in spaces:
        if space.listed_at and (_in_scope(space, scope, may_hold) or scope.names(space.name)):
            yield space.listed_at, f"space {space.name}"
    for record in assets:
        if record.included and is_unread(record) and not by_its_space(record.problem) and record.read_at is not None:
            yield record.read_at, f"asset {record.id}"


def _in_scope(space: SpaceRecord, scope: Scope, may_hold: Callable[[SpaceName], bool]) -> bool:
    return space.present and scope.wants_space(space.name) and may_hold(space.name)


def _never_listed(space: SpaceRecord) -> bool:
    return not space.listed_at and space.problem is None


def _nothing_read(scope: Scope) -> Problem:
    asked = "" if not scope.spaces else f" of {', '.join(sorted(scope.spaces))}"
    message = f"Datasphere was never read, so nothing{asked} is known and nothing could be compared."
    return Problem("Datasphere", NEVER_READ, message, _REMEDY)


def _never(what: str, names: Sequence[str]) -> Problem:
    was, it = ("was", "it") if len(names) == 1 else ("were", "them")
    message = (
        f"{counted(len(names), what)} {was} never read, so nothing of {it} could be compared: "
        f"{first_of(names, _NAMED)}."
    )
    return Problem(f"{what}s", NEVER_READ, message, _REMEDY)
