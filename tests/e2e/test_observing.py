"""What operators see of a running server: its log, its figures, whether it is well."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing

import httpx2
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.test_schedule import AT_ONCE, FAST, serving, synced_count, until
from tests.simulators.forked import Forked
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant


def test_json_logs_tell_the_run_and_the_asset_and_no_secret(synced: Installation, tenant: RunningTenant) -> None:
    synced.extra["SPHERESYNC_LOG"] = "json"
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Ask maria.muster@example.com")
    ended = synced.run("sync", "--full")
    lines = [json.loads(line) for line in ended.err.splitlines() if line.startswith("{")]
    run = synced.ask("runs")["items"][0]["run_id"]
    phases = [line["message"] for line in lines if line.get("run") == run]
    assert phases[0].startswith("sync begins") and phases[-1].startswith("ended done")
    assert {"discovering", "planning", "applying"} <= set(phases)
    assert tenant.client_secret not in ended.err and "maria.muster" not in ended.err
    json.loads(synced.run("sync", "--json").out)


def test_a_style_of_logs_that_does_not_exist_is_a_configuration_error(installation: Installation) -> None:
    installation.extra["SPHERESYNC_LOG"] = "xml"
    error = installation.ask("runs", code=2)["error"]
    assert "SPHERESYNC_LOG" in error["message"] and "text, json or emf" in error["message"]


def address_of(server: Forked) -> str:
    assert server.stderr is not None
    announced = server.stderr.readline()
    match = re.search(r"MCP at (http://\S+)/mcp", announced)
    assert match, announced
    return match[1]


def figures_at(base: str) -> dict[tuple[str, ...], float]:
    text = httpx2.get(f"{base}/metrics").raise_for_status().text
    return {
        (sample.name, *(sample.labels[label] for label in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def audited(installation: Installation) -> int:
    total: int = installation.ask("audit", "query", "--limit", "1")["total"]
    return total


def test_metrics_tell_what_the_tenant_and_glue_counted(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    installation.extra |= {**AT_ONCE, "SPHERESYNC_TIERS__CRITICAL__INTERVAL": "1h"}
    tenant.clear_stats()
    with serving(installation) as server:
        base = address_of(server)
        until(lambda: synced_count(installation) == 30, "the first sync")
        until(lambda: figures_at(base).get(("spheresync_jobs", "write", "running"), 0) == 0, "its end")
        figures = until(
            lambda: (
                (now := figures_at(base))["spheresync_datasphere_requests_total",] == tenant.stats().total
                and now["spheresync_aws_calls_total",] == sum(glue.calls().values())
                and now["spheresync_audit_entries_total",] == audited(installation)
                and now
            ),
            "the last request, the last call and the last audit row in the figures",
        )
    assert sum(value for key, value in figures.items() if key[0] == "spheresync_assets") == 30
    assert figures["spheresync_assets", "synced", "critical"] == 3
    assert figures["spheresync_scheduler", "running"] == 1
    assert figures["spheresync_late_assets", "critical"] == 0
    assert figures["spheresync_last_sync_age_seconds",] < 600
    assert not [key for key in figures if any("ASSET" in part or "SPACE" in part for part in key)]


def test_a_guard_that_trips_is_counted(synced: Installation, tenant: RunningTenant) -> None:
    synced.config = "{deletion: {misses: 1}}"
    tenant.set_faults(vanish=0.7)
    synced.ask("sync", code=3)
    tenant.set_faults()
    with serving(synced, "--no-scheduler") as server:
        assert figures_at(address_of(server))["spheresync_guard_trips_total",] == 1


def test_a_server_is_alive_and_ready_and_says_why_not(synced: Installation, tenant: RunningTenant) -> None:
    synced.config = "{prefix: ''}"
    synced.extra |= FAST
    with serving(synced) as server:
        base = address_of(server)
        until(lambda: httpx2.get(f"{base}/readyz").json()["checks"]["scheduler"]["reason"] == "works", "the scheduler")
        ready, alive = httpx2.get(f"{base}/readyz"), httpx2.get(f"{base}/healthz")
        assert (ready.status_code, ready.json()["ready"], ready.json()["problems"]) == (200, True, [])
        assert alive.status_code == 200 and set(alive.json()["checks"]) == {"event loop", "scheduler"}

        synced.state_dir.parent.joinpath("spheresync.yaml").write_text("prefx: dsp_", "utf-8")
        broken = httpx2.get(f"{base}/readyz")
        assert broken.status_code == 503 and "prefx" in broken.json()["checks"]["settings"]["reason"]
        synced.state_dir.parent.joinpath("spheresync.yaml").write_text("{prefix: ''}", "utf-8")
        assert httpx2.get(f"{base}/readyz").status_code == 200

        tenant.set_faults(error_storm=True)
        lost = until(lambda: (answer := httpx2.get(f"{base}/readyz")).status_code == 503 and answer, "the outage")
        assert [problem.partition(":")[0] for problem in lost.json()["problems"]] == ["datasphere"]
        assert httpx2.get(f"{base}/healthz").status_code == 200
        tenant.set_faults()
        until(lambda: httpx2.get(f"{base}/readyz").status_code == 200, "the tenant again")


def test_a_state_that_another_process_locks_is_not_ready(synced: Installation) -> None:
    with serving(synced, "--no-scheduler") as server:
        base = address_of(server)
        with closing(sqlite3.connect(synced.state_dir / "spheresync.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            locked = httpx2.get(f"{base}/readyz", timeout=20)
            other.execute("ROLLBACK")
        assert locked.status_code == 503 and "others write" in locked.json()["checks"]["state"]["reason"]
        assert httpx2.get(f"{base}/readyz").status_code == 200


def test_on_lambda_cloudwatch_reads_the_figures_of_each_run_out_of_the_log(
    installation: Installation, glue: GlueSimulator
) -> None:
    installation.extra["AWS_LAMBDA_FUNCTION_NAME"] = "spheresync-sync"
    glue.reset()
    ended = installation.run("sync", "--json")
    lines = [json.loads(line) for line in ended.err.splitlines()]
    (told,) = [line for line in lines if "_aws" in line]
    (directive,) = told["_aws"]["CloudWatchMetrics"]
    assert {"run_seconds", "run_create", "aws_calls", "datasphere_requests"} <= {
        metric["Name"] for metric in directive["Metrics"]
    }
    assert told["aws_calls"] == sum(glue.calls().values()) == ended.json["usage"]["aws_calls"]
    assert (told["state"], told["run_create"]) == ("done", ended.json["counts"]["create"])


def test_a_server_on_lambda_tells_how_the_state_stands(synced: Installation) -> None:
    synced.extra["AWS_LAMBDA_FUNCTION_NAME"] = "spheresync-mcp"
    with serving(synced, "--no-scheduler") as server:
        told: dict[str, object] = {}
        while "assets_synced" not in told:
            line = server.stderr.readline()
            told = json.loads(line) if line.startswith("{") else {}
    assert told["assets_synced"] == synced_count(synced)
    assert "_aws" in told


def test_a_server_answers_supervisors_while_it_reads_a_hostile_definition(
    installation: Installation, tenant: RunningTenant
) -> None:
    tenant.admin(hostile_matching="ASSET_00000")
    installation.config = 'scope: {include: ["SPACE_000/ASSET_00000"]}\n'
    installation.extra |= AT_ONCE
    with serving(installation) as server:
        base, answered, begun = address_of(server), 0, False
        running = ("spheresync_jobs", "read", "running")
        while not begun or figures_at(base).get(running):  # each answer in time, or httpx gives up
            begun = begun or bool(figures_at(base).get(running))
            assert httpx2.get(f"{base}/healthz").status_code == 200
            answered += begun
    assert answered >= 3, "while the definition was read"
