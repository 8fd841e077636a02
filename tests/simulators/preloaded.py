"""What the process that forks the others has loaded: the program whole, and the servers that stand for SAP and AWS.

And what is the same in every process, and costs each more than its own work: the commands that typer makes of
functions, and the models of AWS that botocore reads from files.
"""

from __future__ import annotations

import gc
import importlib
import pkgutil
from collections.abc import Iterator

from pydantic import BaseModel

import spheresync
import spheresync_server
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


for name in modules():
    importlib.import_module(name)
_build(BaseModel)
command_line()
read_models()
gc.freeze()
