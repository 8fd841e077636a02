"""What stands for a table in DataZone: its assets, and what is said on the one that counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from spheresync.config.datazone import DataZone
from spheresync.errors import TargetError, TargetFault
from spheresync.model import Address, LiveObject, first_of
from spheresync.targets.annotations.content import Content
from spheresync.targets.datazone.asset_forms import content_of, ids_in_form, is_published, terms_in
from spheresync.targets.datazone.assets import AssetFinder, TableAssets
from spheresync.targets.datazone.design import DATAZONE_DESIGN
from spheresync.targets.datazone.glossary import Glossary
from spheresync.targets.datazone.own_assets import is_superseded
from spheresync.targets.datazone.take_over import take_over
from spheresync.targets.protocol import Operation

_NAMED = 5


@dataclass(frozen=True, slots=True)
class Standing:
    """The assets of a table, and what stands on the one that counts; `there` is empty where there is none."""

    assets: TableAssets
    there: Content
    live: LiveObject | None  # None where nothing is ours
    superseded: Mapping[str, Any] | None = None  # an asset of ours that is not needed any more


class StandingReader:
    """Reads what stands for tables in one project.

    Args:
        finder: finds their assets.
        glossary: knows the terms.
        section: which domain, project and glossary.
    """

    def __init__(self, finder: AssetFinder, glossary: Glossary, section: DataZone) -> None:
        self._finder = finder
        self._glossary = glossary
        self._section = section

    async def look(self, at: Address, known: str, *, subject: str) -> Standing:
        assets = await self._finder.find(at, known, subject=subject)
        asset = assets.asset
        if asset is None:
            return Standing(assets, Content({}), None)
        there = await self._content(asset)
        if not there.is_marked:
            return Standing(assets, there, None)
        gone = assets.made is not None and not is_published(assets.made) and is_superseded(assets, at.name)
        live = _live(at, asset, there)
        if gone:  # it is not as it should be as long as ours is there besides
            live = replace(live, digest=None)
        return Standing(assets, there, live, assets.made if gone else None)

    async def _names_on(self, asset: Mapping[str, Any]) -> Mapping[str, str]:
        """Names of the terms on an asset: as our form has them, else as they are called in our glossary."""
        ours, names = ids_in_form(asset), {}
        for each in sorted(terms_in(asset)):
            if each in ours and await self._glossary.is_there(each):
                names[each] = ours[each]
            elif (name := await self._glossary.name_of(each)) is not None:
                names[each] = name
        return names

    async def taking_over(self, operation: Operation, imported: Mapping[str, Any], made: Mapping[str, Any]) -> Standing:
        """An imported asset as it is to take the place of ours, with what others have put on that.

        Raises:
            TargetError: CONFLICT where others say otherwise on one than on the other.
        """
        taken = take_over(imported, made, await self._content(made), operation.name)
        if taken.differing:
            what = first_of(list(taken.differing), _NAMED)
            text = f"{operation.subject}: a data source has imported its table, and others say {what} otherwise on "
            text += "that asset than on ours; ours stays."
            raise TargetError(TargetFault.CONFLICT, text, remedy="Let both assets say the same of it in DataZone.")
        superseded = None if is_published(made) else made
        return Standing(TableAssets(taken.asset, made), await self._content(taken.asset), None, superseded)

    async def _content(self, asset: Mapping[str, Any]) -> Content:
        return content_of(asset, await self._names_on(asset), self._section.glossary, self._section.home)


def _live(at: Address, asset: Mapping[str, Any], there: Content) -> LiveObject:
    marks = DATAZONE_DESIGN.marks(there.body)
    return LiveObject(
        at.container,
        at.name,
        str(asset["revision"]),
        there.body,
        owner=marks.owner,
        source=marks.source,
        digest=marks.digest,
        intact=there.digest == marks.digest,
        changed_at=None if asset.get("createdAt") is None else str(asset["createdAt"]),
        created_by=None if asset.get("createdBy") is None else str(asset["createdBy"]),
    )
