"""Send spans and durations where the environment says, by the variables that OpenTelemetry defines.

Nothing is sent unless somebody configured it: an endpoint (`OTEL_EXPORTER_OTLP_ENDPOINT` and its kin), or an exporter
(`OTEL_TRACES_EXPORTER`, `OTEL_METRICS_EXPORTER`: otlp, console or none). `OTEL_SDK_DISABLED=true` beats all.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spheresync import __version__
from spheresync.observe.spans import listen, stop_listening

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import MetricReader
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

_PATIENCE = 3.0
"""Seconds that a process waits at its end for what is still to be sent."""
_SIGNALS = ("TRACES", "METRICS")
_KNOWN = ("otlp", "console", "none")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Exporters:
    """Which exporter each signal has: otlp, console or none."""

    traces: str
    metrics: str

    @property
    def any(self) -> bool:
        return {self.traces, self.metrics} != {"none"}

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Exporters:
        """As the environment says; a word that names none is told in the log and exports nothing."""
        if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
            return cls("none", "none")
        return cls(*(_exporter(signal, environ) for signal in _SIGNALS))


def _exporter(signal: str, environ: Mapping[str, str]) -> str:
    variable = f"OTEL_{signal}_EXPORTER"
    chosen = environ.get(variable, "").strip().lower()
    endpoints = ("OTEL_EXPORTER_OTLP_ENDPOINT", f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT")
    if not chosen:
        chosen = "otlp" if any(environ.get(endpoint) for endpoint in endpoints) else "none"
    if chosen not in _KNOWN:
        log.warning("%s: %r is not supported, nothing is exported; use %s", variable, chosen[:40], ", ".join(_KNOWN))
        return "none"
    protocol = environ.get(f"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL") or environ.get("OTEL_EXPORTER_OTLP_PROTOCOL")
    if chosen == "otlp" and protocol not in {None, "", "http/protobuf"}:
        log.warning("OTLP over %r is not supported, nothing is exported; use http/protobuf", str(protocol)[:40])
        return "none"
    return chosen


@contextmanager
def exporting(environ: Mapping[str, str]) -> Iterator[None]:
    """Within the block spans and durations of this process are exported, where the environment asks for it.

    An environment that asks for it and a program without the extra `otel` are told so in the log; work goes on.
    """
    chosen = Exporters.of(environ)
    if not chosen.any:
        yield
        return
    try:
        tracers, meters = _providers(chosen)
    except ImportError:
        log.warning("OTEL_* is set, and OpenTelemetry's SDK is not installed: pip install 'spheresync[otel]'")
        yield
        return
    listen(tracers, meters)
    try:
        yield
    finally:
        stop_listening()
        _end_within(_PATIENCE, tracers.shutdown, meters.shutdown)


def _providers(chosen: Exporters) -> tuple[TracerProvider, MeterProvider]:
    from opentelemetry import metrics, trace
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    # Resource reads OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES, which win.
    resource = Resource({"service.name": "spheresync", "service.version": __version__}).merge(_named_by_environment())
    tracers = TracerProvider(resource=resource, shutdown_on_exit=False)
    if chosen.traces != "none":
        tracers.add_span_processor(_processor(chosen.traces))
    readers = [_reader(chosen.metrics)] if chosen.metrics != "none" else []
    meters = MeterProvider(resource=resource, metric_readers=readers, shutdown_on_exit=False)
    # Also for the MCP library, which traces what it is asked.
    trace.set_tracer_provider(tracers)
    metrics.set_meter_provider(meters)
    return tracers, meters


def _named_by_environment() -> Resource:
    from opentelemetry.sdk.resources import OTELResourceDetector

    return OTELResourceDetector().detect()


def _processor(kind: str) -> SpanProcessor:
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SimpleSpanProcessor

    if kind == "console":  # on stderr, one line each: stdout belongs to results and to the protocol
        return SimpleSpanProcessor(
            ConsoleSpanExporter(out=sys.stderr, formatter=lambda each: f"{each.to_json(indent=None)}\n")
        )
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return BatchSpanProcessor(OTLPSpanExporter())


def _reader(kind: str) -> MetricReader:
    from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, PeriodicExportingMetricReader

    if kind == "console":
        return PeriodicExportingMetricReader(
            ConsoleMetricExporter(out=sys.stderr, formatter=lambda data: f"{data.to_json(indent=None)}\n")
        )
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter

    return PeriodicExportingMetricReader(OTLPMetricExporter())


def _end_within(seconds: float, *ends: Callable[[], object]) -> None:
    """Let exporters send what they still have; a collector that does not answer keeps no process from its end."""

    def end() -> None:
        for each in ends:
            each()

    thread = threading.Thread(target=end, name="telemetry-end", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        log.warning("not all spans and figures could be exported within %g s", seconds)
