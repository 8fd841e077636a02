"""Say change sets, runs and discoveries to people."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from spheresync.answers import (
    ApprovalAnswer,
    ChangeRow,
    ChangeSetAnswer,
    ChangeSetState,
    DiscoveryAnswer,
    DiscoveryState,
    Failure,
    Finding,
    OpenChangeSets,
    PrerequisiteRow,
    PromotionAnswer,
    ReleaseAnswer,
    RunAnswer,
)
from spheresync.model import DEFAULT_DESTINATION, GLUE, NEVER_READ, NO_SPACE, Action, counted, first_of
from spheresync.model.shown_apart import shown_apart
from spheresync.planning.decisions.approvals import NOT_APPROVED, WAITS_FOR_A_PERSON
from spheresync.planning.decisions.guards import GUARDS
from spheresync_server.answer_summaries import (
    ONLY_UNREAD_FAILED,
    applied_sentence,
    changes_something,
    counted_before,
    left_of_part,
    only_unread_failed,
    outcome_sentences,
    progress_sentence,
    trial_shown,
    waits_for_allow_deletes,
)
from spheresync_server.cli.output.engine_texts import about, moment
from spheresync_server.cli.output.tables import place_of, say, shown_more, table
from spheresync_server.cli.output.usage_line import usage_line
from spheresync_server.untrusted import clean_line, visible

_SHOWN_FIELDS = 4
_MEANINGS = {
    "create": "new in AWS",
    "update": "columns or content change",
    "metadata_only": "labels, descriptions or tags change",
    "retire": "marked as retired, kept",
    "delete": "deleted for good",
    "forget": "left in place, no longer managed",
    "adopt": "ours, found again",
    "unchanged": "nothing to do",
    "held": "held by a revert, or waits for a table",
    "conflict": "somebody else's table has the name, or an undo meets what others changed since",
    "failed": "could not be read or written",
    "refused": "left as found, since others or another run have written there meanwhile; each says why",
    "skipped": "not reached",
    "unread": "could not be looked at in Datasphere; what AWS holds stays",
    "missing": "not listed by Datasphere any more; the table stays until that is certain",
    "blocked": "left out: held by a guard, or not allowed or not approved by a second person",
}


def show_open_change_sets(page: OpenChangeSets) -> None:
    """The change sets of which something may still be applied, newest first."""
    if page.idle:
        are = "is" if page.idle == 1 else "are"
        say(f"{counted(page.idle, 'open change set')} would do nothing, and {are} left out.")
    if not page.total:
        say("No change set is open. `spheresync preview` makes one.")
        return
    table(
        ("Change set", "By", "Created", "Expires", "Scope", "Counts"),
        (
            (
                row.change_set_id, row.created_by, row.created_at, row.expires_at,
                "; ".join(f"{name} {first_of(names, _SHOWN_FIELDS)}" for name, names in row.scope.items()) or "all",
                ", ".join(f"{word} {count}" for word, count in row.summary.items() if count) or None,
            )
            for row in page.items
        ),
    )  # fmt: skip
    shown_more(len(page.items), page.total, page.next_cursor)
    if overtaken := [row.change_set_id for row in page.items if row.written_since is not None]:
        named = first_of(overtaken, _SHOWN_FIELDS)
        say(f"Runs have written since these were made, and a new preview says what is left: {named}.")
    say("`spheresync change-sets ID` shows one.")


def show_change_set(answer: ChangeSetAnswer) -> None:
    """What would change, why some of it waits, and what comes next."""
    undo = f", the undo of {answer.undo_of}" if answer.undo_of is not None else ""
    if answer.state is ChangeSetState.TRIAL:
        say("A trial of rules: saved nowhere, never applied")
    else:
        say(f"Change set {answer.change_set_id} ({answer.state}{undo}), expires {answer.expires_at}")
    if answer.approved_by is not None:
        say(f"Approved by {clean_line(answer.approved_by)}")
    if answer.read_at is not None:
        say(f"It goes by what was last read from Datasphere, at {answer.read_at}{_older(answer)}.")
    say_counts(answer.summary)
    if answer.seen_in_aws is not None:
        say(answer.seen_in_aws)
    for each in answer.prerequisites:
        say(clean_line(_prerequisite(each), longest=500))
    ordinary = [item for item in answer.items if not item.access]
    _show_items(ordinary)
    if len(ordinary) < len(answer.items):
        say("", "Access changes: who sees what may change with them")
        _show_items([item for item in answer.items if item.access])
    if answer.next_cursor is not None:
        say(
            f"… {counted(answer.total - len(answer.items), 'more item')}: "
            "--limit 200 shows more, --json has every field"
        )
    say_findings("Findings", answer.findings)
    say_findings("While this waits", answer.notes)
    say_findings("Could not be read; what AWS holds of it stays as it is", answer.problems)
    say("", _next(answer))


def _show_items(items: Iterable[ChangeRow]) -> None:
    for item in items:
        held = f"  [waits: {item.blocked_by}]" if item.blocked_by else ""
        where = f"{place_of(item.target, item.destination)} {item.object}"
        say(
            clean_line(
                f"{visible(item.asset)}  {item.action} {where}: {item.reason}{held}",
                longest=500,
            )
        )
        for change in item.changes[:_SHOWN_FIELDS]:
            before, after = shown_apart(_short(change.before, 400), _short(change.after, 400), 80)
            say(f"    {_short(change.path)}: {_short(before)} -> {_short(after)}")
        if len(item.changes) > _SHOWN_FIELDS:
            say(f"    … {counted(len(item.changes) - _SHOWN_FIELDS, 'more field')}")


def _older(answer: ChangeSetAnswer) -> str:
    """What of it was read before that."""
    if answer.oldest is None:
        return ""
    oldest, older = f"{visible(answer.oldest.of)} at {answer.oldest.at}", answer.oldest.older
    if older == 1:
        return f"; but {oldest}"
    return f"; but {counted(older, 'reading')} of spaces or assets before that, first of all {oldest}"


def _prerequisite(row: PrerequisiteRow) -> str:
    need = "needs" if row.assets_total == 1 else "need"
    who = f"{counted(row.assets_total, 'asset')} {need} it" if row.assets_total else "for assets that stay as they are"
    where = "" if row.destination == DEFAULT_DESTINATION else f" in {row.destination}"
    return f"Before that, {row.operation} {row.object}{where} ({row.reason}): {who}"


def _next(answer: ChangeSetAnswer) -> str:
    if answer.run_id is not None:
        return f"{applied_sentence(answer)}."
    if answer.state is ChangeSetState.EXPIRED:
        return "It has expired. Next: spheresync preview"
    if answer.state is ChangeSetState.TRIAL:
        return f"{trial_shown(answer)}To have it so, write the rules into the configuration."
    return _next_of_open(answer)


def _next_of_open(answer: ChangeSetAnswer) -> str:
    codes = {finding.code for finding in answer.findings}
    deletes = waits_for_allow_deletes(answer)
    allowed = deletes or (waits_for_approval(answer) and answer.summary.get(Action.DELETE, 0))
    nothing = "Not applied yet" if answer.notes else "Nothing was written"
    apply = f"spheresync apply {answer.change_set_id}{' --allow-deletes' if allowed else ''}"
    if waits_for_approval(answer):
        return f"{nothing}. Next: spheresync approve {answer.change_set_id}, then {apply}"
    if changes_something(answer):
        return f"{nothing}. Next: {apply}"
    if deletes:
        count = answer.summary.get(Action.DELETE, 0)
        wait = "waits until you allow it" if count == 1 else "wait until you allow them"
        what = "Deletes that no guard holds" if codes & GUARDS else counted(count, "delete")
        return f"Nothing was written. {what} {wait}: {apply}"
    if codes & GUARDS:
        return "Nothing was written, and nothing to apply: all of it waits, as the findings say."
    return _nothing_to_apply(answer)


def _nothing_to_apply(answer: ChangeSetAnswer) -> str:
    if any(finding.code == NO_SPACE for finding in answer.findings):
        return "Datasphere lists no space, so there is nothing to apply. Next: spheresync doctor"
    if not never_read(answer):
        return "Nothing to apply."
    if answer.read_at is None:
        return "Nothing can be said of what was never read. Next: spheresync preview"
    return "Nothing to apply of what was read; the findings name what never was. Next: spheresync preview"


def never_read(answer: ChangeSetAnswer) -> bool:
    """Whether something of the scope was never read, so that nobody knows what would change there."""
    return any(finding.code == NEVER_READ for finding in answer.findings)


def show_approval(answer: ApprovalAnswer) -> None:
    """Who approved what, and what comes next."""
    say(f"Change set {answer.change_set_id} is approved by {clean_line(str(answer.approved_by))}.")
    if answer.promotion is not None:
        say(f"The promotion {answer.promotion} counts in this installation from now on.")
    if answer.note:
        say(answer.note)
    say(_next(answer))


def show_promotion(answer: PromotionAnswer) -> None:
    """Where it is, and what comes next."""
    file = clean_line(answer.file, longest=1_000)
    say(
        f"The promotion of {answer.change_set_id} is in {file}: {counted(answer.rules, 'rule')}, "
        f"{counted(answer.assets, 'asset')}.",
        f"Digest {answer.digest}",
        "Next, in the other environment: `promotion: FILE` in the configuration, then preview, approve, apply.",
    )


def waits_for_approval(answer: ChangeSetAnswer) -> bool:
    """Whether something of it is not done before a person has approved it."""
    return any(finding.code in NOT_APPROVED for finding in answer.findings)


def _place_of(failure: Failure, places: Collection[tuple[str | None, str | None]]) -> str:
    """In which target and destination something failed, where that is not the tables of Glue alone."""
    if failure.target is None or places == {(GLUE, None)}:
        return ""
    return f" [{visible(place_of(failure.target, failure.destination))}]"


def show_run(answer: RunAnswer, *, allowing_deletes: bool = False) -> None:
    """What a run did, what failed and why, and what comes next; `allowing_deletes`: who asks has allowed them."""
    if allowing_deletes and any(finding.code in WAITS_FOR_A_PERSON for finding in answer.findings):
        say(f"Already applied by {answer.run_id} without deletes, so nothing was done now.")
    say(f"Run {answer.run_id} ({answer.kind}, by {clean_line(answer.actor)}): {answer.state}{_by_whom(answer)}")
    by = f", change set {answer.change_set_id}" if answer.change_set_id is not None else ""
    say(f"{_when(answer)} (UTC){by}.")
    say_counts(answer.counts)
    if answer.seen_in_aws is not None:
        say(answer.seen_in_aws)
    if before := counted_before(answer):
        say(f"{before}.")
    for sentence in outcome_sentences(answer.outcomes):
        say(f"    {sentence}")
    if answer.finished_at is None:
        say(f"{progress_sentence(answer.state, answer.progress)} Follow it: spheresync runs {answer.run_id}")
    if left := left_of_part(answer):
        say(f"{left}. Next: spheresync preview")
    places = {(failure.target, failure.destination) for failure in answer.failures} - {(None, None)}
    for failure in answer.failures:
        say(about(failure.asset, failure.reason) + _place_of(failure, places))
        if failure.remedy:
            say(f"    {clean_line(failure.remedy, longest=1_000)}")
    if only_unread_failed(answer):
        say(ONLY_UNREAD_FAILED)
    if answer.failures_total > len(answer.failures):
        more = counted(answer.failures_total - len(answer.failures), "more failure")
        say(f"… {more}: spheresync audit query --run {answer.run_id}")
    say_findings("Findings", answer.findings)
    if spent := usage_line(answer.usage):
        say(spent)


def _by_whom(answer: RunAnswer) -> str:
    return "" if answer.cancelled_by is None else f" by {clean_line(answer.cancelled_by)}"


def _when(answer: RunAnswer) -> str:
    if answer.started_at is None:
        return f"Asked for at {moment(answer.created_at)}"
    if answer.finished_at is None:
        return f"Since {moment(answer.started_at)}"
    return f"From {moment(answer.started_at)} to {moment(answer.finished_at)}"


def show_release(answer: ReleaseAnswer) -> None:
    """What was let go of, and what comes next."""
    if not answer.total:
        say("Nothing was held.")
        return
    say("Released:", *(f"  {visible(asset)}" for asset in answer.released))
    say("The next sync brings what Datasphere holds of them; of what it no longer lists, as `deletion:` says.")


def show_discovery(answer: DiscoveryAnswer) -> None:
    """What a discovery read."""
    say(
        f"Discovery {answer.state}: {counted(answer.spaces, 'space')}, {counted(answer.listed, 'asset')} listed "
        f"({answer.mapped} mapped, {answer.filtered} out of scope, {answer.failed} failed), "
        f"{counted(answer.read, 'definition')} read, {answer.unchanged} unchanged."
    )
    say_findings("Could not be read", answer.problems)
    say_findings("Findings", answer.findings)
    if any(finding.code == NO_SPACE for finding in answer.findings):
        say("Next: spheresync doctor")
    elif answer.state is not DiscoveryState.FAILED:
        say("Next: spheresync preview")


def say_counts(counts: dict[str, int]) -> None:
    """The counts that are not zero, with what each word means."""
    rows = [(word, count, _MEANINGS.get(word, "")) for word, count in counts.items() if count]
    if rows:
        table(("Action", "Items", "Meaning"), rows)


def say_findings(title: str, findings: Iterable[Finding]) -> None:
    """Findings under a title, with what to do about each; nothing where there are none."""
    listed = list(findings)
    if not listed:
        return
    say("", f"{title}:")
    for finding in listed:
        say(f"  {about(finding.subject, finding.message)}")
        if finding.remedy:
            say(f"    {clean_line(finding.remedy, longest=1_000)}")


def _short(value: object, longest: int = 120) -> str:
    return clean_line(str(value), longest=longest) if value is not None else "(none)"
