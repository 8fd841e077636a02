"""What people have decided about the schedule: tiers that are paused, and whether anything may be written by itself."""

from __future__ import annotations

from spheresync.config import FirstSync, Settings
from spheresync.discovery.shared_discovery import LISTED_AT
from spheresync.execution.required_approvals import unapproved_promotion
from spheresync.model import (
    Digest,
    Principal,
    PrincipalKind,
    digest_json,
)
from spheresync.state.port import Store, Tx

SCHEDULER = Principal(PrincipalKind.SCHEDULER, "scheduler", frozenset({"operator"}))
"""Who acts when nobody asked; its name stands in runs and in the audit log."""
LEASE = "scheduler"
LISTED = LISTED_AT
LISTED_BY = "schedule:listed_by"
"""By which rules it was: tiers and scope of all assets are as a listing by these rules has them."""
_APPROVED = "schedule:approved"


def rules_of(settings: Settings) -> Digest:
    """A digest that changes whenever settings may give an asset another tier, or take it in or out of the scope."""
    rules = [rule.model_dump(mode="json", exclude_none=True) for rule in settings.mapping.rules]
    said = settings.business_context
    context = [said.digest] if said.entries else []
    return digest_json([settings.scope_digest, rules, *context])


async def may_write(store: Store, settings: Settings) -> bool:
    """Whether the scheduler may change a catalog: not before a person has brought a change set of this state about.

    CONTRACT.md, `scheduler.first_sync: preview`. Once given, the approval stays, whatever becomes of old runs. Nor
    by the rules of a promotion that nobody has approved here.
    """
    if await unapproved_promotion(store, settings) is not None:
        return False
    if settings.scheduler.first_sync is FirstSync.APPLY or await store.meta.get(_APPROVED) is not None:
        return True
    run_id = await store.runs.approved_by_a_person()
    if run_id is None:
        return False

    async def note(tx: Tx) -> None:
        await tx.meta.set(_APPROVED, run_id)

    await store.write(note)
    return True
