"""Every request gets an answer under its id, also one that no parser takes; over stdio as over HTTP."""

from __future__ import annotations

import json
from typing import Any

import anyio
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.types import jsonrpc_message_adapter
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from spheresync_server.http.message_validation import MessageValidation
from spheresync_server.unreadable_messages import LARGEST, error_for_unreadable_response, recovered_id, refusals
from tests.unit.server.test_processes import HELLO, TIMEOUT, http_server, started

TEXTS = st.text(st.characters(codec=None, exclude_categories=()), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def call(number: object, arguments: object, **more: object) -> bytes:
    params = {"name": "list_assets", "arguments": arguments}
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params, **more}).encode()


UNREADABLE: dict[str, tuple[bytes, int | str | None]] = {
    "half a surrogate pair": (call(7, {"query": "\ud83d"}), 7),
    "half a pair in a key": (call("seven", {"\udc00": 1}), "seven"),
    "no UTF-8": (call(7, {"query": "M"}).replace(b'"M"', b'"M\xfcller"'), 7),
    "broken off": (call(7, {"query": "orders"})[:-9], 7),
    "no JSON": (b'{"jsonrpc": "2.0", "id": 7, "method": tools}', 7),
    "two ids": (b'{"id": 7, "params": {"id": 8}, ', None),
    "another version": (call(7, {}, jsonrpc="1.0"), 7),
    "no version": (b'{"id": "a", "method": "tools/list"}', "a"),
    "no method": (b'{"jsonrpc": "2.0", "id": 7}', 7),
    "a method that is no text": (call(7, {}, method=3), 7),
    "params in a list": (call(7, {}, params=[1]), 7),
    "nested too deeply": (call(7, {}).replace(b"{}", b"[" * 5_000 + b"]" * 5_000), 7),
    "nested far too deeply": (call(7, {}).replace(b"{}", b"[" * 200_000 + b"]" * 200_000), 7),
    "an id that is none": (call(None, {}), None),
    "an id with a fraction": (call(1.5, {}), None),
    "no object": (b'"tools/list"', None),
    "too large": (call(7, {"query": "x" * LARGEST}), 7),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_what_cannot_be_read_is_answered_under_its_id(what: str) -> None:
    raw, number = UNREADABLE[what]
    (error,) = refusals(raw)
    assert error.id == number and error.error.message.endswith(".")
    json.dumps(error.model_dump(mode="json")).encode()


def test_each_request_of_a_batch_is_answered() -> None:
    batch = json.dumps([json.loads(call(1, {})), {"jsonrpc": "2.0", "method": "ping"}, json.loads(call("b", {}))])
    assert [error.id for error in refusals(batch.encode())] == [1, "b"]
    assert [error.id for error in refusals(b"[]")] == [None]


def test_who_waits_for_no_answer_gets_none() -> None:
    for raw in (
        b'{"jsonrpc": "2.0", "method": "notifications/initialized"}',
        b'{"jsonrpc": "2.0", "id": 1, "result": {}}',
    ):
        assert refusals(raw) == []


def test_an_answer_of_the_client_that_cannot_be_read_becomes_an_error() -> None:
    broken = b'{"jsonrpc": "2.0", "id": 3, "result": {"action": "\\ud83d"}}'
    passed_on = error_for_unreadable_response(broken)
    assert passed_on is not None and json.loads(passed_on)["id"] == 3 and "error" in json.loads(passed_on)
    assert error_for_unreadable_response(b'{"jsonrpc": "2.0", "id": 3, "result": {"action": "accept"}}') is None
    assert error_for_unreadable_response(call(3, {})) is None


@given(st.integers() | st.text(max_size=8), VALUES, VALUES)
def test_a_request_is_passed_on_readable_or_answered_under_its_id(
    number: int | str, arguments: Any, version: Any
) -> None:
    raw = call(number, arguments) if version is None else call(number, arguments, jsonrpc=version)
    refused = refusals(raw)
    if refused:
        assert [error.id for error in refused] == [number]
    else:
        assert jsonrpc_message_adapter.validate_json(raw, by_name=False).id == number  # type: ignore[union-attr]  # a request


@given(st.binary(max_size=60) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_anything_at_all_is_passed_on_or_answered(raw: bytes) -> None:
    for error in refusals(raw):
        error.model_dump_json(by_alias=True, exclude_unset=True).encode()
    recovered_id(raw)
    error_for_unreadable_response(raw)


ANSWERED = {what: pair for what, pair in UNREADABLE.items() if what != "too large"}


def test_over_stdio_each_is_answered_and_the_connection_goes_on() -> None:
    with started("serve") as process:
        wire, answers = process.stdin.buffer, process.stdout
        wire.write(json.dumps(HELLO).encode() + b"\n")
        wire.write(b'{"jsonrpc": "2.0", "method": "notifications/initialized"}\n')
        wire.flush()
        assert json.loads(answers.readline())["id"] == 1
        for what, (raw, number) in UNREADABLE.items():
            wire.write(raw + b"\n")
            wire.flush()
            answer = json.loads(answers.readline())
            assert (answer["id"], "error" in answer) == (number, True), what
        wire.write(call(99, {"limit": 1}) + b"\n")
        wire.flush()
        assert json.loads(answers.readline())["result"]["structuredContent"]["items"]
        wire.close()
        assert process.wait(TIMEOUT) == 0
        assert process.stderr.read() == ""


def test_over_http_each_is_answered_in_both_eras() -> None:
    accepts = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
    with http_server() as (base, _), httpx2.Client(base_url=base, headers=accepts) as web:
        session = {"mcp-session-id": web.post("/mcp", json=HELLO).headers["mcp-session-id"]}
        for headers in (session, {"mcp-protocol-version": "2026-07-28"}):
            for what, (raw, number) in ANSWERED.items():
                answer = web.post("/mcp", content=raw, headers=headers)
                assert (answer.status_code, answer.json()["id"]) == (400, number), what
            large = web.post("/mcp", content=UNREADABLE["too large"][0], headers=headers)
            assert (large.status_code, large.json()["id"]) == (413, 7)
            assert "larger than 4194304 bytes" in large.json()["error"]["message"]
        assert web.post("/mcp", content=call(99, {"limit": 1}), headers=session).status_code == 200


@pytest.mark.anyio
async def test_two_requests_under_one_id_at_once_are_both_answered() -> None:
    """One of them with what is wrong: the SDK would keep the two answers in one place, and one would never come."""
    waiting, go_on = anyio.Event(), anyio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        waiting.set()
        await go_on.wait()
        await Response("answered")(scope, receive, send)

    transport = httpx2.ASGITransport(app=MessageValidation(app, "/mcp"))
    async with httpx2.AsyncClient(transport=transport, base_url="http://t") as web:
        found: dict[str, httpx2.Response] = {}

        async def ask(name: str, number: int | str, session: str) -> None:
            headers = {"mcp-session-id": session}
            found[name] = await web.post("/mcp", content=call(number, {}), headers=headers)

        async with anyio.create_task_group() as group:
            group.start_soon(ask, "first", 6, "s")
            with anyio.fail_after(10):
                await waiting.wait()
                await ask("second", "6", "s")
            assert found["second"].status_code == 400 and found["second"].json()["id"] == "6"
            assert "an id of its own" in found["second"].json()["error"]["message"]
            group.start_soon(ask, "of another session", 6, "t")
            group.start_soon(ask, "of another id", 7, "s")
            go_on.set()
        await ask("later", 6, "s")
    assert {name for name, each in found.items() if each.text == "answered"} == {*found} - {"second"}
