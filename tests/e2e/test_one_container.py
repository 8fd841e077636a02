"""One database that cannot be had, or lets nothing be written, fails its own tables and nothing else."""

from __future__ import annotations

import pytest

from tests.e2e.test_safety import named, writes
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation

DENIED = {"code": "AccessDeniedException", "message": "Insufficient Lake Formation permission(s): Required Create"}
QUOTA = {"code": "ResourceNumberLimitExceededException", "message": "Number of databases is over the limit"}


@pytest.mark.parametrize("why", [DENIED, QUOTA], ids=["denied", "quota"])
def test_a_database_that_is_refused_fails_its_space_with_the_reason_and_all_else_is_written(
    installation: Installation, glue: GlueSimulator, why: dict[str, str]
) -> None:
    glue.fault("error", "CreateDatabase", times=None, database="space_001", **why)
    run = installation.ask("sync", code=1)
    assert (run["state"], run["counts"]["create"], run["counts"]["failed"]) == ("partly_failed", 20, 10)
    failures = [each for each in run["failures"] if "SPACE_001/" in str(each)]
    assert len(failures) == 10 and all(why["message"][:20] in str(each) for each in failures)
    assert all(each["remedy"] for each in failures)
    assert not named(run, "SPACE_000/") and not named(run, "SPACE_002/")
    assert glue.calls()["CreateTable"] == 20, "nothing is tried where the database is missing"
    glue.heal()
    assert installation.ask("sync")["counts"]["create"] == 10


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("InternalServiceException", 500),
        ("OperationTimeoutException", 400),
        ("ConcurrentModificationException", 400),
        ("ResourceNotReadyException", 400),
    ],
)
def test_a_database_and_a_table_are_tried_again_after_an_answer_that_passes(
    installation: Installation, glue: GlueSimulator, code: str, status: int
) -> None:
    glue.fault("error", "CreateDatabase", times=1, code=code, status=status)
    glue.fault("error", "CreateTable", times=1, code=code, status=status)
    run = installation.ask("sync")
    assert (run["state"], run["counts"]["create"], run["counts"]["failed"]) == ("done", 30, 0)
    assert writes(glue) == {"CreateDatabase": 4, "CreateTable": 31}


def test_a_database_that_may_not_be_listed_fails_its_space_and_a_lost_state_knows_the_others(
    synced: Installation, glue: GlueSimulator
) -> None:
    for file in synced.state_dir.iterdir():
        if file.is_file():
            file.unlink()
    glue.fault("deny", "GetTables", times=None, database="space_001")
    run = synced.ask("sync", code=1)
    assert (run["counts"]["adopt"], run["counts"]["failed"]) == (20, 10)
    assert named(run, "SPACE_001/ASSET_00001") and writes(glue) == {}
    assert synced.ask("preview", code=1)["summary"]["create"] == 0
    glue.heal()
    assert synced.ask("sync")["counts"]["adopt"] == 10


def test_a_sign_in_that_has_ended_stops_a_run_with_the_step_that_mends_it(
    synced: Installation, glue: GlueSimulator
) -> None:
    synced.config = 'mapping: {rules: [{match: {name: "*"}, set: {tags: {layer: gold}}}]}\n'
    glue.fault("error", "*", times=None, code="ExpiredTokenException")
    run = synced.ask("sync", code=1)
    assert run["counts"]["metadata_only"] == 0
    assert "ign in again" in str(run["failures"]) and "AWS_ENDPOINT_URL" not in str(run)
    assert sum(glue.calls().values()) < 30, "the rest would fail alike, so it is not tried"
    glue.heal()
    assert synced.ask("sync")["counts"]["metadata_only"] == 30
