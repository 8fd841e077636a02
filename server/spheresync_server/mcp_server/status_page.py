"""A small page for people: how the installation is doing. No script; every text from outside is escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from html import escape

from spheresync.answers import RunRow, SyncStatus
from spheresync_server.untrusted import clean_line

_STYLE = (
    ":root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;"
    "padding:0 1rem}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;"
    "border-bottom:1px solid #8885;overflow-wrap:anywhere}h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}"
    ".health{font-weight:700}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS = {
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


def _text(value: object) -> str:
    return escape(clean_line(str(value))) if value is not None else "–"


def _table(heads: Iterable[str], rows: Iterable[Iterable[object]], *, empty: str) -> str:
    body = "".join(f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>" for row in rows)
    if not body:
        return f"<p>{_text(empty)}</p>"
    head = "".join(f'<th scope="col">{_text(name)}</th>' for name in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _run(run: RunRow) -> tuple[object, ...]:
    counts = ", ".join(f"{word} {count}" for word, count in run.counts.items() if count)
    return run.run_id, run.kind, run.state, run.actor, run.created_at, run.finished_at, counts


def render(status: SyncStatus, runs: Iterable[RunRow]) -> str:
    """The page of one moment; it asks for itself again every ten seconds."""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Spheresync</title>
<meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="10">
<style>{_STYLE}</style></head><body>
<h1>Spheresync</h1>
<p><span class="health">{_text(status.health)}</span> · {_text(status.environment)} · {_text(status.tenant)}</p>
<p>{_text(status.summary)}</p>
<h2>Assets</h2>
{_table(("Status", "Assets"), status.assets.items(), empty="No asset is known yet.")}
<h2>Tiers</h2>
{
        _table(
            ("Tier", "Assets", "Interval", "Next run"),
            (
                (tier.tier, tier.assets, tier.interval, "paused" if tier.paused else tier.next_run)
                for tier in status.tiers
            ),
            empty="There are no tiers.",
        )
    }
<h2>Last runs</h2>
{
        _table(
            ("Run", "Kind", "State", "By", "Created", "Finished", "Counts"),
            (_run(run) for run in runs),
            empty="There was no run yet.",
        )
    }
<h2>Problems</h2>
{
        _table(
            ("About", "What", "Do"),
            ((problem.subject, problem.message, problem.remedy) for problem in status.problems),
            empty="None.",
        )
    }
<p>MCP is served at <code>/mcp</code>.</p>
</body></html>
"""
