"""What `scope:` or a rule leaves out, said so that nobody takes it for empty or unchanged. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from spheresync.mapping.patterns import matches
from spheresync.model import Problem, SpaceName, TargetKey, counted, first_of
from spheresync.model.words import TRIAL

LEFT_OUT = "left_out"
UNMATCHED = "unmatched_spaces"
WIDEN = "Widen `scope:` of the configuration, or change the rule, to have it read and written."


_OF_DESTINATIONS = ("destination ", "no destination ")
"""How reasons begin that `spaces:` of destinations give."""


def leaves_destination(why: str) -> bool:
    """Whether an asset is left out as no destination is for its space."""
    return why.startswith(_OF_DESTINATIONS)


def _remedy(why: str) -> str:
    if f" of {TRIAL} " in why:
        return "In a trial only: without it they stay in."
    return WIDEN if not leaves_destination(why) else "Add the space to `spaces:` of a destination to have it written."


def _none_left_out(_: SpaceName) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Outside:
    """What is not known here though the tenant may hold it.

    Attributes:
        of_space: what of the scope leaves a whole space out, None where it does not.
        kinds: which kinds nobody reads, in a sentence; empty where all are read.
    """

    of_space: Callable[[SpaceName], str | None] = _none_left_out
    kinds: str = ""


NOTHING_OUTSIDE = Outside()


def unmatched_spaces(keys: Iterable[TargetKey], known: Collection[SpaceName]) -> list[Problem]:
    """Globs of `spaces:` of destinations that name no known space, as a mistyped one does."""
    globs = {(key.destination, glob): None for key in keys for glob in key.spaces if known}
    return [
        Problem(
            f"destinations.{destination}",
            UNMATCHED,
            f"{glob[:40]!r} in its `spaces:` matches no space of the tenant that is known",
            f"Check the spelling; case matters. Known: {first_of(sorted(known), 5)}.",
        )
        for destination, glob in globs
        if not any(matches(glob, space) for space in known)
    ]


def space_outside(space: SpaceName, why: str) -> Problem:
    """That nothing of a space is listed, as the scope leaves it out."""
    outside = "left out" if leaves_destination(why) else "outside `scope:`"
    message = f"Space {space} is {outside} ({why}), so its assets are not listed."
    return Problem(space, LEFT_OUT, message, _remedy(why))


def assets_left_out(space: SpaceName, reasons: Iterable[str]) -> list[Problem]:
    """How many assets of a space each reason leaves out."""
    return [
        Problem(space, LEFT_OUT, f"{counted(count, 'asset')} left out: {why}.", _remedy(why))
        for why, count in sorted(Counter(reasons).items())
    ]
