"""Rules, scope or context that were edited after the last run: what stands as in sync is so by the former ones."""

from __future__ import annotations

from collections.abc import Iterable

from spheresync.answers import Finding
from spheresync.config import Settings
from spheresync.errors import SpheresyncError
from spheresync.state.port import Store
from spheresync.state.records import RunRecord

RULES_EDITED = "rules_edited"


async def edited_rules(store: Store, settings: Settings, ended: Iterable[RunRecord]) -> list[Finding]:
    """A note where the newest of these runs that carried out a plan went by other rules than are in force."""
    for run in ended:
        if run.change_set_id is None:
            continue
        try:
            plan = await store.change_sets.get(run.change_set_id)
        except SpheresyncError:  # it is kept no longer, or cannot be read
            continue
        if plan.undo_of is not None:
            continue
        if (plan.mapping_digest, plan.scope_digest) == (settings.mapping_digest, settings.scope_digest):
            return []
        message = (
            f"Mapping rules, scope or business context were edited after run {run.id}, the last one that went by them: "
            "what is said to be in sync is so by the former ones."
        )
        return [
            Finding(
                subject="mapping", code=RULES_EDITED, message=message, remedy="Make a preview to see what they change."
            )
        ]
    return []
