"""Spans and durations as a collector gets them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from spheresync.errors import SourceError, SourceFault
from spheresync.observe.context import about
from spheresync.observe.export import Exporters
from spheresync.observe.spans import listen, span, stop_listening


class Collector:
    """What was told so far."""

    def __init__(self) -> None:
        self._spans = InMemorySpanExporter()
        self._durations = InMemoryMetricReader()
        tracers = TracerProvider(shutdown_on_exit=False)
        tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        listen(tracers, MeterProvider(metric_readers=[self._durations], shutdown_on_exit=False))

    @property
    def spans(self) -> dict[str, Any]:
        return {each.name: each for each in self._spans.get_finished_spans()}

    @property
    def durations(self) -> dict[str, list[dict[str, Any]]]:
        data = self._durations.get_metrics_data()
        assert data is not None
        scopes = [scope for resource in data.resource_metrics for scope in resource.scope_metrics]
        metrics = [metric for scope in scopes for metric in scope.metrics]
        return {metric.name: [dict(point.attributes or {}) for point in metric.data.data_points] for metric in metrics}


@pytest.fixture
def collector() -> Iterator[Collector]:
    yield Collector()
    stop_listening()


def test_where_nobody_listens_there_is_one_span_that_does_nothing() -> None:
    first, second = span("a", {}, duration="d"), span("b", {"x": 1}, duration="d")
    assert first is second
    with first as told:
        told.note({"y": 2})


def test_a_span_says_what_it_is_about_and_below_what(collector: Collector) -> None:
    async def call(asset: str) -> None:
        with (
            about(asset=asset),
            span("glue.CreateTable", {"rpc.method": "CreateTable"}, duration="calls", by=("rpc.method",)) as told,
        ):
            told.note({"spheresync.attempts": 2})

    async def run() -> None:
        with about(run="run_1"), span("run.sync", {}, duration="runs"):
            async with anyio.create_task_group() as group:
                group.start_soon(call, "SALES/" + "A" * 1000)

    anyio.run(run)
    outer, inner = collector.spans["run.sync"], collector.spans["glue.CreateTable"]
    assert inner.parent.span_id == outer.context.span_id
    assert inner.attributes["spheresync.run"] == "run_1" and inner.attributes["spheresync.attempts"] == 2
    assert len(inner.attributes["spheresync.asset"]) == 256
    assert collector.durations == {"calls": [{"rpc.method": "CreateTable"}], "runs": [{}]}


def test_a_failure_is_told_by_its_kind_and_never_by_its_text(collector: Collector) -> None:
    with pytest.raises(SourceError), span("datasphere.catalog", {}, duration="requests"):
        raise SourceError(SourceFault.FORBIDDEN, "maria@example.com may not read https://tenant/SALES", status=403)
    told = collector.spans["datasphere.catalog"]
    assert told.attributes["error.type"] == "forbidden" and not told.status.is_ok
    assert not told.events and "maria" not in told.to_json()
    assert collector.durations == {"requests": [{"error.type": "forbidden"}]}


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, ("none", "none")),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, ("otlp", "otlp")),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, ("otlp", "none")),
        ({"OTEL_TRACES_EXPORTER": "console"}, ("console", "none")),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_METRICS_EXPORTER": "none"}, ("otlp", "none")),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_SDK_DISABLED": "TRUE"}, ("none", "none")),
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, ("none", "none")),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, ("none", "none")),
    ],
)
def test_nothing_is_exported_unless_the_environment_says_so(environ: dict[str, str], expected: tuple[str, str]) -> None:
    chosen = Exporters.of(environ)
    assert (chosen.traces, chosen.metrics) == expected
