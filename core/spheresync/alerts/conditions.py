"""What may be wrong, and how a part of the program that finds out by itself says so.

Most conditions are looked up each time (a run failed, assets are late). What is found out rarely, by a sweep or a walk
through the log, is noted in the state by whoever finds it and stands until it is taken back.
"""

from __future__ import annotations

from dataclasses import dataclass

from spheresync.config import AlertKind
from spheresync.model import canonical_json
from spheresync.state.cell_encoding import decode_cell
from spheresync.state.port import Store, Tx

_NOTED = "alert:"


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is wrong now. `subject` tells it from others of its kind, and stays the same while it lasts."""

    kind: AlertKind
    subject: str
    message: str
    remedy: str


async def note_condition(tx: Tx, condition: Condition) -> None:
    """Say that this is so from now on, until `end_condition`; saying it again replaces the text."""
    key = f"{_NOTED}{condition.kind}:{condition.subject}"
    await tx.meta.set(key, canonical_json({"message": condition.message, "remedy": condition.remedy}).decode())


async def end_condition(tx: Tx, kind: AlertKind, subject: str) -> None:
    """Say that it is over; what was never noted is no error."""
    await tx.meta.delete(f"{_NOTED}{kind}:{subject}")


async def noted_conditions(store: Store) -> list[Condition]:
    """Everything that was noted and not taken back."""
    found = []
    for key, text in (await store.meta.with_prefix(_NOTED)).items():
        kind, _, subject = key.removeprefix(_NOTED).partition(":")
        if kind in set(AlertKind):
            said = decode_cell(text)
            found.append(Condition(AlertKind(kind), subject, said["message"], said["remedy"]))
    return found
