"""Check words that callers filter by: the text of a refusal names the valid ones."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from spheresync.errors import UsageError
from spheresync.runtime.unknown_names import nearest

Word = TypeVar("Word", bound=StrEnum)


def one_of(what: str, value: str | None, known: type[Word], *others: str) -> Word | None:
    """One of the known words; `others` are valid too, and asked for by whoever knows them."""
    if value is not None and value not in set(known):
        valid = [*known, *others]
        meant = nearest(value, valid)
        raise UsageError(f"there is no {what} {value!r}.", remedy=f"{meant} Valid: {', '.join(valid)}.".strip())
    return known(value) if value is not None else None


class Detail(StrEnum):
    """How much of each row an answer holds."""

    CONCISE = "concise"
    FULL = "full"


def wants_full(detail: str) -> bool:
    return one_of("detail", detail, Detail) is Detail.FULL
