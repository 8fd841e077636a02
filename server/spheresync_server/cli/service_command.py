"""Run a command against the service: open it, ask it, show the answer, return the exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

from spheresync.model import Principal
from spheresync.model.principals import CallerRole
from spheresync.observe.export import exporting
from spheresync.runtime.progress import OnProgress
from spheresync_server import service_access
from spheresync_server.caller import local_principal, require, role_from
from spheresync_server.cli.global_options import Invocation
from spheresync_server.cli.interruption import InterruptedBySignalError, run_until_signalled, write_failure
from spheresync_server.cli.output import documents
from spheresync_server.cli.output.progress import showing_progress
from spheresync_server.masking import mask_answer, masks_for

if TYPE_CHECKING:
    from spheresync.service import Service

_Answer = TypeVar("_Answer", bound=BaseModel)


@dataclass(slots=True)
class ServiceSession:
    """The open service and the caller of one command; `awaited_runs` holds the run that the command waits for."""

    service: Service
    principal: Principal
    progress: OnProgress
    awaited_runs: list[str] = field(default_factory=list)


def ask_service(
    call: Invocation,
    ask: Callable[[ServiceSession], Awaitable[_Answer]],
    show: Callable[[_Answer], None],
    *,
    exit_code: Callable[[_Answer], int] = lambda _: 0,
    needs: CallerRole = CallerRole.VIEWER,
    what: str = "this command",
    delivers_alerts: bool = False,
    delivers_lineage: bool = False,
) -> int:
    """Ask the service, show its answer, and return the exit code.

    Args:
        call: the global options.
        ask: asks the service.
        show: shows the answer to people; with `--json` it is written as a document instead.
        exit_code: of an answer.
        needs: the least role that may run the command, which an error calls `what`.
        delivers_alerts: whether due alerts are sent afterwards, unless a scheduler does it.
        delivers_lineage: whether lineage that changed is told afterwards; with alerts it always is.

    Raises:
        SpheresyncError: what the service refused or could not do.
        InterruptedBySignalError: a signal came first.
    """
    role = role_from(os.environ, CallerRole.ADMIN)
    require(role, needs, what)
    source = service_access.settings_source(call.environment, call.file)
    source.current()
    awaited_runs: list[str] = []
    opened: list[Service] = []

    async def open_and_ask() -> _Answer:
        async with service_access.open_service(source, asked=True) as service:
            opened.append(service)
            with showing_progress(quiet=call.json) as progress:
                answer = await ask(ServiceSession(service, local_principal(role), progress, awaited_runs))
            if masks_for([role], service.settings):
                answer = mask_answer(answer)
            if delivers_alerts or delivers_lineage:
                ended = tuple(awaited_runs)
                awaited_runs.clear()
                for failure in await service.background.deliver_lineage(after=ended):
                    sys.stderr.write(f"spheresync: warning: {failure}\n")
            if delivers_alerts:
                for failure in await service.background.deliver_alerts():
                    sys.stderr.write(f"spheresync: warning: {failure}\n")
            return answer

    def with_runs(interruption: InterruptedBySignalError) -> InterruptedBySignalError:
        runs = awaited_runs or [run for service in opened for run in service.driven_runs]
        return InterruptedBySignalError(interruption.number, runs=runs)

    def report(interruption: InterruptedBySignalError) -> int:
        note = with_runs(interruption).note
        write_failure(note, json=call.json)
        return note.exit_code

    try:
        with exporting(os.environ):
            answer = run_until_signalled(open_and_ask, report)
    except InterruptedBySignalError as interruption:
        raise with_runs(interruption) from interruption
    if call.json:
        documents.write(answer)
    else:
        show(answer)
    return exit_code(answer)
