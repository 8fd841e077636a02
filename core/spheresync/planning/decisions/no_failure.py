"""Codes of what is told and is no failure: of a run among its problems, of a trial. Pure.

Servers know them before anything else is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable

from spheresync.model import Problem
from spheresync.planning.decisions.approvals import LEFT_FOR_APPROVAL

OVERWRITTEN = "overwritten"
"""Code of the finding that an edit of somebody else is, or was, written over."""
PAUSED_TIER = "paused_tier"
"""Code of the finding that a run wrote assets of a tier that is paused."""
TRIAL = "trial"
"""Code of what a trial says of its rules."""
TRIAL_UNMATCHED = "trial_matches_nothing"
"""Code of a rule, a glob or a class of a trial that no asset fits."""
NO_FAILURE = LEFT_FOR_APPROVAL | {OVERWRITTEN, PAUSED_TIER}


def failures_in(problems: Iterable[Problem]) -> list[Problem]:
    """What of all that a run tells kept something from being done."""
    return [problem for problem in problems if problem.code not in NO_FAILURE]
