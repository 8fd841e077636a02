"""What nobody could look at in a target, or write to it for want of rights, as far as is on record. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from spheresync.answers import ConnectionFinding, Finding
from spheresync.errors import TargetFault
from spheresync.model import Problem, counted, first_of, to_the_second
from spheresync.state.records import DriftSummary, UnwrittenGroup

NOT_COMPARED = "not_compared"
_SHOWN = 3
_LOOK_AGAIN = "Then `spheresync drift` looks again."


def unseen_tables(drift: DriftSummary) -> list[Finding]:
    """That tables could not be looked at, and may have been changed by others; none where all that is known could."""
    look = drift.unseen
    if look is None:
        return []
    count = counted(look.not_compared, "object") if look.not_compared else "something"
    message = f"at {to_the_second(look.at)}, {count} could not be looked at for drift: {_told(look.problems)}"
    return [Finding(subject="drift", code=NOT_COMPARED, message=message, remedy=_remedy(look.problems))]


def denied_tables(target: str, unwritten: Sequence[UnwrittenGroup], drift: DriftSummary) -> list[ConnectionFinding]:
    """What is on record as refused in a target: a test of the rights in general does not ask for each table."""
    of = f"tables of {target}"
    denied = [
        ConnectionFinding(connection=of, ok=False, message=_not_written(group), remedy=_write_again(group))
        for group in unwritten
        if group.code == TargetFault.DENIED
    ]
    hidden = [
        ConnectionFinding(connection=of, ok=False, message=_sentence(each.message), remedy=each.remedy)
        for each in unseen_tables(drift)
    ]
    return [*denied, *hidden]


def _not_written(group: UnwrittenGroup) -> str:
    names = first_of([str(each.asset) for each in group.first], len(group.first), total=group.count)
    since = to_the_second(group.since)
    what = f"Since {since}, {counted(group.count, 'asset')} could not be written: {names}"
    return _sentence(f"{what}. {group.first[0].problem.message}")


def _write_again(group: UnwrittenGroup) -> str:
    return f"{group.first[0].problem.remedy} The next sync writes what is granted then.".strip()


def _told(problems: Sequence[Problem]) -> str:
    return first_of([_named(each) for each in problems[:_SHOWN]], _SHOWN, total=len(problems), by="; ")


def _named(problem: Problem) -> str:
    return f"{problem.subject}: {problem.message.rstrip('.').removeprefix(f'{problem.subject}: ')}"


def _remedy(problems: Sequence[Problem]) -> str:
    return f"{problems[0].remedy} {_LOOK_AGAIN}".strip()


def _sentence(said: str) -> str:
    said = said[:1].upper() + said[1:]
    return said if said.endswith((".", "!", "?")) else f"{said}."
