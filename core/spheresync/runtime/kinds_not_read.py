"""Which kinds of objects nobody reads here, said wherever somebody may take them for not there. Pure."""

from __future__ import annotations

from spheresync.config import Settings
from spheresync.model import AssetKind

OBJECTS_ON = "whoever runs this installation may set `datasphere: {objects: on}`"
_NOT_READ = (
    "Local and remote tables, flows and task chains are not read here, as datasphere.objects is off, so this says "
    f"nothing of them; {OBJECTS_ON}."
)


def reads_objects(settings: Settings) -> bool:
    """Whether objects are read that the catalog never lists, and what documents tell of relations."""
    return settings.datasphere.objects == "on"


def kinds_not_read(settings: Settings, kind: AssetKind | None = None) -> str:
    """Which kinds are not read, and who can change that; empty where all are, or where only a kind counts that is."""
    if reads_objects(settings) or (kind is not None and kind.may_be_exposed):
        return ""
    return _NOT_READ
