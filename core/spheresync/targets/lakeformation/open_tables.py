"""Tables on which IAM_ALLOWED_PRINCIPALS still holds rights, so that no LF-Tag protects them.

Where a data lake does not say otherwise, every new table gets them (`CreateTableDefaultPermissions` that are absent are
no empty list; reference: field-2026-11.md 4): whoever IAM lets read the catalog then reads the table, tags or not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from spheresync.errors import TargetFault
from spheresync.model import Address, PhysicalName, Problem, TargetKey, counted, first_of
from spheresync.targets.aws.door import AwsDoor
from spheresync.targets.aws.errors import AwsError

OPEN_TABLES = "iam_allowed_principals"
"""Code of the finding."""
_EVERYBODY = "IAM_ALLOWED_PRINCIPALS"
_SERVICE = "lakeformation"
_NAMED = 5
_MOST_PAGES = 1_000
_REMEDY = (
    "Revoke what IAM_ALLOWED_PRINCIPALS has on these tables, and set the default permissions of new tables to none "
    "(Data catalog settings of Lake Formation)."
)


async def open_to_everybody(door: AwsDoor, key: TargetKey, tables: Collection[Address]) -> tuple[Problem, ...]:
    """One finding for all of these tables that IAM_ALLOWED_PRINCIPALS has rights on; DENIED where nobody can say."""
    if not tables:
        return ()
    try:
        found = await _granted(door, {*tables})
    except AwsError as error:
        text = f"nobody can say whether LF-Tags protect the tables: {error.message}"
        return (Problem.of_target(key, error.fault, text, "Grant lakeformation:ListPermissions."),)
    if not found:
        return ()
    named = first_of(sorted(".".join(each) for each in found), _NAMED)
    text = f"IAM_ALLOWED_PRINCIPALS has rights on {counted(len(found), 'table')}, which no LF-Tag protects: {named}"
    return (Problem.of_target(key, OPEN_TABLES, text, _REMEDY),)


async def _granted(door: AwsDoor, tables: set[Address]) -> set[Address]:
    found: set[Address] = set()
    token: str | None = None
    for _ in range(_MOST_PAGES):
        params: dict[str, Any] = {"Principal": {"DataLakePrincipalIdentifier": _EVERYBODY}, "ResourceType": "TABLE"}
        params |= {} if token is None else {"NextToken": token}
        reply = await door.call(_SERVICE, "ListPermissions", params, subject="permissions of Lake Formation")
        for granted in cast("Sequence[Mapping[str, Any]]", reply.body.get("PrincipalResourcePermissions") or ()):
            table = (granted.get("Resource") or {}).get("Table") or {}
            at = Address(PhysicalName(str(table.get("DatabaseName"))), PhysicalName(str(table.get("Name"))))
            whole = {each for each in tables if each.container == at.container} if "TableWildcard" in table else {at}
            found |= whole & tables if granted.get("Permissions") else set()
        token = cast("str | None", reply.body.get("NextToken"))
        if not token:
            return found
    raise AwsError(TargetFault.FAILED, f"permissions of Lake Formation have more than {_MOST_PAGES} pages.")
