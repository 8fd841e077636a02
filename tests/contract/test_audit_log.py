"""The audit log from outside: a table that any program may read, and a verdict that notices a changed row."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from spheresync.service.audit.audit_filters import ACTIONS, OUTCOMES
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


def test_an_entry_tells_kind_and_roles_of_its_actor(synced: Installation) -> None:
    page = synced.ask("audit", "query", "--limit", "200")
    assert {(row["actor_kind"], *row["actor_roles"]) for row in page["items"]} == {("user", "admin")}
    told = {row["seq"]: {"kind": row["actor_kind"], "roles": row["actor_roles"]} for row in page["items"]}
    exported = synced.run("audit", "export").out.splitlines()
    assert {row["seq"]: json.loads(row["detail"])["actor"] for row in map(json.loads, exported)} == told
    whole = synced.ask("audit", "query", "--detail", "full", "--limit", "200")["items"]
    assert all(row["detail"] is not None and "actor" not in row["detail"] for row in whole)


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


@pytest.mark.parametrize(
    ("flag", "word", "said"),
    [
        ("--outcome", "dne", "Did you mean done? Valid: already, "),
        ("--action", "creat", "Did you mean create? Valid: adopt, approve, backup, cancel, clear_lost_rows, create, "),
        ("--action", "frob", "Valid: adopt"),
    ],
)
def test_a_word_that_no_entry_can_have_is_a_usage_error(synced: Installation, flag: str, word: str, said: str) -> None:
    error = synced.ask("audit", "query", flag, word, code=2)["error"]
    assert error["code"] == "usage" and repr(word) in error["message"] and error["remedy"].startswith(said)


def test_every_word_that_entries_hold_is_valid(synced: Installation) -> None:
    for row in rows(synced):
        assert row["action"] in ACTIONS and row["outcome"] in OUTCOMES


def test_an_asset_nobody_knows_is_an_error_and_no_empty_list(synced: Installation) -> None:
    error = synced.ask("audit", "query", "--asset", "space_000/asset_00001", code=2)["error"]
    assert "nothing is known" in error["message"] and "Did you mean SPACE_000/ASSET_00001" in error["remedy"]
    known = synced.ask("audit", "query", "--asset", "SPACE_000/ASSET_00001", "--action", "delete")
    assert (known["total"], known["note"]) == (0, None), "known, and never deleted"
    assert "nothing is known" in synced.run("audit", "query", "--asset", "NO/SUCH").err


def test_a_day_is_the_whole_of_it(synced: Installation) -> None:
    found = rows(synced)
    first, last = (datetime.fromisoformat(found[at]["at"]).astimezone() for at in (0, -1))
    day, before = first.date().isoformat(), (first.date() - timedelta(days=1)).isoformat()
    of_the_day = sum(datetime.fromisoformat(row["at"]).astimezone().date() == first.date() for row in found)
    assert synced.ask("audit", "query", "--since", day, "--until", day)["total"] == of_the_day > 0
    assert synced.ask("audit", "query", "--until", before)["total"] == 0
    assert synced.ask("audit", "query", "--until", "9999-12-31")["total"] == len(found)
    assert synced.ask("audit", "query", "--until", found[0]["at"])["total"] == 0, "a moment is where it ends"
    after = (last.date() + timedelta(days=1)).isoformat()
    assert synced.ask("audit", "query", "--since", after)["total"] == 0


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
