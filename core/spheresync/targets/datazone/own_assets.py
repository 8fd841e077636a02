"""Assets that we made, once they are not needed any more. One that is published is seen by everybody: it is unpublished
with the word of whoever has to agree to that, and never by the way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spheresync.targets.datazone.asset_forms import content_of, ids_in_form
from spheresync.targets.datazone.assets import TableAssets
from spheresync.targets.datazone.domain import Domain
from spheresync.targets.datazone.take_over import take_over


def is_superseded(assets: TableAssets, name: str) -> bool:
    """Whether an imported asset says all that others say on the one of ours, which is not needed any more."""
    if assets.imported is None or assets.made is None:
        return False
    there = content_of(assets.made, ids_in_form(assets.made))
    return take_over(assets.imported, assets.made, there, name).loses_nothing(assets.imported)


async def unpublish(domain: Domain, asset: Mapping[str, Any], *, subject: str) -> None:
    """Take the listing of an asset back."""
    asked = {"entityIdentifier": asset["id"], "entityType": "ASSET", "action": "UNPUBLISH"}
    await domain.write("CreateListingChangeSet", asked, subject=subject, repeatable=True)


async def delete(domain: Domain, asset: Mapping[str, Any], *, subject: str) -> None:
    """Delete an asset that we made and that is not published."""
    await domain.write("DeleteAsset", {"identifier": asset["id"]}, subject=subject)
