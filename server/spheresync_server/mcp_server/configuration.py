"""The effective settings as an assistant reads them: sections in force, and where what is no default was set."""

from __future__ import annotations

from spheresync.answers import ConfigurationAnswer
from spheresync.errors import UsageError
from spheresync.runtime.unknown_names import nearest
from spheresync_server.json_texts import Json

CHANGED_BY = (
    "Whoever runs this installation: in the configuration file of its server, or by environment variables "
    "SPHERESYNC_<SECTION>__<KEY>. A running server takes changes of the file in by itself. No tool changes it."
)
_DEFAULT = "default"


def configuration_answer(shown: Json, section: str | None) -> ConfigurationAnswer:
    """The settings of one section, or all.

    Args:
        shown: what `config show` prints: `settings` without secrets, and by key where each comes from.
        section: a key of the file's first level.

    Raises:
        UsageError: there is no such section.
    """
    assert isinstance(shown, dict)
    settings, sources = shown.get("settings", shown), shown.get("sources", {})
    assert isinstance(settings, dict) and isinstance(sources, dict)
    if section is not None and section not in settings:
        meant = nearest(section, list(settings))
        raise UsageError(
            f"the configuration has no section {section!r}.", remedy=f"{meant} Valid: {', '.join(settings)}.".strip()
        )
    return ConfigurationAnswer(
        settings={name: value for name, value in settings.items() if section in {None, name}},
        set={
            key: str(source)
            for key, source in sources.items()
            if source != _DEFAULT and section in {None, key.partition(".")[0]}
        },
        changed_by=CHANGED_BY,
    )


def left_out_keys(shown: Json, section: str) -> list[str]:
    """The keys of a section that an answer leaves out, as they are off, empty or zero."""
    settings = shown.get("settings", shown) if isinstance(shown, dict) else {}
    value = settings.get(section) if isinstance(settings, dict) else None
    if not isinstance(value, dict):
        return [] if value else [section]
    return [f"{section}.{key}" for key, each in value.items() if not each]
