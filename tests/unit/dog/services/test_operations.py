"""What every double promises: the installed model knows all it takes and gives, and its state can be written down."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import botocore.session
import pytest
from botocore.parsers import create_parser
from botocore.validate import ParamValidator

from spheresync.dog.aws_glue import ACCOUNT_ID, Glue
from spheresync.dog.services.double import Call, Double, Place
from spheresync.dog.services.logged_parameters import as_json, from_json
from spheresync.dog.services.registry import DOUBLES, double_for, double_named
from spheresync.dog.services.wire import ServiceError, wire_of
from spheresync.targets.aws.limits import validate
from tests.unit.dog.services.example_times import BEGIN, time_of
from tests.unit.dog.services.examples import EXAMPLES

Json = dict[str, Any]
PLACE = Place(ACCOUNT_ID, "eu-central-1")
every_double = pytest.mark.parametrize("double", DOUBLES, ids=lambda double: double.name)


def made(double: type[Double]) -> Double:
    """One on a Glue with a table that can be queried."""
    glue = Glue(PLACE.region)
    glue.create_database("d", {"Name": "d"})
    columns = [{"Name": name, "Type": "int"} for name in "ab"]
    storage = {"Columns": columns, "Location": "s3://lake/t/"}
    glue.create_table("d", "t", {"Name": "t", "StorageDescriptor": storage})
    return double(PLACE, glue)


def calls_of(double: type[Double]) -> list[Call]:
    return [
        Call(operation, parameters, time_of(number))
        for number, (operation, parameters) in enumerate(EXAMPLES[double.name])
    ]


@every_double
def test_examples_name_every_operation(double: type[Double]) -> None:
    assert {operation for operation, _ in EXAMPLES[double.name]} == set(double.operations)
    assert double_named(double.name) is double
    assert all(double_for(double.service, operation) is double for operation in double.operations)


@every_double
def test_the_model_knows_every_request_and_every_answer(double: type[Double]) -> None:
    model = botocore.session.get_session().get_service_model(double.service)
    parser = create_parser(model.metadata["protocol"])
    one = made(double)
    for call in calls_of(double):
        operation = model.operation_model(call.operation)
        assert validate(double.service, call.operation, call.parameters) == ()
        assert not ParamValidator().validate(call.parameters, operation.input_shape).has_errors()
        result = one.execute(call)
        answer = wire_of(double.service).answer(call.operation, result)
        response = {"status_code": answer.status, "headers": dict(answer.headers), "body": answer.body}
        parsed = parser.parse(response, operation.output_shape)
        if operation.has_streaming_output:  # a client of boto3 gives a stream of bytes, the bare parser text
            payload = operation.output_shape.serialization["payload"]
            parsed[payload] = parsed[payload].encode()
        assert {name: value for name, value in parsed.items() if name != "ResponseMetadata"} == result, call.operation


@every_double
def test_the_same_calls_at_the_same_times_come_to_the_same(double: type[Double]) -> None:
    one, other = made(double), made(double)
    for call in calls_of(double):
        again = Call(call.operation, from_json(as_json(call.parameters)), call.at)  # type: ignore[arg-type]
        assert one.execute(call) == other.execute(again)
    assert one.dump() == other.dump()


@every_double
def test_what_was_dumped_goes_on_as_it_was(double: type[Double]) -> None:
    calls = calls_of(double)
    for stop in range(len(calls)):
        one, other = made(double), made(double)
        for call in calls[:stop]:
            one.execute(call)
        other.load(from_json(as_json(one.dump())))  # type: ignore[arg-type]
        assert [one.execute(call) for call in calls[stop:]] == [other.execute(call) for call in calls[stop:]]
        assert one.dump() == other.dump()


@every_double
def test_a_dump_and_an_answer_are_values_of_their_own(double: type[Double]) -> None:
    one = made(double)
    for call in calls_of(double):
        before = as_json(one.dump())
        _spoil(one.dump())
        assert as_json(one.dump()) == before
        answer = one.execute(call)
        after = as_json(one.dump())
        _spoil(answer)
        assert as_json(one.dump()) == after, call.operation
        if not one.operations[call.operation].writes:
            assert after == before, call.operation


@every_double
def test_refused_calls_change_nothing(double: type[Double]) -> None:
    one = made(double)
    calls = calls_of(double)
    for call in calls:
        one.execute(call)
    refused = 0
    for call in calls:
        before = one.dump()
        try:
            one.execute(call)
        except ServiceError:
            refused += 1
            assert one.dump() == before, call.operation
    assert refused
    with pytest.raises(ServiceError) as unknown:
        one.execute(Call("NoSuchOperation", {}, BEGIN))
    assert (unknown.value.code, unknown.value.status) == ("UnknownOperationException", 404)


@every_double
def test_parameters_beyond_the_model_are_refused_in_the_services_word(double: type[Double]) -> None:
    one = made(double)
    operation = next(iter(one.operations))
    with pytest.raises(ServiceError) as refused:
        one.execute(Call(operation, {"NoSuchMember": 1}, BEGIN))
    assert refused.value.code == double.invalid
    assert "NoSuchMember" in refused.value.message


def test_ids_come_of_operation_time_and_kind() -> None:
    call = Call("Create", {}, BEGIN)
    assert call.new_id("a") == Call("Create", {"other": 1}, BEGIN).new_id("a")
    others = {Call("Create", {}, BEGIN + timedelta(microseconds=1)).new_id("a"), call.new_id("b")}
    assert call.new_id("a") not in others
    assert len(call.new_id("a", 36)) == 36


@pytest.mark.parametrize(
    "value",
    [None, True, 1, 1.5, "text", BEGIN, b"\xff", [BEGIN, [b""]], {"a": {"$moment": "x", "b": 1}, "$bytes": BEGIN}],
)
def test_parameters_survive_a_log(value: object) -> None:
    assert from_json(as_json(value)) == value


def _spoil(value: Any) -> None:
    """Change everything in a value that can be changed."""
    if isinstance(value, dict):
        for inner in value.values():
            _spoil(inner)
        value.clear()
    elif isinstance(value, list):
        for inner in value:
            _spoil(inner)
        value.clear()
