"""Names of assets as people write them: the one place where `SPACE/NAME` of a request becomes an asset."""

from __future__ import annotations

from spheresync.model import AssetId
from spheresync.runtime.unknown_names import WrongName, show_form


def named_asset(text: str) -> AssetId | WrongName:
    """The asset that a person named, known or not; what is wrong with a text that can name none."""
    try:
        return AssetId.parse(text)
    except ValueError as error:
        return WrongName("asset's form", str(error), show_form)
