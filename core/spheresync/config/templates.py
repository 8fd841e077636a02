"""Templates of mapping rules: text with `{field}`, nothing else of Python's format language.

Checked when configuration is loaded, so that rendering cannot fail, and cannot reach into objects.
"""

from __future__ import annotations

import difflib
from string import Formatter

#: What a template may name of an asset. `asset` is SPACE/NAME.
ASSET_FIELDS = ("name", "space", "label", "asset", "kind", "prefix")
#: What the template of a column's description may name: the column's name, label and source type.
COLUMN_FIELDS = ("column", "label", "type")

_MAX_LENGTH = 4_096


def split_binding(template: str) -> tuple[str, str]:
    """The templates of database and table in one of `database.table`: the first dot outside of fields parts them.

    Raises:
        ValueError: one of the two is missing.
    """
    before, parts = "", [*Formatter().parse(template)]
    for index, (text, field, _, _) in enumerate(parts):
        database, dot, table = text.partition(".")
        if dot:
            rest = _spelled(table, field) + "".join(_spelled(text, field) for text, field, _, _ in parts[index + 1 :])
            if not (before + database).strip() or not rest.strip():
                break
            return before + _spelled(database, None), rest
        before += _spelled(text, field)
    raise ValueError("must name a database and a table, as in lake_sales.{name}")


def _spelled(text: str, field: str | None) -> str:
    """A part of a template as it stands there."""
    literal = text.replace("{", "{{").replace("}", "}}")
    return literal if field is None else f"{literal}{{{field}}}"


def check_template(text: str, fields: tuple[str, ...]) -> str:
    """The template itself.

    Raises:
        ValueError: it names a field that does not exist, uses more than plain fields, or is not well-formed.
    """
    if len(text) > _MAX_LENGTH:
        raise ValueError(f"must be at most {_MAX_LENGTH} characters long")
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        raise ValueError("has a brace that belongs to no field; write {{ or }} for the brace itself") from None
    for _, field, spec, conversion in parts:
        if field is None:
            continue
        if spec or conversion:
            raise ValueError(f"field {{{field}}} must stand alone, without `!` or `:`")
        if field not in fields:
            near = difflib.get_close_matches(field, fields, n=1)
            hint = f"did you mean {{{near[0]}}}" if near else "use " + " ".join(f"{{{known}}}" for known in fields)
            raise ValueError(f"unknown field {{{field}}}; {hint}")
    return text
