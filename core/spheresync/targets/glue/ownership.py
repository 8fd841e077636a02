"""Whose a table is that stands where one of ours was written, and whether it is still the same one."""

from __future__ import annotations

from spheresync.model import AssetId, LiveObject
from spheresync.model.json_document import read_own_json
from spheresync.targets.glue.merge import differences
from spheresync.targets.glue.table_input import OWNER, parameters_of


def foreign_because(live: LiveObject, asset: AssetId, marker: str, last_body: bytes | None) -> str | None:
    """Why a table that stands where ours should is not ours; None where it is.

    The marker that was written last counts as ours too: the installation may have been named anew since.
    """
    if live.owner not in {marker, marker_of(last_body) if last_body is not None else marker}:
        return "lost the marker of this installation" if live.owner is None else f"belongs to {live.owner}"
    if live.source != str(asset):
        return f"holds {live.source or 'no named asset'}"
    return None


def is_as_written(live: LiveObject, last_body: bytes, version: str | None) -> bool:
    """Whether a table holds what was written last, under the version that had."""
    return live.version == version and not differences(read_own_json(last_body), read_own_json(live.body))


def made_anew_because(live: LiveObject, last_body: bytes, version: str | None) -> str | None:
    """Why a table that carries our marker is another one than was written last; None where nothing says so.

    Every update adds one to the version, so a table that is no further than ours was and holds something else has been
    dropped and made again, our marker copied with its parameters.
    """
    then, now = version or "", live.version or ""
    if not (then.isdecimal() and now.isdecimal()) or int(now) > int(then):
        return None
    if not differences(read_own_json(last_body), read_own_json(live.body)):
        return None
    return f"was dropped and made anew by somebody else (it is at version {now}, ours was at {then})"


def marker_of(body: bytes) -> str | None:
    """The installation that a body names as its owner."""
    return parameters_of(body).get(OWNER)
