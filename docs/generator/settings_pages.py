"""The pages on the configuration file, mapping rules and context files."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from docs.generator.markdown import code, page, table
from docs.generator.models import Key, keys_of
from docs.generator.texts import texts_for
from spheresync.config.context import ContextFile
from spheresync.config.reading.loading import _PROCESS_VARIABLES, _variables
from spheresync.config.rules import Rule
from spheresync.config.settings import Settings
from spheresync.config.templates import ASSET_FIELDS, COLUMN_FIELDS

_RULES = "mapping."
_OF_THE_PROCESS = {
    "SPHERESYNC_CONFIG": "The configuration file, where `--config` does not say it.",
    "SPHERESYNC_ENV": "The environment, where `--env` does not say it.",
    "SPHERESYNC_LOG": "`json` or `emf`: how log lines are written.",
    "SPHERESYNC_ROLE": "The role of the local caller: `viewer`, `operator`, `steward`, `admin` or `auditor`.",
    "SPHERESYNC_STATE_DIR": "The folder of the state.",
}
_OF_TESTS = {"SPHERESYNC_SOAK", "SPHERESYNC_LIVE_REGION"}


def settings_page() -> str:
    """Every key of `spheresync.yaml`."""
    keys = [key for key in keys_of(Settings) if not key.path.startswith(_RULES)]
    texts = texts_for("settings", [key.path for key in keys])
    overriding = {".".join(path): name for name, path in _variables(Settings)}
    sections = [
        f"## {section}\n\n"
        + table(
            ["Key", "Takes", "Default", "Variable", "What it does"],
            (
                [code(key.path), key.takes, key.default, code(overriding.get(key.path, "")), texts[key.path]]
                for key in group
            ),
        )
        for section, group in _by_section(keys)
    ]
    undescribed = {*_PROCESS_VARIABLES} - {*_OF_THE_PROCESS} - _OF_TESTS
    assert not undescribed, f"describe {sorted(undescribed)} in {Path(__file__).name}"
    return page(
        "Settings",
        "Settings come from `spheresync.yaml`, or the file that `--config` or `SPHERESYNC_CONFIG` "
        "names. A variable of the "
        "environment wins over the file. Lengths of time are written `60s`, `5m`, `1h` or `1d`. A "
        "list in a variable is parted "
        "by commas. An unknown key is an error that names the nearest known one. `spheresync "
        "config show` tells what is in "
        "force, and from where. [Mapping rules](rules.md) and [context files](context-files.md) "
        "have pages of their own.",
        *sections,
        "## Variables of the process\n\n"
        + table(["Variable", "What it does"], ([code(name), text] for name, text in sorted(_OF_THE_PROCESS.items()))),
        "AWS credentials, Region and endpoints come from boto3's chain (`AWS_PROFILE`, "
        "`AWS_REGION`, `AWS_ENDPOINT_URL`, …).",
    )


def rules_page() -> str:
    """Every key of a mapping rule."""
    keys = [*keys_of(Rule)]
    return page(
        "Mapping rules",
        "Rules stand under `mapping: {rules: […]}`, in order. Every rule that matches applies, and "
        "a later one wins, key by key. "
        "`match` takes globs: `*` is any characters, `?` one, and case matters.",
        _table(keys, "rules"),
        f"A template may name {_fields(ASSET_FIELDS)} of an asset, and {_fields(COLUMN_FIELDS)} of a column. "
        "`{asset}` is `SPACE/NAME`, `{prefix}` the configured prefix.",
        "```yaml\nmapping:\n  rules:\n    - match: {space: SALES, kind: [view]}\n"
        '      set: {tier: critical, table: "{name}_v1", tags: {layer: gold}}\n'
        '      columns: [{match: {name: QTY}, set: {type: "decimal(18,0)"}}]\n```',
    )


def context_files_page() -> str:
    """Every key of a context file."""
    return page(
        "Context files",
        'Files that `context: ["context/*.yaml"]` names say of assets and columns what Datasphere does not know '
        "([how](../how-to/business-context.md)). Every entry that matches applies, and a later one wins, key by key.",
        _table([*keys_of(ContextFile)], "context_files"),
    )


def _table(keys: list[Key], name: str) -> str:
    texts = texts_for(name, [key.path for key in keys])
    return table(["Key", "Takes", "What it does"], ([code(key.path), key.takes, texts[key.path]] for key in keys))


def _by_section(keys: Iterable[Key]) -> list[tuple[str, list[Key]]]:
    """Keys of their sections, those without one first."""

    def section(key: Key) -> str:
        first, dot, _ = key.path.partition(".")
        return first.removesuffix("[]") if dot else "General"

    in_order = sorted(keys, key=lambda key: section(key) != "General")
    return [(name, [*group]) for name, group in groupby(in_order, section)]


def _fields(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{{{name}}}`" for name in names)
