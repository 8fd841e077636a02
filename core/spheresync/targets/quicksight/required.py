"""What must exist in QuickSight before data sets are written: data sources and folders. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from spheresync.mapping.texts import one_line
from spheresync.model import QUICK_SIGHT, DesiredObject, JsonValue, PhysicalName, canonical_json, digest_of
from spheresync.targets.design_values import RequiredObject
from spheresync.targets.quicksight.content import Content, Grants, granted_hashes, short_hash
from spheresync.targets.quicksight.permissions import MADE_BY, Shared

_LONGEST_SOURCE: Final = 128
_LONGEST_FOLDER: Final = 200


def required_objects(data_sets: Iterable[Content]) -> tuple[RequiredObject, ...]:
    """The data sources and folders of data sets, with the rights that settings give on them."""
    needed: dict[PhysicalName, RequiredObject] = {}
    for content in data_sets:
        granted = granted_hashes(content.tags)
        grants = {who: role for who, role in content.grants.items() if short_hash(who) in granted}
        if content.workgroup:
            named = one_line(f"Spheresync: {content.workgroup}", _LONGEST_SOURCE)
            needed[PhysicalName(content.source)] = _required(
                Shared.DATA_SOURCE, content.source, named, content.workgroup, grants
            )
        if content.folder and content.space:
            needed[PhysicalName(content.folder)] = _required(
                Shared.FOLDER, content.folder, one_line(content.space, _LONGEST_FOLDER), "", grants
            )
    return tuple(needed[each] for each in sorted(needed))


def _required(shared: Shared, own_id: str, name: str, workgroup: str, grants: Grants) -> RequiredObject:
    said: dict[str, JsonValue] = {
        "Kind": shared,
        "Name": name,
        "WorkGroup": workgroup,
        "Grants": {who: role if isinstance(role, str) else [*role] for who, role in sorted(grants.items())},
    }
    body = canonical_json(said)
    desired = DesiredObject(PhysicalName(own_id), PhysicalName(own_id), body, digest_of(body))
    return RequiredObject(
        0,
        f"{QUICK_SIGHT}:{MADE_BY[shared]}",
        desired,
        parts=frozenset({desired.digest}),
        lacks="it may not have the rights that owners and viewers ask for yet",
    )
