"""Requests whose parameters are the JSON that is sent, written at once.

botocore builds the body of a request anew, member by member, which takes half of the time of a CreateTable that is not
spent waiting. In the JSON protocol nearly every body comes out as it went in, so that two events of botocore hand such
parameters past its serialiser: the bytes on the wire are the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias, cast

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

_Look: TypeAlias = Callable[[Any], bool]
"""Whether a value holds something that botocore makes something else of."""
_AS_GIVEN = frozenset({"string", "character", "boolean", "integer", "long"})
_BODY = "spheresync.body"


def write_plain_bodies(client: BaseClient) -> None:
    """Have a client send parameters as they are given, wherever that is what it would send anyway.

    They have passed our own check of limits, so that they are of the types that the service model says.
    """
    if client.meta.service_model.resolved_protocol != "json":
        return
    events: Any = client.meta.events  # typed as if no handler answered anything
    events.register_first("provide-client-params", _set_aside)
    events.register_first("before-call", _put_in)


def _set_aside(
    params: dict[str, object], model: OperationModel, context: dict[str, object], **_: object
) -> dict[str, object] | None:
    """botocore's `provide-client-params`: the parameters that it serialises instead of the given ones."""
    if not is_plain(model, params):
        return None
    context[_BODY] = json.dumps(params, default=dict).encode()  # other mappings than dicts
    return {}


def _put_in(params: dict[str, object], context: dict[str, object], **_: object) -> None:
    """botocore's `before-call`: the request, before it is signed; answering nothing, it goes its way."""
    body = context.pop(_BODY, None)
    if body is not None:
        params["body"] = body


def is_plain(operation: OperationModel, params: Mapping[str, object]) -> bool:
    """Whether the body of a call is its parameters, as they are given."""
    return not _of_operation(operation)(params)


@lru_cache(maxsize=256)
def _of_operation(operation: OperationModel) -> _Look:
    shape = operation.input_shape
    # Of these, botocore makes a part of the address, or a token, or it puts parameters in.
    special = (
        operation.endpoint,
        operation.idempotent_members,
        operation.context_parameters,
        operation.operation_context_parameters,
    )
    return _always if any(special) or shape is None else _look_into(shape, frozenset()) or _never


def _always(_: object) -> bool:
    return True


def _never(_: object) -> bool:
    return False


def _look_into(shape: Shape, above: frozenset[str]) -> _Look | None:
    """The look at a value of a shape, None where it may hold nothing of the kind.

    A shape that holds itself is botocore's, once a value goes so deep.
    """
    if shape.name in above:
        return _always
    above |= {shape.name}
    match shape.type_name:
        case "structure":
            return _structure(cast("StructureShape", shape), above)
        case "list":
            item = _look_into(cast("ListShape", shape).member, above)
            return None if item is None else lambda value: any(map(item, value))
        case "map":
            held = _look_into(cast("MapShape", shape).value, above)
            return None if held is None else lambda value: any(map(held, value.values()))
        case scalar:
            return None if scalar in _AS_GIVEN else _always


def _structure(shape: StructureShape, above: frozenset[str]) -> _Look | None:
    looks: dict[str, _Look] = {}
    for name, member in shape.members.items():
        look = _always if "name" in member.serialization else _look_into(member, above)
        if look is not None:
            looks[name] = look
    if not looks:
        return None
    return lambda value: any(name in value and look(value[name]) for name, look in looks.items())
