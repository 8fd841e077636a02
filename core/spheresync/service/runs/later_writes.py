"""The findings of an ended run as they read now: what it left as others had edited it may be repaired since."""

from __future__ import annotations

from collections.abc import Sequence

from spheresync.answers import Finding
from spheresync.model import AssetId
from spheresync.planning.decisions.drift import DRIFT, STAYS
from spheresync.runtime.unknown_names import named_asset
from spheresync.state.port import Store
from spheresync.state.records import Checkpoint, RunRecord

_LOOK = "`spheresync drift` looks again."


async def with_later_writes(store: Store, run: RunRecord, findings: Sequence[Finding]) -> list[Finding]:
    """The findings, of which those about tables that a later run has written say so."""
    about = {finding.subject: asset for finding in findings if (asset := _left(finding)) is not None}
    if run.finished_at is None or not about:
        return [*findings]
    written = await store.checkpoints.of_assets([*about.values()])
    told = []
    for finding in findings:
        asset = about.get(finding.subject) if _left(finding) is not None else None
        later = None if asset is None else _last_after(written.get(asset, ()), run)
        told.append(finding if later is None else _repaired(finding, later))
    return told


def _left(finding: Finding) -> AssetId | None:
    """The asset whose edited table a finding says to be left as it is."""
    if finding.code != DRIFT or STAYS not in finding.message:
        return None
    asset = named_asset(finding.subject)
    return asset if isinstance(asset, AssetId) else None


def _last_after(written: Sequence[Checkpoint], run: RunRecord) -> Checkpoint | None:
    """What was written after the run; None where nothing was."""
    after = [each for each in written if each.run_id != run.id and each.synced_at > (run.finished_at or "")]
    return max(after, key=lambda each: each.synced_at, default=None)


def _repaired(finding: Finding, later: Checkpoint) -> Finding:
    since = f"; the run left it as it was, and run {later.run_id} has written the table since"
    return finding.model_copy(update={"message": finding.message.replace(STAYS, since), "remedy": _LOOK})
