"""That a look for drift, and the repair it made, go by a policy of their own and not by the configured one. Pure.

The items of the repair hold what was seen and what is put back, so that it is applied as reviewed, and an edit that
somebody makes after the look goes by the policy that is configured then.
"""

from __future__ import annotations

from collections.abc import Mapping

from spheresync.config.sections import DriftPolicies, DriftPolicy
from spheresync.model import JsonValue

WHATEVER_POLICY = DriftPolicies(
    description=DriftPolicy.OVERWRITE,
    comments=DriftPolicy.OVERWRITE,
    columns=DriftPolicy.OVERWRITE,
    parameters=DriftPolicy.OVERWRITE,
    missing=DriftPolicy.OVERWRITE,
)
"""By which a repair goes that somebody asks for by name."""
_CARRIED = "drift"
_PARTS = ("description", "comments", "columns", "parameters", "missing")


def carried_policies(policies: DriftPolicies) -> dict[str, JsonValue]:
    """The policies as a field of what a look or a change set was asked for."""
    return {_CARRIED: {part: str(getattr(policies, part)) for part in _PARTS}}


def carries_policies(request: Mapping[str, JsonValue]) -> bool:
    """Whether what was asked for goes by policies of its own."""
    return _CARRIED in request
