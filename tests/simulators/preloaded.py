"""What the process that forks the others has loaded: the program whole, and the servers that stand for SAP and AWS.

And what is the same in every process, and costs each more than its own work: the commands that typer makes of
functions with their parameters, the models of AWS that botocore reads from files, the limits and the routes that follow
from those, and the migrations of the state.
"""

from __future__ import annotations

import gc
import importlib
import pkgutil
from collections.abc import Iterator

from pydantic import BaseModel
from typer._click.core import Command
from typer.core import TyperGroup, _TyperParameter

import spheresync
import spheresync_server
from spheresync.dog.services.wire import wire_of
from spheresync.state.sqlite.schema import shipped_migrations
from spheresync.targets.aws.limits import limits_of
from spheresync_server.cli.command_line import command_line
from tests.simulators.aws_models import read_models

BESIDE = (
    "anyio._backends._asyncio",
    "anyio.streams.tls",
    "boto3.session",
    "botocore.parsers",
    "httpcore2",
    "httpx2",
    "lxml.etree",
    "opentelemetry.trace",
    "rich.logging",
    "rich.table",
    "tests.simulators.forked",
    "tests.simulators.glue_server",
    "tests.simulators.tenant_server",
    "truststore",
    "typer._adapters",
    "uvicorn",
    "yaml",
)
LIMITED = ("CreateDatabase", "CreateTable", "DeleteTable", "GetDatabases", "GetTable", "GetTables", "UpdateTable")
DOUBLES = ("lakeformation", "quicksight", "datazone")
OWN_ENTRIES = {"spheresync_server.__main__"}


def modules() -> Iterator[str]:
    """The modules to load, the program's own first."""
    for package in (spheresync, spheresync_server):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if found.name not in OWN_ENTRIES:
                yield found.name
    yield from BESIDE


def _build(model: type[BaseModel]) -> None:
    for each in model.__subclasses__():
        each.model_rebuild()
        _build(each)


def _make_parameters(command: Command) -> None:
    for parameter in command.params:
        if isinstance(parameter, _TyperParameter):
            parameter.get_runtime_param()
    if isinstance(command, TyperGroup):
        for each in command.commands.values():
            _make_parameters(each)


for name in modules():
    importlib.import_module(name)
_build(BaseModel)
_make_parameters(command_line())
read_models()
for operation in LIMITED:
    limits_of("glue").problems(operation, {})
for service in DOUBLES:
    wire_of(service)
shipped_migrations()
gc.freeze()
