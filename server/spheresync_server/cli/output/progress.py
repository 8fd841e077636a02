"""Progress for people, on stderr only: a bar on a terminal, one line a phase elsewhere, nothing with `--json`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from spheresync.runtime.progress import OnProgress, ProgressEvent, silent
from spheresync_server.untrusted import clean_line


@contextmanager
def showing_progress(*, quiet: bool) -> Iterator[OnProgress]:
    """A callback that shows progress, for as long as a command runs."""
    if quiet:
        yield silent
    elif sys.stderr.isatty():
        with _bar() as report:
            yield report
    else:
        yield _lines()


def _lines() -> OnProgress:
    seen: set[str] = set()

    async def report(event: ProgressEvent) -> None:
        if event.phase not in seen:
            seen.add(event.phase)
            sys.stderr.write(f"{clean_line(event.phase)}…\n")
            sys.stderr.flush()

    return report


@contextmanager
def _bar() -> Iterator[OnProgress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True, markup=False, highlight=False), transient=True) as bars:
        task = bars.add_task("starting", total=None)

        async def report(event: ProgressEvent) -> None:
            bars.update(task, description=clean_line(event.phase), completed=event.done, total=event.total or None)

        yield report
