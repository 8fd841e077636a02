"""Globs over SPACE/NAME that a person wrote: those that are sure to match nothing are mistakes."""

from __future__ import annotations

from spheresync.model import counted

#: Of one list. Each asset is held against every glob, and nobody keeps more than this in order.
MOST_GLOBS = 1_000


def few_globs(globs: tuple[str, ...]) -> tuple[str, ...]:
    """The globs themselves.

    Raises:
        ValueError: there are more than `MOST_GLOBS`.
    """
    if len(globs) > MOST_GLOBS:
        raise ValueError(f"holds {counted(len(globs), 'glob')}, {MOST_GLOBS:,} at most; say the same with * and ?")
    return globs


def check_globs(globs: tuple[str, ...]) -> tuple[str, ...]:
    """The globs themselves.

    Raises:
        ValueError: there are too many, or some can match no asset; the text names each.
    """
    faults = ["holds an empty glob; remove it"] if "" in few_globs(globs) else []
    for glob in globs:
        shown = repr(glob[:60])  # a name may hold characters that turn a line of text around
        if glob.startswith("!"):
            faults.append(
                f"{shown} would exclude nothing, as globs know no !; write the rest of it under scope.exclude"
            )
        elif glob and not {"/", "*", "?"} & {*glob}:
            whole = f"{shown[1:-1]}/*"
            faults.append(f"{shown} matches no asset, which is written SPACE/NAME; write {whole} for a whole space")
    if faults:
        raise ValueError("; ".join(faults))
    return globs


def some_globs(globs: tuple[str, ...]) -> tuple[str, ...]:
    """The globs themselves.

    Raises:
        ValueError: there is none.
    """
    if not globs:
        raise ValueError("names nothing, so that no asset would be in scope; leave it out to include everything")
    return globs
