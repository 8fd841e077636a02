"""Log records as one line each: for people, as JSON for a collector, or as JSON whose figures CloudWatch reads.

Everything that is logged passes here, also what libraries log, so here is the filter for secrets. An exception becomes
a part of its line: a traceback over many lines would be torn apart by every collector, and no user can read one.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import PurePath
from typing import TextIO

from spheresync.observe.context import subjects
from spheresync.observe.log_metrics import measured_of
from spheresync.redaction import for_a_log

_FRAMES = 12
_CAUSES = 5
_LONGEST = 8_000
"""Characters of one message; what is longer is somebody's payload."""


class LogStyle(StrEnum):
    """How log lines are spelled."""

    TEXT = "text"
    JSON = "json"
    EMF = "emf"  # JSON in which CloudWatch finds the figures of a line

    @property
    def structured(self) -> bool:
        return self is not LogStyle.TEXT


class LineFormatter(logging.Formatter):
    """Any log record as one line without secrets, with the run and the asset that it is about."""

    def __init__(self, style: LogStyle) -> None:
        super().__init__()
        self._spelling = style

    def format(self, record: logging.LogRecord) -> str:
        message = _cut(for_a_log(_message_of(record)))
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        trace = [_cut(for_a_log(line)) for line in account_of(error)] if error is not None else []
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        about = {name: for_a_log(value) for name, value in subjects().items()}
        if self._spelling.structured:
            fields: dict[str, object] = {
                "at": at,
                "level": record.levelname.lower(),
                "logger": record.name,
                "message": message,
                **about,
                **self._figures(record),
            }
            if trace:
                fields["error"] = trace
            return json.dumps(fields, ensure_ascii=False).translate(_SEPARATORS)
        told = "".join(f" {name}={value}" for name, value in about.items())
        told += f" ({' | '.join(trace)})" if trace else ""
        return _on_one_line(f"{at} {record.levelname} {record.name}: {message}{told}")

    def _figures(self, record: logging.LogRecord) -> dict[str, object]:
        measured = measured_of(record)
        if measured is None:
            return {}
        if self._spelling is LogStyle.EMF:
            return measured.embedded(record.created)
        return {"figures": measured.plain(), **measured.by}


def send_logs(stream: TextIO, *, style: LogStyle, level: int) -> None:
    """Make `stream` the place that the log of this process goes to, unless whoever embeds us has chosen another."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LineFormatter(style))
    logging.basicConfig(handlers=[handler], level=level)


_SEPARATORS = {ord("\u2028"): "\\u2028", ord("\u2029"): "\\u2029", ord("\x85"): "\\u0085"}


def _message_of(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):  # arguments of a library that do not fit its text
        return str(record.msg)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"


def _on_one_line(text: str) -> str:
    """Control characters, line breaks among them, as escapes: a name must not be able to forge a line."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def account_of(error: BaseException) -> Iterator[str]:
    """An exception and its causes: type, text, and where it came up, innermost call last."""
    current: BaseException | None = error
    for _ in range(_CAUSES):
        if current is None:
            return
        frames = traceback.extract_tb(current.__traceback__)[-_FRAMES:]
        where = " > ".join(f"{PurePath(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)
        yield f"{type(current).__name__}: {current}" + (f" at {where}" if where else "")
        if isinstance(current, BaseExceptionGroup):
            current = current.exceptions[0]
        else:
            current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
