"""Assets of an imagined tenant as the product holds them: normalised, catalogued, checkpointed as written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from spheresync.config.reading.loading import load_settings
from spheresync.config.settings import Settings
from spheresync.discovery.normalisation import reading_version
from spheresync.mapping.fingerprints import fingerprints
from spheresync.mapping.rules import MappingRules
from spheresync.model import (
    DEFAULT_DESTINATION,
    GLUE,
    Asset,
    AssetId,
    AssetKind,
    AssetStatus,
    Column,
    ColumnRole,
    RunId,
    SourceType,
    SpaceName,
    TechnicalName,
    digest_of,
)
from spheresync.source.datasphere.normaliser import NORMALISER
from spheresync.state.records import AssetRecord, Checkpoint, CheckpointState

COLUMNS = 20
SPACES = 10
AT = "2026-01-01T00:00:00.000000Z"
RUN = RunId("run_000000000000")
_TYPES = (
    (SourceType("Edm.String", length=40), ColumnRole.DIMENSION),
    (SourceType("Edm.Decimal", precision=15, scale=2), ColumnRole.MEASURE),
    (SourceType("Edm.Date"), ColumnRole.DIMENSION),
    (SourceType("Edm.Int32"), ColumnRole.DIMENSION),
    (SourceType("Edm.DateTimeOffset", precision=7), ColumnRole.DIMENSION),
    (SourceType("Edm.Double"), ColumnRole.MEASURE),
)


@dataclass(frozen=True, slots=True)
class Known:
    """An asset's row of the catalog and its checkpoint, as they are right after a sync that wrote it."""

    record: AssetRecord
    checkpoint: Checkpoint


def sample_settings(folder: Path) -> Settings:
    """The settings of a plain wolf installation of a tenant that nobody asks anything."""
    return load_settings("wolf", None, sample_environment(folder), folder)


def sample_environment(folder: Path) -> dict[str, str]:
    """The variables of those settings, with the state under `folder`."""
    base_url = "http://127.0.0.1:9"
    return {
        "SPHERESYNC_STATE_DIR": str(folder / "state"),
        "SPHERESYNC_DATASPHERE__BASE_URL": base_url,
        "SPHERESYNC_DATASPHERE__TOKEN_URL": f"{base_url}/oauth/token",
        "SPHERESYNC_DATASPHERE__CLIENT_ID": "sb-bench",
        "SPHERESYNC_DATASPHERE__CLIENT_SECRET": "bench",  # no secret: nobody listens there
    }


def _column(number: int) -> Column:
    declared, role = _TYPES[number % len(_TYPES)]
    return Column(
        name=TechnicalName(f"COL_{number:03d}"),
        type=declared,
        edm_property=f"COL_{number:03d}",
        key=number == 0,
        nullable=number != 0,
        labels=(("", f"Column {number}"),),
        role=ColumnRole.KEY if number == 0 else role,
    )


_COLUMNS = tuple(_column(number) for number in range(COLUMNS))


def sample_assets(count: int) -> Iterator[Asset]:
    """`count` assets of the same 20 columns over ten spaces, by space and name."""
    for number in range(count):
        space, place = divmod(number, -(-count // SPACES))
        yield Asset(
            id=AssetId(SpaceName(f"SPACE_{space:03d}"), TechnicalName(f"ASSET_{place:05d}")),
            kind=AssetKind.VIEW,
            labels=(("", f"Asset {place}"),),
            columns=_COLUMNS,
            provenance=(("columns", "relational"),),
        )


def relabelled(asset: Asset) -> Asset:
    """The same asset after somebody gave it another business name."""
    return replace(asset, labels=(("", f"{asset.label} (new)"),))


def as_written(asset: Asset, mapping: MappingRules) -> Known:
    """What the state knows of an asset right after a sync that wrote it.

    Blobs are named by a digest of the asset's name, not made: what is measured compares records and loads none.
    """
    decision = mapping.decide(asset.id, asset.kind, asset.label)
    blob, prints = digest_of(str(asset.id).encode()), fingerprints(asset)
    record = replace(
        AssetRecord.first_seen(asset.id, asset.kind, at=AT),
        label=asset.label,
        tier=decision.tier,
        status=AssetStatus.SYNCED,
        raw_digest=blob,
        parser_version=reading_version(NORMALISER),
        definition=blob,
        fingerprints=prints,
        column_count=len(asset.columns),
        read_at=AT,
        changed_at=AT,
    )
    checkpoint = Checkpoint(
        asset=asset.id,
        target=GLUE,
        destination=DEFAULT_DESTINATION,
        container=decision.database_name(asset.id, asset.kind, asset.label),
        name=decision.table_name(asset.id, asset.kind, asset.label),
        body=blob,
        body_digest=blob,
        version="0",
        fingerprints=prints,
        mapping=decision.digest,
        definition=blob,
        state=CheckpointState.ACTIVE,
        held=None,
        synced_at=AT,
        run_id=RUN,
        fence=1,
    )
    return Known(record, checkpoint)
