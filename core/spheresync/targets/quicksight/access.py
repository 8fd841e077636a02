"""Changes of who owns and sees data sets and topics, as people read them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from spheresync.model import FieldChange, JsonValue, first_of
from spheresync.targets.quicksight.content import Content

_DATA_SET: Final = "grants"
_TOPIC: Final = "topic.Grants"
_NAMED = 8


def is_of_grants(path: str) -> bool:
    """Whether a field says who has rights."""
    return any(path == start or path.startswith(f"{start}.") for start in (_DATA_SET, _TOPIC))


def new_grants(content: Content) -> tuple[FieldChange, ...]:
    """Who gets rights on a data set that is made, and on its topic the same."""
    return tuple(
        FieldChange(f"{_DATA_SET}.{who}", None, role if isinstance(role, str) else [*role])
        for who, role in sorted(content.grants.items())
    )


def told_of_grants(changed: Iterable[tuple[FieldChange, ...]]) -> str:
    """Who gains and who loses what, with the number of data sets."""
    told = Counter(sentence for changes in changed for sentence in dict.fromkeys(_sentences(changes)))
    return first_of([f"{sentence} ({count})" for sentence, count in sorted(told.items())], _NAMED)


def _sentences(changes: Iterable[FieldChange]) -> Iterator[str]:
    for change in changes:
        start = _TOPIC if change.path.startswith(_TOPIC) else _DATA_SET
        if change.path == start:  # nobody had any, or nobody has
            before, after = _roles(change.before), _roles(change.after)
        else:
            who = change.path.removeprefix(f"{start}.")
            before, after = {who: change.before}, {who: change.after}
        for who in sorted({*before, *after}):
            yield _sentence(who, before.get(who), after.get(who))


def _sentence(who: str, before: JsonValue, after: JsonValue) -> str:
    if after is None:
        return f"{who} is {_role(before)} no more"
    return f"{who} becomes {_role(after)}" + (f", and was {_role(before)}" if before is not None else "")


def _role(role: JsonValue) -> str:
    return role if isinstance(role, str) else "holder of other rights"


def _roles(value: JsonValue) -> Mapping[str, JsonValue]:
    return value if isinstance(value, dict) else {}
