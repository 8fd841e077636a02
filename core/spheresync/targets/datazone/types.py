"""Our form type and asset type in a domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spheresync.errors import TargetError, TargetFault
from spheresync.model import PhysicalName
from spheresync.targets.aws.door import Reply
from spheresync.targets.aws.error_codes import Recovery
from spheresync.targets.aws.errors import AwsError
from spheresync.targets.datazone.asset_forms import COLUMN_FORM, COLUMN_FORM_TYPE, TABLE_FORM, TABLE_FORM_TYPE
from spheresync.targets.datazone.required import ASSET_TYPE, FORM_MEMBERS, FORM_TYPE, smithy
from spheresync.targets.datazone.type_revisions import TypeRevisions
from spheresync.targets.protocol import ContainerOutcome


class Types(TypeRevisions):
    """Types of one domain: ours are made where they are not there."""

    async def have_again(self) -> None:
        """Have our types also where somebody took them away after they had been made."""
        self.forget()
        await self.ensure_form_type()
        await self.ensure_asset_type()

    async def ensure_form_type(self) -> ContainerOutcome:
        """Have our form type; one that lacks members of ours gets a next revision.

        Raises:
            TargetError: CONFLICT where another project owns it and it lacks members.
        """
        there = await self._found("GetFormType", {"formTypeIdentifier": FORM_TYPE})
        if there is not None:
            model = str((there.get("model") or {}).get("smithy", ""))
            missing = [name for name in FORM_MEMBERS if f"{name}:" not in model]
            if not missing:
                return ContainerOutcome(PhysicalName(FORM_TYPE), created=False, ours=False)
            if there.get("owningProjectId") != self._domain.project:
                text = f"form type {FORM_TYPE} of project {there.get('owningProjectId')} has no member {missing[0]}."
                remedy = "Let the installation that writes for that project be of the same version."
                raise TargetError(TargetFault.CONFLICT, text, remedy=remedy)
        reply = await self._make(
            "CreateFormType",
            {"name": FORM_TYPE, "model": {"smithy": smithy()}, "status": "ENABLED"},
            f"form type {FORM_TYPE}",
        )
        self._forms.pop(FORM_TYPE, None)
        created = reply is not None and there is None
        request_id = None if reply is None else reply.request_id
        return ContainerOutcome(PhysicalName(FORM_TYPE), created=created, ours=reply is not None, request_id=request_id)

    async def ensure_asset_type(self) -> ContainerOutcome:
        """Have our asset type."""
        if await self._found("GetAssetType", {"identifier": ASSET_TYPE}) is not None:
            return ContainerOutcome(PhysicalName(ASSET_TYPE), created=False, ours=False)
        kinds = {
            FORM_TYPE: (FORM_TYPE, True),
            TABLE_FORM: (TABLE_FORM_TYPE, False),
            COLUMN_FORM: (COLUMN_FORM_TYPE, False),
        }
        forms = {
            name: {"typeIdentifier": kind, "typeRevision": await self.revision_of(kind), "required": required}
            for name, (kind, required) in kinds.items()
        }
        reply = await self._make(
            "CreateAssetType", {"name": ASSET_TYPE, "formsInput": forms}, f"asset type {ASSET_TYPE}"
        )
        self._assets.pop(ASSET_TYPE, None)
        request_id = None if reply is None else reply.request_id
        ours = reply is not None
        return ContainerOutcome(PhysicalName(ASSET_TYPE), created=ours, ours=ours, request_id=request_id)

    async def _make(self, operation: str, params: Mapping[str, Any], subject: str) -> Reply | None:
        """Make a type; None where somebody else has made it meanwhile."""
        owned = {**params, "owningProjectIdentifier": self._domain.project}
        try:
            return await self._domain.write(operation, owned, subject=subject)
        except AwsError as error:
            look = "GetFormType" if operation == "CreateFormType" else "GetAssetType"
            key = "formTypeIdentifier" if operation == "CreateFormType" else "identifier"
            if error.needs_look and await self._found(look, {key: str(params["name"])}) is not None:
                return None
            raise

    async def _found(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any] | None:
        try:
            return (await self._domain.read(operation, params, subject=f"type {next(iter(params.values()))}")).body
        except AwsError as error:
            if error.recovery is not Recovery.ABSENT:
                raise
            return None
