"""The sign-in of an installation: one changes it at a time, and it is sent to nobody but who gave it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from spheresync.config import Settings, load_settings
from spheresync.errors import LeaseLostError, SourceError
from spheresync.model import Principal, PrincipalKind
from spheresync.runtime import shared_sign_in
from spheresync.runtime.shared_sign_in import LEASE, SignInFile, SignInOfState, sign_in_state
from spheresync.source.transport.signed_in import HeldSignIn, NotSignedIn, SignedIn
from spheresync.state.port import Tx
from spheresync.state.records import AuditEvent, AuditFilter
from spheresync.state.sqlite.store import SqliteStore
from tests.unit.state.conftest import StandingClock, clock, store

__all__ = ["clock", "store"]

pytestmark = pytest.mark.anyio
SIGNED_IN = SignedIn(
    user="j…@example.com",
    signed_in_at=1.0,
    access_token="access-token",
    obtained_at=2.0,
    renew_at=3.0,
    refresh_token="refresh-token",
    ends_at=None,
)


def settings_of(tmp_path: Path, *, client: str = "c", tenant: str = "acme", more: str = "") -> Settings:
    file = tmp_path / "spheresync.yaml"
    file.write_text(
        f"env: wolf\nstate_dir: {tmp_path}/state\n"
        f"datasphere: {{base_url: 'https://{tenant}.eu10.hcs.cloud.sap', client_id: {client}, sign_in: interactive}}\n"
    )
    return load_settings(None, file, {"HOME": str(tmp_path)}, tmp_path)


@pytest.fixture
async def other(tmp_path: Path, clock: StandingClock, store: SqliteStore) -> AsyncIterator[SqliteStore]:
    """The same state, as another process has it open."""
    async with SqliteStore.open(tmp_path / "state", clock=clock) as opened:
        yield opened


async def keep(held: HeldSignIn) -> None:
    await held.keep(SIGNED_IN)


async def test_every_process_reads_what_one_wrote(
    store: SqliteStore, other: SqliteStore, clock: StandingClock, tmp_path: Path
) -> None:
    settings = settings_of(tmp_path)
    assert sign_in_state(settings) == NotSignedIn("Nobody is signed in to Datasphere.")
    await SignInOfState(settings, store, clock).alone(keep)
    assert SignInOfState(settings, other, clock).current() == SIGNED_IN == sign_in_state(settings)
    kept = b"".join(path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file())
    assert all(secret not in kept for secret in (b"access-token", b"refresh-token", b"example.com"))


@pytest.mark.parametrize("changed", [{"client": "d"}, {"tenant": "other"}])
async def test_a_sign_in_counts_for_its_own_client_and_server_only(
    store: SqliteStore, clock: StandingClock, tmp_path: Path, changed: dict[str, str]
) -> None:
    await SignInOfState(settings_of(tmp_path), store, clock).alone(keep)
    moved = sign_in_state(settings_of(tmp_path, **changed))
    assert isinstance(moved, NotSignedIn) and "another tenant, client or token server" in moved.message
    assert sign_in_state(settings_of(tmp_path)) == SIGNED_IN


async def test_one_at_a_time_whichever_process(
    store: SqliteStore, other: SqliteStore, clock: StandingClock, tmp_path: Path
) -> None:
    settings, inside, most = settings_of(tmp_path), 0, 0

    async def work(held: HeldSignIn) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        for _ in range(20):
            await anyio.lowlevel.checkpoint()
        await held.keep(SIGNED_IN)
        inside -= 1

    async with anyio.create_task_group() as group:
        for each in (store, other, store, other):
            group.start_soon(SignInOfState(settings, each, clock).alone, work)
    assert most == 1 and await store.leases.holder(LEASE) is None


async def test_who_lost_the_lease_writes_nothing(
    store: SqliteStore, other: SqliteStore, clock: StandingClock, tmp_path: Path
) -> None:
    settings = settings_of(tmp_path)

    async def take(tx: Tx) -> int | None:
        clock.advance(31)  # without a heartbeat: none can be written while this one writes
        return await tx.leases.acquire(LEASE, other.owner_id, beats=True)

    async def stalls(held: HeldSignIn) -> None:
        assert await other.write(take) is not None
        await held.keep(SIGNED_IN)

    with pytest.raises(LeaseLostError):
        await SignInOfState(settings, store, clock).alone(stalls)
    assert isinstance(sign_in_state(settings), NotSignedIn)


async def test_another_process_that_is_at_it_for_too_long_is_an_error(
    store: SqliteStore, other: SqliteStore, clock: StandingClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_sign_in, "_PATIENCE", 0.0)
    monkeypatch.setattr(shared_sign_in, "_PAUSE", 0.0)
    await other.write(lambda tx: tx.leases.acquire(LEASE, other.owner_id, beats=True))
    with pytest.raises(SourceError, match="Another process"):
        await SignInOfState(settings_of(tmp_path), store, clock).alone(keep)


async def test_a_change_and_its_audit_entry_are_one(store: SqliteStore, clock: StandingClock, tmp_path: Path) -> None:
    shared, actor = SignInOfState(settings_of(tmp_path), store, clock), Principal(PrincipalKind.USER, "anna")

    def event(made: SignedIn | None) -> AuditEvent:
        return AuditEvent(actor, "login", None, None, None, "done", {"user": "" if made is None else made.user})

    async def keep_and_end(held: HeldSignIn) -> None:
        await held.keep(replace(SIGNED_IN, user="k…"))
        await held.end("somebody signed out")

    await shared.alone(keep_and_end, event)
    entries, total = await store.audit.query(AuditFilter(actions=("login",)), limit=9)
    assert total == 2 and "k…" in entries[1].detail
    ended = shared.current()
    assert isinstance(ended, NotSignedIn) and "somebody signed out (seen at 2026-11-24T08:00:00Z)" in ended.message


@pytest.mark.parametrize("spoil", ["key is gone", "file is damaged", "key is open"])
async def test_what_cannot_be_read_is_no_sign_in_and_says_why(
    store: SqliteStore, clock: StandingClock, tmp_path: Path, spoil: str
) -> None:
    settings = settings_of(tmp_path)
    shared = SignInOfState(settings, store, clock)
    await shared.alone(keep)
    key = settings.datasphere.sign_in_key
    assert key is not None
    if spoil == "key is gone":
        key.unlink()
    elif spoil == "key is open":
        key.chmod(0o644)
    else:
        (settings.state_dir / "sign-in.json").write_bytes(b"{}")
    standing = SignInFile(settings).current()
    assert isinstance(standing, NotSignedIn) and "cannot be used" in standing.message
    assert "spheresync login" in standing.remedy
    if spoil != "key is open":
        await shared.alone(keep)
        assert shared.current() == SIGNED_IN
