"""A small page for people: how the installation is doing. No script; every text from outside is escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from html import escape

from spheresync.answers import (
    Finding,
    HealthLevel,
    RunRow,
    SchedulerState,
    SchedulerStatus,
    SyncStatus,
)
from spheresync.personal_values import mask_personal_values
from spheresync_server.answer_summaries import installation_line
from spheresync_server.untrusted import clean_line

_STYLE = (
    ":root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;"
    "padding:0 1rem}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;"
    "border-bottom:1px solid #8885;overflow-wrap:break-word;max-width:36rem}td:last-child{min-width:11rem}"
    "h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}.health{font-weight:700}.table{overflow-x:auto}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

_HEALTH = {
    HealthLevel.OK: "Nothing needs attention",
    HealthLevel.DEGRADED: "Something needs attention",
    HealthLevel.UNKNOWN: "Nothing has been synced yet",
}
_MEANINGS = {
    "pending": "waits for a sync",
    "synced": "AWS holds what Datasphere says",
    "drifted": "others have changed or deleted what AWS held",
    "failed": "could not be read or written; what AWS holds stays",
    "excluded": "left out by the configuration, or a flow or task chain, which holds no data",
    "conflict": "somebody else's table has the name",
    "missing": "no longer listed by Datasphere; not yet retired",
    "retired": "gone from Datasphere; the table is kept and marked",
    "deleted": "gone from Datasphere and from AWS",
    "held": "held by a revert",
}

HEADERS = {
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


_LONGEST = 1_000
"""Characters of one text: whole sentences, such as the summary."""


def _text(value: object) -> str:
    return escape(mask_personal_values(clean_line(str(value), longest=_LONGEST))) if value is not None else "–"


def _table(heads: Iterable[str], rows: Iterable[Iterable[object]], *, empty: str) -> str:
    body = "".join(f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>" for row in rows)
    if not body:
        return f"<p>{_text(empty)}</p>"
    head = "".join(f'<th scope="col">{_text(name)}</th>' for name in heads)
    # It scrolls by itself where the page is narrow: a word that is broken in the middle cannot be read.
    return f'<div class="table"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _run(run: RunRow) -> tuple[object, ...]:
    counts = ", ".join(f"{word} {count}" for word, count in run.counts.items() if count)
    return run.run_id, run.kind, run.state, run.actor, _time(run.created_at), _time(run.finished_at), counts or None


def _time(at: str | None) -> str | None:
    """To the second; the whole page is in UTC."""
    return at if at is None else f"{at[:10]} {at[11:19]}"


def _section(title: str, body: str) -> str:
    return f"<h2>{_text(title)}</h2>\n{body}"


def _findings(title: str, findings: Iterable[Finding]) -> str:
    rows = [(each.subject, each.message, each.remedy or None) for each in findings]
    return _section(title, _table(("About", "What", "Do"), rows, empty="")) if rows else ""


def _assets(status: SyncStatus) -> str:
    rows = ((word, count, _MEANINGS.get(word)) for word, count in status.assets.items())
    empty = "No asset is known yet: a sync or a discovery reads Datasphere."
    return _section("Assets", _table(("Status", "Assets", "Meaning"), rows, empty=empty))


def _tiers(status: SyncStatus) -> str:
    """Intervals only where somebody keeps to them."""
    if status.scheduler.state is not SchedulerState.OFF or any(tier.paused for tier in status.tiers):
        planned = (
            (tier.tier, tier.assets, tier.interval, "paused" if tier.paused else _time(tier.next_run))
            for tier in status.tiers
        )
        table = _table(("Tier", "Assets", "Interval", "Next look (UTC)"), planned, empty="")
        return _section("Tiers", table + _review(status.scheduler))
    rows = ((tier.tier, tier.assets) for tier in status.tiers if tier.assets)
    note = "<p>Nothing is scheduled: a sync runs when somebody asks for one.</p>"
    return _section("Tiers", _table(("Tier", "Assets"), rows, empty="No asset has a tier yet.") + note)


def _review(scheduler: SchedulerStatus) -> str:
    """What a person is waited for, if so."""
    if scheduler.state is not SchedulerState.WAITING:
        return ""
    if scheduler.change_set_id is None:
        return "<p>A change set is being made for a person to review; until then nothing is written.</p>"
    command = f"<code>spheresync apply {_text(scheduler.change_set_id)}</code>"
    return f"<p>Nothing is written by itself before a person has reviewed and applied a change set: {command}</p>"


def _runs(runs: Iterable[RunRow]) -> str:
    heads = ("Run", "Kind", "State", "By", "Created (UTC)", "Finished (UTC)", "Counts")
    return _section("Last runs", _table(heads, map(_run, runs), empty="There was no run yet."))


def render(status: SyncStatus, runs: Iterable[RunRow]) -> str:
    """The page of one moment; it asks for itself again every ten seconds."""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Spheresync: {_text(_HEALTH[status.health])}</title>
<meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="10">
<style>{_STYLE}</style></head><body>
<h1>Spheresync</h1>
<p class="health">{_text(_HEALTH[status.health])}</p>
<p>{_text(status.summary)}</p>
<p>{_text(installation_line(status))}</p>
{_findings("Problems", status.problems)}
{_findings("Worth knowing", status.notes)}
{_assets(status)}
{_tiers(status)}
{_runs(runs)}
<p>AI assistants connect at <code>/mcp</code>. This page renews itself every ten seconds.</p>
</body></html>
"""
