"""Our form types in Glue's business context: found before they are made, and given what they lack."""

from __future__ import annotations

from spheresync.errors import TargetError, TargetFault
from spheresync.model import PhysicalName
from spheresync.targets.aws.error_codes import Recovery
from spheresync.targets.aws.errors import AwsError
from spheresync.targets.glue_context.forms import members_of, missing_members, schema_of
from spheresync.targets.glue_context.service import BusinessContext
from spheresync.targets.protocol import ContainerOutcome


async def ensure_form_type(context: BusinessContext, form: str) -> ContainerOutcome:
    """Have a form type of ours; one of an earlier version gets the members that it lacks.

    Raises:
        TargetError: CONFLICT where others have made another one of that name; or what the service answered.
    """
    subject = f"form type {form}"
    schema = await _schema_of(context, form)
    what = PhysicalName(subject)
    if schema is not None:
        missing = missing_members(form, schema)
        if not missing:
            return ContainerOutcome(what, created=False, ours=False)
        if len(missing) == len(members_of(form)):
            text = f"{subject}: there is another one of that name, which has none of our members."
            raise TargetError(TargetFault.CONFLICT, text, remedy="Delete that form type if nobody needs it.")
    reply = await context.make("PutFormType", {"Name": form, "Schema": schema_of(form)}, subject=subject)
    added = frozenset() if schema is None else frozenset({"members"})
    return ContainerOutcome(what, created=schema is None, ours=True, request_id=reply.request_id, added=added)


async def _schema_of(context: BusinessContext, form: str) -> str | None:
    try:
        reply = await context.read("GetFormType", {"Identifier": form}, subject=f"form type {form}")
    except AwsError as error:
        if error.recovery is not Recovery.ABSENT:
            raise
        return None
    return str(reply.body.get("Schema") or "")
