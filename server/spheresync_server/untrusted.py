"""Make text from outside harmless to show: to a terminal, a page, or a language model.

Labels, descriptions and values come from Datasphere and AWS, where anybody with modelling rights writes them. Control
characters steer terminals; bidirectional and zero-width characters hide text from people that a model still reads
(reference: mcp-servers.md 7). Names are another matter: one that lost a character names nothing any more, so in data
they stay exact, and where people read them every such character is shown as an escape.
"""

from __future__ import annotations

import unicodedata

from spheresync_server.json_texts import Json, map_texts

LONGEST_TEXT = 4_000
"""Characters of one text; a view's SQL fits, a flood does not."""

NAME_FIELDS = frozenset(
    {"asset", "space", "name", "subject", "path", "pii", "person_keys", "hierarchies", "parameters"}
    | {"primary_key", "foreign_keys", "associations", "id", "from", "to", "from_column", "to_column"}
)
"""Fields of answers whose texts, and whatever is inside them, are technical names and nothing else."""

_LAYOUT = frozenset("\n\t")
_HIDING = frozenset({"Cc", "Cf", "Cs", "Co"})  # control, format (bidi, zero width, tags), surrogates, private use


def clean_text(text: str, *, longest: int = LONGEST_TEXT) -> str:
    """Without characters that steer or hide, at most `longest` characters; line breaks and tabs stay."""
    if not text.isprintable():
        text = "".join(char for char in text if char in _LAYOUT or unicodedata.category(char) not in _HIDING)
        text = text.replace("\u2028", "\n").replace("\u2029", "\n")
    if len(text) > longest:
        return f"{text[:longest]}… ({len(text)} characters)"
    return text


def clean_line(text: str, *, longest: int = 200) -> str:
    """Like `clean_text`, on one line."""
    return clean_text(" ".join(text.split()), longest=longest)


def visible(name: str, *, longest: int = 200) -> str:
    """A name for people's eyes: nothing left out, what would steer or hide written as an escape."""
    if not name.isprintable():
        name = "".join(
            char.encode("unicode_escape").decode() if char != " " and not char.isprintable() else char for char in name
        )
    return f"{name[:longest]}… ({len(name)} characters)" if len(name) > longest else name


def clean_json(value: Json) -> Json:
    """Clean every text in a JSON value but for names, which a caller must be able to give back as they are."""
    return map_texts(value, clean_text, keys=clean_line, fields=_NAMES)


def _encodable(value: Json) -> Json:
    """Names as they are, but for lone surrogates, which no UTF-8 document can hold."""
    return map_texts(value, _encodable_text, keys=_encodable_text)


def _encodable_text(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


_NAMES = dict.fromkeys(NAME_FIELDS, _encodable)
