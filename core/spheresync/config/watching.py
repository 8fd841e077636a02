"""Settings that follow their file: changed rules are picked up without a restart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from spheresync.config.loading import FILE_NAME, load_settings
from spheresync.config.settings import Settings
from spheresync.observe.redaction import conceal


class SettingsSource:
    """Loads settings, and loads them again when the file was replaced or edited."""

    def __init__(self, env: str | None, config_file: Path | None, environ: Mapping[str, str], cwd: Path) -> None:
        self._arguments = (env, config_file, dict(environ), cwd)
        self._path = config_file or cwd / FILE_NAME
        self._seen: tuple[int, int, int] | None = None
        self._settings: Settings | None = None

    def current(self) -> Settings:
        """The settings as file and environment have them now; the same object while nothing changed.

        Raises:
            ConfigurationError: what the file holds now cannot be used; asked again, it says so again.
        """
        look = self._look()
        if self._settings is None or look != self._seen:
            self._settings = None
            self._settings = load_settings(*self._arguments)
            conceal(self._settings.secrets())  # before anything that is done with them can be logged
            self._seen = look
        return self._settings

    def _look(self) -> tuple[int, int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino
