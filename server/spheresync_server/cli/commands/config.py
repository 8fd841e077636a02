"""Commands around the configuration; they open neither state nor connections."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import typer

from spheresync.answers import Answer
from spheresync.errors import ConfigurationError
from spheresync.model.principals import CallerRole
from spheresync_server import service_access
from spheresync_server.caller import role_from
from spheresync_server.cli.global_options import Invocation, invocation_of
from spheresync_server.cli.output import documents

if TYPE_CHECKING:
    from spheresync.config import Settings


class ConfigVerdict(Answer):
    """What `config validate --json` answers when all is well; problems come as the error document."""

    valid: bool
    environment: str
    problems: list[str]


def validate(context: typer.Context) -> int:
    """Check file and environment: exit 0 when they can be used, 2 with every problem listed."""
    call = invocation_of(context)
    settings = _checked(call)
    if call.json:
        documents.write(ConfigVerdict(valid=True, environment=settings.env, problems=[]))
    else:
        from spheresync_server.cli.output.tables import say

        say(f"The configuration is good ({settings.env}, tenant {settings.tenant_host}).")
    return 0


def _checked(call: Invocation) -> Settings:
    """The settings, once everything that the other commands would stumble over is sound.

    Raises:
        ConfigurationError: with the problems of settings and role together.
    """
    problems: tuple[str, ...] = ()
    try:
        role_from(os.environ, CallerRole.ADMIN)
    except ConfigurationError as error:
        problems = error.problems
    try:
        settings = service_access.settings_source(call.environment, call.file).current()
    except ConfigurationError as error:
        raise ConfigurationError((*error.problems, *problems)) from error
    if problems:
        raise ConfigurationError(problems)
    return settings


def show(context: typer.Context) -> int:
    """Show effective settings and where each comes from, secrets redacted."""
    call = invocation_of(context)
    redacted = service_access.settings_source(call.environment, call.file).current().redacted()
    if call.json:
        documents.write(redacted)
    else:
        import yaml

        from spheresync_server.cli.output.tables import say

        say(yaml.safe_dump(redacted, sort_keys=False, allow_unicode=True).rstrip())
    return 0
