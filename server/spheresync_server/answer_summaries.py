"""Short summaries of answers that both faces show: of runs, of change sets and what they create first, of lineage."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from spheresync.answers import (
    AssetDetail,
    AssetPage,
    AssetRow,
    ChangeSetAnswer,
    DriftAnswer,
    Failure,
    LineageAnswer,
    LineageEdge,
    MatchRow,
    OutcomeRow,
    PrerequisiteRow,
    Progress,
    ReferenceRow,
    RunAnswer,
    SyncStatus,
)
from spheresync.model import (
    TARGET_NAMES,
    Action,
    AssetStatus,
    EdgeKind,
    Environment,
    RunKind,
    RunState,
    counted,
    first_of,
)
from spheresync.planning.decisions.approvals import DELETES_NOT_APPROVED, NEEDS_ALLOWANCE
from spheresync.runtime.run_counts import BLOCKED, FAILED, MISSING, REFUSED, SKIPPED, UNREAD
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
        and not any(failure.target is not None or _is_of_the_run(failure) for failure in answer.failures)
    )


def failures_spelled(answer: RunAnswer) -> str:
    """How many failures a run has, under the words by which it counts them."""
    said = [f"{count} {word}" for word in (FAILED, REFUSED, Action.CONFLICT) if (count := answer.counts.get(word))]
    named = sum(answer.counts.get(word, 0) for word in (FAILED, REFUSED, Action.CONFLICT))
    if said and answer.failures_total > named:
        said.append(f"{answer.failures_total - named} of no single asset")
    if len(said) == 1 and said[0] == f"{answer.failures_total} {REFUSED}":
        return f"{counted(answer.failures_total, 'item')} {REFUSED}"
    return counted(answer.failures_total, "failure") + (f" ({', '.join(said)})" if len(said) > 1 else "")


def _is_of_the_run(failure: Failure) -> bool:
    """Whether it is about the run itself, or a target as a whole."""
    return failure.asset == "run" or failure.asset.partition(" in ")[0] in TARGET_NAMES


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


def person_runs(command: str) -> str:
    """The command that is left to a person, and where it has to be run."""
    where = "where this server is installed, with its environment (SPHERESYNC_ENV, state folder)"
    return f"A person can run `{command}`. That is done {where}."


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


def counted_before(answer: RunAnswer) -> str:
    """Of the counts of an apply, those that tell of the moment at which its change set was made; empty without one."""
    words = [word for word in (Action.UNCHANGED, MISSING, UNREAD) if answer.counts.get(word)]
    if answer.planned_at is None or not words:
        return ""
    return f"What it did not write ({', '.join(words)}) is as planned at {answer.planned_at}"


def outcome_sentences(outcomes: Sequence[OutcomeRow]) -> Iterator[str]:
    """The first assets of each action: `create: SALES/A, SALES/B and 3 more`."""
    for row in outcomes:
        names = first_of([visible(each) for each in row.assets], len(row.assets), total=row.assets_total)
        yield f"{row.action}: {names}"


def left_of_part(run: RunAnswer) -> str:
    """What of a change set an apply of a part was not asked for; empty where it was asked for all."""
    left = run.counts.get(SKIPPED) if run.kind == RunKind.APPLY and run.scope.get("assets") else 0
    if not left:
        return ""
    return f"{counted(left, 'item')} of the change set {'was' if left == 1 else 'were'} not asked for"


_NONE_FOUND = (
    "Personal data was looked for in names and labels, and no column has a class, which proves nothing of values."
)


def personal_data_line(answer: AssetDetail) -> str:
    """What is known of personal data in an asset, in a sentence: that it was looked for is not that there is some."""
    if answer.personal_data != "classified":
        return "Personal data was not looked for yet: that pii is empty says nothing."
    classes = ", ".join(f"{word} ({counted(len(names), 'column')})" for word, names in answer.pii.items())
    keys = ", ".join(visible(name) for name in answer.person_keys)
    leads = f" Without a class, but may lead to persons: {keys}." if keys else ""
    return f"Personal data was looked for, and found: {classes}.{leads}" if classes else f"{_NONE_FOUND}{leads}"


def left_by_policy(answer: DriftAnswer) -> str:
    """What of a drift no repair touches, in figures; empty where all of it is put back. Without a full stop."""
    words = {"reported": "reported, left as the policy says", "kept": "kept", "conflicts": "not ours any more"}
    return "; ".join(f"{count} {said}" for word, said in words.items() if (count := answer.summary.get(word)))


def asset_lines(page: AssetPage) -> Iterator[str]:
    """Which assets of how many, what was searched, and what the answer does not cover."""
    if page.kinds is not None and page.total:
        yield f"{counted(page.total, 'asset')} in all: {_tallied(page.kinds)}; {_tallied(page.statuses or {})}."
        if gone := gone_sentence(page.statuses or {}):
            yield f"{gone} So Datasphere lists {page.total - gone_of(page.statuses or {})}."
    elif page.kinds is not None:
        yield "0 assets match."
    else:
        yield page_place("asset", page.first, len(page.items), page.total, page.next_cursor)
        if gone := gone_sentence(Counter(row.status for row in page.items)):
            yield gone
    if page.searched:
        yield f"Searched: {page.searched}"
    if page.as_of:
        yield f"As Datasphere was listed at {page.as_of}, or since."
    yield from page.notes
    if page.near:
        yield f"Nothing answers that; see near for what answers {quoted(page.meant or '')}."


def quoted(meant: str) -> str:
    """What is meant in quotes; several questions have theirs."""
    line = clean_line(meant)
    return line if line.startswith("'") else repr(line)


def gone_sentence(statuses: Mapping[str, int]) -> str:
    """How many of what is told Datasphere itself lists no more; empty where there are none."""
    gone = gone_of(statuses)
    if not gone:
        return ""
    how = _tallied({word: count for word, count in statuses.items() if word in _GONE})
    are, them = ("is", "it") if gone == 1 else ("are", "them")
    return f"{gone} of these {are} kept though Datasphere lists {them} no more ({how})."


def gone_of(statuses: Mapping[str, int]) -> int:
    """How many assets of these statuses Datasphere lists no more."""
    return sum(count for word, count in statuses.items() if word in _GONE)


_GONE = frozenset(str(status) for status in AssetStatus if status.gone)


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
    keys = [f"{visible(name)} (may lead to a person)" for name in row.person_keys or ()]
    if row.person_keys_total is not None:
        keys.append(f"and {row.person_keys_total - len(keys)} more")
    return ", ".join([*found, *named, *keys])


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
    known = (
        f"{counted(len(answer.nodes), 'object')}, {counted(len(tables), 'edge')} between objects, "
        f"{len(columns)} between columns"
    )
    what = known if answer.edges else "no data flow is known"
    yield f"Lineage of {visible(answer.asset)}, {ways} to depth {answer.depth}, {as_of}: {what}."
    shown = [*tables, *columns][:most]
    for edge in shown:
        yield _edge_line(edge)
    left = len(tables) + len(columns) - len(shown)
    if left:
        yield f"and {counted(left, 'more edge')}: see edges, or ask for one column or a smaller depth."
    if answer.referred_by:
        named = [_reference(each) for each in answer.referred_by]
        told = first_of(named, len(named), total=answer.referred_by_total)
        yield f"Refer to it by associations, apart from data flow: {told}."
    for finding in answer.findings[:_NAMED]:
        yield f"To know: {visible(finding, longest=400)}."
    if len(answer.findings) > _NAMED:
        yield f"and {counted(len(answer.findings) - _NAMED, 'more finding')}."


def _reference(row: ReferenceRow) -> str:
    """Who refers, and by which columns: `SALES/Orders (CustomerID = CUSTOMER_ID)`."""
    pairs = [own if own == other else f"{own} = {other}" for own, other in row.columns.items()]
    return f"{visible(row.asset)} ({visible(', '.join(pairs) or f'{row.association}, its columns are not told')})"


def _edge_line(edge: LineageEdge) -> str:
    source = f"{edge.from_}.{edge.from_column}" if edge.from_column else edge.from_
    target = f"{edge.to}.{edge.to_column}" if edge.to_column else edge.to
    return f"{visible(source)} -> {visible(target)} ({edge.how})"


def savings_line(savings: Mapping[str, int], ledger_since: str | None) -> str:
    """Why savings and what the ledger has as saved are not the same figures; empty where nothing was saved."""
    if not savings:
        return ""
    runs = counted(savings.get("runs", 0), "ended run")
    since = f" since {ledger_since}" if ledger_since else ""
    return f"savings are those of {runs}, the last ones; ledger counts all{since}, readings beside runs too."
