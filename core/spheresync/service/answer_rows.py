"""Turn records of the state into rows of answers. Pure: no row asks for anything."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TypedDict

from spheresync.answers import (
    AssetRow,
    ChangeRow,
    ChangeSetAnswer,
    ChangeSetState,
    ColumnRow,
    Failure,
    FieldRow,
    Finding,
    OldestReading,
    OpenChangeSetRow,
    PersonalDataRow,
    PrerequisiteRow,
    Progress,
    RunAnswer,
    RunRow,
    SpaceRow,
    TargetObjectRow,
)
from spheresync.execution.run_request import RunRequest
from spheresync.mapping.personal_data import PersonalDataFinding
from spheresync.model import (
    DEFAULT_DESTINATION,
    Action,
    Column,
    FieldChange,
    Problem,
    RunKind,
    TargetKey,
    isoformat,
)
from spheresync.model.json_document import read_json
from spheresync.model.shown_apart import both_shortened
from spheresync.planning.decisions.access import is_access_change
from spheresync.planning.decisions.approvals import valid_approval
from spheresync.planning.decisions.items import conflict_remedy
from spheresync.planning.decisions.no_failure import NO_FAILURE, OVERWRITTEN
from spheresync.planning.last_reading import LastReading
from spheresync.planning.undo.undo_findings import UNDO_DELETES
from spheresync.runtime.run_counts import COUNT_WORDS, FAILED, MISSING, UNREAD
from spheresync.runtime.scope import Scope
from spheresync.state.lost_objects import LostObject
from spheresync.state.records import (
    AssetRecord,
    ChangeSetItem,
    ChangeSetRecord,
    Checkpoint,
    FacetCount,
    FormerTable,
    JournalEntry,
    JournalState,
    Prerequisite,
    RunRecord,
    SpaceRecord,
)
from spheresync.targets.registry import design_of

SHOWN_PROBLEMS = 20
SHOWN_FAILURES = 50
SHOWN_CHANGES = 12
MOVED_REMEDY = (
    "It stays as it is. Where that is not wanted, first undo the later run that wrote it, or change the table by hand "
    "where somebody else did."
)


def tally(counts: Sequence[FacetCount], facet: Callable[[FacetCount], str | None]) -> dict[str, int]:
    """How many assets have each value of one facet; assets without it are left out."""
    totals: Counter[str] = Counter()
    for each in counts:
        value = facet(each)
        if value is not None:
            totals[str(value)] += each.count
    return dict(sorted(totals.items()))


def tier_sizes(counts: Sequence[FacetCount]) -> dict[str, int]:
    """How many assets of each tier are to be in sync."""
    return tally([each for each in counts if each.status.wanted], lambda each: each.tier)


def space_row(space: SpaceRecord, counts: Sequence[FacetCount], left_out: Problem | None = None) -> SpaceRow:
    """`left_out` says that the scope keeps the space from being listed."""
    return SpaceRow(
        space=space.name,
        label=space.label,
        assets=sum(each.count for each in counts),
        kinds=tally(counts, lambda each: each.kind),
        tiers=tally(counts, lambda each: each.tier),
        statuses=tally(counts, lambda each: each.status),
        problem=problem_text(space.problem or left_out),
    )


def problem_text(problem: Problem | None) -> str | None:
    """What is wrong and what to do about it, in one text."""
    return None if problem is None else f"{problem.message} {problem.remedy}".strip()


def asset_row(record: AssetRecord, tier: str, problem: str | None) -> AssetRow:
    return AssetRow(
        asset=str(record.id),
        kind=record.kind,
        label=record.label,
        tier=tier,
        status=record.status,
        problem=problem,
    )


def full_asset_row(record: AssetRecord, tier: str, problem: str | None, checkpoints: list[Checkpoint]) -> AssetRow:
    return AssetRow(
        asset=str(record.id),
        kind=record.kind,
        label=record.label,
        tier=tier,
        status=record.status,
        columns=record.column_count,
        objects=[f"{checkpoint.target}:{checkpoint.container}.{checkpoint.name}" for checkpoint in checkpoints],
        problem=problem,
        changed_at=record.changed_at,
        read_at=record.read_at,
        synced_at=max((checkpoint.synced_at for checkpoint in checkpoints), default=None),
    )


def column_row(column: Column, found: PersonalDataFinding | None = None) -> ColumnRow:
    return ColumnRow(
        name=column.name,
        type=str(column.type),
        role=column.role,
        label=column.label,
        key=column.key,
        nullable=column.nullable,
        aggregation=column.aggregation,
        pii=column.pii,
        personal_data=None
        if found is None
        else PersonalDataRow.model_validate(
            {
                "class": found.personal_class,
                "confidence": found.confidence,
                "source": found.source,
                "evidence": found.evidence,
            }
        ),
        semantics=dict(column.semantics),
    )


def target_row(checkpoint: Checkpoint, lost: LostObject | None = None) -> TargetObjectRow:
    """`lost` says what others made of the object, where what was written last says that it is there."""
    return TargetObjectRow(
        target=checkpoint.target,
        destination=checkpoint.destination,
        object=f"{checkpoint.container}.{checkpoint.name}",
        state=checkpoint.state if lost is None else lost.loss,
        version=checkpoint.version,
        synced_at=checkpoint.synced_at,
        run_id=checkpoint.run_id,
    )


def former_row(former: FormerTable) -> TargetObjectRow:
    return TargetObjectRow(
        target=former.target,
        destination=former.destination,
        object=f"{former.container}.{former.name}",
        state="former, retired" if former.retired else "former",
        version=former.version,
        since=former.since,
    )


def finding(problem: Problem) -> Finding:
    return Finding(subject=problem.subject, code=problem.code, message=problem.message, remedy=problem.remedy)


def change_row(item: ChangeSetItem, *, full: bool) -> ChangeRow:
    changes = item.changes if full else item.changes[:SHOWN_CHANGES]
    return ChangeRow(
        asset=str(item.asset),
        action=item.action,
        strategy=item.strategy,
        target=item.target,
        destination=other_destination(item.key),
        object=f"{item.container}.{item.name}",
        severity=item.severity,
        reason=item.reason,
        operations=list(item.operations),
        changes=[_field_row(change) for change in changes],
        blocked_by=item.blocked_by,
        access=True if is_access_change(item) else None,
        **_other_name(item),
    )


def other_destination(key: TargetKey) -> str | None:
    """The destination of a row, None where it is the default one."""
    return None if key.destination == DEFAULT_DESTINATION else key.destination


def _other_name(item: ChangeSetItem) -> dict[str, str]:
    if item.other_name is None:
        return {}
    if item.action.removes:
        return {"may_be_renamed_to": str(item.other_name)}
    guessed = item.action in {Action.CREATE, Action.HELD}
    return {"may_be_renamed_from" if guessed else "renamed_from": str(item.other_name)}


def _field_row(change: FieldChange) -> FieldRow:
    before, after = both_shortened(change.before, change.after)
    return FieldRow(path=change.path, before=before, after=after)


def prerequisite_row(prerequisite: Prerequisite) -> PrerequisiteRow:
    return PrerequisiteRow(
        target=prerequisite.target,
        destination=prerequisite.destination,
        wave=prerequisite.wave,
        operation=prerequisite.operation,
        object=prerequisite.name,
        reason=prerequisite.reason,
        assets=[str(asset) for asset in prerequisite.assets],
        assets_total=prerequisite.assets_total,
    )


def change_set_answer(
    record: ChangeSetRecord,
    items: list[ChangeRow],
    *,
    waits: Sequence[Problem] = (),
    notes: Sequence[Finding] = (),
    total: int,
    next_cursor: str | None,
    first: int | None,
    now: datetime,
    trial: bool = False,
) -> ChangeSetAnswer:
    """`waits` says what it waits for that a person may still bring about, `notes` what does not wait.

    `trial`: it is saved nowhere.
    """
    approval = valid_approval(record)
    reading = LastReading.from_json(read_json(record.request))
    oldest = None
    if reading.oldest_at is not None and reading.oldest_of is not None:
        oldest = OldestReading(at=reading.oldest_at, of=reading.oldest_of, older=reading.older)
    expired = record.expires_at < isoformat(now)
    state = ChangeSetState.EXPIRED if expired else ChangeSetState.OPEN
    return ChangeSetAnswer.model_validate(
        {
            "change_set_id": "" if trial else record.id,
            "digest": record.digest,
            "created_at": record.created_at,
            "expires_at": record.expires_at,
            "state": ChangeSetState.TRIAL if trial else ChangeSetState.APPLIED if record.run_id is not None else state,
            "summary": {word: record.summary.get(word, 0) for word in (*Action, FAILED, UNREAD, MISSING)},
            "blocked": record.blocked,
            "findings": [finding(problem) for problem in (*waits, *record.findings)],
            "problems": [finding(problem) for problem in record.problems[:SHOWN_PROBLEMS]],
            "problems_total": len(record.problems),
            "items": items,
            "total": total,
            "next_cursor": next_cursor,
            "first": first,
            "run_id": record.run_id,
            "undo_of": record.undo_of,
            "approved_by": None if approval is None else approval.by,
            "prerequisites": [prerequisite_row(each) for each in record.prerequisites],
            "read_at": reading.at,
            "oldest": oldest,
            "scope": Scope.from_json(read_json(record.request)).spelled(),
            "notes": list(notes),
        }
    )


def open_change_set_row(record: ChangeSetRecord, last: RunRecord | None) -> OpenChangeSetRow:
    """`last`: the last run that has written anything."""
    since = last.id if last is not None and has_written_since(last, record) else None
    approval = valid_approval(record)
    return OpenChangeSetRow(
        change_set_id=record.id,
        created_at=record.created_at,
        created_by=record.actor,
        expires_at=record.expires_at,
        summary=dict(record.summary),
        blocked=record.blocked,
        undo_of=record.undo_of,
        approved_by=None if approval is None else approval.by,
        scope=Scope.from_json(read_json(record.request)).spelled(),
        written_since=since,
    )


def has_written_since(run: RunRecord, change_set: ChangeSetRecord) -> bool:
    """Whether a run has ended after a change set was made."""
    return run.finished_at is not None and run.finished_at > change_set.created_at


def run_row(run: RunRecord, tally: Mapping[tuple[Action, JournalState], int] | None = None) -> RunRow:
    """`tally` says what was tried so far, of a run that is under way."""
    return RunRow(
        run_id=run.id,
        state=run.state,
        kind=run.kind,
        actor=run.actor.id,
        change_set_id=run.change_set_id,
        counts=_counts(run, tally or {}),
        created_at=run.created_at,
        finished_at=run.finished_at,
    )


def run_answer(
    run: RunRecord,
    change_set: ChangeSetRecord | None = None,
    tally: Mapping[tuple[Action, JournalState], int] | None = None,
    failed: Sequence[JournalEntry] = (),
    conflicts: Sequence[ChangeSetItem] = (),
    *,
    targets: Mapping[int, TargetKey] = MappingProxyType({}),
    applying_for: timedelta | None = None,
    told_once: int = 0,
) -> RunAnswer:
    """`tally` and `failed` say what was tried so far; `conflicts` what the plan itself would not touch.

    `targets`: by ordinal, the target of the items that failed.
    `applying_for`: how long the run has been writing, None while it is not.
    `told_once`: how many items failed with their targets as a whole, which the run tells by itself.
    """
    tried = tally or {}
    undo = change_set is not None and change_set.undo_of is not None
    code = "moved" if undo else "conflict"
    failures = [
        Failure(
            asset=str(item.asset),
            target=item.target,
            destination=other_destination(item.key),
            code=code,
            reason=item.reason,
            remedy=MOVED_REMEDY if undo else conflict_remedy(item.reason, design_of(item.target)),
        )
        for item in conflicts
    ]
    beside = max(0, _planned_conflicts(change_set) - len(conflicts)) if conflicts else 0
    failures += [_failure(each.problem, targets.get(each.ordinal)) for each in failed if each.problem is not None]
    whole = [problem for problem in run.problems if problem.code not in NO_FAILURE]
    failures += [_failure(problem, problem.key) for problem in whole if problem.asset is not None]
    failures = [_failure(problem, problem.key) for problem in whole if problem.asset is None] + _each_kind_first(
        failures
    )
    waits = [problem for problem in run.problems if problem.code in NO_FAILURE]  # no failure of the run
    approval = None if change_set is None else valid_approval(change_set)
    told = () if change_set is None else _still_true(change_set.findings, run, tried)
    left_out = (
        sum(count for (_, state), count in tried.items() if state is JournalState.FAILED) - len(failed) - told_once
    )
    todo = sum(change_set.summary.get(action, 0) for action in Action if action.changes_something) if change_set else 0
    done = sum(count for (_, state), count in tried.items() if state.ended)
    return RunAnswer(
        run_id=run.id,
        state=run.state,
        kind=run.kind,
        actor=run.actor.id,
        change_set_id=run.change_set_id,
        progress=Progress(
            phase=run.phase or run.state,
            done=done,
            total=max(todo, done),
            seconds_left=None if applying_for is None else seconds_left(done, todo, applying_for),
        ),
        counts=_counts(run, tried),
        failures=failures[:SHOWN_FAILURES],
        failures_total=len(failures) + left_out + beside,
        findings=[finding(problem) for problem in (*waits, *told)],
        usage=dict(run.usage),
        created_at=run.created_at,
        planned_at=change_set.created_at if change_set is not None and run.kind is RunKind.APPLY else None,
        read_at=None if change_set is None else LastReading.from_json(read_json(change_set.request)).at,
        started_at=run.started_at,
        finished_at=run.finished_at,
        approved_by=None if approval is None else approval.by,
        undo_of=None if change_set is None else change_set.undo_of,
        **_asked_for(run, change_set),
    )


class _AskedFor(TypedDict):
    """What a run was asked to do, as its answer says it."""

    scope: dict[str, list[str]]
    full: bool | None
    retry_of: str | None


def _asked_for(run: RunRecord, change_set: ChangeSetRecord | None) -> _AskedFor:
    """An apply does what its change set is about, or a part of that."""
    request = RunRequest.parse(run.request)
    applies = run.kind is RunKind.APPLY and change_set is not None and not request.scope.assets
    scope = Scope.from_json(read_json(change_set.request)) if applies and change_set is not None else request.scope
    return {"scope": scope.spelled(), "full": request.full or None, "retry_of": request.retry_of}


def _still_true(
    findings: Sequence[Problem], run: RunRecord, tried: Mapping[tuple[Action, JournalState], int]
) -> Sequence[Problem]:
    """The findings of a change set, less what an undo was to delete and has not deleted.

    Less the edits that were to be written over, too: of those that were, the run tells by itself. Of a part of a change
    set, less those about assets that are not in it; what is said of many together stays.
    """
    part = RunRequest.parse(run.request).scope.assets if run.kind is RunKind.APPLY else ()
    if part:
        findings = [each for each in findings if each.asset is None or each.asset in part]
    if not run.state.ended:
        return findings
    over = {OVERWRITTEN} if tried.get((Action.DELETE, JournalState.CONFIRMED)) else {OVERWRITTEN, UNDO_DELETES}
    return [problem for problem in findings if problem.code not in over]


def seconds_left(done: int, todo: int, applying_for: timedelta) -> int | None:
    """How long the rest takes at the pace so far; None before there is one."""
    if done < 1 or applying_for <= timedelta(0):
        return None
    per_item: float = applying_for.total_seconds() / done
    return math.ceil(per_item * max(0, todo - done))


def _failure(problem: Problem, key: TargetKey | None) -> Failure:
    return Failure(
        asset=problem.subject,
        target=None if key is None else key.target,
        destination=None if key is None else other_destination(key),
        code=problem.code,
        reason=problem.message,
        remedy=problem.remedy,
    )


def _planned_conflicts(change_set: ChangeSetRecord | None) -> int:
    return 0 if change_set is None else change_set.summary.get(Action.CONFLICT, 0)


def _each_kind_first(failures: Sequence[Failure]) -> list[Failure]:
    """The failures, the first of each kind in each target before all others: of many alike the last are not shown."""
    first: dict[tuple[str | None, str | None, str], Failure] = {}
    for each in failures:
        first.setdefault((each.target, each.destination, each.code), each)
    chosen = {id(each) for each in first.values()}
    return [*first.values(), *(each for each in failures if id(each) not in chosen)]


def _counts(run: RunRecord, tried: Mapping[tuple[Action, JournalState], int]) -> dict[str, int]:
    """The counts of the end, or, while the run is under way, what the journal holds so far."""
    if run.state.ended:
        return {word: run.counts.get(word, 0) for word in COUNT_WORDS}
    counts = dict.fromkeys(COUNT_WORDS, 0)
    for (action, state), count in tried.items():
        if state is JournalState.CONFIRMED:
            counts[action] += count
        elif state is JournalState.FAILED:
            counts[FAILED] += count
    return counts
