"""Say at the command line in the words of its commands what the engine says in those of tools."""

from __future__ import annotations

import re

from spheresync_server.untrusted import clean_line, visible

_WORDS = tuple(
    (re.compile(said), instead)
    for said, instead in (
        (r"list_assets shows", "`spheresync assets` shows"),
        (r"list_assets of space (\S+) shows", r"`spheresync assets --space \1` shows"),
        (r"list_spaces shows", "`spheresync assets` shows"),  # by space; there is no command for spaces alone
        (r"The list of runs shows", "`spheresync runs` shows"),
    )
)


def with_command_names(text: str) -> str:
    """A sentence of the engine as somebody at a terminal can act on it."""
    for said, instead in _WORDS:
        text = said.sub(instead, text)
    return text


def moment(at: str) -> str:
    """A moment to the second, as people read it; it is in UTC."""
    return f"{at[:10]} {at[11:19]}"


def about(subject: str, text: str) -> str:
    """What is said of a subject, which is named once: many a text names its asset and table by itself."""
    said = text.removeprefix(f"{subject}: ") if text.startswith(f"{subject}: ") else text
    if said.startswith(f"{subject} ("):
        return clean_line(said, longest=1_000)
    return clean_line(f"{visible(subject)}: {said}", longest=1_000)
