"""What data sets need and share: the data source that queries Athena, and a folder for each space.

Each is looked for before it is made, once, and is ours only where its tags say so. What others granted on it stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spheresync.errors import TargetError, TargetFault
from spheresync.model import DesiredObject, JsonValue
from spheresync.model.json_document import read_own_json
from spheresync.targets.aws.errors import AwsError
from spheresync.targets.protocol import ContainerOutcome
from spheresync.targets.quicksight.content import OWNER_TAG, TAG, Grants, granted_hashes, granted_tags, short_hash
from spheresync.targets.quicksight.permissions import (
    FOUND_BY,
    MADE_BY,
    RIGHTS,
    Shared,
    changes_between,
    entries,
)
from spheresync.targets.quicksight.service import EXISTS, QuickSightService

_LOOKS = 20
_UNDER_WAY = "CREATION_IN_PROGRESS"
_CREATED_BADLY = "CREATION_FAILED"


class SharedObjects:
    """Makes data sources and folders, and keeps the rights on them as settings have them."""

    def __init__(self, service: QuickSightService, owner: str) -> None:
        self._service = service
        self._owner = owner

    async def ensure(self, desired: DesiredObject) -> ContainerOutcome:
        """Have one.

        Raises:
            TargetError: CONFLICT where somebody else made one of that id; or what the service answered.
        """
        said: Mapping[str, Any] = read_own_json(desired.body)
        shared, own_id = Shared(said["Kind"]), str(desired.container)
        subject = f"{'data source' if shared is Shared.DATA_SOURCE else 'folder'} {own_id}"
        parts = frozenset({str(desired.digest)})
        there = await self._look(shared, own_id, subject)
        if there is None:
            request_id = await self._make(shared, own_id, said, subject)
            if request_id is not None:
                await self._settled(shared, own_id, subject)
                return ContainerOutcome(
                    desired.container, created=True, ours=True, request_id=request_id, parts=parts, added=frozenset()
                )
            there = await self._look(shared, own_id, subject) or {}
        await self._settled(shared, own_id, subject)
        await self._brought(shared, own_id, said, there, subject)
        return ContainerOutcome(desired.container, created=False, ours=True, parts=parts)

    async def _look(self, shared: Shared, own_id: str, subject: str) -> Mapping[str, Any] | None:
        found = await self._service.found(FOUND_BY[shared], {f"{shared}Id": own_id}, subject=subject)
        return None if found is None else found[shared]

    async def _make(self, shared: Shared, own_id: str, said: Mapping[str, Any], subject: str) -> str | None:
        """Make one; None where there is one by now."""
        grants: Grants = said["Grants"]
        tags = {OWNER_TAG: self._owner, **granted_tags(grants)}
        params: dict[str, JsonValue] = {
            f"{shared}Id": own_id,
            "Name": said["Name"],
            "Tags": tag_list(tags),
            **({"Permissions": entries(shared, grants)} if grants else {}),
        }
        if shared is Shared.DATA_SOURCE:
            athena: JsonValue = {"AthenaParameters": {"WorkGroup": said["WorkGroup"]}}
            params |= {"Type": "ATHENA", "DataSourceParameters": athena}
        try:
            reply = await self._service.call(MADE_BY[shared], params, subject=subject, write=True)
        except AwsError as error:
            if error.code != EXISTS and not error.needs_look:
                raise
            if await self._look(shared, own_id, subject) is None:
                raise
            return None
        return reply.request_id or ""

    async def _settled(self, shared: Shared, own_id: str, subject: str) -> None:
        """Wait until a data source is there to be used: its making goes on after the answer.

        Raises:
            TargetError: it could not be made, or is not there yet.
        """
        if shared is not Shared.DATA_SOURCE:
            return
        for attempt in range(_LOOKS):
            there = await self._look(shared, own_id, subject) or {}
            status = there.get("Status", "")
            if status == _CREATED_BADLY:
                why = (there.get("ErrorInfo") or {}).get("Message") or "no reason given"
                text = f"{subject} could not be made: {why}"
                raise TargetError(TargetFault.FAILED, text, remedy="Mend that, delete it in QuickSight and run again.")
            if status != _UNDER_WAY:
                return
            await self._service.door.pause(attempt)
        text = f"{subject} is still being made."
        raise TargetError(TargetFault.FAILED, text, remedy="Run again when it is there.")

    async def _brought(
        self, shared: Shared, own_id: str, said: Mapping[str, Any], there: Mapping[str, Any], subject: str
    ) -> None:
        """Bring one that is there to what it should be, where it is ours."""
        arn = str(there.get("Arn") or self._service.arn(shared.lower(), own_id))
        tags = await self._service.tags(arn, subject=subject)
        if tags.get(OWNER_TAG) != self._owner:
            whose = f"belongs to {tags[OWNER_TAG]}" if OWNER_TAG in tags else "was not made by Spheresync"
            text = f"{subject} exists and {whose}, so it is not used."
            remedy = f"Delete it in QuickSight, or tag it {OWNER_TAG}={self._owner} if it may be used; then run again."
            raise TargetError(TargetFault.CONFLICT, text, remedy=remedy)
        if shared is Shared.DATA_SOURCE:
            await self._of_workgroup(own_id, said["WorkGroup"], there, subject)
        ours, grants = granted_hashes(tags), await self._service.grants(shared, own_id, subject=subject)
        theirs = {who: role for who, role in grants.items() if short_hash(who) not in ours}
        wanted: Grants = {**theirs, **said["Grants"]}
        tagged = {OWNER_TAG: self._owner, **granted_tags(said["Grants"])}
        moved = {key: value for key, value in tagged.items() if tags.get(key) != value}
        if moved:  # before the rights, so that what is granted is known as ours whatever happens
            both = granted_tags({**said["Grants"], **{who: "" for who in grants if short_hash(who) in ours}})
            params: dict[str, JsonValue] = {"ResourceArn": arn, "Tags": tag_list({OWNER_TAG: self._owner, **both})}
            await self._service.tagging("TagResource", params, subject=subject)
        if changes := changes_between(shared, grants, wanted):
            params = {f"{shared}Id": own_id, **changes}
            await self._service.call(RIGHTS[shared].change, params, subject=subject, write=True)
        gone: list[JsonValue] = [key for key in tags if key.startswith(TAG) and key not in tagged]
        if gone:
            params = {"ResourceArn": arn, "TagKeys": gone}
            await self._service.tagging("UntagResource", params, subject=subject)

    async def _of_workgroup(self, own_id: str, workgroup: str, there: Mapping[str, Any], subject: str) -> None:
        parameters: dict[str, Any] = dict(there.get("DataSourceParameters") or {})
        athena: dict[str, Any] = dict(parameters.get("AthenaParameters") or {})
        if athena.get("WorkGroup") == workgroup:
            return
        kept: dict[str, JsonValue] = {
            key: there[key] for key in ("SslProperties", "VpcConnectionProperties") if there.get(key)
        }
        params: dict[str, JsonValue] = {
            "DataSourceId": own_id,
            "Name": there["Name"],
            "DataSourceParameters": {**parameters, "AthenaParameters": {**athena, "WorkGroup": workgroup}},
            **kept,
        }
        await self._service.call("UpdateDataSource", params, subject=subject, write=True)


def tag_list(tags: Mapping[str, str]) -> list[JsonValue]:
    """As a list of Tag."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
