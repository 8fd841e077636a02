"""Short summaries of answers that both faces show: of runs, of change sets and what they create first, of lineage."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from spheresync.answers import (
    AssetPage,
    AssetRow,
    ChangeSetAnswer,
    LineageAnswer,
    LineageEdge,
    MatchRow,
    PrerequisiteRow,
    Progress,
    RunAnswer,
    SyncStatus,
)
from spheresync.model import (
    Action,
    EdgeKind,
    Environment,
    RunKind,
    RunState,
    counted,
    first_of,
)
from spheresync.planning.decisions.approvals import DELETES_NOT_APPROVED, NEEDS_ALLOWANCE
from spheresync.runtime.run_counts import BLOCKED, REFUSED, SKIPPED
from spheresync_server.untrusted import clean_line, visible

_NAMED = 3
"""Prerequisites of one kind that a summary names; the others are counted."""
_CREATION = re.compile(r"(?:\w+:)?Create(?P<kind>[A-Z]\w*)")
_NEXT_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


def progress_sentence(state: str, progress: Progress) -> str:
    """The phase of a run, and how far it has come in it where that is known."""
    if state == RunState.QUEUED:
        return "It waits for its turn."
    done = f": {progress.done} of {progress.total}" if progress.total else ""
    left = "" if progress.seconds_left is None else f", about {progress.seconds_left} s left"
    return f"Phase {progress.phase}{done}{left}."


def applicable_count(answer: ChangeSetAnswer) -> int:
    """How many items applying a change set would do now; items that wait for something do not count."""
    return sum(answer.summary.get(word, 0) for word in Action if word.changes_something) - answer.blocked


def changes_something(answer: ChangeSetAnswer) -> bool:
    """Whether applying a change set would write anything, be it for assets that stay as they are."""
    return applicable_count(answer) > 0 or any(not each.assets_total for each in answer.prerequisites)


def only_unread_failed(answer: RunAnswer) -> bool:
    """Whether an apply did all of its change set, and fails for what could not be read when that was made."""
    undone = (REFUSED, SKIPPED, Action.CONFLICT, BLOCKED)
    return (
        answer.kind == RunKind.APPLY
        and answer.state == RunState.PARTLY_FAILED
        and not any(answer.counts.get(word) for word in undone)
        and 0 < answer.failures_total == len(answer.failures)
        and all(failure.target is None and failure.asset != "run" for failure in answer.failures)
    )


ONLY_UNREAD_FAILED = (
    "All that the change set was to do is done; the failures are what could not be read or planned when it was made, "
    "and are no part of it."
)


def waits_for_allow_deletes(answer: ChangeSetAnswer) -> bool:
    """Whether deletes wait only for `allow_deletes`; in an undo, blocked items wait for nothing else."""
    codes = {finding.code for finding in answer.findings}
    if DELETES_NOT_APPROVED in codes:
        return False
    return NEEDS_ALLOWANCE in codes or (answer.undo_of is not None and answer.blocked > 0)


def installation_line(status: SyncStatus) -> str:
    """Which environment and which tenant is spoken of."""
    if status.environment == Environment.DOG:
        return "Environment dog: an embedded tenant and an embedded AWS."
    return f"Environment {status.environment}, tenant {status.tenant}."


def prerequisite_summaries(prerequisites: Sequence[PrerequisiteRow]) -> Iterator[str]:
    """What is created before the items, kind by kind: `5 databases: a, b, c and 2 more`."""
    by_operation: dict[str, list[str]] = defaultdict(list)
    for row in prerequisites:
        by_operation[row.operation].append(visible(row.object))
    for operation, names in by_operation.items():
        yield f"{_creates(operation, len(names))}: {first_of(names, _NAMED)}"


def _creates(operation: str, count: int) -> str:
    creation = _CREATION.fullmatch(operation)
    if creation is None:
        return f"calls {operation} {counted(count, 'time')}"
    words = _NEXT_WORD.sub(" ", creation["kind"]).split()
    return f"creates {counted(count, ' '.join(word.lower() if word.istitle() else word for word in words))}"


def range_shown(first: int, shown: int) -> str:
    """Which part of a list is shown: `51-100`."""
    return f"{first:,}-{first + shown - 1:,}"


def page_place(what: str, first: int | None, shown: int, total: int, cursor: str | None) -> str:
    """Which part of a list an answer holds, and how to go on. `what` is one of the things, without its s."""
    if first is None:
        return f"0 of {counted(total, what)}."
    more = " Pass next_cursor as cursor for more." if cursor is not None else ""
    return f"{range_shown(first, shown)} of {counted(total, what)}.{more}"


def applied_sentence(answer: ChangeSetAnswer) -> str:
    """Which run applied a change set, how much of it, and how that ended; without a full stop."""
    part = f" for {counted(len(answer.applied_assets), 'asset')} of it" if answer.applied_assets else ""
    state = "" if answer.run_state is None else f", which is {answer.run_state}"
    return f"It was applied by {answer.run_id}{part}{state}"


def trial_shown(answer: ChangeSetAnswer) -> str:
    """How much of a trial is shown, as nothing of it can be asked for again."""
    return f"{len(answer.items):,} of {counted(answer.total, 'item')} shown. " if answer.total else ""


def left_of_part(run: RunAnswer) -> str:
    """What of a change set an apply of a part was not asked for; empty where it was asked for all."""
    left = run.counts.get(SKIPPED) if run.kind == RunKind.APPLY and run.scope.get("assets") else 0
    if not left:
        return ""
    return f"{counted(left, 'item')} of the change set {'was' if left == 1 else 'were'} not asked for"


def asset_lines(page: AssetPage) -> Iterator[str]:
    """Which assets of how many, what was searched, and what the answer does not cover."""
    if page.kinds is not None:
        yield f"{counted(page.total, 'asset')} in all: {_tallied(page.kinds)}; {_tallied(page.statuses or {})}."
    else:
        yield page_place("asset", page.first, len(page.items), page.total, page.next_cursor)
    if page.searched:
        yield f"Searched: {page.searched}"
    if page.as_of:
        yield f"As Datasphere was listed last, at {page.as_of}."
    yield from page.notes
    if page.near:
        yield f"Nothing answers that; see near for what answers {clean_line(page.meant or '')!r}."


def _tallied(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{word} {count}" for word, count in counts.items()) or "none"


def found_by(row: AssetRow) -> str:
    """Why an asset answers what was asked, on one line."""
    found = [_match_text(each) for each in row.matched or ()]
    if row.matched_total is not None:
        found.append(f"and {row.matched_total - len(found)} more")
    named = [f"{visible(name)} ({word})" for word, names in (row.pii or {}).items() for name in names]
    if row.pii_total is not None:
        named.append(f"and {row.pii_total - len(named)} more")
    return ", ".join([*found, *named])


def _match_text(match: MatchRow) -> str:
    """Where a text stands, and what it is; of a column that was asked for its label and type."""
    text = clean_line(match.text, longest=80)
    if match.field == "column":
        beside = ", ".join(filter(None, (clean_line(match.label or "", longest=80), match.type)))
        return f"column {visible(text)}" + (f" [{beside}]" if beside else "")
    where = f" of {visible(match.column)}" if match.column else ""
    return f'{match.field}{where} "{text}"' + (f" ({match.language})" if match.language else "")


def lineage_lines(answer: LineageAnswer, *, most: int = 40) -> Iterator[str]:
    """What was found and as of when, then the edges: those between objects first, then those between columns."""
    columns = [edge for edge in answer.edges if edge.kind is EdgeKind.COLUMN]
    tables = [edge for edge in answer.edges if edge.kind is EdgeKind.TABLE]
    as_of = f"as last read at {answer.as_of}" if answer.as_of else "never read"
    ways = answer.direction if answer.direction != "both" else "both ways"
    yield (
        f"Lineage of {visible(answer.asset)}, {ways} to depth {answer.depth}, {as_of}: "
        f"{counted(len(answer.nodes), 'object')}, {counted(len(tables), 'edge')} between objects, "
        f"{len(columns)} between columns."
    )
    shown = [*tables, *columns][:most]
    for edge in shown:
        yield _edge_line(edge)
    left = len(tables) + len(columns) - len(shown)
    if left:
        yield f"and {counted(left, 'more edge')}: see edges, or ask for one column or a smaller depth."
    for finding in answer.findings[:_NAMED]:
        yield f"To know: {visible(finding, longest=400)}."
    if len(answer.findings) > _NAMED:
        yield f"and {counted(len(answer.findings) - _NAMED, 'more finding')}."


def _edge_line(edge: LineageEdge) -> str:
    source = f"{edge.from_}.{edge.from_column}" if edge.from_column else edge.from_
    target = f"{edge.to}.{edge.to_column}" if edge.to_column else edge.to
    return f"{visible(source)} -> {visible(target)} ({edge.how})"
