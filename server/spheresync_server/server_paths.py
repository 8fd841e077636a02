"""Keep paths of the server's machine out of answers: whoever asks over MCP or HTTP sits at another one, or is a model.

At the command line they stay: there the machine is the user's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from spheresync_server.json_texts import Json, map_texts

Hide = Callable[[str], str]
_SHORTEST = 4
"""Characters; the root or a mount of one letter stands in too many texts that are no path of ours."""


def hiding(places: Callable[[], Mapping[str, str]]) -> Hide:
    """What replaces each path of `places`, which come longest first, in a text by what it is called."""

    def hide(text: str) -> str:
        if "/" not in text:
            return text
        for path, called in places().items():
            if len(path) >= _SHORTEST:
                text = text.replace(path, called)
        return text

    return hide


def hide_in(value: Json, hide: Hide) -> Json:
    """The same in every text of a JSON value; keys are ours and hold no path."""
    return map_texts(value, hide)
