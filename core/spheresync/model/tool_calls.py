"""Calls of MCP tools, as the audit log enters them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from spheresync.model.json_values import Digest
from spheresync.model.names import ChangeSetId, RunId


class CallOutcome(StrEnum):
    """How a call ended; the words are those of the audit log."""

    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"  # the caller may not, or the person behind the client did not agree
    CANCEL = "cancel"  # the client gave it up


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of a tool that has been answered. `arguments` is the digest of what was given, never what was given.

    `run_id` and `change_set` are what it was about, as its answer or its arguments name them: ids tell of no person.
    `reason` is why it was refused, where it was.
    """

    tool: str
    arguments: Digest
    outcome: CallOutcome
    milliseconds: int
    run_id: RunId | None = None
    change_set: ChangeSetId | None = None
    reason: str | None = None
