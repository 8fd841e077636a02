"""Notices in the format of each channel: short, plain, and unable to call anybody by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from spheresync.alerts.messages import Notice
from spheresync.config import AlertChannel, AlertKind, Settings
from spheresync.config.reading.loading import load_settings
from spheresync.errors import ConfigurationError

HOSTILE = "<!channel> [click](https://evil.example) **bold** \u202eevil\x1b[31m\nsecond line & <b>"
SLACK = "https://hooks.slack.com/services/T0/B0/xyzxyz"


def notice(message: str = "Run run_1 ended failed.", event: Any = "began", installation: str = "prod-eu") -> Notice:
    at = "2026-11-24T08:00:00.000000Z"
    return Notice(installation, "bear", AlertKind.RUN_FAILED, "runs", event, message, "See the run.", at, at)


def test_slack_gets_no_control_sequence() -> None:
    payload: Any = notice(HOSTILE).payload("slack")
    assert "<" not in payload["text"] and "&lt;!channel&gt;" in payload["text"] and "&amp; &lt;b&gt;" in payload["text"]
    assert payload["mrkdwn"] is False
    assert "\u202e" not in payload["text"] and "\x1b" not in payload["text"]


def test_teams_gets_text_runs_in_which_nothing_is_markdown() -> None:
    payload: Any = notice(HOSTILE).payload("teams")
    (attachment,) = payload["attachments"]
    blocks = attachment["content"]["body"]
    assert {block["type"] for block in blocks} == {"RichTextBlock"}
    runs = [run for block in blocks for run in block["inlines"]]
    assert {run["type"] for run in runs} == {"TextRun"}
    assert any("[click](https://evil.example)" in run["text"] for run in runs)


def test_a_notice_says_what_and_what_to_do_and_a_recovery_since_when() -> None:
    assert notice().title == "[Spheresync prod-eu] a run failed"
    assert notice().text == "Run run_1 ended failed.\nWhat to do: See the run."
    assert "(since 2026-11-24 08:00 UTC)" in notice(event="reminder").text
    assert notice(event="over").title.startswith("[Spheresync prod-eu] Over: ")
    assert "What to do" not in notice(event="over").text


@given(st.text(max_size=2000), st.text(max_size=200))
def test_every_notice_is_short_and_can_be_sent(message: str, installation: str) -> None:
    told = notice(message.encode("utf-8", "replace").decode(), installation="é" * len(installation))
    assert len(told.text) < 800
    assert len(told.short_title) <= 100 and told.short_title.isascii() and "\n" not in told.short_title
    for form in ("slack", "teams", "json"):
        json.dumps(told.payload(form)).encode("ascii")


@pytest.mark.parametrize(
    ("channel", "said"),
    [
        ({}, "no receiver"),
        ({"sns": "arn:aws:sns:eu-central-1:123456789012:ops", "webhook": SLACK}, "sns and webhook"),
        ({"sns": "arn:aws:sqs:eu-central-1:123456789012:ops"}, "no ARN of an SNS topic"),
        ({"webhook": "http://hooks.example.com/services/hunter2"}, "plain http to another machine"),
        ({"webhook": "https://user:hunter2@hooks.example.com/x"}, "user name or password"),
        ({"webhook": "ftp://hooks.example.com/hunter2"}, "no https URL"),
        ({"webhook": SLACK, "format": "irc"}, ""),
        ({"webhook": SLACK, "on": ["everything"]}, ""),
        ({"sns": "arn:aws:sns:eu-central-1:123456789012:ops", "format": "slack"}, "only a webhook"),
        ({"email": {"from": "ops", "to": ["a@example.com"]}}, "no e-mail address"),
        ({"email": {"from": "ops@example.com", "to": []}}, ""),
        ({"email": {"from": "ops@example.com", "to": ["a@example.com"], "cc": "b@example.com"}}, ""),
    ],
)
def test_a_channel_that_cannot_work_is_refused_without_repeating_it(channel: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        AlertChannel.model_validate(channel)
    assert said in str(refused.value)
    assert "hunter2" not in str(refused.value) and "xyzxyz" not in str(refused.value)


def test_settings_show_no_webhook_and_conceal_it(tmp_path: Path) -> None:
    settings = Settings(
        state_dir=tmp_path,
        alerts=(
            AlertChannel.model_validate({"webhook": SLACK, "format": "slack"}),
            AlertChannel.model_validate({"email": {"from": "ops@example.com", "to": "a@example.com"}, "on": "guard"}),
        ),
    )
    shown: Any = settings.redacted()["settings"]
    assert "xyzxyz" not in json.dumps(shown) and shown["alerts"][0]["webhook"] == "***"
    assert shown["alerts"][1]["email"] == {"from": "ops@example.com", "to": ["a@example.com"]}
    assert SLACK in settings.secrets()
    assert "xyzxyz" not in repr(settings)


def test_a_file_takes_channels_with_variables_and_names_wrong_keys(tmp_path: Path) -> None:
    file = tmp_path / "spheresync.yaml"
    file.write_text("alerts:\n  - {webhook: ${HOOK}, format: teams, on: [guard, drift]}\n", "utf-8")
    settings = load_settings("dog", file, {"HOOK": SLACK, "HOME": str(tmp_path)}, tmp_path)
    (channel,) = settings.alerts
    assert channel.on == (AlertKind.GUARD, AlertKind.DRIFT) and channel.name == "webhook at hooks.slack.com"
    file.write_text("alerts:\n  - {email: {form: a@example.com, to: [b@example.com]}}\n", "utf-8")
    with pytest.raises(ConfigurationError) as refused:
        load_settings("dog", file, {"HOME": str(tmp_path)}, tmp_path)
    assert "did you mean from?" in str(refused.value)
