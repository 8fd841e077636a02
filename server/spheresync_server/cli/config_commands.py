"""Commands around the configuration; they open neither state nor connections."""

from __future__ import annotations

import typer

from spheresync.answers import Answer
from spheresync_server import opening
from spheresync_server.cli import documents
from spheresync_server.cli.global_options import invocation_of


class ConfigVerdict(Answer):
    """What `config validate --json` answers when all is well; problems come as the error document."""

    valid: bool
    environment: str
    problems: list[str]


def validate(context: typer.Context) -> int:
    """Check file and environment: exit 0 when they can be used, 2 with every problem listed."""
    call = invocation_of(context)
    settings = opening.settings_source(call.environment, call.file).current()
    if call.json:
        documents.write(ConfigVerdict(valid=True, environment=settings.env, problems=[]))
    else:
        from spheresync_server.cli.tables import say

        say(f"The configuration is good ({settings.env}, tenant {settings.tenant_host}).")
    return 0


def show(context: typer.Context) -> int:
    """Show effective settings and where each comes from, secrets redacted."""
    call = invocation_of(context)
    redacted = opening.settings_source(call.environment, call.file).current().redacted()
    if call.json:
        documents.write(redacted)
    else:
        import yaml

        from spheresync_server.cli.tables import say

        say(yaml.safe_dump(redacted, sort_keys=False, allow_unicode=True).rstrip())
    return 0
