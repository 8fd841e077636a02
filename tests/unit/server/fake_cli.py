"""The real command line over the fake service, as a process of its own: `python -m tests.unit.server.fake_cli`."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio

from spheresync.config.context import BusinessContext
from spheresync.config.settings import Limits
from spheresync.errors import ConfigurationError
from spheresync.model import Environment
from spheresync_server import service_access
from tests.unit.server.fake_service import FakeService


@dataclass
class FakeSettings:
    env: Environment = Environment.DOG
    tenant_host: str = "dog.embedded"
    limits: Limits = field(default_factory=Limits)
    business_context: BusinessContext = field(default_factory=BusinessContext)

    def redacted(self) -> dict[str, Any]:
        return {"settings": {"env": self.env.value, "datasphere": {"client_secret": "**********"}}, "origins": {}}


@dataclass
class FakeSource:
    env: str | None
    file: Path | None

    def places(self) -> dict[str, str]:
        return {}

    def current(self) -> FakeSettings:
        if self.file is not None and not self.file.exists():
            raise ConfigurationError((f"{self.file}: no such file", "prefix: too long"))
        return FakeSettings(Environment(self.env or os.environ.get("SPHERESYNC_ENV") or "dog"))


@asynccontextmanager
async def fake_open(source: Any, *, asked: bool = False) -> AsyncIterator[FakeService]:
    service = FakeService(**json.loads(os.environ.get("FAKE_SERVICE", "{}")))
    service.settings = source.current()  # type: ignore[attr-defined]
    try:
        yield service
    finally:
        if os.environ.get("FAKE_STUCK"):
            with anyio.CancelScope(shield=True):
                await service._never("closing")
        if marker := os.environ.get("FAKE_CLOSED"):
            with anyio.CancelScope(shield=True):
                await anyio.Path(marker).write_text("closed", encoding="utf-8")


def install() -> None:
    service_access.settings_source = FakeSource  # type: ignore[assignment]
    service_access.open_service = fake_open  # type: ignore[assignment]


def main() -> None:
    from spheresync_server.cli.main import main as command_line

    install()
    command_line()


if __name__ == "__main__":
    main()
