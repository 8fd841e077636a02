"""Read the grants by LF-Tags, and what a database's tags give its tables, to say whom a change of tags concerns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from spheresync.errors import TargetFault
from spheresync.model import PhysicalName
from spheresync.targets.aws.door import AwsDoor
from spheresync.targets.aws.errors import NOT_FOUND, AwsError
from spheresync.targets.lakeformation.reach import TagGrant
from spheresync.targets.lakeformation.tags import Values

_SERVICE = "lakeformation"
_MOST_PAGES = 100


async def tag_grants(door: AwsDoor) -> list[TagGrant]:
    """Grants on tables by an expression of LF-Tags.

    Raises:
        AwsError: they could not be read, or there are more than can be looked through.
    """
    found: list[TagGrant] = []
    token: str | None = None
    for _ in range(_MOST_PAGES):
        params = {"ResourceType": "LF_TAG_POLICY", **({} if token is None else {"NextToken": token})}
        reply = await door.call(_SERVICE, "ListPermissions", params, subject="grants by LF-Tags")
        for row in cast("Sequence[Mapping[str, Any]]", reply.body.get("PrincipalResourcePermissions") or ()):
            policy = (row.get("Resource") or {}).get("LFTagPolicy") or {}
            if policy.get("ResourceType") != "TABLE" or not policy.get("Expression") or not row.get("Permissions"):
                continue
            found.append(
                TagGrant(
                    str((row.get("Principal") or {}).get("DataLakePrincipalIdentifier")),
                    tuple(map(str, row["Permissions"])),
                    {str(each["TagKey"]): frozenset(map(str, each["TagValues"])) for each in policy["Expression"]},
                )
            )
        token = cast("str | None", reply.body.get("NextToken"))
        if not token:
            return found
    raise AwsError(TargetFault.FAILED, f"grants by LF-Tags have more than {_MOST_PAGES} pages.")


async def tags_of_database(door: AwsDoor, name: PhysicalName) -> Values:
    """The tags that tables of a database have from it; none where it does not exist yet.

    Raises:
        AwsError: they could not be read.
    """
    params = {"Resource": {"Database": {"Name": name}}}
    try:
        reply = await door.call(_SERVICE, "GetResourceLFTags", params, subject=f"database {name}")
    except AwsError as error:
        if error.code == NOT_FOUND:
            return {}
        raise
    pairs = cast("Sequence[Mapping[str, Any]]", reply.body.get("LFTagOnDatabase") or ())
    return {str(pair["TagKey"]): str(pair["TagValues"][0]) for pair in pairs if pair.get("TagValues")}
