"""Who asks, and what each role may do: the one table that the service, the command line and the MCP server read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class PrincipalKind(StrEnum):
    """What kind of caller asked."""

    USER = "user"
    SERVICE = "service"
    SCHEDULER = "scheduler"
    SYSTEM = "system"
    UNKNOWN = "?"  # the row that would tell is damaged


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asked; carried down to the audit row."""

    kind: PrincipalKind
    id: str
    roles: frozenset[str] = field(default_factory=frozenset)


SYSTEM = Principal(PrincipalKind.SYSTEM, "system")
"""The program itself, where it does what nobody asks for: retention, for example. It needs no role."""


class Permission(StrEnum):
    """What a method of the service needs."""

    READ = "read"  # look at the local catalog, make previews
    OPERATE = "operate"  # write to the targets, test connections
    ADMINISTER = "administer"  # undo runs, change the schedule
    READ_PERSONAL_DATA = "pii.read"  # see values of persons in free text


class CallerRole(StrEnum):
    """What a caller may do; an auditor sees what a viewer sees, and a steward answers for what the data mean."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"
    STEWARD = "steward"
    AUDITOR = "auditor"

    def includes(self, needed: CallerRole) -> bool:
        """Whether it allows all that another role allows."""
        return PERMISSIONS[self] >= PERMISSIONS[needed]


PERMISSIONS: dict[str, frozenset[Permission]] = {
    CallerRole.VIEWER: frozenset({Permission.READ}),
    CallerRole.OPERATOR: frozenset({Permission.READ, Permission.OPERATE}),
    CallerRole.ADMIN: frozenset(Permission),
    CallerRole.STEWARD: frozenset({Permission.READ, Permission.READ_PERSONAL_DATA}),
    CallerRole.AUDITOR: frozenset({Permission.READ}),
}
"""By the name of the role: a principal may bring names that are none."""


def permissions_of(roles: Iterable[str]) -> frozenset[Permission]:
    """All that any of these roles allows."""
    return frozenset[Permission]().union(*(PERMISSIONS.get(role, frozenset()) for role in roles))


def roles_include(roles: Iterable[str], needed: CallerRole) -> bool:
    """Whether these roles together allow all that another role allows."""
    return permissions_of(roles) >= PERMISSIONS[needed]


def spell_roles(roles: Iterable[str]) -> str:
    """The roles of a caller as errors say them."""
    return ", ".join(sorted(roles)) or "none"
