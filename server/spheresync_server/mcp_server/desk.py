"""What every tool, resource and route of one server works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spheresync.model import Principal
from spheresync_server.caller import CallerRole
from spheresync_server.mcp_server.server_paths import Hide
from spheresync_server.untrusted import Json

if TYPE_CHECKING:
    from spheresync.service import Service


@dataclass(frozen=True, slots=True)
class Desk:
    """The open service, and the caller on whose behalf it is asked.

    `show_settings` answers the effective settings with secrets redacted, `hide` a text without paths of this machine.
    """

    service: Service
    principal: Principal
    role: CallerRole
    show_settings: Callable[[], Json]
    read_only: bool = False
    hide: Hide = str
