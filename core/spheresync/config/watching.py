"""Settings that follow their files: changed rules and another promotion are picked up without a restart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from spheresync.config.loading import FILE_NAME, load_settings
from spheresync.config.promotion import stamp_of
from spheresync.config.settings import Settings
from spheresync.observe.redaction import conceal

_Look: TypeAlias = tuple[int, int, int] | None


class SettingsSource:
    """Loads settings, and loads them again when the file or the promotion was replaced or edited."""

    def __init__(self, env: str | None, config_file: Path | None, environ: Mapping[str, str], cwd: Path) -> None:
        self._arguments = (env, config_file, dict(environ), cwd)
        self._path = config_file or cwd / FILE_NAME
        self._seen: tuple[_Look, _Look] = (None, None)
        self._settings: Settings | None = None
        self._last_good: Settings | None = None

    def current(self) -> Settings:
        """The settings as file and environment have them now; the same object while nothing changed.

        Raises:
            ConfigurationError: what the file holds now cannot be used; asked again, it says so again.
        """
        settings = self._settings
        look = _look(self._path)
        if settings is None or (look, _look(settings.promotion)) != self._seen:
            self._settings = None
            self._settings = self._last_good = settings = load_settings(*self._arguments)
            conceal(settings.secrets())  # before anything that is done with them can be logged
            # What was read, and not what is there now: it may have moved between.
            self._seen = look, None if settings.promoted is None else settings.promoted.file.stamp
        return settings

    def places(self) -> dict[str, str]:
        """Paths of this machine that an error or a setting may name, with what to call each before somebody else."""
        _, _, _, cwd = self._arguments
        called: dict[Path, str] = {Path.home(): "~", cwd: "the server's folder"}
        if (settings := self._last_good) is not None:
            if settings.promotion is not None:
                called[settings.promotion] = "the promotion file"
            called[settings.state_dir.absolute()] = "the state folder"
            called[settings.state_dir] = "the state folder"
        called[self._path.absolute()] = "the configuration file"
        called[self._path] = "the configuration file"
        return {str(each): name for path, name in called.items() for each in (path, path.resolve())}


def _look(path: Path | None) -> _Look:
    """What moves when a file is replaced or edited; None where there is none."""
    try:
        return None if path is None else stamp_of(path.stat())
    except OSError:
        return None
