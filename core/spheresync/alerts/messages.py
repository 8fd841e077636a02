"""A notice in words, and in the format of each kind of channel.

Messages hold names and texts from Datasphere and AWS, which anybody with modelling rights writes: they are shown as
plain text everywhere, never as markup, and cannot call people by name.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from spheresync.config import AlertKind
from spheresync.model import JsonValue
from spheresync.personal_values import mask_personal_values
from spheresync.state.records import Event

_LONGEST = 600
_LONGEST_SUBJECT = 100
"""Characters that SNS takes (API reference, Publish: Subject), all ASCII."""
_HIDING = frozenset({"Cc", "Cf", "Cs", "Co"})

_TITLES = {
    AlertKind.RUN_FAILED: "a run failed",
    AlertKind.RUN_REFUSED: "a run was refused",
    AlertKind.GUARD: "a guard holds changes back",
    AlertKind.FRESHNESS: "assets are not as fresh as they should be",
    AlertKind.DRIFT: "somebody else changed what Spheresync keeps",
    AlertKind.CREDENTIALS: "the access to Datasphere needs care",
    AlertKind.AUDIT_BROKEN: "the audit log is broken",
    AlertKind.SET_ASIDE: "work was set aside and waits for a person",
}
_EVENTS: Mapping[Event, str] = {"began": "", "reminder": "Still so: ", "over": "Over: "}


@dataclass(frozen=True, slots=True)
class Notice:
    """What one channel is told."""

    installation: str
    environment: str
    kind: AlertKind
    subject: str
    event: Event
    message: str
    remedy: str
    began_at: str
    at: str

    @property
    def title(self) -> str:
        return f"[Spheresync {self.installation}] {_EVENTS[self.event]}{_TITLES[self.kind]}"

    @property
    def text(self) -> str:
        """The whole, in plain words, what to do next last."""
        if self.event == "over":
            return f"It is over. It was so since {_minute(self.began_at)}: {_plain(self.message)}"
        since = f" (since {_minute(self.began_at)})" if self.event == "reminder" else ""
        return f"{_plain(self.message)}{since}\nWhat to do: {_plain(self.remedy)}"

    @property
    def short_title(self) -> str:
        """The title as e-mail and SNS take it for a subject."""
        plain = self.title.encode("ascii", "replace").decode()
        return plain if len(plain) <= _LONGEST_SUBJECT else f"{plain[: _LONGEST_SUBJECT - 3]}..."

    def payload(self, form: str) -> JsonValue:
        """The body that a webhook is sent: slack, teams, or json (ours, for programs)."""
        if form == "slack":
            return {"text": f"{_slack(self.title)}\n{_slack(self.text)}", "mrkdwn": False}
        if form == "teams":
            return _card(self.title, self.text)
        return {
            "event": self.event,
            "kind": self.kind,
            "subject": self.subject,
            "title": self.title,
            "message": _plain(self.message),
            "remedy": _plain(self.remedy),
            "installation": self.installation,
            "environment": self.environment,
            "began_at": self.began_at,
            "at": self.at,
        }


def _plain(text: str) -> str:
    """On one line, without values of persons and characters that hide or steer, at most so long."""
    spaced = " ".join(mask_personal_values(text).split())
    line = " ".join("".join(char for char in spaced if unicodedata.category(char) not in _HIDING).split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _slack(text: str) -> str:
    """The three characters of Slack's control sequences as entities, so that nobody is called by `<!channel>`.

    https://docs.slack.dev/messaging/formatting-message-text; marks such as `*` are plain text by `mrkdwn: false`.
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _card(title: str, text: str) -> JsonValue:
    """An Adaptive Card of text runs, in which Teams reads no Markdown, unlike in text blocks."""
    lines: list[JsonValue] = [_run(title, bold=True)]
    lines += [_run(line, bold=False) for line in text.split("\n")]
    card: dict[str, JsonValue] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": lines,
    }
    return {
        "type": "message",
        "attachments": [
            {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
        ],
    }


def _run(text: str, *, bold: bool) -> JsonValue:
    weight = "bolder" if bold else "default"
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, "weight": weight}]}


def _minute(moment: str) -> str:
    return f"{moment[:10]} {moment[11:16]} UTC"
