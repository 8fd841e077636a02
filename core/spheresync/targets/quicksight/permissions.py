"""The sets of actions that QuickSight grants: whole ones only, each exactly as it is documented. Pure.

A set that lacks one action, or has one more, is refused as a whole (reference: field-2026-11.md 4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from spheresync.model import JsonValue
from spheresync.targets.quicksight.content import Grants

OWNER, VIEWER = "owner", "viewer"


class Shared(StrEnum):
    """What rights are given on."""

    DATA_SOURCE = "DataSource"
    DATA_SET = "DataSet"
    TOPIC = "Topic"
    FOLDER = "Folder"


@dataclass(frozen=True, slots=True)
class RightsCalls:
    """The calls that tell and change the rights on a kind of thing."""

    tell: str
    change: str


RIGHTS = {
    Shared.DATA_SOURCE: RightsCalls("DescribeDataSourcePermissions", "UpdateDataSourcePermissions"),
    Shared.DATA_SET: RightsCalls("DescribeDataSetPermissions", "UpdateDataSetPermissions"),
    Shared.TOPIC: RightsCalls("DescribeTopicPermissions", "UpdateTopicPermissions"),
    Shared.FOLDER: RightsCalls("DescribeFolderPermissions", "UpdateFolderPermissions"),
}
MADE_BY = {Shared.DATA_SOURCE: "CreateDataSource", Shared.FOLDER: "CreateFolder"}
FOUND_BY = {Shared.DATA_SOURCE: "DescribeDataSource", Shared.FOLDER: "DescribeFolder"}
"""By kind of what data sets share, the calls that make and find one."""
_VIEWER = {
    Shared.DATA_SOURCE: "DescribeDataSource DescribeDataSourcePermissions PassDataSource",
    Shared.DATA_SET: "DescribeDataSet DescribeDataSetPermissions PassDataSet DescribeIngestion ListIngestions "
    "DescribeRefreshSchedule ListRefreshSchedules",
    Shared.TOPIC: "DescribeTopic",
    Shared.FOLDER: "DescribeFolder",
}
_OWNER_TOO = {
    Shared.DATA_SOURCE: "UpdateDataSource DeleteDataSource UpdateDataSourcePermissions",
    Shared.DATA_SET: "UpdateDataSet DeleteDataSet UpdateDataSetPermissions CreateIngestion CancelIngestion "
    "CreateRefreshSchedule UpdateRefreshSchedule DeleteRefreshSchedule DescribeDataSetRefreshProperties "
    "PutDataSetRefreshProperties DeleteDataSetRefreshProperties",
    Shared.TOPIC: "UpdateTopic DeleteTopic DescribeTopicPermissions UpdateTopicPermissions DescribeTopicRefresh "
    "ListTopicRefreshSchedules DescribeTopicRefreshSchedule CreateTopicRefreshSchedule UpdateTopicRefreshSchedule "
    "DeleteTopicRefreshSchedule",
    Shared.FOLDER: "CreateFolder UpdateFolder DeleteFolder CreateFolderMembership DeleteFolderMembership "
    "DescribeFolderPermissions UpdateFolderPermissions",
}


def actions_of(shared: Shared, role: str | tuple[str, ...]) -> list[str]:
    """The whole set that a role is."""
    if not isinstance(role, str):
        return [*role]
    names = _VIEWER[shared] if role == VIEWER else f"{_VIEWER[shared]} {_OWNER_TOO[shared]}"
    return [f"quicksight:{name}" for name in names.split()]


def entries(shared: Shared, grants: Grants) -> list[JsonValue]:
    """As a list of ResourcePermission."""
    return [{"Principal": who, "Actions": [*actions_of(shared, role)]} for who, role in sorted(grants.items())]


def grants_of(shared: Shared, listed: Iterable[Mapping[str, Any]]) -> Grants:
    """What a list of ResourcePermission grants."""
    return {str(each["Principal"]): _role(shared, each["Actions"]) for each in listed}


def _role(shared: Shared, actions: Sequence[str]) -> str | tuple[str, ...]:
    for role in (VIEWER, OWNER):
        if {*actions} == {*actions_of(shared, role)}:
            return role
    return tuple(sorted(actions))


def changes_between(shared: Shared, there: Grants, wanted: Grants) -> dict[str, JsonValue]:
    """The members of a call that brings one to the other; none where they are alike.

    Only whole sets can be revoked, so who is to have less loses his set and gets the other one in the same call.
    """
    grants: dict[str, list[str]] = {}
    revokes: dict[str, list[str]] = {}
    for who in sorted({*there, *wanted}):
        has = actions_of(shared, there[who]) if who in there else []
        then = actions_of(shared, wanted[who]) if who in wanted else []
        if {*has} == {*then}:
            continue
        if {*has} - {*then}:
            revokes[who] = has
        if then:
            grants[who] = then
    said: dict[str, JsonValue] = {}
    if grants:
        said["GrantPermissions"] = [{"Principal": who, "Actions": [*actions]} for who, actions in grants.items()]
    if revokes:
        said["RevokePermissions"] = [{"Principal": who, "Actions": [*actions]} for who, actions in revokes.items()]
    return said
