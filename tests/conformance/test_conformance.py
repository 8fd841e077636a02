"""The official conformance suite against the product's server: `make conformance` brings it, and Node 22 with it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TASKS = (
    "lifecycle",
    "capability-negotiation",
    "wire-fields",
    "request-state-removal",
    "mrtr-input",
    "request-headers",
    "dispatch-and-envelope",
    "required-task-error",
    "mrtr-composition",
)
EXTENSIONS = (*(f"tasks-{name}" for name in TASKS), "sep-2640-skills-enumeration", "sep-2640-skills-manifest")


@pytest.fixture(scope="module")
def suite() -> Path:
    """The folder with the programs of the suite."""
    place = os.environ.get("MCP_CONFORMANCE")
    programs = None if place is None else ROOT / place / "node_modules" / ".bin"
    if programs is None or not (programs / "conformance").exists():
        pytest.skip("the conformance suite is not here: make conformance installs and runs it")
    return programs


@pytest.fixture(scope="module")
def address(suite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server with what the suite wants to call."""
    state = tmp_path_factory.mktemp("conformance")
    command = [sys.executable, "-m", "tests.conformance.server", "0", str(state)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/mcp"
        finally:
            process.terminate()


def judge(suite: Path, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": os.pathsep.join([str(suite), os.environ["PATH"]])}
    command = [str(suite / "conformance"), "server", *arguments, "-o", str(folder)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("revision", "required"), [("2026-07-28", 37), ("2025-11-25", 30)])
def test_every_required_scenario_of_a_revision_passes(
    suite: Path, address: str, tmp_path: Path, revision: str, required: int
) -> None:
    verdict = judge(suite, "--url", address, "--requirements", revision, folder=tmp_path)
    passed = [line for line in verdict.stdout.splitlines() if line.strip().startswith("✓") and "passed" in line]
    assert verdict.returncode == 0, verdict.stdout[-5_000:]
    assert len(passed) >= required


@pytest.mark.parametrize("scenario", EXTENSIONS)
def test_every_scenario_of_the_extensions_passes(suite: Path, address: str, tmp_path: Path, scenario: str) -> None:
    chosen = ("--scenario", scenario, "--spec-version", "2026-07-28", "--force")
    verdict = judge(suite, "--url", address, *chosen, folder=tmp_path)
    assert verdict.returncode == 0, verdict.stdout[-5_000:]
    assert ", 0 failed" in verdict.stdout and "Passed: 0/" not in verdict.stdout, verdict.stdout[-2_000:]
