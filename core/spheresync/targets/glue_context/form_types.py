"""Our form types in Glue's business context: found before they are made, and given what they lack."""

from __future__ import annotations

import anyio

from spheresync.errors import TargetError, TargetFault
from spheresync.model import PhysicalName
from spheresync.targets.aws.error_codes import Recovery
from spheresync.targets.aws.errors import AwsError
from spheresync.targets.glue_context.forms import (
    COLUMN_FORM,
    TABLE_FORM,
    members_of,
    missing_members,
    schema_of,
    schema_with,
)
from spheresync.targets.glue_context.service import BusinessContext
from spheresync.targets.protocol import ContainerOutcome


class FormTypes:
    """The form types of our attachments on tables and on columns, in one catalog."""

    def __init__(self, context: BusinessContext) -> None:
        self._context = context
        self._one_at_a_time = anyio.Lock()

    async def ensure_all(self) -> None:
        """Have all of them, once somebody deleted one.

        Raises:
            TargetError: as of `ensure`.
        """
        for form in (TABLE_FORM, COLUMN_FORM):
            await self.ensure(form)

    async def ensure(self, form: str) -> ContainerOutcome:
        """Have a form type of ours; one of an earlier version gets the members that it lacks.

        Raises:
            TargetError: CONFLICT where others have made another one of that name; or what the service answered.
        """
        async with self._one_at_a_time:
            return await self._ensure(form, PhysicalName(f"form type {form}"))

    async def _ensure(self, form: str, what: PhysicalName) -> ContainerOutcome:
        schema, wanted, added = await self._schema_of(form, what), schema_of(form), frozenset[str]()
        if schema is not None:
            missing = missing_members(form, schema)
            if not missing:
                return ContainerOutcome(what, created=False, ours=False)
            if len(missing) == len(members_of(form)):
                text = f"{what}: there is another one of that name, which has none of our members."
                remedy = "Delete that form type if nobody needs it."
                raise TargetError(
                    TargetFault.CONFLICT, text, remedy=remedy, systemic=True
                )  # no attachment would fit it
            wanted, added = schema_with(missing, schema), frozenset({"members"})
        reply = await self._context.make("PutFormType", {"Name": form, "Schema": wanted}, subject=what)
        return ContainerOutcome(what, created=schema is None, ours=True, request_id=reply.request_id, added=added)

    async def _schema_of(self, form: str, what: PhysicalName) -> str | None:
        try:
            reply = await self._context.read("GetFormType", {"Identifier": form}, subject=what)
        except AwsError as error:
            if error.recovery is not Recovery.ABSENT:
                raise
            return None
        return str(reply.body.get("Schema") or "")
