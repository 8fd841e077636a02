"""What is written is what was reviewed: nothing that somebody puts into the state by hand reaches Glue."""

from __future__ import annotations

import shutil
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

import pytest

from spheresync.model import digest_of
from tests.e2e.test_safety import writes
from tests.simulators.fixtures import Surroundings
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation


@pytest.fixture
def surroundings() -> Surroundings:
    return Surroundings(spaces=1, assets=4, columns=3)


def alter(installation: Installation, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(installation.state_dir / "spheresync.db")) as file, file:
        assert file.execute(statement, values).rowcount > 0


FOREIGN = b'{"Name":"foreign","Parameters":{}}'
ANOTHER = "(SELECT after FROM change_set_items WHERE ordinal = 2)"
REWRITTEN = {
    "another blob": f"UPDATE change_set_items SET after = {ANOTHER} WHERE ordinal = 1",
    "changes": "UPDATE change_set_items SET changes = x'789c8b8e050001150089' WHERE ordinal = 1",
    "operations": "UPDATE change_set_items SET operations = 'glue:DeleteTable' WHERE ordinal = 1",
    "summary": "UPDATE change_sets SET summary = '{}'",
    "expires_at": "UPDATE change_sets SET expires_at = '2099-01-01T00:00:00.000000Z'",
}


def test_what_is_rewritten_in_a_saved_change_set_is_refused_and_named(
    installation: Installation, glue: GlueSimulator, tmp_path: Path
) -> None:
    change_set = installation.ask("preview")["change_set_id"]
    glue.reset()
    for name, statement in REWRITTEN.items():
        folder = tmp_path / name.replace(" ", "_")
        shutil.copytree(installation.state_dir, folder)
        copy = Installation(folder, installation.environment, installation.config, extra=installation.extra)
        alter(copy, statement)
        refused = copy.ask("approve", change_set, code=3)
        assert "is not what was saved" in refused["error"]["message"], name
        assert copy.ask("apply", change_set, code=3)["state"] == "refused", name
        assert f"change set {change_set}" in copy.ask("audit", "verify", code=1)["reason"], name
    assert writes(glue) == {}


def test_foreign_content_in_the_place_of_what_was_reviewed_is_not_sent_and_the_rest_is(
    installation: Installation, glue: GlueSimulator
) -> None:
    change_set = installation.ask("preview")["change_set_id"]
    alter(
        installation,
        "UPDATE blobs SET body = ?, size = ? WHERE digest = (SELECT after FROM change_set_items WHERE ordinal = 1)",
        zlib.compress(FOREIGN),
        len(FOREIGN),
    )
    refused = installation.ask("approve", change_set, code=3)
    assert "is damaged" in refused["error"]["message"]
    run = installation.ask("apply", change_set, code=1)
    assert (run["counts"]["create"], run["counts"]["failed"]) == (3, 1)
    assert "nothing was sent" in run["failures"][0]["reason"]
    assert installation.ask("sync")["counts"]["create"] == 1, "planned anew"


def test_damaged_contents_are_named_and_their_assets_are_read_anew(
    synced: Installation, glue: GlueSimulator, tmp_path: Path
) -> None:
    for digest in ("SELECT definition FROM assets", "SELECT body FROM checkpoints"):
        alter(synced, f"UPDATE blobs SET body = x'00' WHERE digest IN ({digest} ORDER BY 1 LIMIT 1)")
    alter(synced, "UPDATE checkpoints SET mapping = 'older', seal = NULL")
    report = synced.ask("doctor", code=1)
    (state,) = [each for each in report["items"] if each["connection"] == "state"]
    assert "the definition of" in state["message"] and "what was written last" in state["message"]
    verdict = synced.ask("audit", "verify", code=1)
    assert verdict["intact"] and "the definition of" in verdict["reason"]
    backup = synced.ask("backup", str(tmp_path / "copy.db"), code=1)
    assert len(backup["damaged"]) == 2 and (tmp_path / "copy.db").exists()
    glue.reset()  # of what `doctor` tries out
    run = synced.ask("sync")
    assert run["state"] == "done" and not run["failures"]
    assert writes(glue) == {}, "what is there is as it was written"
    assert synced.ask("audit", "verify")["reason"] == ""


def test_the_same_apply_at_the_same_moment_is_one_run(installation: Installation, glue: GlueSimulator) -> None:
    change_set = installation.ask("preview")["change_set_id"]
    processes = [installation.start("apply", change_set, "--json") for _ in range(2)]
    answers = []
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert process.wait() == 0, out + err
        answers.append(out)
    ids = {answer.split('"run_id": "')[1].split('"')[0] for answer in answers}
    assert len(ids) == 1 and glue.calls()["CreateTable"] == 4


@pytest.mark.parametrize("command", [("audit", "export", "--output"), ("backup",), ("promote",)])
def test_no_command_writes_over_the_state_or_over_a_file_that_is_there(
    installation: Installation, tmp_path: Path, command: tuple[str, ...]
) -> None:
    change_set = installation.ask("preview")["change_set_id"]
    arguments = (*command, change_set) if command == ("promote",) else command
    there, link = tmp_path / "there", tmp_path / "link"
    there.write_text("somebody's")
    link.symlink_to(installation.state_dir / "spheresync.db")
    held = digest_of((installation.state_dir / "spheresync.db").read_bytes()[:100])
    installation.extra["SPHERESYNC_ROLE"] = "admin" if command != ("audit", "export", "--output") else "viewer"
    for own in (installation.state_dir / "spheresync.db", installation.state_dir / "spheresync.db-wal", link):
        refused = installation.ask(*arguments, str(own), "--force", code=2)
        assert "the state itself" in refused["error"]["message"]
    assert digest_of((installation.state_dir / "spheresync.db").read_bytes()[:100]) == held
    assert "is there already" in installation.ask(*arguments, str(there), code=2)["error"]["message"]
    assert there.read_text() == "somebody's"
    installation.ask(*arguments, str(there), "--force")
    assert there.read_text("latin-1") != "somebody's"


@pytest.mark.parametrize(
    "damage",
    [
        "request = CAST(request AS TEXT)",
        "findings = '{'",
        "actor = x'00'",
        "run_id = 'run_nobody_knows'",
    ],
)
def test_a_change_set_of_which_a_cell_cannot_be_read_is_named_and_refused(
    installation: Installation, glue: GlueSimulator, tmp_path: Path, damage: str
) -> None:
    change_set = installation.ask("preview")["change_set_id"]
    glue.reset()
    alter(installation, f"UPDATE change_sets SET {damage}")
    assert change_set in installation.ask("audit", "verify", code=1)["reason"]
    state = installation.ask("doctor", code=1)["items"][0]
    assert (state["connection"], state["ok"]) == ("state", False) and change_set in state["message"]
    assert any(change_set in each for each in installation.ask("backup", str(tmp_path / "copy.db"), code=1)["damaged"])
    glue.reset()  # doctor tries out what it may do
    refused = installation.ask("apply", change_set, code=3)["error"]
    assert "not what was saved" in refused["message"]
    assert writes(glue) == {}
    assert installation.ask("sync")["counts"]["create"] == 4, "nobody else is kept from anything"


@pytest.mark.parametrize(
    "damage", ["state = 'zz'", "action = 'qq'", "problem = 'zz'", "before = x'00'", "version = '9'"]
)
def test_damaged_entries_of_a_journal_are_told_and_the_rest_of_the_run_is_undone(
    synced: Installation, glue: GlueSimulator, damage: str
) -> None:
    run = synced.ask("runs")["items"][0]["run_id"]
    alter(synced, f"UPDATE journal SET {damage} WHERE ordinal = 2")
    told = synced.ask("runs", run)
    assert any("1 entry of the journal" in each["reason"] for each in told["failures"])
    undo = synced.ask("revert", run, code=1)
    assert undo["summary"]["delete"] == 3
    (lost,) = undo["problems"]
    assert "cannot be undone" in lost["message"] and lost["subject"].startswith("SPACE_000/ASSET_")
    assert run in synced.ask("audit", "verify", code=1)["reason"]


def test_a_backup_with_rows_that_cannot_be_read_is_restored_only_where_that_is_asked_for(
    synced: Installation, glue: GlueSimulator, tmp_path: Path
) -> None:
    file = tmp_path / "copy.db"
    synced.ask("backup", str(file))
    with closing(sqlite3.connect(file)) as copy, copy:
        copy.execute("UPDATE assets SET kind = 'alien' WHERE name = 'ASSET_00002'")
        copy.execute("UPDATE checkpoints SET version = '66' WHERE asset = 'ASSET_00003'")
    refused = synced.ask("restore", str(file), code=3)["error"]
    assert "ASSET_00002" in refused["message"] and "ASSET_00003" in refused["message"]
    assert "--force" in refused["remedy"]
    assert synced.ask("sync")["counts"]["unchanged"] == 4, "nothing was changed"
    restored = synced.ask("restore", str(file), "--force")
    assert any("ASSET_00002" in each for each in restored["damaged"])
    assert synced.ask("sync")["state"] == "done"
    assert synced.ask("audit", "verify")["reason"] == ""
    assert len(glue.dump()["tables"]["space_000"]) == 4
