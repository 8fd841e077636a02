"""What a target has no room for: all of it where it is not to be had, and what is too much of one asset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from spheresync.errors import ConfigurationError, TargetError
from spheresync.mapping.rules import Decision
from spheresync.model import Action, AssetId, Problem, TargetKey, counted, first_of
from spheresync.planning.decisions.asset_work import LOOKED_FOR
from spheresync.planning.plan_draft import PlanDraft
from spheresync.state.records import ChangeSetItem
from spheresync.targets.design import TargetDesign
from spheresync.targets.protocol import UNAVAILABLE, MayBeUnavailable, Target

LEFT_OUT = "left_out"
"""Code of the finding that a target does not take all that is said of assets."""
_NAMED = 5


async def leave_where_unavailable(target: Target, draft: PlanDraft) -> None:
    """Plan no write in a target that cannot be had where it is configured, and tell that once; its assets wait."""
    writing = [item for item in draft.items if _is_sent(item)]
    if not (writing and isinstance(target, MayBeUnavailable)):
        return
    try:
        problem = await target.unavailable()
    except (TargetError, ConfigurationError):
        return  # nobody can say: a preview needs no AWS, and a run finds it out
    if problem is None:
        return
    draft.items = [item for item in draft.items if not _is_sent(item)]
    draft.waits += [Problem.of(item.asset, UNAVAILABLE, problem.message, LOOKED_FOR) for item in writing]
    draft.told_once.append(replace(problem, code=UNAVAILABLE))


def left_out(
    key: TargetKey, design: TargetDesign, items: Iterable[ChangeSetItem], decided: Mapping[AssetId, Decision]
) -> list[Problem]:
    """What is said of assets that are written and that the target does not take: told once for all alike."""
    found: dict[str, list[AssetId]] = {}
    for item in items:
        if item.action.writes_definition and (decision := decided.get(item.asset)) is not None:
            for text in design.left_out(decision):
                found.setdefault(text, []).append(item.asset)
    return [
        Problem.of_target(
            key,
            LEFT_OUT,
            f"of {counted(len(assets), 'asset')} something is left out ({first_of(assets, _NAMED)}): {text}",
            "Name fewer, wider terms in the context file.",
        )
        for text, assets in found.items()
    ]


def _is_sent(item: ChangeSetItem) -> bool:
    return item.action.changes_something and item.action not in {Action.FORGET, Action.ADOPT}
