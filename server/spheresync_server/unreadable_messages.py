"""Messages that the SDK could not read: what to answer to each, under the id that it was sent with.

The SDK drops what its parser refuses, so that a client waits for ever: half a surrogate pair in an argument, bytes that
are no UTF-8, an envelope that is none. Every message passes here first, over stdio as over HTTP.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from mcp.types import INVALID_PARAMS, INVALID_REQUEST, PARSE_ERROR, ErrorData, JSONRPCError, jsonrpc_message_adapter
from pydantic import ValidationError

from spheresync.model.json_document import NestedTooDeepError, RepeatedMemberError, read_json, read_own_json
from spheresync_server.json_texts import Json

LARGEST = 4 * 1024 * 1024
"""Bytes of one message; the SDK's limit over HTTP, where it has none over stdio."""
_MOST_OF_A_BATCH = 100
_ID = re.compile(r'"id"\s*:\s*(-?[0-9]{1,40}(?![0-9.eE])|"(?:[^"\\]|\\.){0,200}")')
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def refusals(raw: bytes) -> list[JSONRPCError]:
    """The answers to a message that is not to be passed on; none where it is one, or where nobody waits for an answer.

    The id of each is that of the request, as far as it can be told.
    """
    if len(raw) > LARGEST:
        return [too_large(raw)]
    try:
        value: Json = read_json(raw.decode(), most_values=LARGEST)
    except ValueError as error:
        return [_unreadable(error, recovered_id(raw))]
    if isinstance(value, list):
        return _batch(value)
    if isinstance(value, dict):
        return _refused(value, raw)
    return [_error(INVALID_REQUEST, "A message is a JSON object with jsonrpc, id, method and params.", None)]


def too_large(beginning: bytes) -> JSONRPCError:
    """What to answer to a message of which only the beginning was kept."""
    return _error(INVALID_REQUEST, f"The message is larger than {LARGEST} bytes. Send less.", recovered_id(beginning))


def id_of_request(raw: bytes) -> int | str | None:
    """The id of a request that is passed on; None of anything else."""
    value: Json = read_json(raw.decode(), most_values=LARGEST)
    known = value.get("id") if isinstance(value, dict) and "method" in value else None
    return known if isinstance(known, int | str) else None


def id_in_use(asked: int | str) -> JSONRPCError:
    """What to answer to a request under the id of another one that is under way."""
    text = f"A request of this session is under way under the id {asked}. Give each request an id of its own."
    return _error(INVALID_REQUEST, text, asked)


def recovered_id(raw: bytes) -> int | str | None:
    """The id of a message that cannot be read as a whole, where it holds one that can be no other's."""
    found = set(_ID.findall(raw[:LARGEST].decode("utf-8", "replace")))
    if len(found) != 1:
        return None
    try:
        known: object = read_own_json(found.pop())
    except ValueError:
        return None
    return known if isinstance(known, int | str) and _encodable(known) else None


def error_for_unreadable_response(raw: bytes) -> bytes | None:
    """What to pass on for a client's answer to a question of ours that cannot be read: an error under its id.

    None where the message is nothing of the kind. Without this the tool that asked would wait for ever.
    """
    try:
        value: Json = read_json(raw.decode("utf-8", "replace"))
    except ValueError:
        return None
    if not isinstance(value, dict) or "method" in value or not {"result", "error"} & value.keys():
        return None
    known = value.get("id")
    if isinstance(known, bool) or not isinstance(known, int | str) or not _encodable(known) or _fits(raw):
        return None
    problem = {"code": PARSE_ERROR, "message": "The client's answer could not be read."}
    return json.dumps({"jsonrpc": "2.0", "id": known, "error": problem}).encode()


def _refused(value: dict[str, Json], raw: bytes) -> list[JSONRPCError]:
    known = value.get("id")
    if "method" not in value and {"result", "error"} & value.keys():
        return []  # an answer to a question of ours: nobody waits for one to it
    if "id" in value and (isinstance(known, bool) or not isinstance(known, int | str)):
        return [_error(INVALID_REQUEST, "id must be a text or a whole number.", None)]
    if "id" not in value and isinstance(value.get("method"), str):
        return []  # a notification: nobody waits for an answer
    assert known is None or isinstance(known, int | str)
    if _SURROGATE.search(raw):
        broken = next(_broken_texts(value), None)
        if broken is not None:
            said = f"{broken} holds half of a surrogate pair, which no text can hold. Send whole characters."
            return [_error(INVALID_PARAMS, said, known if known is None or _encodable(known) else None)]
    if _fits(raw):
        return []
    return [_why_not(value, known)]


def _fits(raw: bytes) -> bool:
    """Whether the SDK's parser takes it."""
    try:
        jsonrpc_message_adapter.validate_json(raw, by_name=False)
    except ValidationError:
        return False
    return True


def _why_not(value: dict[str, Json], known: int | str | None) -> JSONRPCError:
    if value.get("jsonrpc") != "2.0":
        return _error(INVALID_REQUEST, 'jsonrpc must be "2.0".', known)
    if not isinstance(value.get("method"), str):
        return _error(INVALID_REQUEST, "method is missing or no text.", known)
    if not isinstance(value.get("params", {}), dict | None):
        return _error(INVALID_REQUEST, "params must be an object.", known)
    return _too_deep(known)


def _unreadable(error: ValueError, known: int | str | None) -> JSONRPCError:
    if isinstance(error, NestedTooDeepError):
        return _too_deep(known)
    if isinstance(error, RepeatedMemberError):
        return _error(PARSE_ERROR, f"The message cannot be read: {error}. Send each member once.", known)
    if isinstance(error, UnicodeDecodeError):
        return _error(PARSE_ERROR, "The message is no UTF-8. Send JSON in UTF-8.", known)
    return _error(PARSE_ERROR, "The message is no JSON. Send one JSON-RPC message.", known)


def _too_deep(known: int | str | None) -> JSONRPCError:
    return _error(INVALID_REQUEST, "The message cannot be read: it is nested too deeply.", known)


def _batch(values: list[Json]) -> list[JSONRPCError]:
    """One answer for each request of a batch, which the protocol does not know."""
    said = "Batches are not supported. Send each message by itself."
    ids = [each.get("id") for each in values[:_MOST_OF_A_BATCH] if isinstance(each, dict) and "method" in each]
    known = [each for each in ids if isinstance(each, int | str) and not isinstance(each, bool) and _encodable(each)]
    return [_error(INVALID_REQUEST, said, each) for each in known] or [_error(INVALID_REQUEST, said, None)]


def _broken_texts(value: Json) -> Iterator[str]:
    """Where texts stand that no UTF-8 can hold; without recursion, as depth is the sender's choice."""
    open_ends: list[tuple[str, Json]] = [("", value)]
    while open_ends:
        path, each = open_ends.pop()
        if isinstance(each, dict):
            for key, inner in each.items():
                if not _encodable(key):
                    yield f"a key of {path or 'the message'}"
                else:
                    open_ends.append((f"{path}.{key}" if path else key, inner))
        elif isinstance(each, list):
            open_ends.extend((path, inner) for inner in each)
        elif isinstance(each, str) and not _encodable(each):
            yield path.removeprefix("params.").removeprefix("arguments.") or "the message"


def _encodable(value: int | str) -> bool:
    try:
        str(value).encode()
    except (UnicodeEncodeError, ValueError):
        return False
    return True


def _error(code: int, message: str, known: int | str | None) -> JSONRPCError:
    return JSONRPCError(jsonrpc="2.0", id=known, error=ErrorData(code=code, message=message))
