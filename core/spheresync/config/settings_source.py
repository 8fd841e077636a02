"""Settings that follow their files: edited rules, context files and promotions are picked up without a restart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from spheresync.config.context_patterns import FilesLook
from spheresync.config.reading.context_files import ParsedFiles
from spheresync.config.reading.loading import configuration_file, load_settings
from spheresync.config.settings import Settings
from spheresync.errors import ConfigurationError
from spheresync.redaction import conceal
from spheresync.regular_files import stamp_of

_Look: TypeAlias = tuple[int, int, int] | None


class SettingsSource:
    """Loads settings, and loads them again when the file, the promotion or a context file was replaced or edited.

    What a process is bound to from its start on (tenant, environment, state folder) no edit changes: the state holds
    what was read from one tenant, under the marker of one installation.
    """

    def __init__(self, env: str | None, config_file: Path | None, environ: Mapping[str, str], cwd: Path) -> None:
        self._arguments = (env, config_file, dict(environ), cwd)
        self._path, _ = configuration_file(config_file, environ, cwd)
        self._parsed = ParsedFiles()
        self._seen: tuple[_Look, _Look, FilesLook] = (None, None, ())
        self._good: Settings | None = None  # the last that could be used
        self._settings: Settings | None = None
        self._kept_name: str | None = None
        self._places: tuple[Settings | None, dict[str, str]] | None = None  # to resolve a path asks the disk

    def keep_name(self, name: str | None) -> None:
        """Have settings that name no installation go by the name that was derived for what was written."""
        if name != self._kept_name:
            self._kept_name, self._settings = name, None

    def current(self) -> Settings:
        """The settings as file and environment have them now; the same object while nothing in them changed.

        Raises:
            ConfigurationError: what the file holds now cannot be used; asked again, it says so again.
        """
        settings = self._settings
        look = _look(self._path)
        if settings is None or (look, _look(settings.promotion), _files_of(settings)) != self._seen or _moved(settings):
            self._settings = None
            settings = load_settings(*self._arguments, parsed=self._parsed).with_kept_name(self._kept_name)
            conceal(settings.secrets())  # before anything that is done with them can be logged
            if self._good is not None:
                _require_same_binding(self._good, settings)
            # What was read, and not what is there now: it may have moved between.
            promotion = None if settings.promoted is None else settings.promoted.file.stamp
            self._seen = look, promotion, self._parsed.look
            self._good = self._settings = settings = self._good if settings == self._good else settings
        return settings

    def places(self) -> dict[str, str]:
        """Paths of this machine that an error or a setting may name, with what to call each before somebody else.

        The longest come first; the same object while the settings that can be used are the same.
        """
        settings = self._good
        if self._places is None or self._places[0] is not settings:
            self._places = settings, self._places_with(settings)
        return self._places[1]

    def _places_with(self, settings: Settings | None) -> dict[str, str]:
        _, _, _, cwd = self._arguments
        called: dict[Path, str] = {Path.home(): "~", cwd: "the server's folder"}
        if settings is not None:
            if settings.promotion is not None:
                called[settings.promotion] = "the promotion file"
            if settings.datasphere.sign_in_key is not None:
                called[settings.datasphere.sign_in_key] = "the key file of the sign-in"
            called[settings.state_dir.absolute()] = "the state folder"
            called[settings.state_dir] = "the state folder"
        called[self._path.absolute()] = "the configuration file"
        called[self._path] = "the configuration file"
        spelled = {str(each): name for path, name in called.items() for each in (path, path.resolve())}
        return dict(sorted(spelled.items(), key=lambda place: -len(place[0])))


def _require_same_binding(bound: Settings, read: Settings) -> None:
    """Refuse settings that were read anew and are for another process than this one.

    Raises:
        ConfigurationError: they name another environment, state folder or tenant.
    """
    if read.env != bound.env:  # the others follow from it
        moved = {"env": f"is {read.env} now, and this process works in {bound.env}"}
    else:
        moved = {}
        if read.state_dir != bound.state_dir:
            moved["state_dir"] = "names another folder than the one that this process works in"
        if read.tenant_host != bound.tenant_host:
            served = f"the tenant {bound.tenant_host}"
            moved["datasphere.base_url"] = f"names the tenant {read.tenant_host}, and this process serves {served}"
    fix = "put it back, or end this process and start one for it, with a state folder of its own"
    if moved:
        raise ConfigurationError(tuple(f"{read.origin_of(key)}: {key}: {what}; {fix}" for key, what in moved.items()))


def _files_of(settings: Settings) -> FilesLook:
    """The context files as they are now."""
    patterns = settings.business_context.patterns
    return () if patterns is None else patterns.look()


def _moved(settings: Settings) -> bool:
    """Whether a file that stands for a value was replaced or edited."""
    return any(_look(path) != stamp for path, stamp in settings.files.items())


def _look(path: Path | None) -> _Look:
    """What moves when a file is replaced or edited; None where there is none."""
    try:
        return None if path is None else stamp_of(path.stat())
    except OSError:
        return None
