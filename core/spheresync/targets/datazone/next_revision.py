"""The next revision of an asset that is there: the same for its content and for what our form says of publishing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spheresync.model import digest_json
from spheresync.targets.aws.door import Reply
from spheresync.targets.datazone.asset_forms import AssetInput
from spheresync.targets.datazone.domain import Domain
from spheresync.targets.datazone.type_revisions import TypeRevisions


async def revise(
    domain: Domain,
    types: TypeRevisions,
    asset: Mapping[str, Any],
    said: AssetInput,
    *,
    subject: str,
    repeatable: bool = False,
) -> Reply:
    """Send the next revision of an asset."""
    base = [asset["id"], asset["revision"]]
    params = await members_of(types, said) | {
        "identifier": asset["id"],
        "typeRevision": await types.revision_of_asset_type(str(asset["typeIdentifier"])),
    }
    if asset.get("predictionConfiguration"):
        params["predictionConfiguration"] = asset["predictionConfiguration"]
    params["clientToken"] = digest_json([*base, params])[-64:]
    return await domain.write("CreateAssetRevision", params, subject=subject, repeatable=repeatable)


async def members_of(types: TypeRevisions, said: AssetInput) -> dict[str, Any]:
    """What an asset or a revision says, as it is sent."""
    return {
        "name": said.name,
        "formsInput": await types.with_revisions(said.forms),
        **({"description": said.description} if said.description else {}),
        **({"glossaryTerms": [*said.terms]} if said.terms else {}),
    }
