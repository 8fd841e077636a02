"""Runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from spheresync.model import (
    ChangeSetId,
    Digest,
    Principal,
    Problem,
    RunId,
    RunKind,
    RunState,
    digest_of,
)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run. `request` is canonical JSON; `fence` counts its claims.

    `claims` counts those since anything of it was done last.
    """

    id: RunId
    kind: RunKind
    state: RunState
    phase: str
    change_set_id: ChangeSetId | None
    request: bytes
    request_digest: Digest
    actor: Principal
    owner: str | None
    fence: int
    heartbeat_at: str | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    cancel_requested: bool
    counts: Mapping[str, int]
    usage: Mapping[str, int]
    problems: tuple[Problem, ...]
    claims: int = 0

    @classmethod
    def queued(
        cls,
        run_id: RunId,
        kind: RunKind,
        request: bytes,
        actor: Principal,
        *,
        owner: str | None,
        at: str,
        change_set_id: ChangeSetId | None = None,
    ) -> RunRecord:
        """A run that waits for its turn; `owner` is the process that will drive it."""
        return cls(
            id=run_id,
            kind=kind,
            state=RunState.QUEUED,
            phase="",
            change_set_id=change_set_id,
            request=request,
            request_digest=digest_of(request),
            actor=actor,
            owner=owner,
            fence=0,
            heartbeat_at=at,
            created_at=at,
            started_at=None,
            finished_at=None,
            cancel_requested=False,
            counts={},
            usage={},
            problems=(),
        )
