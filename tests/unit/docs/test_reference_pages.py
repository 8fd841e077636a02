"""The reference is what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.generator.__main__ import FOLDER, stale
from docs.generator.models import keys_of
from docs.generator.pages import reference_pages
from docs.generator.texts import TextsDifferError, texts_for
from spheresync.config.settings import Settings


def test_the_pages_are_not_stale() -> None:
    found = [file.name for file in stale()]
    assert found == [], "run `.venv/bin/python -m docs.generator`, and commit what it writes"


def test_every_page_in_the_folder_is_made_and_listed() -> None:
    made = {*reference_pages()}
    assert {file.stem for file in FOLDER.glob("*.md")} == made | {"index"}
    listed = (FOLDER / "index.md").read_text("utf-8")
    assert [name for name in made if f"\n{name}\n" not in listed] == []


def test_a_thing_without_a_text_and_a_text_of_nothing_are_told() -> None:
    words = [key.path for key in keys_of(Settings) if not key.path.startswith("mapping.")]
    with pytest.raises(TextsDifferError, match=r"\['later'\].*\['prefix'\]"):
        texts_for("settings", [*(word for word in words if word != "prefix"), "later"])


def test_keys_have_the_defaults_that_are_in_force() -> None:
    """A tier's default is not that of its class, and an alias is what people write."""
    keys = {key.path: key for key in keys_of(Settings)}
    assert keys["tiers.critical.freshness"].default == "`5m`" and keys["tiers.high.freshness"].default == ""
    assert keys["alerts[].email.from"].takes == "text" and keys["destinations.NAME.spaces"].default == "`[*]`"
    assert Settings(state_dir=Path("/nowhere")).deletion.misses == int(keys["deletion.misses"].default.strip("`"))
