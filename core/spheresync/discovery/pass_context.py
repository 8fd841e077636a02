"""What the steps of one pass over the tenant share."""

from __future__ import annotations

from dataclasses import dataclass

from spheresync.discovery.discovery_report import CatalogRecorder, DiscoveryReport
from spheresync.mapping.rules import MappingRules
from spheresync.runtime.progress import OnProgress
from spheresync.source.protocol import Source
from spheresync.state.port import Store


@dataclass(frozen=True, slots=True)
class PassContext:
    """`report` is filled while the pass goes on; `now` is when it began."""

    source: Source
    store: Store
    mapping: MappingRules
    report: DiscoveryReport
    recorder: CatalogRecorder
    now: str
    progress: OnProgress
