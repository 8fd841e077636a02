"""The calls of QuickSight on one account and Region, with the answers that mean "there is none" told apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from spheresync.errors import TargetFault
from spheresync.model import JsonValue
from spheresync.targets.aws.door import AwsDoor, Reply
from spheresync.targets.aws.error_codes import Recovery
from spheresync.targets.aws.errors import AwsError
from spheresync.targets.quicksight.content import Grants
from spheresync.targets.quicksight.permissions import RIGHTS, Shared, grants_of

QUICK_SIGHT_SERVICE = "quicksight"
ABSENT = "ResourceNotFoundException"
EXISTS = "ResourceExistsException"
NOT_SUBSCRIBED = "NotSubscribed"
"""Our code for an account without QuickSight, or in an edition without what is asked for: all else fails alike."""
_NO_EDITION = frozenset({"UnsupportedUserEditionException", "UnsupportedPricingPlanException"})
_SAID_SO = ("is not subscribed", "is not signed up")
_PAGE = 100
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


class QuickSightService:
    """QuickSight of one account in the Region of the door."""

    def __init__(self, door: AwsDoor, account: str) -> None:
        self.door = door
        self.account = account
        self._region = ""

    async def open(self) -> None:
        """Find out the Region, which ARNs name."""
        if not self._region:
            self._region = (await self.door.line(QUICK_SIGHT_SERVICE, subject="QuickSight")).region

    @property
    def own_arns(self) -> str:
        """What the ARNs of this account and Region begin with."""
        partition = next((each for start, each in _PARTITIONS.items() if self._region.startswith(start)), "aws")
        return f"arn:{partition}:quicksight:{self._region}:{self.account}:"

    def arn(self, kind: str, own_id: str) -> str:
        return f"{self.own_arns}{kind}/{own_id}"

    async def call(
        self, operation: str, params: Mapping[str, JsonValue], *, subject: str, write: bool = False
    ) -> Reply:
        """One call on this account; AwsError as of the door."""
        return await self._sent(operation, {"AwsAccountId": self.account, **params}, subject=subject, write=write)

    async def tagging(self, operation: str, params: Mapping[str, JsonValue], *, subject: str) -> Reply:
        """One call about tags, which name no account."""
        write = operation != "ListTagsForResource"
        return await self._sent(operation, params, subject=subject, write=write)

    async def _sent(self, operation: str, params: Mapping[str, JsonValue], *, subject: str, write: bool) -> Reply:
        try:
            return await self.door.call(QUICK_SIGHT_SERVICE, operation, params, subject=subject, write=write)
        except AwsError as error:
            raise self.explained(error, operation) from error

    def explained(self, error: AwsError, operation: str) -> AwsError:
        """The refusal of a call with what mends it. That there is no QuickSight is no word about a thing in it."""
        if error.code in _NO_EDITION or any(said in error.message for said in _SAID_SO):
            remedy = (
                f"Subscribe account {self.account} to QuickSight, Enterprise edition, or correct "
                "quicksight.account_id; then run again."
            )
            return AwsError(
                TargetFault.DENIED,
                error.message,
                remedy=remedy,
                request_id=error.request_id,
                code=NOT_SUBSCRIBED,
                recovery=Recovery.DENIED,
            )
        if error.recovery is Recovery.DENIED:
            error.remedy = (
                f"Grant quicksight:{operation} in IAM; quicksight.account_id has to be the account of the credentials."
            )
        return error

    async def found(self, operation: str, params: Mapping[str, JsonValue], *, subject: str) -> Mapping[str, Any] | None:
        """The answer to a look; None where there is no such thing."""
        try:
            return (await self.call(operation, params, subject=subject)).body
        except AwsError as error:
            if error.code == ABSENT:
                return None
            raise

    async def tags(self, arn: str, *, subject: str) -> Mapping[str, str]:
        reply = await self.tagging("ListTagsForResource", {"ResourceArn": arn}, subject=subject)
        listed = cast("list[Mapping[str, str]]", reply.body.get("Tags") or [])
        return {each["Key"]: each["Value"] for each in listed}

    async def grants(self, shared: Shared, own_id: str, *, subject: str) -> Grants:
        """Who has which rights on a thing."""
        listed: list[Mapping[str, Any]] = []
        params: dict[str, JsonValue] = {f"{shared}Id": own_id}
        while True:
            reply = await self.call(RIGHTS[shared].tell, params, subject=subject)
            listed += cast("list[Mapping[str, Any]]", reply.body.get("Permissions") or [])
            following = reply.body.get("NextToken")
            if not following:
                return grants_of(shared, listed)
            params["NextToken"] = following

    async def folders(self, arn: str, *, subject: str) -> list[str]:
        """The ARNs of the folders that hold a thing."""
        found: list[str] = []
        params: dict[str, JsonValue] = {"ResourceArn": arn, "MaxResults": _PAGE}
        while True:
            reply = await self.call("ListFoldersForResource", params, subject=subject)
            found += [str(each) for each in cast("list[JsonValue]", reply.body.get("Folders") or [])]
            following = reply.body.get("NextToken")
            if not following:
                return found
            params["NextToken"] = following
