"""The figures of operators in Prometheus's text format. No label holds a name from outside: there are few of each."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from spheresync import __version__
from spheresync.answers import SchedulerState
from spheresync.model import RunState
from spheresync.service.health.figures import Figures

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

_Label = TypeVar("_Label", bound=str)
_LEDGER = {
    "datasphere_requests": "Requests sent to Datasphere, repeats and token requests included.",
    "datasphere_bytes": "Bytes of bodies received from Datasphere, as on the wire.",
    "datasphere_throttled": "Answers 429 of Datasphere.",
    "datasphere_retries": "Requests to Datasphere that were repeated.",
    "aws_calls": "Requests sent to AWS, repeats included.",
    "aws_bytes": "Bytes of bodies sent to AWS.",
    "aws_throttled": "Calls that AWS throttled.",
    "aws_retries": "Calls to AWS that were repeated.",
    "alert_aws_calls": "Requests sent to SNS and SES about alerts, repeats included.",
    "alert_aws_bytes": "Bytes of bodies sent to SNS and SES about alerts.",
    "guard_trips": "Runs in which a guard held changes back.",
}
"""Words of the ledger that are told, with what they mean."""


def exposition(figures: Figures) -> bytes:
    """The figures as text of `CONTENT_TYPE`."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Reading(figures))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


class _Reading(Collector):
    """One reading, as Prometheus's own library wants it."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        figures = self._figures
        build = {"version": __version__, "environment": figures.environment, "python": platform.python_version()}
        yield _gauge("build_info", "The program that answers.", [*build], [([*build.values()], 1)])
        yield _gauge("assets", "Assets of the local catalog.", ["tier", "status"], _pairs(figures.assets))
        yield from self._freshness()
        spaces = "Known spaces that could not be read when they were last tried."
        yield _gauge("unread_spaces", spaces, ["reason"], _singles(figures.unread_spaces))
        yield _gauge("jobs", "Jobs of the scheduler's queue.", ["kind", "state"], _pairs(figures.jobs))
        runs = {state: figures.runs[state].runs if state in figures.runs else 0 for state in RunState}
        yield _gauge("runs", "Runs that the state remembers.", ["state"], _singles(runs))
        yield from _age("last_sync_age", "Seconds since a run last ended done.", figures.since_last_sync)
        yield from _age(
            "last_listing_age", "Seconds since the scheduler last listed Datasphere.", figures.since_last_listing
        )
        states = {state: int(state == figures.scheduler) for state in SchedulerState}
        yield _gauge("scheduler", "1 for what the scheduler does now, in any process.", ["state"], _singles(states))
        for word, text in _LEDGER.items():
            yield CounterMetricFamily(f"spheresync_{word}", text, value=figures.ledger.get(word, 0))
        yield CounterMetricFamily("spheresync_audit_entries", "Entries of the audit log.", value=figures.audit_entries)

    def _freshness(self) -> Iterator[Metric]:
        tiers = self._figures.tiers
        late = {tier: each.late for tier, each in tiers.items()}
        unread = {tier: each.unread for tier, each in tiers.items()}
        oldest = "Seconds since the asset was read that has waited longest."
        yield _gauge("oldest_asset_age_seconds", oldest, ["tier"], _singles(self._figures.oldest_age))
        yield _gauge("late_assets", "Assets not read within the objective of their tier.", ["tier"], _singles(late))
        yield _gauge("unread_assets", "Assets in scope that were never read.", ["tier"], _singles(unread))


def _gauge(name: str, text: str, labels: list[str], samples: Iterable[tuple[list[str], float]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"spheresync_{name}", text, labels=labels)
    for values, amount in samples:
        family.add_metric(values, amount)
    return family


def _age(name: str, text: str, seconds: float | None) -> Iterator[Metric]:
    if seconds is not None:
        yield GaugeMetricFamily(f"spheresync_{name}_seconds", text, value=seconds)


def _pairs(counts: Mapping[tuple[str, str], int]) -> Iterator[tuple[list[str], float]]:
    return (([first, second], count) for (first, second), count in sorted(counts.items()))


def _singles(amounts: Mapping[_Label, float]) -> Iterator[tuple[list[str], float]]:
    return (([label], amount) for label, amount in sorted(amounts.items()))
