"""What can be said of a command, of settings and of variables on a page without running anything."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from docs.generator.models import keys_of
from spheresync.config.context import ContextFile
from spheresync.config.reading.loading import _PROCESS_VARIABLES, _variables, load_settings
from spheresync.config.reading.trial import with_trial_rules
from spheresync.config.settings import Settings
from spheresync_server.cli.command_line import command_line
from spheresync_server.cli.global_options import move_to_front
from tests.documentation.blocks import Block

VARIABLES = {*dict(_variables(Settings)), *_PROCESS_VARIABLES}
KEYS = {key.path for key in keys_of(Settings)}
_ASSIGNED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*")
_ENDS_IT = {"|", "||", "&&", "&", ";", ">", "#"}
_OF_THE_INSPECTOR = "--method"
_SECRET = "https://hooks.example.com/services/x"
_PLACEHOLDERS = {"<tenant>.<region>": "acme.eu10", "…": "x", "/etc/spheresync/client-secret": "secret"}
_NUMBER = re.compile(r"(?<=[a-z] )N\b")


FOR_HOSTS = frozenset({"json", "toml"})
"""Languages of the blocks that hosts of assistants read."""


def servers_in(block: Block) -> list[dict[str, Any]]:
    """The servers that such a block configures."""
    (servers,) = (json.loads if block.language == "json" else tomllib.loads)(block.text).values()
    return list(servers.values())


def commands_of_ours(line: str) -> Iterator[list[str]]:
    """The arguments of each call of `spheresync` in a line of shell, whoever calls it."""
    words = shlex.split(line.replace("\\\n", " "), comments=True)
    for at, word in enumerate(words):
        if Path(word).name == "spheresync" and _begins_a_command(words[:at]):
            rest = words[at + 1 :]
            end = next((i for i, each in enumerate(rest) if each in _ENDS_IT or each == _OF_THE_INSPECTOR), len(rest))
            yield rest[:end]


def _begins_a_command(before: list[str]) -> bool:
    """Whether only what calls a program stands before it."""
    if before[-1:] == ["-u"]:
        return False  # the account of that name
    since = next((i for i, each in enumerate(reversed(before)) if each in _ENDS_IT), len(before))
    callers = before[len(before) - since :]
    return callers[-1:] == ["--cli"] or all(
        each in {"sudo", "env", "-u", "spheresync", "!"} or _ASSIGNED.fullmatch(each) for each in callers
    )


def parse(arguments: list[str]) -> None:
    """Parse a command line as the program does, and do nothing.

    Raises:
        TyperException: it is none.
    """
    command: Any = command_line()  # typer brings its own click, which has no public types
    context = command.make_context("spheresync", move_to_front(arguments))
    while rest := [*getattr(context, "_protected_args", ()), *context.args]:
        name, command, arguments = command.resolve_command(context, rest)
        context = command.make_context(name, [*arguments], parent=context)
        if not hasattr(command, "commands"):
            return


def with_numbers(text: str) -> str:
    """A command in a sentence, with a number where one has to stand."""
    return _NUMBER.sub("1", text)


def check_settings(block: Block, folder: Path) -> None:
    """Read a block of YAML as the program would read it.

    Raises:
        SpheresyncError, ValidationError: it would refuse it.
    """
    text = block.text
    for written, meant in _PLACEHOLDERS.items():
        text = text.replace(written, meant)
    if (block.file or "").startswith("context/"):
        ContextFile.model_validate(yaml.safe_load(text))
    elif (block.file or "").startswith("trial"):
        with_trial_rules(Settings(state_dir=folder), text)
    else:
        (folder / "secret").write_text("x", "utf-8")
        (folder / "context").mkdir()
        (folder / "context" / "any.yaml").write_text("terms: [{name: Any}]", "utf-8")
        (folder / "spheresync.yaml").write_text(text, "utf-8")
        named = dict.fromkeys(re.findall(r"\$\{([A-Z_]+)\}", text), _SECRET)
        load_settings("dog", None, {"SPHERESYNC_STATE_DIR": str(folder), **named}, folder)


def check_variables(variables: dict[str, str], folder: Path) -> None:
    """Read settings from variables that a page has its reader set.

    Raises:
        ConfigurationError: they would be refused.
    """
    given = {name: value for name, value in variables.items() if name != "SPHERESYNC_CONFIG"}
    for written, meant in _PLACEHOLDERS.items():
        given = {name: value.replace(written, meant) for name, value in given.items()}
    load_settings(None, None, {**given, "SPHERESYNC_STATE_DIR": str(folder)} | _tenant(given), folder)


def _tenant(given: dict[str, str]) -> dict[str, str]:
    """What a real tenant needs, where it stands elsewhere on the page."""
    names = ("BASE_URL", "CLIENT_ID", "CLIENT_SECRET")
    told = {"BASE_URL": "https://acme.eu10.hcs.cloud.sap", "CLIENT_ID": "x", "CLIENT_SECRET": "x"}
    every = {f"SPHERESYNC_DATASPHERE__{name}": told[name] for name in names}
    return {} if given.get("SPHERESYNC_ENV", "dog") == "dog" else every | {k: v for k, v in given.items() if k in every}


def unknown_keys(text: str) -> list[str]:
    """The keys that there are not of a setting in a sentence, such as `deletion: {misses: 3}`."""
    top = re.match(r"([a-z_]+): *[{\[]", text)
    if top is None or top[1] not in Settings.model_fields:
        return []
    return [path for path in _paths(yaml.safe_load(text)) if not _is_known(path)]


def _paths(values: Any, below: str = "") -> Iterator[str]:
    if isinstance(values, dict):
        for key, value in values.items():
            yield f"{below}{key}"
            yield from _paths(value, f"{below}{key}.")
    elif isinstance(values, list):
        for value in values:
            yield from _paths(value, f"{below.removesuffix('.')}[].")


def _is_known(path: str) -> bool:
    path = re.sub(r"^destinations\.\w+", "destinations.NAME", path)
    return any(key == path or key.startswith((f"{path}.", f"{path}[]")) for key in KEYS)
