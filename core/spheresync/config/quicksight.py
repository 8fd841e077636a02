"""The section `quicksight:`: whose data sets they are, through what they are queried, and what gets a topic."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, model_validator

from spheresync.config.sections import TargetSection, comma_list
from spheresync.model import AssetKind, counted

MOST_PRINCIPALS = 64
"""Permissions that a call may give (reference: aws-catalogs.md 3)."""
_LONGEST_PRINCIPAL = 256
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_WORKGROUP = re.compile(r"[a-zA-Z0-9._-]{1,128}", re.ASCII)
_PRINCIPAL = re.compile(r"arn:aws[a-z-]*:quicksight:[a-z0-9-]+:(?P<account>\d{12}):(user|group)/[^/\s]+/\S+", re.ASCII)


def _account(text: str) -> str:
    if not _ACCOUNT.fullmatch(text):
        raise ValueError("must be the 12 digits of an account, in quotes")
    return text


def _workgroup(text: str) -> str:
    if not _WORKGROUP.fullmatch(text):
        raise ValueError("must be a workgroup of Athena: 1 to 128 letters, digits or . _ -")
    return text


def _principals(arns: tuple[str, ...]) -> tuple[str, ...]:
    for arn in arns:
        if len(arn) > _LONGEST_PRINCIPAL:
            raise ValueError(f"{arn[:60]!r} has {len(arn)} characters, {_LONGEST_PRINCIPAL} at most")
        if not _PRINCIPAL.fullmatch(arn):
            raise ValueError(
                f"{arn[:80]!r} is no user or group of QuickSight; write "
                "arn:aws:quicksight:eu-central-1:111122223333:group/default/analysts"
            )
    return tuple(dict.fromkeys(arns))


Principals = Annotated[tuple[str, ...], BeforeValidator(comma_list), AfterValidator(_principals)]


class QuickSight(TargetSection):
    """`owners` may change and share what is made, `viewers` may use it; `topics`: the kinds of assets that get one."""

    account_id: Annotated[str, AfterValidator(_account)] | None = None
    workgroup: Annotated[str, AfterValidator(_workgroup)] = "primary"
    owners: Principals = ()
    viewers: Principals = ()
    topics: Annotated[tuple[AssetKind, ...], BeforeValidator(comma_list)] = ()

    @model_validator(mode="after")
    def _fits(self) -> QuickSight:
        both = sorted({*self.owners} & {*self.viewers})
        if both:
            raise ValueError(f"{both[0]} is in owners and in viewers; an owner may do all that a viewer may")
        count = len(self.owners) + len(self.viewers)
        if count > MOST_PRINCIPALS:
            raise ValueError(
                f"owners and viewers are {counted(count, 'principal')}, {MOST_PRINCIPALS} at most; name groups instead"
            )
        return self

    @property
    def tells_terms(self) -> bool:
        return True

    def required(self) -> QuickSight:
        """Itself, where QuickSight is a target.

        Raises:
            ValueError: what that needs is not said.
        """
        if self.account_id is None:
            raise ValueError('account_id is needed where quicksight is a target: account_id: "111122223333"')
        return self
