"""Who asks: the local user, with the role that the surroundings give (CONTRACT.md, "MCP server")."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from enum import StrEnum

from spheresync.errors import ConfigurationError, PermissionRefusedError
from spheresync.model import Principal

ROLE_VARIABLE = "SPHERESYNC_ROLE"


class CallerRole(StrEnum):
    """What a caller may do; declared in ascending order, each role includes the ones before it."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def includes(self, needed: CallerRole) -> bool:
        order = list(CallerRole)
        return order.index(self) >= order.index(needed)


def role_from(environ: Mapping[str, str], default: CallerRole) -> CallerRole:
    """The role of the local caller: `SPHERESYNC_ROLE`, else the default of the face.

    Raises:
        ConfigurationError: the variable names no role.
    """
    text = environ.get(ROLE_VARIABLE, "").strip()
    if not text:
        return default
    try:
        return CallerRole(text)
    except ValueError as error:
        valid = ", ".join(CallerRole)
        raise ConfigurationError((f"{ROLE_VARIABLE}: {text!r} is no role; valid: {valid}.",)) from error


def server_default_role(environment: str) -> CallerRole:
    """Over MCP an unnamed caller is admin in dog and viewer where a real tenant or account is behind it."""
    return CallerRole.ADMIN if environment == "dog" else CallerRole.VIEWER


def local_principal(role: CallerRole) -> Principal:
    """The operating system's user, as the audit log names them; the environment cannot pretend to be another."""
    number = os.getuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:
        name = f"uid-{number}"
    return Principal(kind="user", id=name, roles=frozenset({role.value}))


def require(role: CallerRole, needed: CallerRole, what: str) -> None:
    """Let the caller pass or refuse.

    Raises:
        PermissionRefusedError: the role is too low.
    """
    if not role.includes(needed):
        raise PermissionRefusedError(
            f"{what} needs the role {needed}; you have {role}.",
            remedy=f"Ask whoever runs this installation; {ROLE_VARIABLE} is set where spheresync is started.",
        )
