"""Roles and what each may do: the one table that the service, the command line and the MCP server read."""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """What a method of the service needs."""

    READ = "read"  # look at the local catalog, make previews
    OPERATE = "operate"  # write to the targets, test connections
    ADMINISTER = "administer"  # undo runs, change the schedule
    READ_PERSONAL_DATA = "pii.read"  # see values of persons in free text


class Role(StrEnum):
    """What a caller may do; an auditor sees what a viewer sees, and a steward answers for what the data mean."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"
    STEWARD = "steward"
    AUDITOR = "auditor"

    def includes(self, needed: Role) -> bool:
        """Whether it allows all that another role allows."""
        return PERMISSIONS[self] >= PERMISSIONS[needed]


PERMISSIONS: dict[str, frozenset[Permission]] = {
    Role.VIEWER: frozenset({Permission.READ}),
    Role.OPERATOR: frozenset({Permission.READ, Permission.OPERATE}),
    Role.ADMIN: frozenset(Permission),
    Role.STEWARD: frozenset({Permission.READ, Permission.READ_PERSONAL_DATA}),
    Role.AUDITOR: frozenset({Permission.READ}),
}
"""By the name of the role: a principal may bring names that are none."""
