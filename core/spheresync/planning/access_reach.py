"""Whom changes of access concern: who gains or loses what by them, as far as a target can say."""

from __future__ import annotations

from collections.abc import Iterable

from spheresync.errors import ConfigurationError, TargetError
from spheresync.model import Problem, counted
from spheresync.planning.decisions.access import is_access_change
from spheresync.planning.live_reads import NOT_LOOKED_AT
from spheresync.state.port import Store
from spheresync.state.records import ChangeSetItem
from spheresync.targets.protocol import BodyChange, Target

MOST_LOOKED_THROUGH = 2_000
"""Changes of access of which it is said whom they concern; of more the rest is counted."""


async def find_who_is_concerned(
    store: Store, target: Target, items: Iterable[ChangeSetItem]
) -> tuple[list[Problem], list[Problem]]:
    """Who gains or loses what by the first changes of access, and what could not be found out of that."""
    changing = [item for item in items if is_access_change(item)]
    shown = changing[:MOST_LOOKED_THROUGH]
    bodies = await store.blobs.get_many(
        digest for item in shown for digest in (item.before, item.after) if digest is not None
    )
    changes = [
        BodyChange(item.address, bodies.get(item.before) if item.before is not None else None, bodies[item.after])
        for item in shown
        if item.after in bodies and item.after is not None
    ]
    reach, left = list[Problem](), list[Problem]()
    try:
        reach += await target.concerned(changes) if changes else ()
    except (TargetError, ConfigurationError) as error:
        text = f"who gains or loses what could not be found out: {error.message}"
        left.append(Problem.of_target(target.key, NOT_LOOKED_AT, text, error.remedy))
    if len(changing) > len(shown):
        text = f"who gains or loses what is said of the first {counted(len(shown), 'access change')} only"
        reach.append(Problem.of_target(target.key, NOT_LOOKED_AT, text, ""))
    return reach, left
