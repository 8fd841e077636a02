"""The audit log from outside: a table that any program may read, and a verdict that notices a changed row."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.contract.conftest import MakeInstallation
from tests.simulators.installation import Installation

COLUMNS = "seq, at, actor, action, run_id, asset, target, outcome, detail, prev_hash, hash"


@pytest.fixture(scope="module")
def synced(make_installation: MakeInstallation) -> Installation:
    installation = make_installation()
    assert installation.ask("sync")["counts"]["create"] == 20
    return installation


def rows(installation: Installation) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(installation.state_dir / "spheresync.db")) as file:
        cursor = file.execute(f"SELECT {COLUMNS} FROM audit ORDER BY seq")
        return [dict(zip(COLUMNS.split(", "), row, strict=True)) for row in cursor]


def test_another_program_reads_the_table(synced: Installation) -> None:
    found = rows(synced)
    assert [row["seq"] for row in found] == list(range(1, len(found) + 1))
    assert [row["prev_hash"] for row in found[1:]] == [row["hash"] for row in found[:-1]]
    created = [row for row in found if row["action"] == "create" and row["asset"] and "/" in row["asset"]]
    assert len({row["asset"] for row in created}) == 20, "one row for every change"
    assert all(row["target"] == "glue" and row["outcome"] == "done" and row["run_id"] for row in created)
    assert all(row["at"].endswith("Z") and row["actor"] for row in found)


def test_the_command_line_filters_it(synced: Installation) -> None:
    one = synced.ask("audit", "query", "--asset", "SPACE_000/ASSET_00001", "--action", "create", "--outcome", "done")
    assert one["total"] == 1
    assert synced.ask("audit", "query", "--until", "2020-01-01")["total"] == 0
    for early in ("0001-01-01", "0001-01-01T00:00:00+23:00"):
        assert synced.ask("audit", "query", "--since", early, code=None).get("error", {}).get("code") in {None, "usage"}
    cursor = "Wzk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5XQ"
    assert synced.ask("audit", "query", "--cursor", cursor, code=2)["error"]["code"] == "usage"
    exported = synced.run("audit", "export")
    assert len([json.loads(line) for line in exported.out.splitlines()]) == len(rows(synced))


def test_verify_says_so_by_its_exit_code(synced: Installation, tmp_path: Path) -> None:
    verdict = synced.ask("audit", "verify")
    assert verdict["intact"] and verdict["entries"] == len(rows(synced)) and verdict["first_broken"] is None
    forged = tmp_path / "state"
    shutil.copytree(synced.state_dir, forged)
    with closing(sqlite3.connect(forged / "spheresync.db")) as file, file:
        names = [name for (name,) in file.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'")]
        for name in names:
            file.execute(f"DROP TRIGGER {name}")
        file.execute("UPDATE audit SET actor = 'mallory' WHERE seq = 7")
    copy = Installation(forged, synced.environment, synced.config, extra=synced.extra)
    verdict = copy.ask("audit", "verify", code=1)
    assert (verdict["intact"], verdict["first_broken"]) == (False, 7)
