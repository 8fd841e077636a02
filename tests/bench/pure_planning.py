"""The pure steps alone, in a process of their own: `python -m tests.bench.pure_planning replan|bare|work_for COUNT`.

`replan` fingerprints COUNT assets of 20 columns, compares each with its checkpoint, and makes the change-set item of
the one in a hundred that changed. `bare` is what comes to mind first: one `json.dumps` and one BLAKE2b of the whole
asset, compared with the digest before. `work_for` plans COUNT unchanged assets whose records are loaded already,
beside a loop that only compares their fingerprints. Assets come in chunks, made while the clock stands, as a plan takes
them from the state.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from statistics import median

from spheresync.config.settings import Settings
from spheresync.mapping.fingerprints import fingerprints
from spheresync.mapping.rules import MappingRules
from spheresync.model import DEFAULT_DESTINATION, GLUE, Asset, AssetId, DesiredObject
from spheresync.planning.decisions.asset_work import AssetWork, RemovalRules, work_for
from spheresync.planning.decisions.items import Subject, item_for
from spheresync.state.records import AssetRecord, ChangeSetItem, Checkpoint
from spheresync.targets.glue.design import GLUE_DESIGN
from spheresync.targets.glue.table_input import design_table
from tests.bench.sample_assets import as_written, relabelled, sample_assets, sample_settings

CHUNK = 500
CHANGED_ONE_IN = 100
PASSES = 5
NOW = datetime(2026, 1, 2, tzinfo=UTC)


class PurePlan:
    """What a plan has loaded before it starts: mapping, records, checkpoints, and bodies of what will differ."""

    def __init__(self, count: int, settings: Settings) -> None:
        deletion = settings.deletion
        self._marker = settings.installation_marker
        self._mapping = MappingRules.compile(settings)
        self._rules = RemovalRules(deletion.policy, deletion.misses, deletion.grace, offer_deletes=False)
        self.records: dict[AssetId, AssetRecord] = {}
        self.checkpoints: dict[AssetId, Checkpoint] = {}
        self._bodies: dict[AssetId, bytes] = {}
        for number, asset in enumerate(sample_assets(count)):
            known = as_written(asset, self._mapping)
            self.records[asset.id] = known.record
            self.checkpoints[asset.id] = known.checkpoint
            if number % CHANGED_ONE_IN == 0:
                self._bodies[asset.id] = self._design(asset).body

    def work(self, record: AssetRecord) -> AssetWork:
        """Which work one asset is, from its record."""
        decision = self._mapping.decide(record.id, record.kind, record.label)
        held = self.checkpoints.get(record.id)
        return work_for(record, held, decision, decision.digest, rules=self._rules, now=NOW, full=False)

    def _design(self, asset: Asset) -> DesiredObject:
        held = self.checkpoints[asset.id]
        decision = self._mapping.decide(asset.id, asset.kind, asset.label)
        return design_table(asset, decision, held.container, held.name, self._marker)

    def compare(self, asset: Asset) -> ChangeSetItem | None:
        """The item of one asset, from its definition; None where nothing moved."""
        record = replace(self.records[asset.id], label=asset.label, fingerprints=fingerprints(asset))
        if self.work(record) is not AssetWork.DESIGN:
            return None
        decision = self._mapping.decide(asset.id, asset.kind, asset.label)
        subject = Subject(record, self.checkpoints[asset.id], GLUE, DEFAULT_DESTINATION, decision, GLUE_DESIGN)
        return item_for(subject, self._design(asset), self._bodies[asset.id], adopted=False)


def _chunks(count: int) -> Iterator[list[Asset]]:
    """The tenant's assets as they are now: one in a hundred has another label."""
    numbered = enumerate(sample_assets(count))
    while chunk := list(islice(numbered, CHUNK)):
        yield [relabelled(asset) if number % CHANGED_ONE_IN == 0 else asset for number, asset in chunk]


def replan(count: int, settings: Settings) -> Mapping[str, float]:
    """Fingerprint and compare; answers seconds and how many items came out."""
    plan = PurePlan(count, settings)
    seconds, items = 0.0, 0
    for chunk in _chunks(count):
        began = time.perf_counter()
        items += sum(1 for asset in chunk if plan.compare(asset) is not None)
        seconds += time.perf_counter() - began
    return {"seconds": seconds, "items": items}


def bare(count: int, _: Settings) -> Mapping[str, float]:
    """Spell, digest, compare; documents are plain before the clock starts."""
    before = {asset.id: _digest(_plain(asset)) for asset in sample_assets(count)}
    seconds, items = 0.0, 0
    for chunk in _chunks(count):
        plain = [(asset.id, _plain(asset)) for asset in chunk]
        began = time.perf_counter()
        items += sum(1 for asset, document in plain if before[asset] != _digest(document))
        seconds += time.perf_counter() - began
    return {"seconds": seconds, "items": items}


def _plain(asset: Asset) -> dict[str, object]:
    columns = [
        [c.name, str(c.type), c.key, c.nullable, c.labels, c.role, c.aggregation, c.semantics, c.pii]
        for c in asset.columns
    ]
    return {"kind": asset.kind, "labels": asset.labels, "owner": asset.owner, "columns": columns}


def _digest(document: object) -> str:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def plan_unchanged(count: int, settings: Settings) -> Mapping[str, float]:
    """Plan loaded records of which none moved; the median of five passes, and of the bare comparison."""
    plan = PurePlan(count, settings)
    records = list(plan.records.values())

    def planned() -> int:
        return sum(1 for record in records if plan.work(record) is AssetWork.UNCHANGED)

    def compared() -> int:
        held = plan.checkpoints
        return sum(1 for record in records if held[record.id].fingerprints == record.fingerprints)

    return {"seconds": _median_of(planned, count), "bare_seconds": _median_of(compared, count)}


def _median_of(work: Callable[[], int], expected: int) -> float:
    passes = []
    for _ in range(PASSES):
        began = time.perf_counter()
        found = work()
        passes.append(time.perf_counter() - began)
        if found != expected:
            raise AssertionError(f"{found} of {expected} assets count as unchanged")
    return median(passes)


def main(mode: str, count: int) -> None:
    """Run one mode and print its figures as JSON."""
    modes = {"replan": replan, "bare": bare, "work_for": plan_unchanged}
    with tempfile.TemporaryDirectory(prefix="spheresync-bench-") as folder:
        settings = sample_settings(Path(folder))
    sys.stdout.write(json.dumps(modes[mode](count, settings)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
