"""What the audit log is asked: every word that is written can be asked for, and a bare nothing is never the answer."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

import spheresync
from spheresync.errors import TargetFault, UsageError
from spheresync.model import Action, Principal, PrincipalKind, RunKind
from spheresync.service.audit.audit import Audit
from spheresync.service.audit.audit_filters import ACTIONS, OUTCOMES
from spheresync.state.records import AuditAction, AuditEvent, AuditOutcome
from spheresync.state.sqlite.store import SqliteStore, SqliteTx

if TYPE_CHECKING:
    from spheresync.runtime.context import RuntimeContext

pytestmark = pytest.mark.anyio
CORE = Path(spheresync.__file__).parent

ANNA = Principal(PrincipalKind.USER, "anna", frozenset({"viewer"}))


def bare_words(field: str, position: int) -> Iterator[str]:
    """Texts that the program writes into a field of audit entries without one of the enums that declare such words."""
    for file in CORE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "AuditEvent":
                named = [each.value for each in node.keywords if each.arg == field]
                for value in named or node.args[position : position + 1]:
                    yield from (each.value for each in ast.walk(value) if isinstance(each, ast.Constant))


def test_every_word_that_is_written_can_be_asked_for() -> None:
    assert [*bare_words("action", 1), *bare_words("outcome", 5)] == []
    assert {*AuditAction} - {AuditAction.RUN_UNKNOWN} <= ACTIONS
    assert {AuditAction.of_run(kind) for kind in RunKind} <= {*AuditAction}
    assert {*AuditOutcome, *TargetFault} <= OUTCOMES


async def test_what_failed_tells_what_else_did_not_succeed(tmp_path: Path) -> None:
    async with SqliteStore.open(tmp_path / "state") as store:

        async def write(tx: SqliteTx) -> None:
            words = ["done", "denied", "denied", "partly_failed", "cancelled"]
            await tx.audit.append_many([AuditEvent(ANNA, "create", None, "S/A", "glue", word, {}) for word in words])

        await store.write(write)
        audit = Audit(cast("RuntimeContext", SimpleNamespace(store=store)))
        failed = await audit.query_audit(ANNA, outcome="failed")
        assert failed.total == 0 and failed.note is not None
        assert "0 failed; what else did not succeed in the same time: 2 denied, 1 partly_failed." in failed.note
        denied = await audit.query_audit(ANNA, outcome="denied", asset="S/A")
        assert denied.total == 2 and denied.note is not None and "1 partly_failed" in denied.note
        assert (await audit.query_audit(ANNA, outcome="done")).note is None
        assert (await audit.query_audit(ANNA, outcome="failed", since="2999-01-01")).note is None

        nobody = await audit.query_audit(ANNA, actor="bert")
        assert nobody.note == "No entry is by an actor 'bert'. There are entries by anna."
        assert (await audit.query_audit(ANNA, actor="anna", action="delete")).note is None
        with pytest.raises(UsageError, match="nothing is known of an asset 'S/B'"):
            await audit.query_audit(ANNA, asset="S/B")
        with pytest.raises(UsageError, match="there is no space 'T'"):
            await audit.query_audit(ANNA, space="T")
        assert (await audit.query_audit(ANNA, space="S", action="create,delete")).total == 5
        assert (await audit.query_audit(ANNA, changes_only=True, action="preview")).total == 0
        with pytest.raises(UsageError, match="no run 'run_x'"):
            await audit.query_audit(ANNA, run_id="run_x")
        with pytest.raises(UsageError, match="since is not before until"):
            await audit.query_audit(ANNA, since="2026-11-26", until="2026-11-24")
        assert (await audit.query_audit(ANNA, since="2026-11-24", until="2026-11-24")).note is None, "that whole day"


async def test_an_entry_about_no_asset_says_what_it_is_about_without_being_asked_for_all(tmp_path: Path) -> None:
    async with SqliteStore.open(tmp_path / "state") as store:

        async def write(tx: SqliteTx) -> None:
            details = [("schedule", {"tier": "high", "by": "x"}), ("create_database", {"database": "sales"})]
            await tx.audit.append_many(
                [AuditEvent(ANNA, action, None, None, None, "done", {**detail}) for action, detail in details]
            )

        await store.write(write)
        audit = Audit(cast("RuntimeContext", SimpleNamespace(store=store)))
        entries = (await audit.query_audit(ANNA)).items
        assert [each.detail for each in entries] == [{"database": "sales"}, {"tier": "high"}]


async def test_what_a_tool_is_called_leads_to_the_words_under_which_that_is_entered(tmp_path: Path) -> None:
    async with SqliteStore.open(tmp_path / "state") as store:
        audit = Audit(cast("RuntimeContext", SimpleNamespace(store=store)))
        with pytest.raises(UsageError) as wrong:
            await audit.query_audit(ANNA, action="apply_changes")
        assert wrong.value.remedy == "What that does is entered as run_apply, and each call of a tool as tool_call."


async def test_the_entries_of_a_space_say_what_is_not_among_them(tmp_path: Path) -> None:
    async with SqliteStore.open(tmp_path / "state") as store:
        made = AuditEvent(ANNA, "create", None, "S/A", "glue", "done", {})
        database = AuditEvent(ANNA, AuditAction.CREATE_DATABASE, None, None, "glue", "done", {"database": "s"})

        async def write(tx: SqliteTx) -> None:
            await tx.audit.append_many([made, database])

        await store.write(write)
        audit = Audit(cast("RuntimeContext", SimpleNamespace(store=store)))
        for changes_only in (False, True):
            page = await audit.query_audit(ANNA, space="S", changes_only=changes_only)
            assert page.total == 1 and page.note is not None and "create_database" in page.note
        assert (await audit.query_audit(ANNA, changes_only=True)).note is None


async def test_what_is_only_noted_is_no_change_of_aws(tmp_path: Path) -> None:
    doing = [action for action in Action if action.changes_something]
    async with SqliteStore.open(tmp_path / "state") as store:

        async def write(tx: SqliteTx) -> None:
            await tx.audit.append_many(
                [AuditEvent(ANNA, action, None, "HR/PAYROLL", "glue", AuditOutcome.DONE, {}) for action in doing]
            )

        await store.write(write)
        audit = Audit(cast("RuntimeContext", SimpleNamespace(store=store)))
        page = await audit.query_audit(ANNA, changes_only=True)
    assert {entry.action for entry in page.items} == {*doing} - {Action.FORGET, Action.ADOPT}
