"""Promotions that count in this installation."""

from __future__ import annotations

from dataclasses import dataclass

from spheresync.model import (
    ChangeSetId,
    Digest,
)


@dataclass(frozen=True, slots=True)
class ApprovedPromotion:
    """A promotion that a person has let count in this installation, having looked at a change set made with it."""

    digest: Digest
    by: str
    at: str
    change_set_id: ChangeSetId
