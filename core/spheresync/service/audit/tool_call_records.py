"""Which calls of MCP tools could change something, and which were refused: entered in the audit log."""

from __future__ import annotations

from spheresync.model import JsonValue, Principal, ToolCall
from spheresync.runtime.context import RuntimeContext
from spheresync.state.port import Tx
from spheresync.state.records import AuditAction, AuditEvent, AuditOutcome


class ToolCallRecords:
    """Enters calls for every caller: who holds no role at all is refused elsewhere, and that is entered here too."""

    def __init__(self, context: RuntimeContext) -> None:
        self._store = context.store

    async def record(self, call: ToolCall, principal: Principal) -> None:
        """Append one entry.

        Raises:
            StateError: it cannot be written.
        """
        detail: dict[str, JsonValue] = {
            "tool": call.tool,
            "arguments_digest": call.arguments,
            "milliseconds": call.milliseconds,
            "reason": call.reason,
            "change_set": call.change_set,
        }
        event = AuditEvent(
            principal,
            AuditAction.TOOL_CALL,
            call.run_id,
            None,
            None,
            AuditOutcome(call.outcome),
            {name: value for name, value in detail.items() if value is not None},
        )

        async def append(tx: Tx) -> None:
            await tx.audit.append_many([event])

        await self._store.write(append)
