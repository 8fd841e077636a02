"""What operators see of a running server: its log, its figures, whether it is well."""

from __future__ import annotations

import json

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
    assert "SPHERESYNC_LOG" in error["message"] and "text or json" in error["message"]
