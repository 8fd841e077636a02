"""Calls in one domain of DataZone, for one project."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any, cast

from spheresync.errors import TargetFault
from spheresync.targets.aws.door import AwsDoor, Reply
from spheresync.targets.aws.error_codes import Recovery
from spheresync.targets.aws.errors import AwsError

DATAZONE_SERVICE = "datazone"
NOT_THERE = "Check `datazone.domain_id` and `datazone.project_id`, and the Region."
_PAGE = 50
_MOST_PAGES = 200


class Domain:
    """One domain as one project sees it."""

    def __init__(self, door: AwsDoor, domain: str, project: str) -> None:
        self._door = door
        self.id = domain
        self.project = project

    async def region(self) -> str:
        """The Region that is asked."""
        return (await self._door.line(DATAZONE_SERVICE)).region

    async def read_itself(self, operation: str) -> Reply:
        """A call about the domain, which changes nothing."""
        return await self._send(operation, {"identifier": self.id}, subject=f"domain {self.id}")

    async def read(self, operation: str, params: Mapping[str, Any], *, subject: str) -> Reply:
        """A call that changes nothing."""
        return await self._call(operation, params, subject=subject)

    async def write(
        self, operation: str, params: Mapping[str, Any], *, subject: str, repeatable: bool = False
    ) -> Reply:
        """A call that changes something. `repeatable`: sent twice it comes to the same, so nobody is in doubt."""
        return await self._call(operation, params, subject=subject, write=not repeatable)

    async def search(self, params: Mapping[str, Any], *, subject: str) -> AsyncIterator[Mapping[str, Any]]:
        """What a search finds, page by page.

        Raises:
            AwsError: a page was refused, or there is no end of them.
        """
        token: str | None = None
        for _ in range(_MOST_PAGES):
            asked = {"maxResults": _PAGE, **params, **({} if token is None else {"nextToken": token})}
            reply = await self.read("Search", asked, subject=subject)
            for item in cast("list[Mapping[str, Any]]", reply.body.get("items") or ()):
                yield item
            token = cast("str | None", reply.body.get("nextToken"))
            if not token:
                return
        text = f"{subject}: a search of DataZone has more than {_MOST_PAGES} pages."
        raise AwsError(TargetFault.FAILED, text, remedy="Give it a name that is less common.")

    async def _call(self, operation: str, params: Mapping[str, Any], *, subject: str, write: bool = False) -> Reply:
        return await self._send(operation, {"domainIdentifier": self.id, **params}, subject=subject, write=write)

    async def _send(self, operation: str, asked: Mapping[str, Any], *, subject: str, write: bool = False) -> Reply:
        try:
            return await self._door.call(DATAZONE_SERVICE, operation, asked, subject=subject, write=write)
        except AwsError as error:
            if error.recovery in {Recovery.INVALID, Recovery.ABSENT} and self._is_lacking(error.message):
                error.remedy = NOT_THERE
                error.systemic = True
            raise

    def _is_lacking(self, message: str) -> bool:
        """Whether it is the domain or the project that is not there, and not what a call was about."""
        return bool(
            re.search(
                rf"\b(?:domain|project)\b\W+(?:{re.escape(self.id)}|{re.escape(self.project)})\b.*not", message, re.I
            )
        )

    async def pause(self, attempt: int) -> None:
        await self._door.pause(attempt)
