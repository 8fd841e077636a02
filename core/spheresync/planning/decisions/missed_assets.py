"""Names the assets that a plan counts as missing: listed no more, and not yet gone often enough for anything. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from spheresync.config import DeletionPolicy
from spheresync.config.sections import Deletion
from spheresync.model import Problem, counted, first_of
from spheresync.state.records import AssetRecord

MISSED = "missed"
"""Code of the finding that names them."""
_NAMED = 5


def missed_findings(missing: Sequence[AssetRecord], deletion: Deletion) -> tuple[Problem, ...]:
    """One finding for all of them, with how often each of the first was missed; none where there is none."""
    if not missing:
        return ()
    first = sorted(missing, key=lambda record: (-record.misses, record.id))
    named = [f"{record.id} (in {counted(record.misses, 'listing')})" for record in first[:_NAMED]]
    are = "is" if len(missing) == 1 else "are"
    names = first_of(named, _NAMED, total=len(missing))
    text = f"{counted(len(missing), 'asset')} {are} missing, no longer listed by Datasphere: {names}"
    return (Problem("missing assets", MISSED, text, _next(deletion)),)


def _next(deletion: Deletion) -> str:
    if deletion.policy is DeletionPolicy.KEEP:
        return "Nothing is done about their tables, as deletion.policy is keep."
    listings = counted(deletion.misses, "complete listing")
    return f"Their tables stay; after {listings} in a row without an asset a sync marks its table as retired."
