"""Why a file is no YAML, in plain words and with the fix; never with a piece of the file, which may hold secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import yaml

_INDENT = "check the indentation"
_QUOTE = "put the text in quotes"
_KEPT = "has a text that begins with {}, which YAML keeps for itself"
_PERCENT = ("begins with %, which YAML keeps for itself", "remove that line")
#: A part of the parser's text, what it means, and the fix; the first that fits is taken.
_CAUSES = {
    "found character '\\t'": ("begins with a tab, which YAML does not allow", "indent with spaces"),
    "mapping values are not allowed": ("has a colon where none may be", f"{_INDENT}, or {_QUOTE}"),
    "mapping keys are not allowed": ("has a key where none may be", _INDENT),
    "sequence entries are not allowed": ("has a list item where none may be", _INDENT),
    "that cannot start any token": (_KEPT.format("a special character"), _QUOTE),
    "could not find expected ':'": ("has a key without a colon", "write `key: value`"),
    "escape": ("has a backslash that YAML does not know", "use single quotes, or write it twice"),
    "expected alphabetic or numeric": (_KEPT.format("& or *"), _QUOTE),
    "tag": (_KEPT.format("!"), _QUOTE),
    "expected '>'": (_KEPT.format("!"), _QUOTE),
    "chomping": (_KEPT.format("| or >"), _QUOTE),
    "document start": _PERCENT,
    "digit or '.'": _PERCENT,
    "found ']'": ("closes a bracket that is not open", f"remove it, or {_QUOTE}"),
    "found '}'": ("closes a brace that is not open", f"remove it, or {_QUOTE}"),
    "expected <block end>": ("fits no line above it", "give all keys of a section the same indentation"),
}
#: The same for what was opened and not closed, told where it was opened.
_OPENED = {"found unexpected end of stream": "quote", "expected ',' or ']'": "bracket", "expected ',' or '}'": "brace"}


def explain(error: yaml.MarkedYAMLError) -> str:
    """The place and the cause, to stand after the file's name: `, line 3, column 1: is not YAML: …; …`."""
    told = error.problem or ""
    if "another document" in told:
        return f"{_place(error.problem_mark)}: begins a second document; a configuration is one, so remove the line ---"
    for part, what in _OPENED.items():
        if part in told:
            return f"{_place(error.context_mark)}: is not YAML: opens a {what} that is not closed; close it"
    what, fix = next(
        (cause for part, cause in _CAUSES.items() if part in told),
        ("cannot be understood from here on", "check quotes, brackets and indentation"),
    )
    return f"{_place(error.problem_mark or error.context_mark)}: is not YAML: {what}; {fix}"


def _place(mark: yaml.Mark | None) -> str:
    return f", line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
