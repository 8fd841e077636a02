"""Seals of rows: a digest over a row's own values, kept beside them, by which a damaged or altered row is told. Pure.

Columns that only say who is at work on something just now (`owner`, `fence`, heartbeats, a wish to end it) are left
out: they move often, and what they hold is checked by what they refer to.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from spheresync.model import canonical_json, digest_of

_CHECKPOINT = (
    "space, asset, target, destination, container, name, body, body_digest, version, fp_schema, fp_content, "
    "fp_metadata, mapping, definition, state, held, synced_at, run_id, fence"
)
_FORMER = "target, destination, container, name, space, asset, body, body_digest, version, retired, since"
_RUN = (
    "id, kind, state, phase, change_set_id, request, request_digest, actor_kind, actor_id, actor_roles, created_at, "
    "started_at, finished_at, counts, usage, problems"
)
_JOURNAL = "run_id, ordinal, state, action, problem, before, after, version, request_id, at"
_BASE = "run_id, ordinal, body"
_ADDITION = "run_id, ordinal, target, destination, body"
SEALED = MappingProxyType(
    {
        "checkpoints": _CHECKPOINT,
        "former_tables": _FORMER,
        "runs": _RUN,
        "journal": _JOURNAL,
        "journal_bases": _BASE,
        "journal_additions": _ADDITION,
    },
)
"""The columns that the seal of each table covers, in the order in which it covers them."""


def seal_of_row(values: Sequence[object]) -> str:
    """The seal over the values of the columns in `SEALED`, as given to the database or as read from it."""
    stored = [
        value.decode("latin-1") if type(value) is bytes else int(value) if type(value) is bool else value
        for value in values
    ]
    return digest_of(canonical_json(stored))
