"""Requests and answers by the model: whatever botocore's own clients send is read, whatever is written they parse."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore.awsrequest import prepare_request_dict
from botocore.model import OperationModel, ServiceModel, Shape
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from spheresync.dog.services.wire import ServiceError, Wire, WireAnswer, WireRequest, wire_of

SERVICES = ("lakeformation", "glue", "quicksight", "datazone")
MOMENT = datetime(2026, 11, 27, 12, 30, 15, tzinfo=UTC)
DEEPEST = 6
Json = dict[str, Any]


@cache
def model_of(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(service)


SCALARS: Json = {
    "integer": 7,
    "long": 7,
    "float": 1.5,
    "double": 1.5,
    "boolean": True,
    "timestamp": MOMENT,
    "blob": b'{"any": "bytes \xff"}',
}


def example(shape: Shape, depth: int = 0) -> Any:
    """A value with every member that a shape has, as deep as `DEEPEST`; deeper ones have what they must have."""
    if getattr(shape, "is_document_type", False):
        return {"any": ["document", 1]}
    if shape.type_name == "structure":
        names = [name for name in shape.members if depth < DEEPEST or name in shape.required_members]
        if shape.is_tagged_union:
            names = list(shape.members)[:1]
        return {name: example(shape.members[name], depth + 1) for name in names}
    if shape.type_name == "list":
        return [example(shape.member, depth + 1)] if depth < DEEPEST * 2 else []
    if shape.type_name == "map":
        return {example(shape.key, depth + 1): example(shape.value, depth + 1)}
    if shape.type_name == "string":
        return shape.enum[0] if shape.enum else f"{shape.name} ü/+ ?&="
    return SCALARS[shape.type_name]


def streams(operation: OperationModel) -> bool:
    return operation.has_streaming_input or operation.has_streaming_output or operation.has_event_stream_output


def sent(service: str, operation: OperationModel, parameters: Json) -> WireRequest:
    """What botocore sends for a call."""
    protocol = model_of(service).metadata["protocol"]
    request = create_serializer(protocol, include_validation=False).serialize_to_request(parameters, operation)
    prepare_request_dict(request, endpoint_url=f"https://{service}.eu-central-1.amazonaws.com", context={})
    headers = {name.lower(): value for name, value in request["headers"].items()}
    body = request["body"]
    return WireRequest(request["method"], request["url"], headers, body.encode() if isinstance(body, str) else body)


def parsed(service: str, operation: OperationModel, answer: WireAnswer) -> Json:
    """What botocore makes of an answer."""
    response = {"status_code": answer.status, "headers": dict(answer.headers), "body": answer.body}
    result: Json = create_parser(model_of(service).metadata["protocol"]).parse(response, operation.output_shape)
    result.pop("ResponseMetadata")
    return result


def differing(service: str, one: Callable[[Wire, OperationModel], tuple[object, object]]) -> list[str]:
    """The operations of a service of which the two are not the same."""
    wire, model, found = wire_of(service), model_of(service), []
    for name in model.operation_names:
        operation = model.operation_model(name)
        if not streams(operation):
            first, second = one(wire, operation)
            if first != second:
                found.append(name)
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_every_request_is_read_as_it_was_meant(service: str) -> None:
    def asked_and_read(wire: Wire, operation: OperationModel) -> tuple[object, object]:
        parameters = example(operation.input_shape) if operation.input_shape else {}
        return (operation.name, parameters), wire.read(sent(service, operation, parameters))

    assert differing(service, asked_and_read) == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_answer_is_parsed_as_it_was_meant(service: str) -> None:
    def meant_and_parsed(wire: Wire, operation: OperationModel) -> tuple[object, object]:
        result = example(operation.output_shape) if operation.output_shape else {}
        answer = wire.answer(operation.name, result)
        for name, member in operation.output_shape.members.items() if operation.output_shape else ():
            if member.serialization.get("location") == "statusCode":
                result[name] = answer.status
        return result, parsed(service, operation, answer)

    assert differing(service, meant_and_parsed) == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_error_of_the_model_arrives_with_its_code_message_and_status(service: str) -> None:
    for shape in model_of(service).error_shapes:
        answer = wire_of(service).refusal(ServiceError(shape.error_code, "why"))
        assert answer.status == shape.metadata.get("error", {}).get("httpStatusCode", 400)
        operation = model_of(service).operation_model(next(iter(model_of(service).operation_names)))
        assert parsed(service, operation, answer)["Error"] == {"Code": shape.error_code, "Message": "why"}


def test_an_error_that_no_model_lists_arrives_too() -> None:
    answer = wire_of("lakeformation").refusal(ServiceError("ThrottlingException", "Rate exceeded"))
    operation = model_of("lakeformation").operation_model("GetLFTag")
    assert (answer.status, parsed("lakeformation", operation, answer)["Error"]["Code"]) == (400, "ThrottlingException")
    with_members = ServiceError("ConflictException", "why", 409, {"resourceId": "x"})
    assert b'"resourceId": "x"' in wire_of("datazone").refusal(with_members).body


def test_members_that_the_model_does_not_know_go_no_further() -> None:
    answer = wire_of("lakeformation").answer("GetLFTag", {"TagKey": "k", "Invented": 1, "tag_values": ["v"]})
    assert answer.body == b'{"TagKey": "k"}'


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("POST", "/NoSuchOperation", b"{}", "UnknownOperationException"),
        ("GET", "/GetLFTag", b"{}", "UnknownOperationException"),
        ("POST", "/GetLFTag", b"[1]", "SerializationException"),
        ("POST", "/AddLFTagsToResource", b'{"LFTags": [1]}', "SerializationException"),
    ],
)
def test_what_cannot_be_read_is_refused(method: str, path: str, body: bytes, code: str) -> None:
    with pytest.raises(ServiceError) as refused:
        wire_of("lakeformation").read(WireRequest(method, f"http://127.0.0.1{path}", {}, body))
    assert refused.value.code == code
