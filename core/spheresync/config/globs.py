"""Globs over SPACE/NAME that a person wrote: those that are sure to match nothing are mistakes."""

from __future__ import annotations


def check_globs(globs: tuple[str, ...]) -> tuple[str, ...]:
    """The globs themselves.

    Raises:
        ValueError: some can match no asset; the text names each.
    """
    faults = ["holds an empty glob; remove it"] if "" in globs else []
    for glob in globs:
        if glob and not {"/", "*", "?"} & {*glob}:
            shown = repr(glob[:60])  # a name may hold characters that turn a line of text around
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
