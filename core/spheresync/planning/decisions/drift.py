"""What somebody else did to a table that was just read, and what the drift policies say to that.

Three sides as in every merge: what was written last, what is there, what should be there. Where the digest that the
table carries equals the one of what should be there, that is also what was written last; then only other people's edits
can differ, whatever the state remembers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from spheresync.config import DriftPolicies, DriftPolicy
from spheresync.model import AssetId, DesiredObject, Digest, FieldChange, LiveObject, Problem, counted, first_of
from spheresync.model.words import ALL_SPACES
from spheresync.targets.design import TargetDesign

DRIFT = "drift"
"""Code of the finding that names an edit which is left as it is."""
STAYS = "; it stays as it is"
"""What that finding says of the edit."""
MOST_FINDINGS = 50
"""So many tables are named one by one; of more the number is told."""
_NAMED_FIELDS = 8


class DriftOutcome(StrEnum):
    """How a table stands to what should be there, once the policies have spoken."""

    AS_WANTED = "as_wanted"  # nothing to write
    TO_WRITE = "to_write"
    LEFT = "left"  # whole: a field that stays edited is no text, so ours cannot be noted beside it


@dataclass(frozen=True, slots=True)
class Comparison:
    """`base` is what was written last, `body` what to write under `digest`; fields are paths as in a field change.

    `changes` are the same edits with their values, from what was written to what is there.
    """

    outcome: DriftOutcome
    base: bytes
    body: bytes
    digest: Digest
    edited: tuple[str, ...]  # fields of ours that others have changed
    reported: tuple[str, ...]  # edits that stay and that the policy says to name
    kept: tuple[str, ...] = ()  # texts of others that would stay beside ours
    changes: tuple[FieldChange, ...] = ()


def compare(
    design: TargetDesign, last_body: bytes, live: LiveObject, desired: DesiredObject, policies: DriftPolicies
) -> Comparison:
    """Compare a table of ours with what was written last and with what should be there.

    Args:
        design: of the target that the table is in.
        last_body: the body that the state remembers as last written.
        live: the table as it is.
        desired: what it should hold, before any merge.
        policies: what becomes of other people's edits.
    """
    base = design.merge_base(last_body, live, desired)
    merged = design.merge(base, live.body, desired.body, policies)
    moved = list(merged.ours_moved)
    claimed = design.claim_of(base)
    if design.capabilities.marked and live.digest not in {desired.digest, claimed}:
        moved.append(FieldChange(design.mark_paths.digest, claimed, live.digest))
    edited = [change.path for change in moved]
    stuck = [
        path
        for path in edited
        if not design.is_text(path) and design.policy_of(path, policies) is not DriftPolicy.OVERWRITE
    ]
    kept = [change.path for change in merged.kept]
    staying = dict.fromkeys([*edited, *kept] if stuck else kept)
    reported = tuple(path for path in staying if design.policy_of(path, policies) is not DriftPolicy.KEEP)
    as_marked = not design.capabilities.marked or design.holds(live, desired)
    if stuck:
        outcome = DriftOutcome.LEFT
    elif not as_marked or design.would_write(base, live.body, merged.body):
        outcome = DriftOutcome.TO_WRITE
    else:
        outcome = DriftOutcome.AS_WANTED
    named = {change.path: change for change in (*merged.kept, *moved) if change.before != change.after}
    return Comparison(
        outcome, base, merged.body, desired.digest, tuple(edited), reported, tuple(kept), tuple(named.values())
    )


def put_back(asset: AssetId) -> str:
    """The way that is there whatever the policies say."""
    return f"`spheresync drift --asset {asset} --overwrite` makes a change set that puts back what was written"


def drift_finding(asset: AssetId, table: str, paths: Iterable[str]) -> Problem:
    """That edits of somebody else stay as they are because `drift:` says so."""
    fields = list(paths)
    message = f"somebody else has changed {first_of(fields, _NAMED_FIELDS)} of {table}{STAYS}"
    remedy = f"Change it back there, or let `drift:` say overwrite or keep; {put_back(asset)}."
    return Problem.of(asset, DRIFT, message, remedy)


def missing_finding(asset: AssetId, table: str) -> Problem:
    """That a table which somebody deleted is not made again because `drift: {missing: report}` says so."""
    remedy = f"To have it made again, set `drift: {{missing: overwrite}}` and run sync --full; {put_back(asset)}."
    return Problem.of(asset, DRIFT, f"somebody else has deleted {table}; it is not made again", remedy)


def within_bounds(
    findings: list[Problem], code: str = DRIFT, what: str = "that others changed: left as found"
) -> tuple[Problem, ...]:
    """The findings, of which a large number is told instead of listed: so many more tables `what`."""
    if len(findings) <= MOST_FINDINGS:
        return tuple(findings)
    left_out = len(findings) - MOST_FINDINGS
    return (*findings[:MOST_FINDINGS], Problem(ALL_SPACES, code, f"{counted(left_out, 'more table')} {what}"))
