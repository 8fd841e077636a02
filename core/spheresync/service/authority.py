"""Who may do what: one table, one question, asked at the service's door."""

from __future__ import annotations

from enum import StrEnum

from spheresync.errors import PermissionRefusedError
from spheresync.model import Principal


class Permission(StrEnum):
    """What a method needs."""

    READ = "read"  # look at the local catalog, make previews
    OPERATE = "operate"  # write to the targets, test connections
    ADMINISTER = "administer"  # undo runs, change the schedule


_ROLES: dict[str, frozenset[Permission]] = {
    "viewer": frozenset({Permission.READ}),
    "operator": frozenset({Permission.READ, Permission.OPERATE}),
    "admin": frozenset(Permission),
}
ROLES = tuple(_ROLES)


def authorize(principal: Principal, permission: Permission) -> None:
    """Let the principal pass or refuse.

    Raises:
        PermissionRefusedError: none of the principal's roles allows it.
    """
    if any(permission in _ROLES.get(role, frozenset()) for role in principal.roles):
        return
    needed = next(role for role, granted in _ROLES.items() if permission in granted)
    held = ", ".join(sorted(principal.roles)) or "none"
    raise PermissionRefusedError(
        f"this needs the role {needed}; you have {held}.",
        remedy="Ask an administrator of this installation, or set SPHERESYNC_ROLE where the server is started.",
    )
