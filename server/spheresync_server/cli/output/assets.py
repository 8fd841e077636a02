"""Say the local catalog to people."""

from __future__ import annotations

from spheresync.answers import AssetPage, AssetRow
from spheresync_server.answer_summaries import found_by, gone_sentence, quoted
from spheresync_server.cli.output.tables import say, shown_more, table
from spheresync_server.untrusted import clean_line, visible

_LOOK = "`spheresync discover` reads Datasphere."


def show_assets(page: AssetPage, why_none: str = "", *, beside: str = "") -> None:
    """The local catalog as a table.

    `why_none` says why nothing of a space is known, `beside` what a list of one status leaves out.
    """
    if not page.items and why_none:
        say(clean_line(why_none, longest=1_000))
        return
    if not page.items:
        searched = f"Searched: {page.searched} " if page.searched else ""
        say(f"No asset matches. {beside or searched + _LOOK}")
    else:
        _table(page.items)
        shown_more(len(page.items), page.total, page.next_cursor)
        if beside:
            say(beside)
    for note in page.notes:
        say(clean_line(note, longest=1_000))
    if page.near:
        say(f"Near hits, for {quoted(page.meant or '')}:")
        _table(page.near)


def _table(rows: list[AssetRow]) -> None:
    full = any(row.columns is not None or row.synced_at is not None for row in rows)
    why = any(row.matched or row.pii or row.person_keys for row in rows)
    heads = ["Asset", "Kind", "Label", "Tier", "Status"]
    heads += ["Columns", "Objects", "Synced"] if full else []
    heads += ["Found by"] if why else []
    table(
        heads,
        (
            [
                visible(row.asset), row.kind, row.label, row.tier, row.status,
                *([row.columns, " ".join(row.objects or ()), row.synced_at] if full else []),
                *([found_by(row)] if why else []),
            ]
            for row in rows
        ),
    )  # fmt: skip


def show_asset_count(page: AssetPage) -> None:
    """How many assets of the local catalog match."""
    say(str(page.total))
    if gone := gone_sentence(page.statuses or {}):
        say(gone)
    for note in page.notes:
        say(clean_line(note, longest=1_000))
