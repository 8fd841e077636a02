"""Assets in a state of a former version: what this program writes has columns that it did not know."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from spheresync.model import AssetId, AssetKind, AssetStatus
from spheresync.state.sqlite.connection import FILE_NAME


def put_assets_as_before(
    folder: Path, assets: Sequence[AssetId], *, at: str, status: AssetStatus = AssetStatus.PENDING
) -> None:
    """Assets that were listed for the first time, as a former version entered them."""
    with closing(sqlite3.connect(folder / FILE_NAME)) as file, file:
        file.executemany(
            "INSERT INTO assets (label, parser_version, column_count, included, reason, misses, pii_columns, "
            "space, name, kind, status, first_seen_at, listed_at, search) "
            "VALUES ('', 0, 0, 1, '', 0, 0, ?, ?, ?, ?, ?, ?, ?)",
            [(a.space, a.name, AssetKind.VIEW, status, at, at, a.name.casefold()) for a in assets],
        )
