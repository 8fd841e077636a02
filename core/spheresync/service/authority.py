"""Who may do what: the question that is asked at the service's door; `model/roles.py` holds the table."""

from __future__ import annotations

from spheresync.errors import PermissionRefusedError
from spheresync.model import Principal
from spheresync.model.roles import PERMISSIONS, Permission

__all__ = ["Permission", "authorize"]


def authorize(principal: Principal, permission: Permission) -> None:
    """Let the principal pass or refuse.

    Raises:
        PermissionRefusedError: none of the principal's roles allows it.
    """
    if any(permission in PERMISSIONS.get(role, frozenset()) for role in principal.roles):
        return
    needed = next(role for role, granted in PERMISSIONS.items() if permission in granted)
    held = ", ".join(sorted(principal.roles)) or "none"
    raise PermissionRefusedError(
        f"this needs the role {needed}; you have {held}.",
        remedy="Ask an administrator of this installation, or set SPHERESYNC_ROLE where the server is started.",
    )
