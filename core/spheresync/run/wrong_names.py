"""Names of a request that do not exist: all of them said at once, each with the nearest that do."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from spheresync.errors import UsageError

SHOWN = 5
"""Wrong names that one error tells; the others are counted."""


@dataclass(frozen=True, slots=True)
class WrongName:
    """What of a request is wrong. `hint` is a sentence with what would be right, worked out only where it is shown."""

    kind: str
    said: str
    hint: Callable[[], str] = field(compare=False)


def nearest(name: str, known: Iterable[str]) -> str:
    """Which names may be meant, as a sentence; empty where none is near. Upper and lower case count as the same."""
    folded: dict[str, list[str]] = {}
    for each in known:
        folded.setdefault(each.casefold(), []).append(each)
    near = [
        each for found in difflib.get_close_matches(name.casefold(), folded, n=3, cutoff=0.5) for each in folded[found]
    ]
    return f"Did you mean {', '.join(near[:3])}?" if near else ""


def unknown(kind: str, name: str, known: Iterable[str], *, listing: str, listed: bool = True) -> WrongName:
    """A name that the catalog does not hold: nearest matches first, else how to list the valid ones.

    `listed`: the catalog is as new as the request asks for, so that the name does not exist.
    """
    names = list(known)

    def hint() -> str:
        if near := nearest(name, names):
            return near
        if 0 < len(names) <= 12:
            return f"Known: {', '.join(sorted(names))}."
        return f"{listing} shows the {len(names)} known ones." if names else "Nothing is known yet: run discover first."

    said = f"there is no {kind} {name!r}" if listed else f"no {kind} {name!r} is known so far"
    return WrongName(kind, said, hint)


def unknown_name(kind: str, name: str, known: Iterable[str], *, listing: str) -> UsageError:
    """The error for one name that does not exist."""
    return _error([unknown(kind, name, known, listing=listing)])


def refuse(wrong: Sequence[WrongName]) -> None:
    """Nothing where nothing is wrong.

    Raises:
        UsageError: with everything that is.
    """
    if wrong:
        raise _error(list(dict.fromkeys(wrong)))


def _error(wrong: list[WrongName]) -> UsageError:
    if len(wrong) == 1:
        return UsageError(f"{wrong[0].said}.", remedy=wrong[0].hint())
    shown = _first_of_each_kind(wrong)
    told = "; ".join(f"{each.said} ({_inserted(each.hint())})" for each in shown)
    more = f"; and {len(wrong) - len(shown)} more" if len(wrong) > len(shown) else ""
    return UsageError(f"{len(wrong)} names are wrong: {told}{more}.", remedy="Correct them and try again.")


def _first_of_each_kind(wrong: list[WrongName]) -> list[WrongName]:
    """As many as are shown, none of the kinds left out, in the order given."""
    firsts = {each.kind: each for each in reversed(wrong)}.values()
    ranked = sorted(wrong, key=lambda each: each not in firsts)[:SHOWN]
    return [each for each in wrong if each in ranked]


def _inserted(sentence: str) -> str:
    return (sentence[:1].lower() + sentence[1:]).removesuffix(".")
