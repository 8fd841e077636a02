"""What nobody has read yet is told as that: never as something in which nothing would change."""

from __future__ import annotations

from typing import Any

from tests.simulators.installation import Installation


def never_read(answer: dict[str, Any]) -> dict[str, str]:
    """What an answer says was never read, by what it is about."""
    return {each["subject"]: each["message"] for each in answer["findings"] if each["code"] == "never_read"}


def test_a_preview_of_a_fresh_installation_says_that_nothing_was_read(installation: Installation) -> None:
    fresh = installation.ask("preview", "--no-refresh", "--exit-code", code=1)
    assert never_read(fresh) == {
        "Datasphere": "Datasphere was never read, so nothing is known and nothing could be compared."
    }
    assert fresh["read_at"] is None
    assert "run discover" in fresh["findings"][0]["remedy"]
    text = installation.run("preview", "--no-refresh").out
    assert "Nothing to apply" not in text and "never read" in text


def test_a_preview_names_what_of_its_scope_was_never_read_and_says_as_of_when_it_is(installation: Installation) -> None:
    installation.ask("discover", "--space", "SPACE_000")
    stored = installation.ask("preview", "--no-refresh", code=1)
    assert stored["summary"]["create"] == 10
    (spaces,) = never_read(stored).values()
    assert "2 spaces were never read" in spaces and spaces.endswith("SPACE_001, SPACE_002.")
    part = installation.ask("preview", "--no-refresh", "--space", "SPACE_000")
    assert never_read(part) == {} and part["read_at"] == stored["read_at"] < part["created_at"]
    assert f"last read from Datasphere, at {part['read_at']}" in installation.run("preview", "--no-refresh").out
    read = installation.ask("preview")
    assert never_read(read) == {} and read["read_at"] > part["read_at"]


def test_listed_and_never_read_is_told_too(installation: Installation) -> None:
    critical = installation.ask("sync", "--tier", "critical")["counts"]["create"]
    stored = installation.ask("preview", "--no-refresh", code=1)
    left = f"{30 - critical} assets were never read, so nothing of them could be compared: "
    assert 0 < critical < 30 and never_read(stored)["assets"].startswith(left)
    assert never_read(installation.ask("preview", "--no-refresh", "--tier", "critical")) == {}
