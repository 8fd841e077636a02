"""The hash chain of the audit log. Pure.

Each entry's hash covers its fields and the hash before it, so that an edited, deleted, inserted or moved entry shows at
its number. A cut tail shows against the head, which is kept beside the log; a rewrite of everything, head included,
shows only against a copy kept elsewhere (reference: reliability-and-scale.md 3).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from spheresync.model import JsonValue, canonical_json
from spheresync.state.cell_encoding import valid_text
from spheresync.state.records import AuditEntry, AuditEvent, AuditVerdict

GENESIS = "0" * 64
"""`prev_hash` of the first entry."""
_DOMAIN = b"spheresync-audit:v1\0"
_ACTOR = "actor"
"""Member of `detail` that holds kind and roles of the actor."""


@dataclass(frozen=True, slots=True)
class AuditedActor:
    """What an entry holds of its actor besides the id; `roles` in alphabetical order."""

    kind: str
    roles: tuple[str, ...]


def entry_of_event(event: AuditEvent, *, seq: int, at: str, prev_hash: str) -> AuditEntry:
    """The sealed entry of an event.

    Kind and roles of the actor go into `detail`: the columns, and with them what the hash is made of, are those that
    other programs know (CONTRACT.md), and entries of earlier versions verify as they did.
    """
    assert _ACTOR not in event.detail, event.action
    actor: dict[str, JsonValue] = {"kind": event.actor.kind, "roles": [*sorted(event.actor.roles)]}
    detail = canonical_json({**event.detail, _ACTOR: actor})
    return sealed(
        AuditEntry(
            seq=seq,
            at=at,
            actor=valid_text(event.actor.id),
            action=event.action,
            run_id=event.run_id,
            asset=None if event.asset is None else valid_text(event.asset),
            target=event.target,
            outcome=event.outcome,
            detail=detail.decode("utf-8", "replace"),
            prev_hash=prev_hash,
            hash="",
        )
    )


def actor_in_detail(detail: Mapping[str, JsonValue]) -> tuple[AuditedActor | None, dict[str, JsonValue]]:
    """Kind and roles of the actor, and the detail without them.

    None: an earlier version wrote the entry, or another program.
    """
    rest = {**detail}
    told = rest.pop(_ACTOR, None)
    if isinstance(told, dict) and told.keys() == {"kind", "roles"}:
        kind, roles = told["kind"], told["roles"]
        if isinstance(kind, str) and isinstance(roles, list):
            return AuditedActor(kind, tuple(role for role in roles if isinstance(role, str))), rest
    return None, {**detail}


def hash_of(entry: AuditEntry) -> str:
    """SHA-256 over the canonical JSON of every field but `hash`; `detail` counts as the text that it is."""
    fields = {
        "seq": entry.seq,
        "at": entry.at,
        "actor": entry.actor,
        "action": entry.action,
        "run_id": entry.run_id,
        "asset": entry.asset,
        "target": entry.target,
        "outcome": entry.outcome,
        "detail": entry.detail,
        "prev_hash": entry.prev_hash,
    }
    return hashlib.sha256(_DOMAIN + canonical_json(fields)).hexdigest()


def sealed(entry: AuditEntry) -> AuditEntry:
    """The entry with its hash."""
    return replace(entry, hash=hash_of(entry))


def _holds(entry: AuditEntry) -> bool:
    """Whether the hash fits; a field of another type than was ever written does not."""
    try:
        return entry.hash == hash_of(entry)
    except TypeError:
        return False


def head_fault(row: tuple[object, object, object] | None) -> str:
    """Why no entry can follow the head of the log, "" where one can: its number, its hash, the highest number."""
    if row is None:
        return "its head is not there"
    seq, digest, highest = row
    if type(seq) is not int or type(digest) is not str:
        return "its head cannot be read"
    if isinstance(highest, int) and highest > seq:
        return f"it holds an entry {highest}, and its head says that {seq} is the last"
    return ""


class ChainCheck:
    """Walks the log; the first thing that is not as it should be ends the walk."""

    def __init__(self, *, after: int = 0, digest: str = GENESIS) -> None:
        """Begin with the first entry, or with the one that follows the entry `after`, which has that hash."""
        self._next = after + 1
        self._hash = digest
        self._broken: tuple[int, str] | None = None

    @property
    def broken(self) -> bool:
        return self._broken is not None

    def walk(self, entries: Iterable[AuditEntry]) -> None:
        """Check the entries that follow those walked before."""
        for entry in entries:
            if self._broken is not None:
                return
            if entry.seq != self._next:
                first = min(entry.seq, self._next)
                self._broken = first, f"entry {first} is {'missing' if first == self._next else 'out of order'}"
            elif entry.prev_hash != self._hash:
                self._broken = entry.seq, f"entry {entry.seq} does not follow the one before it"
            elif not _holds(entry):
                self._broken = entry.seq, f"entry {entry.seq} was altered after it was written"
            else:
                self._next, self._hash = entry.seq + 1, entry.hash

    def verdict(self, *, entries: int, head_seq: object, head_hash: object) -> AuditVerdict:
        """The outcome of the whole walk; `entries` counts rows of the log, the head says how it should end."""
        if type(head_seq) is not int or type(head_hash) is not str:
            first, reason = self._broken or (self._next, "the head of the log cannot be read")
            return AuditVerdict(False, entries, first, reason)
        if self._broken is None and self._next - 1 < head_seq:
            self._broken = self._next, f"entries {self._next} to {head_seq} are missing at the end"
        if self._broken is None and (self._next - 1, self._hash) != (head_seq, head_hash):
            self._broken = head_seq + 1, f"entry {head_seq + 1} was not written by this program"
        if self._broken is None:
            return AuditVerdict(True, entries, None, "", head_hash)
        return AuditVerdict(False, entries, *self._broken)
