"""Who may do what: the question that is asked at the service's door; `model/principals.py` holds the table."""

from __future__ import annotations

from spheresync.errors import PermissionRefusedError
from spheresync.model import Principal
from spheresync.model.principals import PERMISSIONS, Permission, permissions_of, spell_roles

__all__ = ["Permission", "authorize"]


def authorize(principal: Principal, permission: Permission) -> None:
    """Let the principal pass or refuse.

    Raises:
        PermissionRefusedError: none of the principal's roles allows it.
    """
    if permission in permissions_of(principal.roles):
        return
    needed = next(role for role, granted in PERMISSIONS.items() if permission in granted)
    raise PermissionRefusedError(
        f"this needs the role {needed}; you have {spell_roles(principal.roles)}.",
        remedy="Ask an administrator of this installation, or set SPHERESYNC_ROLE where the server is started.",
    )
