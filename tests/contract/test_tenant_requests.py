"""How the tenant is asked: within the rate, few at once, the right one, and nobody learns the secret."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

import pytest

from tests.contract.conftest import MakeInstallation
from tests.simulators.installation import Ended, Installation
from tests.simulators.running_tenant import RunningTenant

LIMIT = 15
TOKEN = re.compile(r"dog\.\d+\.\d{9,}\.[0-9a-f]{16}")
AWS_SECRET = "aws-secret-of-nobody"


@pytest.fixture
def healed(tenant: RunningTenant) -> Iterator[RunningTenant]:
    tenant.clear_stats()
    yield tenant
    tenant.set_faults()


def test_several_processes_share_one_rate(make_installation: MakeInstallation, healed: RunningTenant) -> None:
    installation = make_installation(
        SPHERESYNC_DATASPHERE__MAX_REQUESTS_PER_MINUTE=str(LIMIT), SPHERESYNC_DATASPHERE__GIVE_UP_AFTER="60s"
    )
    processes = [installation.start("discover", "--json") for _ in range(3)]
    try:
        seen, before = 0, -1
        while seen < LIMIT // 2 or seen != before:
            assert all(process.poll() is None for process in processes), "each would need more than the limit"
            before = seen
            installation.ask("runs")  # a while in which more would have come
            seen = healed.stats().total
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    assert healed.stats().most_in(60) <= LIMIT


def test_never_more_than_ten_requests_at_once(make_installation: MakeInstallation, healed: RunningTenant) -> None:
    healed.set_faults(latency_ms=30)
    assert make_installation().ask("discover")["mapped"] == 20
    assert 1 < healed.stats().peak <= 10


def test_a_state_serves_one_tenant(make_installation: MakeInstallation, healed: RunningTenant) -> None:
    installation = make_installation()
    installation.ask("assets")
    other = f"http://localhost:{healed.port}"
    moved = Installation(
        installation.state_dir,
        {**installation.environment, "SPHERESYNC_DATASPHERE__BASE_URL": other},
        extra=installation.extra,
    )
    error = moved.ask("discover", code=1)["error"]
    assert "127.0.0.1" in error["message"] and "localhost" in error["message"]
    assert "SPHERESYNC_STATE_DIR" in error["remedy"]
    assert healed.stats().total == 0


def test_a_wrong_secret_is_explained(make_installation: MakeInstallation) -> None:
    installation = make_installation(SPHERESYNC_DATASPHERE__CLIENT_SECRET="wrong-secret")
    ended = installation.run("doctor")
    assert ended.code == 1 and "CLIENT_SECRET" in (ended.out + ended.err).upper()
    assert "wrong-secret" not in ended.out + ended.err


def test_no_output_and_no_state_holds_a_secret(make_installation: MakeInstallation, tenant: RunningTenant) -> None:
    installation = make_installation(AWS_SECRET_ACCESS_KEY=AWS_SECRET)
    ended = [
        installation.run("sync", "--verbose"),
        installation.run("sync", "--json", "--full"),
        installation.run("config", "show", "--json"),
        installation.run("audit", "export"),
    ]
    tenant.set_faults(revoke_next=40)
    ended.append(installation.run("sync", "--verbose", "--full"))
    tenant.set_faults()
    assert [one.code for one in ended] == [0, 0, 0, 0, 1]
    state = b"".join(file.read_bytes() for file in installation.state_dir.rglob("*") if file.is_file())
    for text in (*map(spoken, ended), state.decode("latin-1")):
        assert not leaks(text, tenant)


def spoken(ended: Ended) -> str:
    return ended.out + ended.err


def leaks(text: str, tenant: RunningTenant) -> list[str]:
    basic = base64.b64encode(f"{tenant.client_id}:{tenant.client_secret}".encode()).decode()
    return [one for one in (tenant.client_secret, basic, AWS_SECRET) if one in text] + TOKEN.findall(text)
