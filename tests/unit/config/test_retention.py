"""How long records are kept: defaults, spelling, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from spheresync.config import Retention, load_settings
from spheresync.errors import ConfigurationError


def load(folder: Path, text: str, **environ: str) -> Retention:
    (folder / "spheresync.yaml").write_text(text, encoding="utf-8")
    return load_settings(None, None, {"HOME": str(folder), **environ}, folder).retention


def test_defaults_and_both_ways_to_say_otherwise(tmp_path: Path) -> None:
    assert load(tmp_path, "") == Retention(
        runs=timedelta(days=400), idle_runs=timedelta(days=30), change_sets=timedelta(days=90)
    )
    given = load(tmp_path, "retention: {runs: 24h}\n", SPHERESYNC_RETENTION__CHANGE_SETS="7d")
    assert (given.runs, given.change_sets) == (timedelta(days=1), timedelta(days=7))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("retention: {runs: 23h}", "retention.runs: must be at least 1d"),
        ("retention: {idle_runs: 0s}", "retention.idle_runs: must be at least 1d"),
        ("retention: {change_sets: 90}", "retention.change_sets: must be a whole number with a unit"),
        ("retention: {runs: 4000d}", "retention.runs: must be at most 3650d"),
        ("retention: {run: 90d}", "did you mean runs"),
        ("retention: {audit: 90d}", "unknown"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, text)
    assert said in str(caught.value)
