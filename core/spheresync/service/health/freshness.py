"""How fresh what is known of Datasphere is, and why not fresher: late tiers, paused ones, a schedule nobody keeps.

Pure. Whoever has cron run `spheresync sync` needs no scheduler, so that nobody keeps the schedule is no problem by
itself. That assets are later than their tier allows always is one, whoever should have read them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from spheresync.answers import Finding, SchedulerState, TierStatus
from spheresync.config.durations import parse_duration
from spheresync.model import counted, to_the_second
from spheresync.runtime.unread import LEFT_IN_AWS

FRESHNESS_MISSED = "freshness_missed"
INTERVAL_MISSED = "interval_missed"
TIER_PAUSED = "tier_paused"
SCHEDULER_OFF = "scheduler_off"
_RAISE = "Raise datasphere.max_requests_per_minute, or the interval or the objective of the tier."
_ANSWERS_BADLY = (
    "Datasphere answers some requests badly ({code}), which are asked again by themselves; "
    "`spheresync doctor` says what it answers."
)
_GET_BACK = (
    "Give the technical user (or who signed in) access to those spaces again, or exclude those that are gone for good "
    f"by `scope:`; `spheresync doctor` names them. {LEFT_IN_AWS}"
)
_READ = "`spheresync assets --status failed` says of each why, and what to do."
_KEEP = (
    "leave `spheresync serve --transport http` running, or have cron run `spheresync sync` "
    "as often as the tiers want it"
)


@dataclass(frozen=True, slots=True)
class Freshness:
    """What degrades health, what is only worth knowing, and both in a sentence."""

    problems: list[Finding]
    notes: list[Finding]
    sentence: str


def freshness_of(
    tiers: Sequence[TierStatus],
    scheduler: SchedulerState,
    read_at: str | None,
    now: datetime,
    *,
    reads_wait: bool = True,
    reads_fail: str | None = None,
) -> Freshness:
    """Judge all tiers.

    Args:
        tiers: each with its objective, how many assets miss it, and whether it is paused.
        scheduler: what it does now, in any process.
        read_at: when Datasphere was last listed, by whichever command; None for never.
        now: for ages.
        reads_wait: whether definitions wait in the queue to be read, so that it is requests that there are too few of.
        reads_fail: by which fault some of them wait to be read again: then it is not the budget that is too small.
    """
    late = [
        finding for tier in tiers for finding in _late(tier, scheduler, reads_wait=reads_wait, reads_fail=reads_fail)
    ]
    told = {finding.subject for finding in late}
    paused = [tier for tier in tiers if tier.paused]
    notes = [_paused(tier) for tier in paused if _subject(tier) not in told]
    if scheduler is SchedulerState.OFF:
        notes.insert(0, _off(read_at, now))
    sentences = [_last_read(read_at, now, scheduler), _oldest(tiers, read_at, now)]
    if paused:
        sentences.append(f"Paused: {', '.join(tier.tier for tier in paused)}.")
    return Freshness(late, notes, " ".join(filter(None, sentences)))


def lateness(tier: TierStatus) -> Finding | None:
    """That assets of a tier miss its objective, as alerts tell it; a paused tier is late by a person's will."""
    if not tier.late or tier.paused:
        return None
    slow = tier.late - tier.unlisted - tier.unreadable
    if not slow:
        return _unlisted(tier) if tier.unlisted else _unreadable(tier)
    return Finding(subject=_subject(tier), code=FRESHNESS_MISSED, message=_missed(tier, slow), remedy=_hasten(tier))


def ago(age: timedelta) -> str:
    """An age as people say it: `12 s`, `5 min`, `3 h`, `2 d`."""
    seconds = max(0, int(age.total_seconds()))
    for unit, length, least in (("d", 86_400, 172_800), ("h", 3_600, 7_200), ("min", 60, 120)):
        if seconds >= least:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def _late(tier: TierStatus, scheduler: SchedulerState, *, reads_wait: bool, reads_fail: str | None) -> list[Finding]:
    """What is to be said of the late assets of a tier: those that cannot be read are late for that alone."""
    slow = tier.late + tier.overdue - tier.unlisted - tier.unreadable
    return [
        *([_slow(tier, slow, scheduler, reads_wait=reads_wait, reads_fail=reads_fail)] if slow else []),
        *([_unlisted(tier)] if tier.unlisted else []),
        *([_unreadable(tier)] if tier.unreadable else []),
    ]


def _unlisted(tier: TierStatus) -> Finding:
    message = f"{_missed(tier, tier.unlisted)}, as {'its space' if tier.unlisted == 1 else 'their spaces'} "
    message += "could not be listed"
    return Finding(subject=_subject(tier), code=_code(tier), message=message, remedy=_GET_BACK)


def _unreadable(tier: TierStatus) -> Finding:
    message = f"{_missed(tier, tier.unreadable)}, as {'it' if tier.unreadable == 1 else 'they'} could not be read"
    return Finding(subject=_subject(tier), code=_code(tier), message=message, remedy=_READ)


def _slow(
    tier: TierStatus, count: int, scheduler: SchedulerState, *, reads_wait: bool, reads_fail: str | None
) -> Finding:
    code, message = _code(tier), _missed(tier, count)
    remedy = _hasten(tier, reads_wait=reads_wait, reads_fail=reads_fail)
    if tier.paused:
        code = TIER_PAUSED
        message = f"{message}: a person paused the tier at {to_the_second(tier.paused_since)}"
        remedy = f"`spheresync schedule resume {tier.tier}` lets it go on."
    elif scheduler is SchedulerState.OFF:
        message = f"{message}, and no process keeps the schedule"
        remedy = f"To keep it fresh, {_KEEP}; or set tiers.{tier.tier}.freshness to what is enough."
    return Finding(subject=_subject(tier), code=code, message=message, remedy=remedy)


def _hasten(tier: TierStatus, *, reads_wait: bool = True, reads_fail: str | None = None) -> str:
    """What helps assets that can be read and are not read in time, though somebody keeps the schedule."""
    objective = tier.freshness if tier.late else None
    if objective is not None and parse_duration(objective) <= parse_duration(tier.interval):
        return (
            f"Set tiers.{tier.tier}.interval to less than its freshness of {objective}: nothing is read more often "
            "than its interval says."
        )
    if reads_fail is not None:
        return _ANSWERS_BADLY.format(code=reads_fail.replace("_", " "))
    if reads_wait:
        return _RAISE
    hours = "" if tier.window is None else f"By itself it is read in its window {tier.window} alone: widen that. "
    return (
        f"{hours}`spheresync schedule run-now {tier.tier}` has them read now; where that does not help, "
        "`spheresync doctor` says what keeps Datasphere from being read."
    )


def _code(tier: TierStatus) -> str:
    return FRESHNESS_MISSED if tier.late else INTERVAL_MISSED


def _missed(tier: TierStatus, count: int) -> str:
    assets = f"{counted(count, 'asset')} of tier {tier.tier}"
    if tier.late:
        return f"{assets} not read within the objective of {tier.freshness}"
    return f"{assets} not read for four times its interval of {tier.interval}"


def _paused(tier: TierStatus) -> Finding:
    return Finding(
        subject=_subject(tier),
        code=TIER_PAUSED,
        message=f"a person paused tier {tier.tier} at {to_the_second(tier.paused_since)}: "
        "nothing of it is read by itself",
        remedy=f"`spheresync schedule resume {tier.tier}` lets it go on.",
    )


def _off(read_at: str | None, now: datetime) -> Finding:
    last = "Datasphere was never read" if read_at is None else f"the last reading is {ago(_age(read_at, now))} old"
    message = f"nobody keeps the schedule; {last}"
    return Finding(subject="scheduler", code=SCHEDULER_OFF, message=message, remedy=f"To keep it fresh, {_KEEP}.")


def _last_read(read_at: str | None, now: datetime, scheduler: SchedulerState) -> str:
    if read_at is None:
        return ""
    kept = ", and nobody keeps the schedule" if scheduler is SchedulerState.OFF else ""
    return f"Datasphere was last read {ago(_age(read_at, now))} ago, at {to_the_second(read_at)}{kept}."


def _oldest(tiers: Sequence[TierStatus], read_at: str | None, now: datetime) -> str:
    """That a part was read and not the whole: how old the oldest reading of an asset is, where it is another one."""
    oldest = min((tier.oldest for tier in tiers if tier.oldest), default=None)
    if read_at is None or oldest is None or to_the_second(oldest) >= to_the_second(read_at):
        return ""
    return f"The asset that was read longest ago was read {ago(_age(oldest, now))} ago, at {to_the_second(oldest)}."


def _subject(tier: TierStatus) -> str:
    return f"tier {tier.tier}"


def _age(at: str, now: datetime) -> timedelta:
    return now - datetime.fromisoformat(at)
