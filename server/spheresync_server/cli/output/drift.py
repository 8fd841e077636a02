"""Tell people what has drifted, and what became of it."""

from __future__ import annotations

from spheresync.answers import DriftAnswer, DriftFieldRow, DriftRepair, DriftRow
from spheresync.model import RunState, counted
from spheresync.planning.decisions.approvals import ACCESS
from spheresync.targets.target_words import ACCESS_REACH
from spheresync_server.answer_summaries import left_by_policy
from spheresync_server.cli.output.changes import say_counts, say_findings
from spheresync_server.cli.output.tables import place_of, say
from spheresync_server.untrusted import clean_line

_SHOWN_FIELDS = 4


def show_drift(answer: DriftAnswer) -> None:
    """What others changed, what the policies say to it, and what comes next."""
    compared = answer.summary.get("compared", 0)
    say(f"{counted(compared, 'object')} compared: {_number(answer.total)} changed by others.")
    if left := answer.summary.get("not_compared", 0):
        say(f"{counted(left, 'object')} could not be compared, and may have been changed too.")
    if not compared and not answer.problems:
        say("Nothing of this scope is in a target. Next: spheresync preview")
    for item in answer.items:
        _item(item)
    if answer.next_cursor is not None:
        say(f"… more items: --limit 200, or --cursor {answer.next_cursor}")
    say_findings("Could not be compared", answer.problems)
    say_findings("Access", [each for each in answer.findings if each.code in {ACCESS, ACCESS_REACH}])
    if isinstance(answer, DriftRepair):
        _repair(answer)
    elif answer.change_set_id is not None:
        say("", f"Nothing was written. Next: spheresync apply {answer.change_set_id}, or spheresync drift --repair")
    if staying := left_by_policy(answer):
        say("", f"{staying}.")
    if answer.summary.get("reported"):
        say("To have what is reported repaired all the same: --asset SPACE/NAME --overwrite.")


def _item(item: DriftRow) -> None:
    where = f"{place_of(item.target, item.destination)} {item.object}"
    said = f" (drift policy: {item.policy})" if item.policy else ""
    say(
        clean_line(
            f"{item.asset}  {item.kind} {where}: {item.reason}{said}",
            longest=500,
        )
    )
    for field in item.fields[:_SHOWN_FIELDS]:
        say(f"    {_short(field.path)}: {_short(field.written)} -> {_short(field.found)}  [{_effect(field)}]")
    if item.fields_total > _SHOWN_FIELDS:
        say(f"    … {counted(item.fields_total - _SHOWN_FIELDS, 'more field')}")
    when = f"changed {item.changed_at}; " if item.changed_at else ""
    say(f"    {clean_line(f'{when}{item.changed_by}. {item.remedy}', longest=500)}")


def _repair(answer: DriftRepair) -> None:
    say("")
    if answer.run_id is None:
        if not answer.total:
            say("There was nothing to repair.")
        return
    if answer.state == RunState.DONE:
        say(f"Repaired by run {answer.run_id} of change set {answer.change_set_id}.")
    else:
        say(f"The repair, run {answer.run_id} of change set {answer.change_set_id}, ended {answer.state}.")
    say_counts(answer.counts)
    for failure in answer.failures:
        say(clean_line(f"{failure.asset}: {failure.reason}", longest=1_000))
        if failure.remedy:
            say(f"    {clean_line(failure.remedy, longest=1_000)}")


def _effect(field: DriftFieldRow) -> str:
    return field.effect if field.policy is None else f"{field.policy}: {field.effect}"


def _number(count: int) -> str:
    return {0: "none was", 1: "1 was"}.get(count, f"{count} were")


def _short(value: object) -> str:
    return clean_line(str(value), longest=120) if value is not None else "(none)"
