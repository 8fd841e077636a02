"""Calls of Glue's business context, shaped as the installed model has them; a preview, so that it may be absent.

Members are renamed from one version of the SDK to the next (reference: field-2026-11.md 3), so every request is
shaped from its input shape, and answers are read by either name. That a method is there says nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from spheresync.errors import TargetError, TargetFault
from spheresync.targets.aws.door import AwsDoor, Reply
from spheresync.targets.aws.error_codes import Recovery
from spheresync.targets.aws.errors import AwsError

if TYPE_CHECKING:
    from botocore.model import ServiceModel

GLUE_SERVICE = "glue"
READS = ("GetAsset", "BatchGetIterableForms", "ListGlossaries", "ListGlossaryTerms", "GetGlossaryTerm", "GetFormType")
WRITES = (
    "CreateGlossary",
    "CreateGlossaryTerm",
    "UpdateGlossaryTerm",
    "AssociateGlossaryTerms",
    "DisassociateGlossaryTerms",
    "PutFormType",
    "PutAttachment",
    "DeleteAttachment",
)
_OTHER_NAMES = (
    frozenset({"AssetIdentifier", "AssetId", "Identifier"}),
    frozenset({"ItemIdentifier", "ItemId"}),
    frozenset({"ItemIdentifiers", "ItemIds"}),
    frozenset({"FormTypeIdentifier", "FormTypeId"}),
)
"""Names that one member has had."""
_PAGE = 100
_MOST_PAGES = 200
_SAYS_ABSENT = frozenset({"InvalidInputException", "ValidationException", "GlueEncryptionException"})
"""What is said to a request that has nothing which could be wrong."""
_UNSUPPORTED = frozenset(
    {
        "GlueEncryptionException",
        "OperationNotSupportedException",
        "UnknownOperationException",
        "UnsupportedOperationException",
    }
)


class AbsentContextError(TargetError):
    """Raised where the SDK, the Region or the catalog has no business context, so that all of it fails alike."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(TargetFault.DENIED, message, remedy=remedy, systemic=True)


class BusinessContext:
    """The business context of one Data Catalog.

    Args:
        door: the way to AWS.
    """

    def __init__(self, door: AwsDoor) -> None:
        self._door = door

    async def read(self, operation: str, params: Mapping[str, object], *, subject: str) -> Reply:
        """A call that changes nothing."""
        return await self._call(operation, params, subject=subject)

    async def write(self, operation: str, params: Mapping[str, object], *, subject: str) -> Reply:
        """A call that changes something, and comes to the same when it is sent twice, so that nobody is in doubt."""
        return await self._call(operation, params, subject=subject)

    async def make(self, operation: str, params: Mapping[str, object], *, subject: str) -> Reply:
        """A call that makes what everything else needs: where it is refused for good, all fails alike.

        Raises:
            AbsentContextError: it is refused.
            TargetError: what the service answered besides.
        """
        try:
            return await self.write(operation, params, subject=subject)
        except AwsError as error:
            if _is_refusal(error) or (error.recovery is Recovery.INVALID and not error.systemic):
                raise _absent(error) from error
            raise

    async def items(
        self, operation: str, params: Mapping[str, object], *, subject: str
    ) -> AsyncIterator[Mapping[str, Any]]:
        """What a list holds, page by page; a row without a name or an id is nothing that can be used.

        Raises:
            AwsError: a page was refused, or there is no end of them.
        """
        token: str | None = None
        for _ in range(_MOST_PAGES):
            asked = {"MaxResults": _PAGE, **params, **({} if token is None else {"NextToken": token})}
            body = (await self.read(operation, asked, subject=subject)).body
            for item in cast("list[Mapping[str, Any]]", body.get("Items") or ()):
                if item.get("Id") and item.get("Name"):
                    yield item
            token = cast("str | None", body.get("NextToken"))
            if not token:
                return
        text = f"{subject}: {operation} has more than {_MOST_PAGES} pages."
        raise AwsError(TargetFault.FAILED, text, remedy="Delete glossaries or terms that nobody needs.")

    async def require(self) -> None:
        """See whether there is a business context.

        Raises:
            AbsentContextError: there is none, and why.
            TargetError: nobody can say.
        """
        model = await self._model()
        for operation in (*READS, *WRITES):
            require_operation(model, operation)
        try:
            await self.read("ListGlossaries", {"MaxResults": 1}, subject="the business context of Glue")
        except AwsError as error:
            if _is_refusal(error) or (error.code in _SAYS_ABSENT and not error.systemic):
                raise _absent(error) from error
            raise

    async def pause(self, attempt: int) -> None:
        await self._door.pause(attempt)

    async def _call(self, operation: str, params: Mapping[str, object], *, subject: str) -> Reply:
        shaped = shaped_for(await self._model(), operation, params)
        try:
            return await self._door.call(GLUE_SERVICE, operation, shaped, subject=subject)
        except AwsError as error:
            if error.code in _UNSUPPORTED:
                raise _absent(error) from error
            raise

    async def _model(self) -> ServiceModel:
        line = await self._door.line(GLUE_SERVICE)
        return line.client.meta.service_model


def require_operation(model: ServiceModel, operation: str) -> None:
    """Let pass what the installed SDK has.

    Raises:
        AbsentContextError: it lacks this operation.
    """
    if operation not in model.operation_names:
        text = f"Glue's business context is not in the installed SDK, which knows no {operation}."
        raise AbsentContextError(text, "Install the newest boto3 of the range that is supported.")


def shaped_for(model: ServiceModel, operation: str, params: Mapping[str, object]) -> dict[str, object]:
    """The parameters under the names that the installed model has for them.

    Raises:
        AbsentContextError: it has none for one of them, or asks for more than is known.
    """
    require_operation(model, operation)
    shape = model.operation_model(operation).input_shape
    members = shape.members if shape is not None else {}
    shaped: dict[str, object] = {}
    for name, value in params.items():
        alike = next((names for names in _OTHER_NAMES if name in names), frozenset({name}))
        found = name if name in members else next((each for each in sorted(alike) if each in members), None)
        if found is None:
            raise _other_shape(operation, name)
        shaped[found] = value
    for name in shape.required_members if shape is not None else ():
        if name not in shaped:
            raise _other_shape(operation, name)
    return shaped


def either(answer: Mapping[str, Any], name: str) -> Any:
    """A member of an answer, by whichever of its names; None where there is none."""
    alike = next((names for names in _OTHER_NAMES if name in names), frozenset({name}))
    return next((answer[each] for each in sorted(alike) if answer.get(each) is not None), None)


def id_in(reply: Reply, subject: str) -> str:
    """The id of what a call has made.

    Raises:
        TargetError: FAILED; the answer names none.
    """
    made = reply.body.get("Id")
    if not made:
        text = f"{subject}: Glue answered without the id of what it made."
        raise TargetError(TargetFault.FAILED, text, remedy="Run again; what was made is found by its name.")
    return str(made)


def _other_shape(operation: str, member: str) -> AbsentContextError:
    text = f"Glue's business context has another shape in the installed SDK: {operation} with {member} is not known."
    return AbsentContextError(text, "Install a boto3 of the range that is supported.")


def _is_refusal(error: AwsError) -> bool:
    """Whether Glue itself says no for good; an answer that was lost or cannot be read does not say so."""
    return error.recovery in {Recovery.DENIED, Recovery.PERMANENT} and not (error.systemic or error.uncertain)


def _absent(error: AwsError) -> AbsentContextError:
    remedy = (
        "It is a preview, in some Regions only, and not for catalogs encrypted with a key of yours: grant what "
        "`spheresync doctor` finds missing, choose another Region, or take glue_context out of `targets`."
    )
    return AbsentContextError(f"Glue's business context cannot be used here: {error.message}", remedy)
