"""The way of every command that asks the service: open it, ask, answer, exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

from spheresync.model import Principal
from spheresync.model.roles import Role
from spheresync.observe.export import exporting
from spheresync.runtime.progress import OnProgress
from spheresync_server import opening
from spheresync_server.caller import local_principal, require, role_from
from spheresync_server.cli.global_options import Invocation
from spheresync_server.cli.output import documents
from spheresync_server.cli.progress import watching
from spheresync_server.cli.running import InterruptedBySignalError, run_until_signalled, say
from spheresync_server.masking import mask_answer, masks_for

if TYPE_CHECKING:
    from spheresync.service import Service

_Answer = TypeVar("_Answer", bound=BaseModel)


@dataclass(slots=True)
class Bench:
    """What a command works with; `followed` remembers the run that it waits for."""

    service: Service
    principal: Principal
    progress: OnProgress
    followed: list[str] = field(default_factory=list)


def perform(
    call: Invocation,
    work: Callable[[Bench], Awaitable[_Answer]],
    show: Callable[[_Answer], None],
    *,
    exit_code: Callable[[_Answer], int] = lambda _: 0,
    needs: Role = Role.VIEWER,
    what: str = "this command",
    tells: bool = False,
) -> int:
    """Ask the service and show the answer; `tells`: people are told of alerts afterwards, if nobody else does.

    Raises:
        SpheresyncError: what the service refused or could not do.
        InterruptedBySignalError: a signal came first.
    """
    role = role_from(os.environ, Role.ADMIN)
    require(role, needs, what)
    source = opening.settings_source(call.environment, call.file)
    source.current()
    followed: list[str] = []
    opened: list[Service] = []

    async def ask() -> _Answer:
        async with opening.open_service(source, asked=True) as service:
            opened.append(service)
            with watching(quiet=call.json) as progress:
                answer = await work(Bench(service, local_principal(role), progress, followed))
            if masks_for(role, service.settings):
                answer = mask_answer(answer)
            if tells:
                followed.clear()  # it ended
                for failure in await service.background.deliver_alerts():
                    sys.stderr.write(f"spheresync: warning: {failure}\n")
            return answer

    def with_runs(interruption: InterruptedBySignalError) -> InterruptedBySignalError:
        runs = followed or [run for service in opened for run in service.driven_runs]
        return InterruptedBySignalError(interruption.number, runs=runs)

    def farewell(interruption: InterruptedBySignalError) -> int:
        note = with_runs(interruption).note
        say(note, json=call.json)
        return note.exit_code

    try:
        with exporting(os.environ):
            answer = run_until_signalled(ask, farewell)
    except InterruptedBySignalError as interruption:
        raise with_runs(interruption) from interruption
    if call.json:
        documents.write(answer)
    else:
        show(answer)
    return exit_code(answer)
