"""What a connection test says; of many spaces only what somebody has to act on is said one by one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

from spheresync.errors import SourceError, SourceFault
from spheresync.isolation import isolated_group
from spheresync.model import UNSPELLABLE_REMEDY, SpaceName, counted, first_of, shown, unspellable
from spheresync.source.protocol import Check

SIGN_IN = "datasphere token"
CATALOG = "datasphere catalog"
SPACES = "datasphere spaces"
NAMED = 10
"""Spaces that a finding names, and spaces that get a finding of their own; the rest is counted."""


async def check_spaces(
    spaces: Sequence[SpaceName], try_assets: Callable[[SpaceName], Awaitable[int]], *, left_out: int
) -> tuple[Check, ...]:
    """Try to list the assets of each space, all at once as far as the request budget lets them.

    Args:
        spaces: those to ask.
        try_assets: how many assets the beginning of a space's listing holds; raises SourceError.
        left_out: how many spaces the configured scope leaves out.
    """
    held: dict[SpaceName, int] = {}
    refused: dict[SpaceName, SourceError] = {}
    kept_out = {space: why for space in spaces if (why := unspellable(space, of_space=True))}

    async def ask(space: SpaceName) -> None:
        try:
            held[space] = await try_assets(space)
        except SourceError as error:
            refused[space] = error

    async with isolated_group() as group:
        for space in spaces:
            if space not in kept_out:
                group.start_soon(ask, space)
    return (*_good(held, left_out), *_bad(refused), *_kept_out(kept_out))


def _good(held: dict[SpaceName, int], left_out: int) -> Iterator[Check]:
    outside = f" Outside the configured scope, so not asked: {spaces_counted(left_out)}." if left_out else ""
    if held:
        bare = [space for space, assets in held.items() if not assets]
        exposing = f" Nothing is exposed for consumption in {_names(bare)}." if bare else ""
        message = f"The assets of {spaces_counted(len(held))} can be listed: {_names(held)}.{exposing}{outside}"
        yield Check(SPACES, True, message)
    elif outside:
        yield Check(SPACES, True, outside.strip())


def _bad(refused: dict[SpaceName, SourceError]) -> Iterator[Check]:
    ordered = sorted(refused)
    for space in ordered[:NAMED]:
        error = refused[space]
        yield Check(
            f"datasphere space {space}",
            False,
            f"The assets of space {space} cannot be listed: {error.message}",
            "The space may have been deleted a moment ago: test again."
            if error.fault is SourceFault.NOT_EXPOSED
            else error.remedy,
        )
    more = ordered[NAMED:]
    if more:
        causes = sorted({refused[space].fault.value for space in more})
        yield Check(
            SPACES,
            False,
            f"The assets of {counted(len(more), 'more space')} cannot be listed ({', '.join(causes)}): {_names(more)}.",
            "Most likely the cause is that of the spaces before; mend those and test again.",
        )


def _kept_out(spaces: Mapping[SpaceName, str]) -> Iterator[Check]:
    for space, why in sorted(spaces.items())[:NAMED]:
        text = f"Space {space!r} is kept out with all its assets: {why}."
        yield Check(f"datasphere space {shown(space) or repr(space)}", False, text, UNSPELLABLE_REMEDY)
    if len(spaces) > NAMED:
        text = f"Spaces that are kept out for their names besides: {len(spaces) - NAMED}."
        yield Check(SPACES, False, text, UNSPELLABLE_REMEDY)


def _names(spaces: Sequence[SpaceName] | dict[SpaceName, int]) -> str:
    return first_of(sorted(spaces), NAMED)


def spaces_counted(number: int) -> str:
    """The number with its noun."""
    return counted(number, "space")
