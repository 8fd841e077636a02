"""The one JSON document that `--json` puts on stdout."""

from __future__ import annotations

import json
import re
import sys

from pydantic import BaseModel

from spheresync_server.cli.signals import answer_is_being_written
from spheresync_server.json_texts import Json

#: Control, bidirectional and zero-width characters, tags and lone surrogates: written as escapes, so that the
#: document is exact for programs and harmless in a terminal.
_HIDING = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)


def _escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def spell(value: BaseModel | Json) -> str:
    """An answer as JSON text."""
    data = value.model_dump(mode="json", by_alias=True) if isinstance(value, BaseModel) else value
    return _HIDING.sub(_escape, json.dumps(data, ensure_ascii=False, indent=2))


def write(value: BaseModel | Json) -> None:
    """Put the document on stdout."""
    answer_is_being_written()
    sys.stdout.write(f"{spell(value)}\n")
    sys.stdout.flush()
