"""Settings that follow their files: changed rules and another promotion are picked up without a restart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from spheresync.config.loading import FILE_NAME, load_settings
from spheresync.config.promotion import stamp_of
from spheresync.config.settings import Settings
from spheresync.redaction import conceal

_Look: TypeAlias = tuple[int, int, int] | None


class SettingsSource:
    """Loads settings, and loads them again when the file or the promotion was replaced or edited."""

    def __init__(self, env: str | None, config_file: Path | None, environ: Mapping[str, str], cwd: Path) -> None:
        self._arguments = (env, config_file, dict(environ), cwd)
        self._path = config_file or cwd / FILE_NAME
        self._seen: tuple[_Look, _Look] = (None, None)
        self._settings: Settings | None = None

    def current(self) -> Settings:
        """The settings as file and environment have them now; the same object while nothing changed.

        Raises:
            ConfigurationError: what the file holds now cannot be used; asked again, it says so again.
        """
        settings = self._settings
        look = _look(self._path)
        if settings is None or (look, _look(settings.promotion)) != self._seen:
            self._settings = None
            self._settings = settings = load_settings(*self._arguments)
            conceal(settings.secrets())  # before anything that is done with them can be logged
            # What was read, and not what is there now: it may have moved between.
            self._seen = look, None if settings.promoted is None else settings.promoted.file.stamp
        return settings


def _look(path: Path | None) -> _Look:
    """What moves when a file is replaced or edited; None where there is none."""
    try:
        return None if path is None else stamp_of(path.stat())
    except OSError:
        return None
