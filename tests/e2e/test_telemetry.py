"""Spans and durations that leave the program, and that none does unasked."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.listener import Listener, listening
from tests.simulators.running_tenant import RunningTenant


def spans_of(listener: Listener) -> list[Any]:
    requests = [ExportTraceServiceRequest.FromString(body) for body in bodies(listener, "/v1/traces")]
    return [span for each in requests for rs in each.resource_spans for ss in rs.scope_spans for span in ss.spans]


def bodies(listener: Listener, path: str) -> list[bytes]:
    found = [post.body for post in listener.posts if post.path == path]
    return [gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body for body in found]


def test_spans_and_durations_go_to_a_collector_in_agreement_with_what_was_called(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    with listening() as collector:
        installation.extra["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.url
        tenant.clear_stats()
        installation.ask("sync")
        spans = spans_of(collector)
        metrics = [ExportMetricsServiceRequest.FromString(body) for body in bodies(collector, "/v1/metrics")]
    names = Counter(span.name for span in spans)
    calls = {name.removeprefix("glue."): count for name, count in names.items() if name.startswith("glue.")}
    assert calls == glue.calls()
    asked = sum(count for name, count in names.items() if name.startswith("datasphere."))
    assert asked == tenant.stats().total
    assert {"run.sync": 1, "run.discovering": 1, "run.planning": 1, "run.applying": 1}.items() <= names.items()
    (root,) = [span for span in spans if span.name == "run.sync"]
    assert {span.trace_id for span in spans if span.name.startswith("glue.Create")} == {root.trace_id}
    scopes = [scope for each in metrics for resource in each.resource_metrics for scope in resource.scope_metrics]
    told = {metric.name for scope in scopes for metric in scope.metrics}
    assert {"spheresync.run.duration", "spheresync.aws.call.duration", "spheresync.datasphere.request.duration"} <= told
    everything = b"".join(post.body for post in collector.posts)
    assert tenant.client_secret.encode() not in everything and b"$metadata" not in everything


def test_a_collector_that_is_not_there_costs_no_result(installation: Installation) -> None:
    installation.extra["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:9"
    assert installation.ask("sync")["state"] == "done"


def test_spans_on_the_console_are_lines_on_stderr_and_none_come_unasked(synced: Installation) -> None:
    quiet = synced.run("sync", "--json")
    synced.extra["OTEL_TRACES_EXPORTER"] = "console"
    told = synced.run("sync", "--json")
    assert quiet.json["state"] == told.json["state"] == "done"
    names = [json.loads(line)["name"] for line in told.err.splitlines() if line.startswith("{")]
    assert "run.sync" in names and "datasphere.catalog" in names
    assert quiet.err == ""
