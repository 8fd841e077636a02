"""The commands of `spheresync` and their options; modules of a command are imported when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from spheresync import __version__
from spheresync.errors import UsageError
from spheresync.model import Environment
from spheresync_server.cli.commands import audit as audit_commands
from spheresync_server.cli.commands import catalog as catalog_commands
from spheresync_server.cli.commands import changes as change_commands
from spheresync_server.cli.commands import config as config_commands
from spheresync_server.cli.commands import drift as drift_command
from spheresync_server.cli.commands import health as health_commands
from spheresync_server.cli.commands import runs as run_commands
from spheresync_server.cli.commands import schedule as schedule_commands
from spheresync_server.cli.commands import serve as serve_command
from spheresync_server.cli.commands import sign_in as sign_in_command
from spheresync_server.cli.commands import state as state_commands
from spheresync_server.cli.global_options import Invocation
from spheresync_server.cli.output import documents
from spheresync_server.unreleased import COMMANDS, not_released

if TYPE_CHECKING:
    from typer._click.core import Command, Context

_EPILOG = "Every command also takes --env, --config, --json and --verbose."


_ELSEWHERE = {
    "plan": "preview",
    "diff": "preview",
    "undo": "revert",
    "rollback": "revert",
    "validate": "config validate",
    "list": "assets",
    "history": "runs",
    "start": "serve",
    "run": "sync",
}
"""What the same thing is called in Terraform, dbt and others."""


class Commands(TyperGroup):
    """The commands there are; those that are still to come say so."""

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        if cmd_name in COMMANDS:
            raise UsageError(not_released(f"spheresync {cmd_name}"), remedy="`spheresync --help` lists what there is.")
        if cmd_name in _ELSEWHERE:
            named = f"`spheresync {_ELSEWHERE[cmd_name]}`"
            raise UsageError(f"there is no command {cmd_name!r}.", remedy=f"Did you mean {named}?")
        return super().get_command(ctx, cmd_name)


app = typer.Typer(
    name="spheresync",
    cls=Commands,
    help="Keep AWS catalogs true to SAP Datasphere: discover, preview, apply, remember.",
    epilog=f"{_EPILOG} Exit codes: 0 done, 1 failed, 2 usage, 3 refused, 4 changes (--exit-code).",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
audit = typer.Typer(name="audit", help="The audit log: query, verify, export.", epilog=_EPILOG)
schedule = typer.Typer(
    name="schedule", help="What is synced by itself, in tiers; and the queue of jobs that does it.", epilog=_EPILOG
)
config = typer.Typer(name="config", help="Check or show the configuration.", epilog=_EPILOG)


@app.callback(invoke_without_command=True)
def spheresync(
    context: typer.Context,
    *,
    env: Annotated[Environment | None, typer.Option(help="Environment; else SPHERESYNC_ENV, else dog.")] = None,
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Settings; else SPHERESYNC_CONFIG, else spheresync.yaml here."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout, errors too.")] = False,
    verbose: Annotated[  # noqa: ARG001 -- logging is set up by the raw arguments, before there is a command
        bool, typer.Option("--verbose", help="Log details to stderr.")
    ] = False,
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> int | None:
    """Keep AWS catalogs true to SAP Datasphere: discover, preview, apply, remember."""
    if config == Path():
        raise UsageError("--config needs the name of a file.", remedy="Write --config FILE.")
    context.obj = Invocation(env, config, json)
    if context.invoked_subcommand is not None:
        return None
    if not version:
        raise UsageError("give a command.", remedy="`spheresync --help` lists them.")
    if json:
        documents.write({"version": __version__})
    else:
        typer.echo(f"spheresync {__version__}")
    raise typer.Exit(0)


app.command(epilog=_EPILOG)(serve_command.serve)
for _command in (
    catalog_commands.discover,
    catalog_commands.assets,
    catalog_commands.lineage,
    change_commands.preview,
    change_commands.change_sets,
    change_commands.approve,
    change_commands.apply,
    change_commands.promote,
    change_commands.sync,
    run_commands.runs,
    run_commands.cancel,
    health_commands.status,
    run_commands.revert,
    run_commands.release,
    drift_command.drift,
):
    app.command(epilog=_EPILOG)(_command)
app.add_typer(schedule)
app.add_typer(audit)
app.command(epilog=_EPILOG)(health_commands.doctor)
app.command(epilog=_EPILOG)(sign_in_command.login)
app.command(epilog=_EPILOG)(state_commands.backup)
app.command(epilog=_EPILOG)(state_commands.restore)
app.add_typer(config)

schedule.command("show", epilog=_EPILOG)(schedule_commands.show)
schedule.command("pause", epilog=_EPILOG)(schedule_commands.pause)
schedule.command("resume", epilog=_EPILOG)(schedule_commands.resume)
schedule.command("run-now", epilog=_EPILOG)(schedule_commands.run_now)
schedule.command("jobs", epilog=_EPILOG)(schedule_commands.jobs)
schedule.command("cancel", epilog=_EPILOG)(schedule_commands.cancel)
schedule.command("retry", epilog=_EPILOG)(schedule_commands.retry)
audit.command("query", epilog=_EPILOG)(audit_commands.audit_query)
audit.command("verify", epilog=_EPILOG)(audit_commands.audit_verify)
audit.command("export", epilog=_EPILOG)(audit_commands.audit_export)
config.command("validate", epilog=_EPILOG)(config_commands.validate)
config.command("show", epilog=_EPILOG)(config_commands.show)
