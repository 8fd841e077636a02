"""Backup and restore: what is saved while others write, and what a restored state does to AWS."""

from __future__ import annotations

import os
import signal
import stat
from pathlib import Path

import pytest

from tests.e2e.test_full import TABLE, drifted, edit
from tests.e2e.test_safety import parameters, writes
from tests.simulators.fixtures import Surroundings
from tests.simulators.forked import Forked
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "backups" / "state.db"


@pytest.fixture
def saved(synced: Installation, file: Path) -> Installation:
    """The installation after a first sync, with a backup of that."""
    file.parent.mkdir()
    synced.ask("backup", str(file))
    return synced


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("spheresync"))


def running(installation: Installation, glue: GlueSimulator, *, after: int) -> Forked:
    """A sync that has sent so many CreateTables."""
    process = installation.start("sync", "--json")
    assert process.is_at(lambda: glue.calls().get("CreateTable", 0) >= after, f"{after} tables")
    return process


class TestWhileOthersWrite:
    @pytest.fixture
    def surroundings(self) -> Surroundings:
        """A Glue that is slow enough for a backup to find a run under way."""
        return Surroundings(spaces=3, assets=40, columns=4, glue_latency_ms=2_000)

    def test_a_backup_of_a_running_sync_is_whole_and_its_run_is_not_gone_on_with(
        self, installation: Installation, glue: GlueSimulator, file: Path
    ) -> None:
        file.parent.mkdir()
        process = running(installation, glue, after=10)
        answer = installation.ask("backup", str(file))
        glue.answer_after(0)
        out, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        assert (answer["file"], answer["size"]) == (str(file), file.stat().st_size)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert names(file.parent) == []
        assert [path.name for path in file.parent.iterdir()] == ["state.db"]

        restored = installation.ask("restore", str(file))
        (run,) = restored["cancelled_runs"]
        assert f'"{run}"' in out
        assert installation.ask("audit", "query", "--run", run, "--outcome", "cancelled")["total"] == 1
        assert installation.ask("audit", "query", "--action", "create")["total"] == 120, "the log was not set back"
        glue.reset()
        after = installation.ask("sync")
        assert (after["state"], after["counts"]["adopt"]) == ("done", 120)
        assert writes(glue) == {}
        glue.reset()
        assert installation.ask("sync")["counts"]["unchanged"] == 120
        assert glue.calls() == {}
        assert installation.ask("audit", "verify")["intact"]

    def test_a_state_in_use_is_not_restored_and_the_process_is_named(
        self, installation: Installation, glue: GlueSimulator, file: Path
    ) -> None:
        file.parent.mkdir()
        installation.ask("discover")
        installation.ask("backup", str(file))
        process = running(installation, glue, after=3)
        refused = installation.ask("restore", str(file), code=3)["error"]
        assert str(process.pid) in refused["message"]
        process.send_signal(signal.SIGSTOP)  # alive, if silent
        assert str(process.pid) in installation.ask("restore", str(file), code=3)["error"]["message"]
        process.send_signal(signal.SIGKILL)
        process.communicate()
        glue.answer_after(0)
        installation.ask("restore", str(file))
        assert installation.ask("sync")["state"] == "done"
        assert sum(len(found) for found in glue.dump()["tables"].values()) == 120


def test_an_older_state_converges_with_exactly_the_needed_writes(
    saved: Installation, tenant: RunningTenant, glue: GlueSimulator, file: Path
) -> None:
    for number in (1, 2):
        tenant.edit("set_label", space="SPACE_000", asset=f"ASSET_0000{number}", label="After the backup")
    tenant.edit("rename_asset", space="SPACE_001", asset="ASSET_00001", name="NEWCOMER")
    assert saved.ask("sync")["counts"]["create"] == 1
    edit(glue, "asset_00003", Description="by hand")
    edit(glue, "asset_00001", foreign={"team": "bi"})
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00004", label="Not synced yet")
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00002", label="Changed once more")
    saved.ask("restore", str(file))
    glue.reset()
    run = saved.ask("sync")
    assert run["state"] == "done"
    assert writes(glue) == {"UpdateTable": 2}, "what AWS holds already is not written again"
    assert glue.table("space_000", "asset_00002")["Description"] == "Changed once more"
    assert glue.table("space_000", "asset_00004")["Description"] == "Not synced yet"
    assert glue.table("space_000", "asset_00003")["Description"] == "by hand"
    assert list(drifted(run)) == ["SPACE_000/ASSET_00003"]
    assert parameters(glue, *TABLE)["team"] == "bi"
    assert glue.table(*TABLE)["Description"] == "After the backup"
    glue.reset()
    counts = saved.ask("sync")["counts"]
    assert (counts["unchanged"], counts["missing"]) == (30, 1), "the renamed one is missed under its former name"
    assert glue.calls() == {}


def test_a_version_that_comes_round_again_does_not_pass_for_the_one_that_was_known(
    saved: Installation, tenant: RunningTenant, glue: GlueSimulator, file: Path
) -> None:
    hands = glue.client()
    live = hands.get_table(DatabaseName=TABLE[0], Name=TABLE[1])["Table"]
    hands.delete_table(DatabaseName=TABLE[0], Name=TABLE[1])
    saved.ask("sync", "--full")  # makes it again: at version 0, as the backup knows it
    assert live["VersionId"] == glue.table(*TABLE)["VersionId"] == "0"
    edit(glue, Description="by hand")
    hands.delete_table(DatabaseName=TABLE[0], Name=TABLE[1])
    hands.create_table(
        DatabaseName=TABLE[0],
        TableInput={
            **{k: live[k] for k in ("Name", "Parameters", "StorageDescriptor", "TableType")},
            "Description": "by hand",
        },
    )
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Later")
    saved.ask("restore", str(file))
    assert saved.ask("sync")["state"] == "done"
    assert glue.table(*TABLE)["Description"] == "by hand"


def test_a_restore_is_undone_by_a_restore(saved: Installation, tenant: RunningTenant, file: Path) -> None:
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="After the backup")
    run = saved.ask("sync")["run_id"]
    entries = saved.ask("audit", "verify")["entries"]
    back = saved.ask("restore", str(file))
    assert back["former"].startswith(str(saved.state_dir / "spheresync.db.before-restore-"))
    verdict = saved.ask("audit", "verify")
    assert len(verdict.pop("head")) == 64
    assert verdict == {"intact": True, "entries": entries + 1, "first_broken": None, "reason": ""}
    assert saved.ask("runs", run, code=2)["error"]["code"] == "usage"
    forth = saved.ask("restore", back["former"])
    assert forth["audit_carried"] == 1
    assert saved.ask("runs", run)["state"] == "done"
    asked = saved.ask("audit", "query", "--action", "restore")
    assert asked["total"] == 2
    assert saved.ask("audit", "query", "--action", "backup")["total"] == 1
    kept = {Path(back["former"]).name, Path(forth["former"]).name}
    assert set(names(saved.state_dir)) == {"spheresync.db", *kept}


def test_a_state_of_a_process_that_was_killed_is_put_aside_with_all_it_held(
    saved: Installation, file: Path, tmp_path: Path
) -> None:
    total = saved.ask("audit", "verify")["entries"]
    process = saved.start("serve", "--transport", "http", "--port", "0")
    owners = saved.state_dir / "owners"
    assert process.is_at(lambda: any(owners.glob("*.lock")), "the state is opened")
    saved.ask("preview")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert "spheresync.db-wal" in names(saved.state_dir), "what the preview wrote stands there"
    back = saved.ask("restore", str(file))
    assert not [name for name in names(saved.state_dir) if name in {"spheresync.db-wal", "spheresync.db-shm"}]
    forth = saved.ask("restore", back["former"])
    assert forth["audit_entries"] > total + 1
    assert saved.ask("audit", "verify")["intact"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files for somebody else")
def test_a_state_that_root_restores_is_still_the_services(saved: Installation, file: Path) -> None:
    service = 65_534
    for path in (saved.state_dir, *saved.state_dir.rglob("*")):
        os.chown(path, service, service)
    saved.ask("restore", str(file))
    assert saved.ask("sync")["state"] == "done"
    owners = {path.name: path.stat().st_uid for path in saved.state_dir.rglob("*")}
    assert owners["spheresync.db"] == service
    assert {name for name, owner in owners.items() if owner != service} == set()


def test_saved_change_sets_of_a_restored_state_are_not_applied(
    saved: Installation, tenant: RunningTenant, glue: GlueSimulator, file: Path
) -> None:
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Planned")
    change_set = saved.ask("preview")["change_set_id"]
    saved.ask("backup", str(file), "--force")
    assert saved.ask("restore", str(file))["expired_change_sets"] >= 1
    assert "expired" in saved.ask("apply", change_set, code=3)["error"]["message"]
    assert writes(glue) == {}


def test_files_that_are_no_backup_of_this_installation_change_nothing(
    saved: Installation, file: Path, tmp_path: Path
) -> None:
    before = saved.ask("audit", "verify")["entries"]
    assert saved.ask("restore", str(tmp_path / "nothing"), code=2)["error"]["code"] == "usage"
    saved.extra["SPHERESYNC_INSTALLATION"] = "another"
    assert "spheresync:another" in saved.ask("restore", str(file), code=3)["error"]["message"]
    del saved.extra["SPHERESYNC_INSTALLATION"]
    saved.env = "dog"
    assert "127.0.0.1" in saved.ask("restore", str(file), code=3)["error"]["message"]
    saved.env = "wolf"
    saved.extra["SPHERESYNC_ROLE"] = "operator"
    assert saved.ask("restore", str(file), code=3)["error"]["code"] == "permission"
    del saved.extra["SPHERESYNC_ROLE"]
    assert saved.ask("audit", "verify")["entries"] == before
    assert names(saved.state_dir) == ["spheresync.db"]
    assert not (saved.state_dir / ".restoring").exists()


def test_a_backup_replaces_nothing_unasked_and_leaves_nothing_behind(
    saved: Installation, file: Path, tmp_path: Path
) -> None:
    first = file.read_bytes()
    assert "is there already" in saved.ask("backup", str(file), code=2)["error"]["message"]
    assert file.read_bytes() == first
    saved.ask("backup", str(file), "--force")
    assert file.read_bytes() != first
    state = saved.state_dir / "spheresync.db"
    assert "is the state itself" in saved.ask("backup", str(state), "--force", code=2)["error"]["message"]
    assert saved.ask("audit", "query", "--action", "backup")["total"] == 2
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_damaged_state_says_what_to_do_and_is_restored(saved: Installation, glue: GlueSimulator, file: Path) -> None:
    state = saved.state_dir / "spheresync.db"
    state.write_bytes(b"no database any more" * 1000)
    error = saved.ask("assets", code=1)["error"]
    assert "damaged" in error["message"]
    assert "spheresync restore FILE" in error["remedy"]
    back = saved.ask("restore", str(file))
    assert "could not be carried on" in back["note"]
    assert Path(back["former"]).read_bytes().startswith(b"no database")
    assert saved.ask("sync")["counts"]["adopt"] == 30
    assert writes(glue) == {}


def test_a_lost_folder_is_brought_back(saved: Installation, glue: GlueSimulator, file: Path, tmp_path: Path) -> None:
    saved.state_dir = tmp_path / "new" / "state"
    saved.state_dir.parent.mkdir()
    assert saved.ask("restore", str(file))["former"] is None
    assert stat.S_IMODE(saved.state_dir.stat().st_mode) == 0o700
    assert len(saved.ask("runs")["items"]) == 1
    assert saved.ask("sync")["counts"]["adopt"] == 30
    assert writes(glue) == {}


def test_dog_says_what_is_no_part_of_a_backup(tmp_path: Path) -> None:
    dog = Installation(state_dir=tmp_path / "dog", environment={}, env="dog")
    assert "no part of it" in dog.ask("backup", str(tmp_path / "dog.db"))["note"]
    assert "no part of it" in dog.ask("restore", str(tmp_path / "dog.db"))["note"]
