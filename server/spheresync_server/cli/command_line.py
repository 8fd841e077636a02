"""Parse and run one command line; every outcome becomes an exit code and at most one error message."""

from __future__ import annotations

import errno
import io
import logging
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import typer
from typer.exceptions import Abort, TyperException

from spheresync.isolation import leaves
from spheresync.observe.incidents import new_incident
from spheresync_server.cli.app import app
from spheresync_server.cli.interruption import InterruptedBySignalError, write_failure
from spheresync_server.cli.logging_setup import set_up_logging
from spheresync_server.cli.output import documents
from spheresync_server.cli.output.engine_texts import with_command_names
from spheresync_server.cli.output.streams import prepare_streams
from spheresync_server.cli.signals import answer_is_being_written
from spheresync_server.failure import INTERNAL, INTERRUPTED, FailureNote, note_of, product_error_in

if TYPE_CHECKING:
    from typer._click.core import Command

log = logging.getLogger(__name__)

_LOST_OUTPUT = frozenset({errno.ENOSPC, errno.EIO, errno.EBADF})
_BROKEN_PIPE = 1  # as typer and rich have it
_CTRL_C = 128 + signal.SIGINT


def run_command_line(arguments: Sequence[str], *, json: bool) -> int:
    """Run a command line whose global options are in front; returns the exit code."""
    prepare_streams()
    verbose = "--verbose" in arguments
    try:
        code = _run([*arguments], json=json, verbose=verbose)
        sys.stdout.flush()
    except BrokenPipeError:
        code = _BROKEN_PIPE
        _forget_output()
    except OSError as error:
        code = 1
        _forget_output()
        sys.stderr.write(f"spheresync: the result could not be written: {error.strerror or error}.\n")
    answer_is_being_written()
    return code


def _forget_output() -> None:
    """Drop buffered output that has no reader; otherwise the interpreter reports an error at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(arguments: list[str], *, json: bool, verbose: bool) -> int:
    try:
        set_up_logging(arguments, os.environ, verbose=verbose)
        return _invoke(arguments, json=json)
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno in _LOST_OUTPUT:
            raise
        note = _note(error, verbose=verbose)
    except (KeyboardInterrupt, Abort):
        note = FailureNote(INTERRUPTED, _CTRL_C, "Ended by SIGINT.")
    except InterruptedBySignalError as interruption:
        note = interruption.note
    except TyperException as error:
        note = _usage_note(error)
    except Exception as error:  # noqa: BLE001  # the last line of defence: nothing prints a traceback
        note = _note(error, verbose=verbose)
    write_failure(note, json=json)
    return note.exit_code


@cache
def command_line() -> Command:
    """The commands that typer makes of their functions; kept, because making them takes longer than many commands."""
    return typer.main.get_command(app)


def _invoke(arguments: list[str], *, json: bool) -> int:
    command = command_line()
    if json and not {"-h", "--help"}.isdisjoint(arguments):
        shown = io.StringIO()
        with redirect_stdout(shown):
            code = _exit_code(command.main(arguments, prog_name="spheresync", standalone_mode=False))
        documents.write({"help": shown.getvalue()})
        return code
    return _exit_code(command.main(arguments, prog_name="spheresync", standalone_mode=False))


def _exit_code(answer: object) -> int:
    return answer if isinstance(answer, int) else 0


def _usage_note(error: TyperException) -> FailureNote:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "spheresync"
    said = error.format_message()
    said = said if said.endswith((".", "?", "!")) else f"{said}."
    return FailureNote("usage", error.exit_code, said, f"`{path} --help` says more.")


def _note(error: Exception, *, verbose: bool) -> FailureNote:
    ours = product_error_in(error)
    if ours is not None:
        note = note_of(ours)
        return replace(note, message=with_command_names(note.message), remedy=with_command_names(note.remedy))
    for leaf in leaves(error):
        if isinstance(leaf, BrokenPipeError) or (isinstance(leaf, OSError) and leaf.errno in _LOST_OUTPUT):
            raise leaf
    incident = new_incident()
    log.log(logging.ERROR if verbose else logging.DEBUG, "%s", incident, exc_info=error)
    where = "The log above has the details." if verbose else "The same command with --verbose logs the details."
    return FailureNote(INTERNAL, 1, f"Something unexpected went wrong ({incident}, {type(error).__name__}).", where)
