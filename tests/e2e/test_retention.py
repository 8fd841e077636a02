"""What is over goes after a sync, within what `retention:` says; what is referred to stays, and the audit log whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from spheresync.state.sqlite.housekeeping.orphan_blobs import referring_columns
from tests.e2e.test_safety import writes
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant


@contextmanager
def database(installation: Installation) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(installation.state_dir / "spheresync.db")) as connection, connection:
        yield connection


def grow_old(installation: Installation, *runs: str, at: str = "2020-01-01T00:00:00.000000Z") -> None:
    """As if these runs had ended long ago, and nobody had taken care since."""
    with database(installation) as file:
        for run in runs:
            file.execute("UPDATE runs SET finished_at = ?, seal = NULL WHERE id = ?", (at, run))
        file.execute("DELETE FROM meta WHERE key = 'care'")


def test_runs_that_are_over_go_after_a_sync_and_nothing_else_does(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    idle = [synced.ask("sync")["run_id"] for _ in range(2)]
    first = synced.ask("runs")["items"][-1]["run_id"]
    grow_old(synced, *idle, first)
    entries = synced.ask("audit", "verify")["entries"]
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Another label")
    run = synced.ask("sync")
    assert run["state"] == "done"
    assert writes(glue) == {"UpdateTable": 1}
    left = [row["run_id"] for row in synced.ask("runs")["items"]]
    assert left == [run["run_id"], first], "the newest that did something stay"
    assert "there is no run" in synced.ask("runs", idle[0], code=2)["error"]["message"]
    assert synced.ask("audit", "query", "--action", "retention")["total"] == 1
    verdict = synced.ask("audit", "verify")
    assert verdict["intact"]
    assert verdict["entries"] > entries
    grow_old(synced, run["run_id"])
    assert synced.ask("sync")["counts"]["unchanged"] == 30
    assert synced.ask("audit", "query", "--action", "retention")["total"] == 1, "nothing was over"


def test_every_column_that_refers_to_contents_is_known_as_such(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    synced.config = "deletion: {misses: 1}\n"
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Another label")
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00002")
    assert synced.ask("sync")["counts"]["retire"] == 1
    synced.config = "mapping: {rules: [{match: {name: ASSET_00003}, set: {table: renamed}}]}\n"
    assert synced.ask("sync", "--allow-deletes", code=None)["state"] == "done"
    with database(synced) as file:
        contents = {digest for (digest,) in file.execute("SELECT digest FROM blobs")}
        known = set(referring_columns(file))
        tables = [name for (name,) in file.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        for table in tables:
            if table == "asset_search":  # words alone: an index without contents cannot be read
                continue
            for (column,) in file.execute("SELECT name FROM pragma_table_info(?)", (table,)).fetchall():
                values = {value for (value,) in file.execute(f"SELECT {column} FROM {table}")}
                if values & contents and (table, column) != ("blobs", "digest"):
                    assert (table, column) in known, "name it so that its contents are not collected (state/referring)"
