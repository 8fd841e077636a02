"""Revisions of assets, and new assets of ours: one call for all that is to be said."""

from __future__ import annotations

from dataclasses import replace

from spheresync.config.datazone import DataZone
from spheresync.errors import TargetError, TargetFault
from spheresync.model import Address
from spheresync.targets.annotations.content import Content
from spheresync.targets.annotations.merging import term_ids
from spheresync.targets.datazone.asset_forms import AssetInput, asset_input
from spheresync.targets.datazone.assets import AssetFinder
from spheresync.targets.datazone.design import MOST_CONTENT, MOST_TERMS
from spheresync.targets.datazone.domain import Domain
from spheresync.targets.datazone.glossary import Glossary
from spheresync.targets.datazone.next_revision import members_of, revise
from spheresync.targets.datazone.required import ASSET_TYPE
from spheresync.targets.datazone.standing import Standing
from spheresync.targets.datazone.types import Types
from spheresync.targets.protocol import Operation

MOST_FORMS = 10
"""Forms of one asset (reference: aws-catalogs.md 4)."""


class RevisionWriter:
    """Writes assets in one project.

    Args:
        domain: where they are.
        finder: knows by which identifier those of ours are found again.
        glossary: has the terms.
        types: has the types.
        section: which glossary.
    """

    def __init__(
        self, domain: Domain, finder: AssetFinder, glossary: Glossary, types: Types, section: DataZone
    ) -> None:
        self._domain = domain
        self._finder = finder
        self._glossary = glossary
        self._types = types
        self._section = section

    async def write(
        self, operation: Operation, seen: Standing, wanted: Content
    ) -> tuple[str | None, Content, str | None]:
        """Send a revision, or make the asset; answers the revision, what stands there then, and the request's id."""
        asset = seen.assets.asset
        glossary = self._section.glossary
        wanted = replace(wanted, ids=await term_ids(seen.there, wanted, glossary, self._glossary.id_of))
        said = asset_input(asset, seen.there, wanted, operation.name)
        _require_fits(operation, said)
        if asset is not None:
            reply = await revise(self._domain, self._types, asset, said, subject=operation.subject)
        else:
            params = await members_of(self._types, said) | {
                "externalIdentifier": await self._finder.external_identifier(
                    Address(operation.container, operation.name)
                ),
                "typeIdentifier": ASSET_TYPE,
                "owningProjectIdentifier": self._domain.project,
            }
            reply = await self._domain.write("CreateAsset", params, subject=operation.subject)
        custom = asset is None or seen.there.custom
        written = replace(wanted, asset=str(reply.body["id"]), custom=custom)
        return str(reply.body["revision"]), written, reply.request_id


def _require_fits(operation: Operation, said: AssetInput) -> None:
    """Let pass what DataZone takes, with what others have put on the asset.

    Raises:
        TargetError: INVALID, and what to do.
    """
    counts = ((len(said.terms), MOST_TERMS, "terms"), (len(said.forms), MOST_FORMS, "forms"))
    for count, most, what in counts:
        if count > most:
            text = f"{operation.subject}: with those of others the asset would have {count} {what}, {most} at most."
            raise TargetError(
                TargetFault.INVALID, text, remedy=f"Take {what} off the asset in DataZone, or name fewer."
            )
    for form in said.forms:
        if len(form["content"]) > MOST_CONTENT:
            text = f"{operation.subject}: form {form['formName']} would have {len(form['content'])} characters, "
            text += f"{MOST_CONTENT} at most."
            remedy = "Leave columns out by a mapping rule (`include: false`)."
            raise TargetError(TargetFault.INVALID, text, remedy=remedy)
