"""Several processes and one sign-in, whose refresh token is good once: raced for, and lost with a process that dies."""

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.test_safety import writes
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.persons_browser import interactive, sign_in
from tests.simulators.running_tenant import RunningTenant


@pytest.fixture
def person(installation: Installation, tmp_path: Path) -> Installation:
    person = interactive(installation, tmp_path)
    assert sign_in(person).code == 0
    return person


def tokens(tenant: RunningTenant) -> int:
    return tenant.stats().counts.get("token", 0)


def test_processes_that_all_need_a_new_token_renew_it_once(person: Installation, tenant: RunningTenant) -> None:
    """A refresh token that comes a second time ends the sign-in, so that whoever raced would be found out."""
    for number in range(1, 4):
        tenant.set_faults(revoked_tokens=number, latency_ms=20)
        tenant.clear_stats()
        processes = [person.start("discover", "--json") for _ in range(5)]
        ended = [(process.communicate(timeout=120), process.wait()) for process in processes]
        assert [code for _, code in ended] == [0] * 5, ended
        assert tokens(tenant) == 1


def is_asked_for_a_token(tenant: RunningTenant) -> bool:
    """The first request was refused, and the one that follows it has come and is not answered yet."""
    stats = tenant.stats()
    return (stats.total, stats.under_way) == (1, 1)


def kill_between_renewing_and_keeping(person: Installation, tenant: RunningTenant, **faults: bool) -> None:
    """The answer has come, and the state that it is to be kept with is locked by somebody else."""
    tenant.set_faults(revoked_tokens=1, latency_ms=700, **faults)
    tenant.clear_stats()
    process = person.start("sync", "--json")
    with closing(sqlite3.connect(person.state_dir / "spheresync.db", isolation_level=None, timeout=60)) as other:
        assert process.is_at(lambda: is_asked_for_a_token(tenant), "the request for a token")
        other.execute("BEGIN IMMEDIATE")
        assert tokens(tenant) == 0, "too late: the token was answered before the state was locked"
        assert process.is_at(lambda: tokens(tenant) == 1, "the answer")
        process.send_signal(signal.SIGKILL)
        process.communicate()
        other.execute("ROLLBACK")
    tenant.set_faults(revoked_tokens=1, **faults)


def test_a_token_that_died_with_its_process_ends_the_sign_in_and_nothing_else(
    person: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    person.ask("sync")
    glue.reset()
    kill_between_renewing_and_keeping(person, tenant)
    failure = person.ask("sync", code=1)["failures"][0]
    assert "revoked" in failure["reason"] and "spheresync login" in failure["remedy"]
    assert writes(glue) == {}
    assert sign_in(person).code == 0
    assert person.ask("sync")["counts"]["unchanged"] == 30


def test_where_nothing_is_rotated_the_next_process_goes_on_after_a_kill(
    person: Installation, tenant: RunningTenant
) -> None:
    person.ask("sync")
    kill_between_renewing_and_keeping(person, tenant, keeps_refresh_tokens=True)
    assert person.ask("sync")["counts"]["unchanged"] == 30
