"""Turn entries of the audit log, and what was found of it, into rows of answers. Pure: no row asks for anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from spheresync.answers import AuditRow, AuditVerdictAnswer
from spheresync.model import DEFAULT_DESTINATION, JsonValue
from spheresync.model.json_document import read_json
from spheresync.state.audit_chain import actor_in_detail
from spheresync.state.records import AuditEntry, AuditVerdict

_NAMES_IN_DETAIL = ("tier", "database", "change_set")


def audit_row(entry: AuditEntry, *, full: bool) -> AuditRow:
    actor, detail = actor_in_detail(_detail(entry.detail))
    return AuditRow(
        seq=entry.seq,
        at=entry.at,
        actor=entry.actor,
        actor_kind=None if actor is None else actor.kind,
        actor_roles=None if actor is None else [*actor.roles],
        action=entry.action,
        run_id=entry.run_id,
        asset=entry.asset,
        target=entry.target,
        destination=_destination_in(detail),
        tool=_tool_in(detail),
        outcome=entry.outcome,
        detail=detail if full else _named_in(entry, detail),
    )


def _tool_in(detail: Mapping[str, JsonValue] | None) -> str | None:
    """The tool of which an entry says that it was called."""
    said = (detail or {}).get("tool")
    return said if isinstance(said, str) else None


def _named_in(entry: AuditEntry, detail: Mapping[str, JsonValue]) -> dict[str, JsonValue] | None:
    """Of an entry that is about no asset, what it is about: without that it says only that something was done."""
    if entry.asset is not None:
        return None
    return {name: detail[name] for name in _NAMES_IN_DETAIL if name in detail} or None


def _destination_in(detail: Mapping[str, JsonValue] | None) -> str | None:
    """The destination that an entry is about, None where that is the default one or none alone."""
    said = (detail or {}).get("destination")
    return said if isinstance(said, str) and said != DEFAULT_DESTINATION else None


def _detail(text: object) -> dict[str, JsonValue]:
    """What an entry tells; of a foreign one, which may hold anything, the text as it lies there."""
    try:
        said = read_json(text) if isinstance(text, str) else None
    except ValueError:
        said = None
    return said if isinstance(said, dict) else {"unreadable": str(text)}


def verdict_answer(verdict: AuditVerdict, damages: Sequence[str]) -> AuditVerdictAnswer:
    """What was found of the audit log, and of what the state holds besides."""
    return AuditVerdictAnswer(
        intact=verdict.intact,
        entries=verdict.entries,
        first_broken=verdict.first_broken,
        head=verdict.head,
        reason="; ".join(filter(None, (verdict.reason, *damages))),
    )
