"""Turn an answer of the service into a tool result: a short text for the model, the data beside it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from mcp.types import CallToolResult, ContentBlock, ResourceLink, TextContent
from pydantic import BaseModel

from spheresync.answers import (
    ChangeRow,
    ChangeSetAnswer,
    ChangeSetState,
    DriftAnswer,
    Finding,
    Page,
    RunAnswer,
)
from spheresync.answers.base import Row
from spheresync.answers.runs import APPLIED_OTHERWISE
from spheresync.errors import TargetFault
from spheresync.model import NEVER_READ, NO_SPACE, SPACE_GONE, Action, RunKind, RunState, Severity, counted, first_of
from spheresync.model.words import ALL_SPACES
from spheresync.planning.decisions.approvals import (
    ACCESS,
    DELETES_NOT_APPROVED,
    NEEDS_ALLOWANCE,
    NOT_APPROVED,
    PROMOTION_NOT_APPROVED,
)
from spheresync.planning.decisions.guards import GUARDS
from spheresync.planning.decisions.no_failure import OVERWRITTEN, PAUSED_TIER, TRIAL, TRIAL_UNMATCHED
from spheresync.planning.decisions.promotion_findings import UNFIT
from spheresync.planning.undo.undo_findings import NO_GUARD, UNDO_DELETES, UNREAD_NOW
from spheresync.runtime.out_of_scope import LEFT_OUT
from spheresync.runtime.run_counts import BLOCKED
from spheresync_server.answer_summaries import (
    ONLY_UNREAD_FAILED,
    applied_sentence,
    changes_something,
    counted_before,
    failures_spelled,
    left_of_part,
    only_unread_failed,
    outcome_sentences,
    page_place,
    person_runs,
    prerequisite_summaries,
    progress_sentence,
    range_shown,
    trial_shown,
    waits_for_allow_deletes,
)
from spheresync_server.mcp_server.answer_text import PROVENANCE, content_lines
from spheresync_server.mcp_server.engine_texts import answer_with_tool_names, with_tool_names
from spheresync_server.mcp_server.fitted_document import fitted
from spheresync_server.mcp_server.lean_document import lean_document
from spheresync_server.mcp_server.resource_links import links_of
from spheresync_server.mcp_server.warnings import WARNINGS, warning_line, warnings_of
from spheresync_server.server_context import ServerContext
from spheresync_server.untrusted import clean_json, clean_line, visible

_NAMED = 20
_TOLD_APART = (
    NOT_APPROVED
    | UNFIT
    | {SPACE_GONE, NEVER_READ, NO_SPACE, NEEDS_ALLOWANCE, LEFT_OUT, UNDO_DELETES, UNREAD_NOW, OVERWRITTEN, PAUSED_TIER}
    | {TRIAL, TRIAL_UNMATCHED}
)
"""Codes of findings that have a line of their own, or are part of what comes next."""
_NOTHING_TO_APPLY = (
    (
        frozenset({DELETES_NOT_APPROVED}),
        "Nothing was written, and there is nothing to apply before the deletes are approved: see findings.",
    ),
    (
        GUARDS,
        "Nothing was written, and there is nothing to apply: all of it waits, see findings for what helps.",
    ),
    (
        frozenset({NEVER_READ}),
        "Nothing to do in what was read; the rest is not known before it was read: preview_changes with refresh=true.",
    ),
    (
        frozenset({NO_SPACE}),
        "Datasphere lists no space, so there is nothing to apply: see findings for what helps.",
    ),
)
"""Why applying a change set would do nothing, by codes of its findings; the first counts."""
CHANGE_SET_TOLD = frozenset(
    {"change_set_id", "state", "expires_at", "summary", "read_at", "undo_of", "run_id", "first", "scope", "seen_in_aws"}
)
"""Fields of a change set that `change_set_lines` tell."""
RUN_TOLD = frozenset(
    {"run_id", "kind", "state", "counts", "outcomes", "retry_of", "scope", "cancelled_by", "seen_in_aws", "undo_of"}
)
"""Fields of a run that `run_lines` tell."""
OF_ACCESS = "changes of who may see what"
_FAULTS = frozenset(map(str, TargetFault))
ASK_FOR_ITEMS = "get_change_set with limit=1 and its cursors has every item."
DOCUMENT_BUDGET = 14_000
"""Characters of the structured part of one result, about 4,000 tokens; the text part may be as long."""
ROW_BUDGET = 10_000
"""Characters of the rows of one page, so that what else an answer holds has room beside them."""


def respond(
    context: ServerContext,
    answer: BaseModel,
    *lines: str,
    told: Collection[str] = (),
    more: str = "",
    beside: Sequence[ResourceLink] = (),
) -> CallToolResult:
    """The result of a tool, as its caller may see it: first the answer in words, then all that those do not tell.

    Args:
        context: of the server, which knows what its caller may see.
        answer: what the service answered.
        lines: the answer in words of ours.
        told: fields of the answer that the lines tell whole.
        more: how whoever asks gets what does not fit.
        beside: links to what belongs to the answer.
    """
    whole = context.document_for_caller(answer_with_tool_names(clean_json(lean_document(answer))))
    assert isinstance(whole, dict)
    document, left_out = fitted(whole, DOCUMENT_BUDGET)
    said = [context.for_caller(line) for line in lines if line]
    if warnings := warnings_of(document):
        document[WARNINGS] = [*warnings]
        said.insert(0, warning_line(warnings))
        told = {*told, WARNINGS}
    if left_out:
        said.append(f"Left out, as it would be too long: {_tallied(left_out)}. {more}".rstrip())
    content = [*content_lines(document, told)]
    provenance = [PROVENANCE] if any('"' in line for line in (*said, *content)) else []
    text = "\n".join(_within([*said, *provenance, *content], DOCUMENT_BUDGET))
    blocks: list[ContentBlock] = [TextContent(type="text", text=text), *links_of(document), *beside]
    return CallToolResult(content=blocks, structured_content=document)


def respond_run(context: ServerContext, run: RunAnswer, *first: str) -> CallToolResult:
    """The result of a tool that answers a run; `first` is said before all else of it."""
    return respond(context, run, *first, *run_lines(run), told=RUN_TOLD, more=ask_for_failures(run))


def respond_change_set(context: ServerContext, answer: ChangeSetAnswer, *, asks: bool = True) -> CallToolResult:
    """The result of a tool that answers a change set; `asks`: the client can ask its user to confirm something."""
    lines = [*change_set_lines(answer, asks=asks)]
    if not asks:
        answer = answer.model_copy(
            update={"findings": [_for_the_command_line(answer, each) for each in answer.findings]}
        )
    return respond(context, answer, *lines, told=CHANGE_SET_TOLD, more=ASK_FOR_ITEMS)


def _for_the_command_line(answer: ChangeSetAnswer, finding: Finding) -> Finding:
    """A finding as it helps where the client cannot ask: its call would be refused."""
    if finding.code != NEEDS_ALLOWANCE:
        return finding
    return finding.model_copy(
        update={"remedy": person_runs(f"spheresync apply {answer.change_set_id} --allow-deletes")}
    )


def _tallied(left_out: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} of {name}" for name, count in left_out.items())


def _within(lines: Sequence[str], budget: int) -> list[str]:
    """As many lines as fit, and a word on how many do not: the structured part holds them."""
    kept: list[str] = []
    for at, line in enumerate(lines):
        budget -= len(line) + 1
        if budget < 0:
            return [*kept, f"{counted(len(lines) - at, 'more line')}: see the structured part, or ask for less."]
        kept.append(line)
    return kept


def page_line(what: str, page: Page[Row] | DriftAnswer) -> str:
    """Which part of a list an answer holds, and how to go on. `what` is one of the things, without its s."""
    return page_place(what, page.first, len(page.items), page.total, page.next_cursor)


def ask_for_failures(run: RunAnswer) -> str:
    """How every item that failed is listed: the log has the faults as outcomes. Each kind is among the failures."""
    codes = dict.fromkeys(each.code for each in run.failures if each.target is not None and each.code in _FAULTS)
    words = [RunState.REFUSED if code == TargetFault.MOVED else code for code in codes]
    also = f" (then {', '.join(words[1:])})" if len(words) > 1 else ""
    return f"query_audit_log with run_id={run.run_id} and outcome={words[0]}{also} lists every one." if words else ""


def counts_line(counts: Mapping[str, int]) -> str:
    """The counts that are not zero: `create 3, update 1`."""
    return ", ".join(f"{word} {count}" for word, count in counts.items() if count) or "nothing"


def change_set_lines(answer: ChangeSetAnswer, *, asks: bool = True) -> Iterable[str]:
    """Say a change set: id, counts, guards, and what comes next."""
    what = f"Change set {answer.change_set_id} ({answer.state}), expires {answer.expires_at}."
    if answer.state is ChangeSetState.TRIAL:
        what = "A trial of rules: saved nowhere, never applied."
    yield what if answer.undo_of is not None else f"{what} {_scope_sentence(answer.scope)}"
    if answer.state is ChangeSetState.TRIAL:
        yield from _trial_lines(answer)
    else:
        yield f"Counts: {counts_line(answer.summary)}."
        yield with_tool_names(answer.seen_in_aws or "")
    if answer.summary.get(Action.FORGET):
        yield "forget: let go of; what AWS holds of it stays there as it is, and no later run writes or deletes it."
    yield from _read_lines(answer)
    if answer.undo_of is not None:
        yield from _undo_lines(answer)
    yield from _finding_lines(answer.findings, answer.blocked)
    if any(finding.code in UNFIT for finding in answer.findings):
        yield "Promoted assets are missing here or have other columns: see findings."
    if any(finding.code in NOT_APPROVED for finding in answer.findings):
        yield "Something of it is done only once a person has approved it at the command line: see findings."
    if answer.problems_total:
        things = counted(answer.problems_total, "thing")
        yield f"{things} could not be read or planned, and what AWS holds of that stays as it is: see problems."
    if severe := _severities(answer.items):
        yield severe
    if answer.next_cursor is not None and answer.first is not None:
        shown = f"{range_shown(answer.first, len(answer.items))} of {counted(answer.total, 'item')}"
        yield f"{shown}; get_change_set with next_cursor as cursor has more."
    for note in answer.notes:
        yield with_tool_names(f"Note: {note.message}. {note.remedy}")
    yield _next_of(answer, asks=asks)


def _trial_lines(answer: ChangeSetAnswer) -> Iterable[str]:
    """What follows from rules that are tried, by the findings that the planning makes of them."""
    changing = {word: count for word, count in answer.summary.items() if word != Action.UNCHANGED}
    yield f"By these rules alone, AWS would change so: {counts_line(changing)}."
    for finding in answer.findings:
        if finding.code == TRIAL_UNMATCHED:
            yield f"{clean_line(finding.message, longest=400)}."
    if any(finding.code == TRIAL for finding in answer.findings):
        yield "What each rule matches, and what it changes though AWS holds the same: see findings."


_SEVERITIES = {
    Severity.ADDITIVE: "adds something",
    Severity.COMPATIBLE: "what reads the table goes on",
    Severity.BREAKING: "what reads the table may fail",
    Severity.DESTRUCTIVE: "what reads the table fails",
}
"""What a change means for whoever reads the table, in the order in which it is told."""


def _severities(items: Sequence[ChangeRow]) -> str:
    """What the severities of these items mean; each once."""
    there = {item.severity for item in items}
    said = [f"{word} ({meaning})" for word, meaning in _SEVERITIES.items() if word in there]
    return f"Severity, for readers of a table: {', '.join(said)}." if said else ""


def _read_lines(answer: ChangeSetAnswer) -> Iterable[str]:
    """What a change set makes first, and by which readings it goes."""
    if answer.prerequisites:
        made = "; ".join(prerequisite_summaries(answer.prerequisites))
        yield f"First, where it is not there yet: {made}. See prerequisites."
    if answer.read_at is not None:
        yield f"It goes by what was last read from Datasphere, at {answer.read_at}."
    if answer.oldest is not None:
        older = f"{counted(answer.oldest.older, 'reading')} of spaces or assets before that"
        yield f"It goes by {older} too, the oldest at {answer.oldest.at}: see oldest."


def _next_of(answer: ChangeSetAnswer, *, asks: bool) -> str:
    """What comes next of a change set, whatever has become of it."""
    if answer.run_id is not None:
        return f"{applied_sentence(answer)}: get_run says what was done; the items say what was planned."
    if answer.state is ChangeSetState.EXPIRED:
        return "It has expired: make a new one with preview_changes."
    if answer.state is ChangeSetState.TRIAL:
        how = "To have it so, whoever runs this installation writes the rules into its configuration."
        return f"{trial_shown(answer)}{how}"
    return _next_of_open(answer, asks=asks)


def _scope_sentence(scope: Mapping[str, Sequence[str]]) -> str:
    """What something is about, in figures where names are many; the names are in the data."""
    if not scope:
        return "Scope: everything."
    parts = [f"{name} {first_of([visible(each) for each in values], _NAMED)}" for name, values in scope.items()]
    return f"Scope: {'; '.join(parts)}."


def _next_of_open(answer: ChangeSetAnswer, *, asks: bool) -> str:
    """What comes next of a change set that may be applied, and that is offered only where it would do something."""
    codes = {finding.code for finding in answer.findings}
    if PROMOTION_NOT_APPROVED in codes:
        return "Nothing was written, and nothing of it can be before it is approved."
    if not changes_something(answer) and not waits_for_allow_deletes(answer):
        return next((said for why, said in _NOTHING_TO_APPLY if codes & why), "Nothing to apply.")
    return _how_to_apply(answer, codes, asks=asks)


def _how_to_apply(answer: ChangeSetAnswer, codes: Collection[str], *, asks: bool) -> str:
    """By whom and with what a change set is applied; `asks`: the client can have its user confirm something."""
    if not asks and (what := _unconfirmable(answer, codes)):
        return f"Nothing was written. {_for_a_person(answer, what)}"
    how = _for_a_person(answer, "deletes") if waits_for_allow_deletes(answer) and not asks else ""
    if changes_something(answer):
        nothing = "It is not applied yet" if answer.notes else "Nothing was written"
        apply = f"{nothing}. Show it to the user; if they agree: apply_changes with {answer.change_set_id}"
        if how:
            return f"{apply}, which does everything but the deletes. {how}"
        if waits_for_allow_deletes(answer):
            return f"{apply} and allow_deletes=true; without that, everything but the deletes is done."
        return f"{apply}."
    agree = f"Show them to the user; if they agree: apply_changes with {answer.change_set_id} and allow_deletes=true."
    return f"Nothing was written, and deletes are all there is to do. {how or agree}"


def _unconfirmable(answer: ChangeSetAnswer, codes: Collection[str]) -> str:
    """What of a change set a person has to confirm before any of it is applied; empty where there is nothing."""
    if answer.approved_by is not None or not changes_something(answer):
        return ""
    if answer.undo_of is not None:
        return f"that {answer.undo_of} is undone"
    return OF_ACCESS if ACCESS in codes else ""


def _for_a_person(answer: ChangeSetAnswer, what: str) -> str:
    """The way where the client cannot ask its user to confirm something."""
    return cannot_confirm(what, answer.change_set_id, deletes=waits_for_allow_deletes(answer))


def cannot_confirm(what: str, change_set_id: str, *, deletes: bool = False) -> str:
    """Who applies a change set where this client cannot ask its user to confirm something of it."""
    command = f"spheresync apply {change_set_id}{' --allow-deletes' if deletes else ''}"
    return f"This client cannot ask its user to confirm {what}. {person_runs(command)}"


def _undo_lines(answer: ChangeSetAnswer) -> Iterable[str]:
    yield f"It undoes {answer.undo_of}{', which changed nothing' if not answer.total else ''}."
    if refused := answer.summary.get(Action.CONFLICT):
        yield f"{counted(refused, 'item')} cannot be undone because of what was done since: see action conflict."
    yield from _deletes_of_undo(answer.findings)
    if answer.blocked:
        are = "is" if answer.blocked == 1 else "are"
        yield f"{counted(answer.blocked, 'object')} that the run created {are} deleted only with allow_deletes."


def _deletes_of_undo(findings: Sequence[Finding]) -> Iterable[str]:
    """What an undo deletes, in figures; names are in the data."""
    if any(finding.code == UNDO_DELETES for finding in findings):
        yield f"It deletes what its run created: see findings how many of which spaces. {NO_GUARD}"
        yield "What it deletes comes back by a revert of the run that deleted it."
    if spaces := sum(finding.code == UNREAD_NOW for finding in findings):
        yield f"{counted(spaces, 'space')} of it cannot be read now: see findings."


def run_lines(answer: RunAnswer) -> Iterable[str]:
    """Say a run: id, state, counts, and what comes next."""
    if otherwise := [finding for finding in answer.findings if finding.code == APPLIED_OTHERWISE]:
        yield f"NOTHING WAS DONE NOW: {otherwise[0].message}."
    about = _scope_sentence(answer.scope) if answer.undo_of is None else f"It undoes {answer.undo_of}."
    by = f", by {visible(answer.cancelled_by)}" if answer.cancelled_by is not None else ""
    yield f"Run {answer.run_id} ({answer.kind}) is {answer.state}{by}. {about}"
    if answer.retry_of is not None:
        same = sum(each.same_as_before is True for each in answer.failures)
        again = f": {same} of its failures are the same as there" if same else ""
        yield f"It tries again what failed in {answer.retry_of}{again}."
    yield f"Counts: {counts_line(answer.counts)}."
    yield with_tool_names(answer.seen_in_aws or "")
    if answer.read_at is not None and answer.kind != RunKind.SYNC:
        yield f"It read nothing of Datasphere: what it wrote was last read at {answer.read_at}."
    if before := counted_before(answer):
        yield f"{before}: a newer preview tells what is to be done now."
    if answer.outcomes:
        yield f"{'; '.join(outcome_sentences(answer.outcomes))}. query_audit_log with run_id={answer.run_id} has all."
    if answer.finished_at is None:
        yield f"{progress_sentence(answer.state, answer.progress)} get_run with {answer.run_id} follows it."
    if left := left_of_part(answer):
        yield f"{left}: preview_changes makes another of that."
    if answer.failures_total:
        every = f"of the first {len(answer.failures)}. {ask_for_failures(answer)}".rstrip()
        of = every if answer.failures_total > len(answer.failures) else "of each."
        yield f"{failures_spelled(answer)}: see failures for reason and remedy {of}"
    if only_unread_failed(answer):
        yield ONLY_UNREAD_FAILED
    if any(finding.code in NOT_APPROVED for finding in answer.findings):
        yield "Something was left out because a person has not approved it: see findings."
    if any(finding.code == NEEDS_ALLOWANCE for finding in answer.findings):
        yield "It was applied without deletes, and left them out: see findings for how to do them."
    yield from _deletes_of_undo(answer.findings)
    yield from _finding_lines(answer.findings, answer.counts.get(BLOCKED, 0))


def _finding_lines(findings: Sequence[Finding], blocked: int) -> Iterable[str]:
    """Say what guards hold back, and what else there is to look at."""
    guards = sum(finding.code in GUARDS for finding in findings)
    if guards:
        word = "holds" if guards == 1 else "hold"
        yield f"{counted(guards, 'guard finding')} {word} back {counted(blocked, 'item')}: see findings."
    if spaces := sum(finding.code == SPACE_GONE for finding in findings):
        are, they = ("is", "it") if spaces == 1 else ("are", "them")
        yield f"{counted(spaces, 'space')} {are} not listed any more, so nothing of {they} was read: see findings."
    if any(finding.code == NEVER_READ for finding in findings):
        yield "Something of this scope was never read, so what would change there is not known: see findings."
    if any(finding.code == NO_SPACE for finding in findings):
        yield "Datasphere answers, and lists no space: see findings for the cause and what helps."
    if any(finding.code == LEFT_OUT for finding in findings):
        yield "Something of this scope is left out by `scope:` or a rule, so nothing is done for it: see findings."
    if over := {finding.subject for finding in findings if finding.code == OVERWRITTEN}:
        what = counted(len(over - {ALL_SPACES}), "asset") + (" and more" if ALL_SPACES in over else "")
        yield (
            f"Edits of others to {what} are written over, as the drift policy says: see findings (code overwritten) "
            "for what was there, and how it comes back."
        )
    for finding in findings:
        if finding.code == PAUSED_TIER:
            yield f"{finding.message}."
    others = sum(finding.code not in GUARDS | _TOLD_APART for finding in findings)
    if others:
        yield f"{counted(len(findings), 'finding')}{' in all' if others < len(findings) else ''}: see findings."
