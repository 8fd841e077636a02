"""The pages on actions of change sets and of the audit log, and on metrics."""

from __future__ import annotations

from collections.abc import Collection

from prometheus_client.parser import text_string_to_metric_families

from docs.generator.markdown import code, page, table
from docs.generator.texts import texts_for
from spheresync.answers import SchedulerState
from spheresync.execution.run_driver import _DURATION as OF_A_RUN
from spheresync.execution.run_driver import _PHASE_DURATION as OF_A_PHASE
from spheresync.model import Action, AssetKind, RunState, Tier
from spheresync.service.health.figures import Figures
from spheresync.source.transport.http import _DURATION as OF_A_REQUEST
from spheresync.source.transport.oauth import _DURATION as OF_A_TOKEN
from spheresync.state.records import AuditAction, AuditOutcome, RunFigures, TierFigures
from spheresync.targets.aws.door import _DURATION as OF_A_CALL
from spheresync_server.http.metrics import exposition


def actions_page() -> str:
    """What change sets do, and what the audit log says beside that."""
    return page(
        "Actions, states and the audit log",
        "## Actions of a change set\n\nThe audit log has one entry for each item that was applied, "
        "under the same word.\n\n" + _words("actions_of_items", [each.value for each in Action]),
        "## States of a run\n\n" + _words("run_states", [each.value for each in RunState]),
        "## Further actions of the audit log\n\n" + _words("actions", [each.value for each in AuditAction]),
        "## Outcomes in the audit log\n\nOf an item that failed, the outcome is the fault of the "
        "target ([Errors](errors.md)); of "
        "a run it is its state.\n\n" + _words("outcomes", [each.value for each in AuditOutcome]),
        "## Kinds of assets\n\n" + ", ".join(code(each.value) for each in AssetKind) + ".",
    )


def metrics_page() -> str:
    """What Prometheus and OpenTelemetry are told."""
    families = [*text_string_to_metric_families(exposition(_some_figures()).decode())]
    rows = [
        [code(family.name), family.type, ", ".join(code(label) for label in _labels(family)), family.documentation]
        for family in families
        if family.name.startswith("spheresync_")
    ]
    spans = [OF_A_RUN, OF_A_PHASE, OF_A_REQUEST, OF_A_TOKEN, OF_A_CALL]
    return page(
        "Metrics",
        "A server over HTTP answers Prometheus at `/metrics`. No label holds a name from outside. "
        "Beside these there are the "
        "usual figures of the process.",
        table(["Metric", "Type", "Labels", "Means"], rows),
        "A counter is told with `_total` behind its name. With the extra `otel`, these durations "
        "go where `OTEL_*` says: " + ", ".join(map(code, sorted(spans))) + " ([Watch it](../how-to/watch-it.md)).",
    )


def _words(name: str, words: Collection[str]) -> str:
    texts = texts_for(name, words)
    return table(["Word", "Means"], ([code(word), texts[word]] for word in words))


def _labels(family: object) -> list[str]:
    samples = getattr(family, "samples", [])
    return [*samples[0].labels] if samples else []


def _some_figures() -> Figures:
    """One figure of each kind, so that each metric has a sample."""
    return Figures(
        environment="dog",
        assets={("critical", "synced"): 1},
        tiers={Tier.CRITICAL: TierFigures(assets=1, late=0, unread=0, oldest=None)},
        oldest_age={Tier.CRITICAL: 1.0},
        unread_spaces={"space_gone": 0},
        jobs={("write", "dead"): 0},
        runs={RunState.DONE: RunFigures(1, None)},
        since_last_sync=1.0,
        since_last_listing=1.0,
        scheduler=SchedulerState.OFF,
        ledger={},
        audit_entries=0,
    )
