"""Figures of a log line: as CloudWatch's embedded metric format wants them, as plain fields for others."""

from __future__ import annotations

import io
import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.observe.log_metrics import LogMetrics, Unit, measuring, seconds_between
from spheresync.observe.logs import LineFormatter, LogStyle

MEASURED = LogMetrics(
    {"run_seconds": (1.23456, Unit.SECONDS), "aws_calls": (3, Unit.COUNT), "aws_bytes": (6802.0, Unit.BYTES)},
    installation="prod-eu",
    environment="bear",
    by={"kind": "sync", "state": "done"},
)


def line(style: LogStyle, measured: LogMetrics = MEASURED) -> str:
    stream = io.StringIO()
    logger = logging.Logger("spheresync.test")  # noqa: LOG001 -- one that no other test shares
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LineFormatter(style))
    logger.addHandler(handler)
    logger.info("ended done", extra=measuring(measured))
    return stream.getvalue()


def check_embedded(document: dict[str, Any]) -> None:
    """What the specification asks of a line."""
    assert isinstance(document["_aws"]["Timestamp"], int)
    (directive,) = document["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Spheresync"
    assert 0 < len(directive["Metrics"]) <= 100
    for metric in directive["Metrics"]:
        assert isinstance(document[metric["Name"]], int | float)
        assert metric["Unit"] in {"Count", "Seconds", "Bytes"}
    for dimensions in directive["Dimensions"]:
        assert len(dimensions) <= 30
        assert all(isinstance(document[name], str) for name in dimensions)


def test_cloudwatch_finds_the_figures_and_what_tells_them_apart() -> None:
    document = json.loads(line(LogStyle.EMF))
    check_embedded(document)
    (directive,) = document["_aws"]["CloudWatchMetrics"]
    whose = ["environment", "installation"]
    assert directive["Dimensions"] == [whose, [*whose, "kind", "state"]]
    assert (document["message"], document["run_seconds"], document["aws_bytes"]) == ("ended done", 1.235, 6802)
    assert abs(document["_aws"]["Timestamp"] / 1000 - datetime.fromisoformat(document["at"]).timestamp()) < 0.002


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,20}\Z"), st.floats(0, 1e12), min_size=1, max_size=300))
def test_no_line_has_more_figures_than_cloudwatch_takes(figures: dict[str, float]) -> None:
    told = {f"f_{word}": (amount, Unit.COUNT) for word, amount in figures.items()}
    check_embedded(json.loads(line(LogStyle.EMF, LogMetrics(told, installation="i", environment="wolf"))))


def test_other_styles_tell_them_plainly_or_not_at_all() -> None:
    document = json.loads(line(LogStyle.JSON))
    assert "_aws" not in document
    assert document["figures"] == {"run_seconds": 1.235, "aws_calls": 3, "aws_bytes": 6802}
    assert line(LogStyle.TEXT).endswith("spheresync.test: ended done\n")


@pytest.mark.parametrize(("ended", "seconds"), [("12:00:02.500", 2.5), ("11:59:00.000", 0)])
def test_a_clock_that_was_set_back_makes_no_time_negative(ended: str, seconds: float) -> None:
    moment = datetime.fromisoformat(f"2026-11-25T{ended}").replace(tzinfo=UTC)
    assert seconds_between("2026-11-25T12:00:00.000000Z", moment) == seconds
