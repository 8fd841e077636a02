"""Where faces get settings and the service from; heavy modules are imported when they are first needed."""

from __future__ import annotations

import os
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spheresync.answers import AuditVerdictAnswer, RestoreAnswer
    from spheresync.config import SettingsSource
    from spheresync.errors import AlteredStateError
    from spheresync.model import Principal
    from spheresync.service import Service


def settings_source(environment: str | None, file: Path | None) -> SettingsSource:
    """Settings of the environment and file that the command line named; both may be left to the surroundings."""
    from spheresync.config import SettingsSource

    return SettingsSource(environment, file, os.environ, Path.cwd())


def load_service() -> None:
    """Import what `open_service` needs: that takes longer than opening it, and may be done in a thread."""
    import spheresync.service  # noqa: F401


def open_service(source: SettingsSource, *, asked: bool = False) -> AbstractAsyncContextManager[Service]:
    """The one service of this process; `asked`: it was started for one request.

    Raises:
        ConfigurationError: settings cannot be used.
        StateError: the state cannot be opened.
    """
    from spheresync.service import Service

    return Service.open(source, asked=asked)


async def verify_altered_state(source: SettingsSource, fault: AlteredStateError) -> AuditVerdictAnswer:
    """What the audit log of a state says that nobody opens.

    Raises:
        StateError: it cannot be read.
    """
    from spheresync.service.state.backup_restore import verify_altered

    return await verify_altered(source, fault)


async def restore_state(
    source: SettingsSource, file: Path, principal: Principal, *, force: bool = False
) -> RestoreAnswer:
    """Make a backup the state again; the service cannot be open meanwhile.

    Raises:
        SpheresyncError: what kept it from being done; then nothing was changed.
    """
    from spheresync.service.state.backup_restore import restore

    return await restore(source, file, principal, force=force)
