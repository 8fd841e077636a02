"""Spans and durations of what is done, for whoever collects them with OpenTelemetry; nothing at all where nobody does.

Names of spans are few and ours. Names from outside (a run, an asset) are attributes, cut to a length; URLs, bodies and
messages are no part of a span, so that no secret can be.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, TypeAlias

from spheresync.observe.context import subjects

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from opentelemetry.metrics import Histogram, MeterProvider
    from opentelemetry.trace import Span as ApiSpan
    from opentelemetry.trace import Tracer, TracerProvider

Attribute: TypeAlias = str | int | float | bool
Attributes: TypeAlias = Mapping[str, Attribute]

_SCOPE = "spheresync"
_LONGEST = 256


class Span(Protocol):
    """What is being done, while it is done."""

    def note(self, attributes: Attributes) -> None:
        """Add what is known by now."""

    def __enter__(self) -> Span: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class _Untold:
    """The span where nobody listens."""

    __slots__ = ()

    def note(self, attributes: Attributes) -> None:
        pass

    def __enter__(self) -> Span:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


class _Told:
    """A span of OpenTelemetry; its duration also goes to a histogram by the attributes that `by` names."""

    __slots__ = ("_attributes", "_began", "_by", "_ending", "_histogram", "_span")

    def __init__(
        self, ending: AbstractContextManager[ApiSpan], attributes: Attributes, histogram: Histogram, by: tuple[str, ...]
    ) -> None:
        self._ending = ending
        self._attributes = dict(attributes)
        self._histogram = histogram
        self._by = by

    def note(self, attributes: Attributes) -> None:
        self._attributes.update(attributes)
        self._span.set_attributes(_bounded(attributes))

    def __enter__(self) -> Span:
        self._began = time.perf_counter()
        self._span = self._ending.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        from opentelemetry.trace import Status, StatusCode

        if error is not None:
            self.note({"error.type": _kind_of(error)})
            if not isinstance(error, asyncio.CancelledError):
                self._span.set_status(Status(StatusCode.ERROR))
        by = {name: self._attributes[name] for name in (*self._by, "error.type") if name in self._attributes}
        self._histogram.record(time.perf_counter() - self._began, by)
        self._ending.__exit__(None, None, None)  # without the error: its text is no part of a span


class _Listener:
    """Where spans and durations go."""

    def __init__(self, tracers: TracerProvider, meters: MeterProvider) -> None:
        self._tracer: Tracer = tracers.get_tracer(_SCOPE)
        self._meter = meters.get_meter(_SCOPE)
        self._histograms: dict[str, Histogram] = {}

    def span(self, name: str, attributes: Attributes, duration: str, by: tuple[str, ...], *, outgoing: bool) -> _Told:
        from opentelemetry.trace import SpanKind

        if duration not in self._histograms:
            self._histograms[duration] = self._meter.create_histogram(duration, unit="s")
        about = {f"spheresync.{word}": value for word, value in subjects().items()}
        kind = SpanKind.CLIENT if outgoing else SpanKind.INTERNAL
        # No exception passes through it, see `_Told.__exit__`.
        ending = self._tracer.start_as_current_span(name, kind=kind, attributes=_bounded({**about, **attributes}))
        return _Told(ending, attributes, self._histograms[duration], by)


_UNTOLD: Span = _Untold()
_listener: _Listener | None = None


def listen(tracers: TracerProvider, meters: MeterProvider) -> None:
    """From now on tell these what is done."""
    global _listener  # noqa: PLW0603 -- one for the process, as OpenTelemetry itself has it
    _listener = _Listener(tracers, meters)


def stop_listening() -> None:
    """From now on tell nobody."""
    global _listener  # noqa: PLW0603
    _listener = None


def span(name: str, attributes: Attributes, *, duration: str, by: tuple[str, ...] = (), outgoing: bool = False) -> Span:
    """A block of work, as a context manager.

    Args:
        name: what is done; one of few.
        attributes: what is known of it at its beginning.
        duration: the name of the histogram of its seconds.
        by: which attributes the histogram tells apart; each must have few values.
        outgoing: whether it is a request to somebody else.
    """
    if _listener is None:
        return _UNTOLD
    return _listener.span(name, attributes, duration, by, outgoing=outgoing)


def _bounded(attributes: Attributes) -> dict[str, Attribute]:
    return {name: value[:_LONGEST] if isinstance(value, str) else value for name, value in attributes.items()}


def _kind_of(error: BaseException) -> str:
    """How it failed, in a word of a small vocabulary."""
    fault = getattr(error, "fault", None)
    return str(fault) if fault is not None else type(error).__name__
