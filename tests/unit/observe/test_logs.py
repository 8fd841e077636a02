"""Log lines: one each, with what they are about, and without secrets."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.observe.context import about
from spheresync.observe.logs import LineFormatter, LogStyle
from spheresync.redaction import conceal, for_a_log

Logged = Callable[..., str]
SECRET = "s3cr3t+of/the=technical user"
conceal([SECRET])


@pytest.fixture(params=list(LogStyle))
def style(request: pytest.FixtureRequest) -> LogStyle:
    return LogStyle(request.param)


def logger_of(style: LogStyle) -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    logger = logging.Logger("spheresync.test")  # noqa: LOG001 -- one that no other test shares
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LineFormatter(style))
    logger.addHandler(handler)
    return logger, stream


def as_json(work: Callable[[logging.Logger], None]) -> dict[str, Any]:
    logger, stream = logger_of(LogStyle.JSON)
    work(logger)
    answer: dict[str, Any] = json.loads(stream.getvalue())
    return answer


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("sent Bearer 1a2B3c4D5e6F7g8H.and.more", "sent Bearer"),
        ("header Authorization: Basic dXNlcjpwYXNzd29yZA==", "header"),
        ("token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl was refused", "was refused"),
        ('body {"access_token": "abcdef0123456789", "expires_in": 3600}', "expires_in"),
        ("form client_id=app&client_secret=hunter2hunter2&grant_type=x", "grant_type=x"),
        ("key AKIAIOSFODNN7EXAMPLE is not known", "is not known"),
        ("GET https://user:pass@proxy.example/ failed", "proxy.example/ failed"),
        ("webhook https://hooks.slack.com/services/T0/B0/xyz answered 404", "answered 404"),
        ("steward Maria.Muster+sap@example.com left", "left"),
        (f"the tenant does not know {SECRET}", "the tenant does not know"),
        ("form s3cr3t%2Bof%2Fthe%3Dtechnical%20user refused", "refused"),
        ("form s3cr3t%2Bof%2Fthe%3Dtechnical+user refused", "refused"),
    ],
)
def test_no_line_holds_a_secret_or_an_address(style: LogStyle, text: str, kept: str) -> None:
    logger, stream = logger_of(style)
    logger.warning("%s", text)
    try:
        raise ValueError(text)
    except ValueError:
        logger.exception("it failed")
    said = stream.getvalue()
    leaked = (
        "1a2B3c4D",
        "dXNlcjp",
        "c2lnbmF0dXJl",
        "abcdef0123",
        "hunter2",
        "AKIAIOSF",
        "user:pass",
        "/T0/B0",
        "Maria",
    )
    assert not [word for word in (*leaked, "s3cr3t") if word in said]
    assert kept in said and len(said.splitlines()) == 2


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=300))
def test_whatever_is_logged_is_one_line(text: str) -> None:
    for style in LogStyle:
        logger, stream = logger_of(style)
        with about(run="run_1", asset=text or "S/A"):
            logger.warning("%s", text)
        assert len(stream.getvalue().splitlines()) == 1


@given(st.text(max_size=200))
def test_redaction_leaves_words_of_every_day(text: str) -> None:
    plain = "".join(char for char in text if char.isalnum() or char == " ")
    assert for_a_log(f"SALES/ORDERS: {plain}"[:40]).startswith("SALES/ORDERS: ")
    assert for_a_log("run_1 ended done: 3 create, 20 unchanged") == "run_1 ended done: 3 create, 20 unchanged"


def test_a_line_tells_the_run_and_the_asset_of_its_own_task() -> None:
    logger, stream = logger_of(LogStyle.JSON)

    async def write(asset: str) -> None:
        with about(asset=asset):
            await anyio.lowlevel.checkpoint()
            logger.warning("written")

    async def run() -> None:
        with about(run="run_1"):
            async with anyio.create_task_group() as group:
                group.start_soon(write, "SALES/A")
                group.start_soon(write, "SALES/B")
        logger.warning("after")

    anyio.run(run)
    told = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert sorted((each.get("run"), each.get("asset")) for each in told[:2]) == [
        ("run_1", "SALES/A"),
        ("run_1", "SALES/B"),
    ]
    assert "run" not in told[2] and "asset" not in told[2]


def test_json_names_level_logger_time_and_the_error_with_its_cause() -> None:
    def work(logger: logging.Logger) -> None:
        try:
            try:
                raise KeyError("inner")
            except KeyError as inner:
                raise RuntimeError("outer") from inner
        except RuntimeError:
            logger.exception("err_1: it failed")

    line = as_json(work)
    assert (line["level"], line["logger"], line["message"]) == ("error", "spheresync.test", "err_1: it failed")
    assert line["at"].endswith("Z")
    assert [each.partition(":")[0] for each in line["error"]] == ["RuntimeError", "KeyError"]
    assert "test_logs.py:" in line["error"][0]


def test_arguments_that_do_not_fit_cost_no_line() -> None:
    template = "%d of %d"
    assert as_json(lambda logger: logger.warning(template, "one"))["message"] == template
