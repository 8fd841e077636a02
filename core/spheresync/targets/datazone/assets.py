"""The asset that stands for a table: the one that a data source imported, else one of ours. Found before it is made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from spheresync.errors import TargetError, TargetFault
from spheresync.model import Address, counted, digest_json, first_of
from spheresync.targets.aws.error_codes import Recovery
from spheresync.targets.aws.errors import AwsError
from spheresync.targets.datazone.domain import Domain

_IMPORTED = re.compile(r"arn:[^:]+:glue:(?P<region>[^:]+):(?P<account>[^:]+):table/(?P<table>[^/]+/[^/]+)")
_NAMED = 3
LONGEST_IDENTIFIER = 600
"""Bytes of an external identifier (reference: aws-catalogs.md 4)."""


@dataclass(frozen=True, slots=True)
class TableAssets:
    """The assets of a table as DataZone gives them, each None where there is none.

    `imported` by a data source, `made` by us. What stands for the table is the imported one.
    """

    imported: Mapping[str, Any] | None = None
    made: Mapping[str, Any] | None = None

    @property
    def asset(self) -> Mapping[str, Any] | None:
        return self.imported or self.made


class AssetFinder:
    """Finds the assets of tables.

    Args:
        domain: where they are.
        owner: the marker of this installation.
        account: of the catalog whose tables these are; None where nobody has said it.
    """

    def __init__(self, domain: Domain, owner: str, account: str | None) -> None:
        self._domain = domain
        self._owner = owner
        self._account = account

    async def external_identifier(self, at: Address) -> str:
        """By which an asset of ours is found again; never the ARN, which is for data sources."""
        where = f"{await self._domain.region()}:{self._account or ''}"
        table, project = f"{self._owner}:{where}:table", f".{self._domain.project}"  # ids are those of a whole domain
        told = f"{table}/{at.container}/{at.name}{project}"
        return told if len(told.encode()) <= LONGEST_IDENTIFIER else f"{table}/{digest_json([*at])}{project}"

    async def find(self, at: Address, known: str = "", *, subject: str) -> TableAssets:
        """The assets of a table; `known` is the id of the one that stood for it last.

        Raises:
            TargetError: CONFLICT where several accounts have such a table, or what the service answered.
        """
        if known and (asset := await self.read(known, subject=subject)) is not None:
            imported = await self._is_imported(asset, at)
            if imported:
                return TableAssets(imported=asset)
        imported_as, made_as = await self._search(at, subject=subject)
        imported_asset = None if imported_as is None else await self.read(imported_as, subject=subject)
        made = None if made_as is None else await self.read(made_as, subject=subject)
        return TableAssets(imported_asset, made)

    async def read(self, identifier: str, *, subject: str) -> Mapping[str, Any] | None:
        """An asset in its newest revision; None where there is none."""
        try:
            return (await self._domain.read("GetAsset", {"identifier": identifier}, subject=subject)).body
        except AwsError as error:
            if error.recovery is not Recovery.ABSENT:
                raise
            return None

    async def _search(self, at: Address, *, subject: str) -> tuple[str | None, str | None]:
        """The ids of the imported asset and of the one that we made."""
        ours, imported, made = await self.external_identifier(at), dict[str, str](), None
        asked = {
            "searchScope": "ASSET",
            "searchText": at.name[:512],
            "owningProjectIdentifier": self._domain.project,
        }
        async for item in self._domain.search(asked, subject=subject):
            found = item.get("assetItem") or {}
            identifier = str(found.get("externalIdentifier") or "")
            if identifier == ours:
                made = str(found["identifier"])
            elif (account := await self._account_of(identifier, at)) is not None:
                imported[account] = str(found["identifier"])
        if self._account is not None:
            return imported.get(self._account), made
        if len(imported) > 1:
            text = f"{subject}: tables of {counted(len(imported), 'account')} ({first_of(sorted(imported), _NAMED)}) "
            text += "are imported under that name."
            remedy = "Say which of them is meant: give the destination its `catalog_id`."
            raise TargetError(TargetFault.CONFLICT, text, remedy=remedy)
        return next(iter(imported.values()), None), made

    async def _is_imported(self, asset: Mapping[str, Any], at: Address) -> bool:
        if asset.get("owningProjectId") != self._domain.project:
            return False
        account = await self._account_of(str(asset.get("externalIdentifier") or ""), at)
        return account is not None and self._account in {None, account}

    async def _account_of(self, identifier: str, at: Address) -> str | None:
        """The account of the imported table that an asset is of; None where it is not of this table.

        The identifier is the ARN of the table, in newer domains with a dot and the project.
        """
        found = _IMPORTED.fullmatch(identifier.removesuffix(f".{self._domain.project}"))
        if found is None or found["region"] != await self._domain.region():
            return None
        return found["account"] if found["table"] == f"{at.container}/{at.name}" else None
