"""Who may do what with one thing: QuickSight takes only whole sets of actions, those of an owner or of a viewer.

Known (hashicorp/terraform-provider-aws 30400, 32680, 33907, 39226): a list that grants or revokes anything else is
refused as a whole, and how that is worded; the sets of data sources, data sets and folders. Those of topics are what
many published programs send.

UNVERIFIED: that the second version of topics takes the sets of the first; that the earlier sets of data sets, without
schedules of refreshes, are still taken; that data sets with DIRECT_QUERY take the same sets; that namespaces are no
principals, but for data sets (aws/aws-cli 6067) and folders (the model); that what is revoked is taken away before
grants are added, and that what a principal then holds has to be a set again. Whether a principal exists is not known
here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from spheresync.dog.services.double import Place
from spheresync.dog.services.quicksight.kinds import Kind, invalid
from spheresync.dog.services.wire import Json

Permissions: TypeAlias = "dict[str, list[str]]"
"""The actions of each principal, in the order of the alphabet."""


def _set(names: str) -> frozenset[str]:
    return frozenset(f"quicksight:{name}" for name in names.split())


_EARLIER_VIEWER = _set("DescribeDataSet DescribeDataSetPermissions PassDataSet DescribeIngestion ListIngestions")
_EARLIER_OWNER = _EARLIER_VIEWER | _set(
    "UpdateDataSet DeleteDataSet CreateIngestion CancelIngestion UpdateDataSetPermissions"
)
_DATA_SET_VIEWER = _EARLIER_VIEWER | _set("DescribeRefreshSchedule ListRefreshSchedules")
_DATA_SOURCE_VIEWER = _set("DescribeDataSource DescribeDataSourcePermissions PassDataSource")

_TOPIC_OWNER = (
    _set("DescribeTopic UpdateTopic DeleteTopic DescribeTopicPermissions UpdateTopicPermissions DescribeTopicRefresh")
    | _set("ListTopicRefreshSchedules DescribeTopicRefreshSchedule CreateTopicRefreshSchedule")
    | _set("UpdateTopicRefreshSchedule DeleteTopicRefreshSchedule")
)

OWNER: Mapping[Kind, frozenset[str]] = {
    Kind.DATA_SOURCE: _DATA_SOURCE_VIEWER | _set("UpdateDataSource DeleteDataSource UpdateDataSourcePermissions"),
    Kind.DATA_SET: _DATA_SET_VIEWER
    | _EARLIER_OWNER
    | _set("CreateRefreshSchedule UpdateRefreshSchedule DeleteRefreshSchedule")
    | _set("DescribeDataSetRefreshProperties PutDataSetRefreshProperties DeleteDataSetRefreshProperties"),
    Kind.TOPIC: _TOPIC_OWNER,
    Kind.TOPIC_V2: _TOPIC_OWNER,
    Kind.FOLDER: _set("CreateFolder DescribeFolder UpdateFolder DeleteFolder")
    | _set("CreateFolderMembership DeleteFolderMembership DescribeFolderPermissions UpdateFolderPermissions"),
}
VIEWER: Mapping[Kind, frozenset[str]] = {
    Kind.DATA_SOURCE: _DATA_SOURCE_VIEWER,
    Kind.DATA_SET: _DATA_SET_VIEWER,
    Kind.TOPIC: _set("DescribeTopic"),
    Kind.TOPIC_V2: _set("DescribeTopic"),
    Kind.FOLDER: _set("DescribeFolder"),
}
_EARLIER: Mapping[Kind, tuple[frozenset[str], ...]] = {Kind.DATA_SET: (_EARLIER_VIEWER, _EARLIER_OWNER)}
_PRINCIPAL = re.compile(r"arn:aws[a-z-]*:quicksight:[a-z0-9-]+:(\d{12}):(?:user|group)/[a-zA-Z0-9._-]+/.+")


def check_principal(principal: str, place: Place) -> None:
    """Raises:
    ServiceError: it is no user or group of this account.
    """
    found = _PRINCIPAL.fullmatch(principal)
    if found is None or found[1] != place.account:
        raise invalid(f"Principal {principal} is not the ARN of a user or group of account {place.account}.")


def granted(kind: Kind, entries: Sequence[Json], place: Place) -> Permissions:
    """What a new thing's Permissions say."""
    return changed(kind, {}, entries, (), place)


def changed(
    kind: Kind, held: Permissions, grants: Sequence[Json], revokes: Sequence[Json], place: Place
) -> Permissions:
    """Permissions after a change.

    Raises:
        ServiceError: a principal or a set of actions is not allowed.
    """
    _check(kind, grants, place)
    _check(kind, revokes, place)
    left = {principal: set(actions) for principal, actions in held.items()}
    for entry in revokes:
        left.get(entry["Principal"], set()).difference_update(entry["Actions"])
    for entry in grants:
        left.setdefault(entry["Principal"], set()).update(entry["Actions"])
    left = {principal: actions for principal, actions in left.items() if actions}
    for actions in left.values():
        _check_set(kind, actions)
    return {principal: sorted(actions) for principal, actions in left.items()}


def rows(held: Permissions) -> list[Json]:
    """As ResourcePermissionList."""
    return [{"Principal": principal, "Actions": list(actions)} for principal, actions in held.items()]


def is_owner(actions: Iterable[str]) -> bool:
    """Whether someone with these actions may change who has access."""
    return any(action.startswith("quicksight:Update") and action.endswith("Permissions") for action in actions)


def _check(kind: Kind, entries: Sequence[Json], place: Place) -> None:
    principals = [entry["Principal"] for entry in entries]
    if len(set(principals)) < len(principals):
        raise invalid("A principal is named twice in the ResourcePermission list.")
    for entry in entries:
        check_principal(entry["Principal"], place)
        _check_set(kind, entry["Actions"])


def _check_set(kind: Kind, actions: Iterable[str]) -> None:
    valid = (VIEWER[kind], OWNER[kind])
    if frozenset(actions) in (*valid, *_EARLIER.get(kind, ())):
        return
    spelled = " or ".join(f"[{', '.join(sorted(each))}]" for each in valid)
    raise invalid(
        f"ResourcePermission list contains unsupported permission sets [{', '.join(actions)}] for this resource. "
        f"Valid sets : {spelled}"
    )
