"""Whether an answer has the shape that the installed service model gives it; what stands before AWS may send another.

botocore takes the members that it knows and checks none of them: a list that is a text, or a table without a name,
reaches whoever reads it, or ends botocore's own parser with whatever Python raises.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from botocore.model import ListShape, Shape, StructureShape

_Check = Callable[[object], str | None]
_PARSER = "botocore.parsers"


def answer_of(
    method: Callable[..., dict[str, object]], params: Mapping[str, object], shape: StructureShape | None
) -> dict[str, object]:
    """Send a request and let an answer pass whose lists, objects and texts are such, with what each of its kind has.

    Raises:
        botocore.parsers.ResponseParserError: the answer is another.
        Exception: whatever `method` raises.
    """
    from botocore.parsers import ResponseParserError

    try:
        answer = method(**params)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        if not _is_raised_in_parsing(error):
            raise
        raise ResponseParserError("the answer has another shape than the service's, as if from a proxy") from error
    members = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    wrong = _check_of(shape)(members) if shape is not None else None
    if wrong is not None:
        text = f"{wrong} of the answer is missing or of another kind than the service's, as if from a proxy"
        raise ResponseParserError(text)
    return answer


def _is_raised_in_parsing(error: Exception) -> bool:
    """Whether botocore's parser met something that it does not expect."""
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__") == _PARSER:
            return True
        trace = trace.tb_next
    return False


@cache
def _check_of(shape: Shape) -> _Check:
    """The check of a shape, made once; those of its members when they are first met, as shapes may hold themselves."""
    match shape.type_name:
        case "structure":
            return _structure(cast("StructureShape", shape))
        case "list":
            return _list(cast("ListShape", shape))
        case "map":
            return lambda value: None if isinstance(value, dict) else shape.name
        case "string":
            return lambda value: None if isinstance(value, str) else shape.name
        case _:
            return lambda _: None


def _structure(shape: StructureShape) -> _Check:
    members, required = shape.members, shape.required_members

    def check(value: object) -> str | None:
        if not isinstance(value, dict):
            return shape.name
        missing = next((member for member in required if value.get(member) is None), None)
        if missing is not None:
            return f"{shape.name}.{missing}"
        for member, held in value.items():
            if held is not None and (wrong := _check_of(members[member])(held)) is not None:
                return wrong if "." in wrong else f"{shape.name}.{member}"
        return None

    return check


def _list(shape: ListShape) -> _Check:
    item = shape.member

    def check(value: object) -> str | None:
        if not isinstance(value, list):
            return shape.name
        of_item = _check_of(item)
        return next((wrong for each in value if (wrong := of_item(each)) is not None), None)

    return check
