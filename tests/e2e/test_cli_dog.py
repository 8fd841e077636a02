"""The command line against the embedded dog environment, as processes: from an empty state to nothing left to do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.simulators.forked import fork

TIMEOUT = 120  # seconds until a hung command fails its test
Cli = Callable[..., tuple[int, dict[str, Any]]]


def surroundings(state: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SPHERESYNC_", "AWS_"))}
    return {**kept, "SPHERESYNC_ENV": "dog", "SPHERESYNC_STATE_DIR": str(state), **more}


#: Root may write everywhere; a test of permissions is one without that privilege.
UNPRIVILEGED = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()


def start(state: Path, *arguments: str, through: Sequence[str] = (), **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*through, sys.executable, "-m", "spheresync_server.cli.main", *arguments],
        env=surroundings(state, **more),
        cwd=state,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT,
        check=False,
    )


def go_on(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The same by a fork, where how a program begins is not what is tried."""
    program = "spheresync_server.cli.main"
    process = fork(program, arguments, environment=surroundings(state), folder=state.parent)
    out, err = process.communicate(timeout=TIMEOUT)
    return subprocess.CompletedProcess([program, *arguments], process.wait(), out, err)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def cli(state: Path) -> Cli:
    """A command with --json; answers exit code and the one document."""

    def run(*arguments: str) -> tuple[int, dict[str, Any]]:
        done = go_on(state, *arguments, "--json")
        assert "Traceback" not in done.stderr
        return done.returncode, json.loads(done.stdout)

    return run


@pytest.fixture(scope="module")
def applied(state: Path) -> dict[str, Any]:
    """The first change set of an empty state, applied once, by a program that is started as its users start it."""
    preview = start(state, "preview", "--exit-code", "--no-refresh", "--json")
    change_set = json.loads(preview.stdout)
    assert preview.returncode == 4 and change_set["summary"]["create"] > 10
    apply = start(state, "apply", change_set["change_set_id"], "--json")
    run: dict[str, Any] = json.loads(apply.stdout)
    assert apply.returncode == 0 and run["state"] == "done"
    assert "Traceback" not in preview.stderr + apply.stderr
    return run


def test_an_empty_dog_store_is_discovered_before_the_first_answer(tmp_path: Path) -> None:
    listed = json.loads(start(tmp_path, "assets", "--json", "--limit", "3").stdout)
    assert listed["total"] > 10 and len(listed["items"]) == 3


def test_reading_the_catalog_loads_neither_mcp_nor_boto3(state: Path, applied: dict[str, Any]) -> None:
    code = (
        "import sys\nfrom spheresync_server.cli.main import main\n"
        "try:\n    main(['assets', '--limit', '1'])\nexcept SystemExit as left:\n    assert left.code == 0\n"
        "print(sorted({'mcp', 'mcp_types', 'boto3', 'botocore', 'moto', 'starlette', 'httpx2'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=surroundings(state),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_applying_again_answers_the_same_run(cli: Cli, applied: dict[str, Any]) -> None:
    code, again = cli("apply", applied["change_set_id"])
    assert code == 0 and again["run_id"] == applied["run_id"]


def test_a_second_sync_finds_nothing_and_calls_aws_not_once(cli: Cli, applied: dict[str, Any]) -> None:
    code, run = cli("sync")
    assert code == 0 and run["state"] == "done"
    assert {word: count for word, count in run["counts"].items() if count} == {"unchanged": applied["counts"]["create"]}
    assert run["usage"]["aws_calls"] == 0
    assert cli("preview", "--exit-code")[0] == 0


def test_what_was_done_is_on_record(cli: Cli, applied: dict[str, Any]) -> None:
    _, runs = cli("runs")
    assert applied["run_id"] in {run["run_id"] for run in runs["items"]}
    assert cli("runs", applied["run_id"])[1]["counts"] == applied["counts"]
    assert next(run for run in runs["items"] if run["run_id"] == applied["run_id"])["counts"] == applied["counts"]
    code, verdict = cli("audit", "verify")
    assert code == 0 and verdict["intact"] and verdict["entries"] > 0
    _, entries = cli("audit", "query", "--run", applied["run_id"], "--detail", "full", "--limit", "5")
    assert entries["items"] and all(entry["run_id"] == applied["run_id"] for entry in entries["items"])
    _, exported = cli("audit", "export")
    assert len(exported["items"]) >= verdict["entries"]


def test_every_connection_works(cli: Cli) -> None:
    code, report = cli("doctor")
    assert code == 0 and report["ok"]


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (["apply", "cs_nowhere"], 2),
        (["runs", "run_nowhere"], 2),
        (["cancel", "run_nowhere"], 2),
        (["assets", "--kind", "table"], 2),
        (["assets", "--cursor", "nonsense"], 2),
        (["preview", "--asset", "noslash"], 2),
        (["sync", "--tier", "urgent"], 2),
        (["sync", "--target", "quicksight"], 2),
        (["config", "validate", "--env", "wolf"], 2),
    ],
)
def test_mistakes_are_usage_errors_in_one_document(
    cli: Cli, applied: dict[str, Any], arguments: list[str], exit_code: int
) -> None:
    code, document = cli(*arguments)
    assert code == exit_code and document["error"]["message"]


@pytest.mark.skipif(bool(UNPRIVILEGED) and shutil.which("setpriv") is None, reason="needs setpriv to be less than root")
@pytest.mark.parametrize("part", ["", "owners", "spheresync.db"])
def test_a_read_only_state_is_called_that(tmp_path: Path, part: str) -> None:
    state = tmp_path / "state"
    assert go_on(state, "runs").returncode == 0
    (state / part).chmod(0o500 if (state / part).is_dir() else 0o400)
    try:
        done = start(tmp_path, "runs", through=UNPRIVILEGED, SPHERESYNC_STATE_DIR=str(state))
    finally:
        (state / part).chmod(0o700)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{state / part} may not be written, this user has no right to" in done.stderr
    assert "SPHERESYNC_STATE_DIR" in done.stderr and "space" not in done.stderr and "SQLITE" not in done.stderr


def test_remedies_name_commands_and_not_tools(cli: Cli, applied: dict[str, Any]) -> None:
    for arguments, said in (
        (["preview", "--no-refresh", "--asset", "SALES/QQQQQQQQQQ"], "`spheresync assets --space SALES` shows the"),
        (["runs", "run_nowhere"], "`spheresync runs` shows those there are."),
    ):
        error = cli(*arguments)[1]["error"]
        assert said in error["remedy"] and "list_" not in error["message"] + error["remedy"]


def test_settings_are_shown_without_secrets(state: Path) -> None:
    secret = {"SPHERESYNC_DATASPHERE__CLIENT_SECRET": "very-secret"}
    for arguments in (["config", "show"], ["config", "show", "--json"]):
        done = start(state, *arguments, **secret)
        assert done.returncode == 0 and "very-secret" not in done.stdout + done.stderr
