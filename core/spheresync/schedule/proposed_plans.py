"""A plan for a person to look at before anything is written by itself: the first one, or that of a promotion."""

from __future__ import annotations

from spheresync.errors import UsageError
from spheresync.model import ChangeSetId, canonical_json, digest_json, isoformat
from spheresync.planning.plan_request import PlanRequest
from spheresync.planning.planner import make_change_set
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.progress import silent
from spheresync.runtime.scope import Scope
from spheresync.schedule.control import SCHEDULER
from spheresync.state.cell_encoding import decode_cell
from spheresync.state.port import Store, Tx

_PROPOSED = "schedule:proposed"


async def proposed(store: Store) -> ChangeSetId | None:
    """The change set that waits for a person, None where none was made yet."""
    noted = await store.meta.get(_PROPOSED)
    return None if noted is None else ChangeSetId(decode_cell(noted)["change_set"])


class PlanProposer:
    """Saves a change set of the whole catalog, and a new one when that is out of date."""

    def __init__(self, context: RuntimeContext) -> None:
        self._context = context

    async def propose(self) -> None:
        """Make a change set unless the last one still says what would be done."""
        about = await self._about()
        if await self._stands(about):
            return
        request = PlanRequest(scope=Scope(), principal=SCHEDULER, compare=True)
        change_set = await make_change_set(self._context, request, silent)
        note = canonical_json({"change_set": change_set.id, "about": about}).decode()

        async def remember(tx: Tx) -> None:
            await tx.meta.set(_PROPOSED, note)

        await self._context.store.write(remember)

    async def _about(self) -> str:
        """All that the plan depends on: rules, scope, and the definitions as they are known."""
        settings = self._context.settings
        known = await self._context.store.catalog.signature(settings.deletion.misses)
        promotion = [] if settings.promoted is None else [settings.promoted.digest]
        return digest_json([settings.mapping_digest, settings.scope_digest, known, *promotion])

    async def _stands(self, about: str) -> bool:
        noted = await self._context.store.meta.get(_PROPOSED)
        try:
            if noted is None or (last := decode_cell(noted))["about"] != about:
                return False
            change_set = await self._context.store.change_sets.get(ChangeSetId(last["change_set"]))
        except (UsageError, ValueError, LookupError, TypeError):  # it is gone, or the note is damaged
            return False
        return change_set.expires_at > isoformat(self._context.clock())
