"""Who asks: the local user, with the role that the surroundings give (CONTRACT.md, "MCP server").

A server asks its `CallerOf` for the principal of each request, where the request comes in (`acting_for`). Whatever
answers the request reads it there (`current_caller`); no part of a server keeps a principal.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeAlias

from spheresync.errors import ConfigurationError, PermissionRefusedError
from spheresync.model import Environment, Principal, PrincipalKind
from spheresync.model.principals import CallerRole

if TYPE_CHECKING:
    from starlette.requests import Request

ROLE_VARIABLE = "SPHERESYNC_ROLE"

CallerOf: TypeAlias = Callable[["Request | None"], Principal]
"""Answers the principal of one request: that of HTTP, None over stdio."""

_caller: ContextVar[Principal] = ContextVar("caller")


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


def server_default_role(environment: Environment) -> CallerRole:
    """Over MCP an unnamed caller is admin in dog and viewer where a real tenant or account is behind it."""
    return CallerRole.ADMIN if environment.is_embedded else CallerRole.VIEWER


def local_principal(role: CallerRole) -> Principal:
    """The operating system's user, as the audit log names them; the environment cannot pretend to be another."""
    number = os.getuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:
        name = f"uid-{number}"
    return Principal(kind=PrincipalKind.USER, id=name, roles=frozenset({role.value}))


def local_caller(role: CallerRole) -> CallerOf:
    """The local user, whatever the request: over stdio, and over HTTP where no issuer of tokens is configured."""
    principal = local_principal(role)
    return lambda _request: principal


@contextmanager
def acting_for(principal: Principal) -> Iterator[None]:
    """Have `current_caller` answer this principal in the block, and in what is awaited there."""
    token = _caller.set(principal)
    try:
        yield
    finally:
        _caller.reset(token)


def current_caller() -> Principal:
    """The principal of the request that is being answered.

    Raises:
        LookupError: no request is.
    """
    return _caller.get()


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
