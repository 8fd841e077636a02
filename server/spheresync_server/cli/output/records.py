"""Say lineage, runs, audit entries and connections to people."""

from __future__ import annotations

from spheresync.answers import (
    AuditPage,
    AuditVerdictAnswer,
    ConnectionReport,
    LineageAnswer,
    Page,
    PolicyAnswer,
    RunRow,
)
from spheresync.model import counted
from spheresync_server.answer_summaries import lineage_lines
from spheresync_server.cli.output.tables import say, shown_more, table
from spheresync_server.untrusted import clean_line, visible


def show_lineage(answer: LineageAnswer) -> None:
    """Where an asset comes from and where it goes, edge by edge."""
    for line in lineage_lines(answer, most=200):
        say(line)


def show_runs(page: Page[RunRow]) -> None:
    """Runs, newest first."""
    if not page.items:
        say("There was no run yet. `spheresync sync` begins one.")
        return
    table(
        ("Run", "Kind", "State", "By", "Created", "Counts"),
        (
            (
                row.run_id, row.kind, row.state, row.actor, row.created_at,
                ", ".join(f"{word} {count}" for word, count in row.counts.items() if count) or None,
            )
            for row in page.items
        ),
    )  # fmt: skip
    shown_more(len(page.items), page.total, page.next_cursor)


def show_audit(page: AuditPage) -> None:
    """Audit entries, newest first."""
    if not page.total:
        say(f"No entry matches. {clean_line(page.note or '', longest=1_000)}".rstrip())
        return
    table(
        ("Seq", "At", "Actor", "Action", "Run", "Asset", "Target", "Outcome"),
        (
            (
                row.seq,
                row.at,
                row.actor,
                row.action,
                row.run_id,
                row.asset and visible(row.asset),
                row.target if row.destination is None else f"{row.target} in {row.destination}",
                row.outcome,
            )
            for row in page.items
        ),
    )
    if page.note is not None:
        say(clean_line(page.note, longest=1_000))
    shown_more(len(page.items), page.total, page.next_cursor)


def show_verdict(verdict: AuditVerdictAnswer) -> None:
    """Whether the audit log is intact, and what else of the state is not."""
    if verdict.intact:
        say(f"Intact: {counted(verdict.entries, 'entry')}.")
        if verdict.reason:
            say(f"But not as it was written: {clean_line(verdict.reason, longest=2_000)}")
    else:
        say(f"Broken at entry {verdict.first_broken} of {verdict.entries}. {clean_line(verdict.reason, longest=1_000)}")


def show_policies(answer: PolicyAnswer) -> None:
    """Each policy as it can be pasted into IAM, with to whom it belongs."""
    for each in answer.policies:
        where = "" if each.destination in {None, "default"} else f" (destination {each.destination})"
        say(f"For {clean_line(each.attach_to)}{where}:", each.policy.model_dump_json(indent=2), "")
    say(
        "An account or Region that the configuration does not name is `*`: write it in. Where Lake Formation decides,",
        "it has to grant the same on databases and tables, and to make whoever creates LF-Tags an LF-Tag creator.",
    )


def show_connections(report: ConnectionReport) -> None:
    """One line a connection, with what to do about a failure."""
    for finding in report.items:
        told = clean_line(f"{finding.connection}: {finding.message}", longest=2_000)
        say(f"{'ok    ' if finding.ok else 'FAILED'}  {told}")
        if finding.remedy:
            say(f"        {clean_line(finding.remedy, longest=1_000)}")
    if report.ok:
        say("Every connection works.")
