"""AWS Glue as a server of its own: `python -m tests.simulators.glue_server --port 0` prints its address as JSON.

Speaks the JSON 1.1 protocol that boto3 sends to Glue, and answers STS GetCallerIdentity so that a test can prove that
nobody asked. Hand-rolled on asyncio's protocols, because it must be faster than every client it measures. Services that
the dog has a double of answer beside it, by the service in the signature.

Each account and Region has a catalog of its own: the account of who signs (that of the role which STS AssumeRole gave
the keys for, else HOME_ACCOUNT) or a call's CatalogId, and the Region of the signature. `self.catalog` is that of home.

Under `/admin/`: `faults` (POST one, DELETE all), `counters`, `log`, `dump` (POST: be what was dumped), `latency`
(POST), `reset` (POST: counters and log only), `roles` (POST `{"role_arn": ..., "external_id": ..., "lasts": seconds}`:
one that may be assumed). `dump` takes `?place=REGION/ACCOUNT`.
A fault is `{"kind": ..., "operation": "UpdateTable" or "*", "times": n or null, "table": name, "database": name}`,
the names optional, of kind `throttle`, `deny`, `error` (with `code`, `status`), `drop` (close before doing it), `lose`
(do it, then close), `kill` (do it, then kill the process `pid`), `loop` (a page that points at itself), `hide` (Lake
Formation lets this table not be seen: listings leave it out, and asked for by name it is refused), `fail` (with `tag`
and `code`: of a call's LF-Tags that one is not done and is in the answer's `Failures`).
A fault with `after` lets so many calls pass first; one with `writes` is about calls that change something only.
Calls of other services are counted and logged as `lakeformation:GetResourceLFTags`; the operation of a fault may be
spelled so, or `lakeformation:*`, or without the service; its table and database fit a call that names them anywhere.
A dump holds each double's state under its name.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from spheresync.dog.services.logged_parameters import as_json
from spheresync.dog.services.registry import double_for
from spheresync.dog.services.wire import ServiceError, WireRequest, wire_of
from tests.simulators.assumed_roles import HOME_ACCOUNT, Roles
from tests.simulators.aws_doubles import Doubles, without_tag
from tests.simulators.glue_catalog import Catalog

Json = dict[str, Any]
_IDENTITY = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    "<Arn>arn:aws:iam::{account}:user/someone</Arn><UserId>AID</UserId><Account>{account}</Account>"
    "</GetCallerIdentityResult></GetCallerIdentityResponse>"
)


#: Calls about one table that is there; a CreateTable of its name finds it in the way.
_BY_NAME = frozenset({"GetTable", "UpdateTable", "DeleteTable", "GetTableVersions", "GetTableVersion"})


_UNANSWERED = frozenset({"lose", "kill"})
_READING = ("Get", "List", "Search", "Describe", "BatchGet", "Assume", "PostLineage")
_JSON = {"Content-Type": "application/json"}
_XML = {"Content-Type": "text/xml"}
HOME = f"eu-central-1/{HOME_ACCOUNT}"
_SIGNED = re.compile(r"Credential=(?P<key>[^/]+)/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/")


class GlueServer:
    """AWS accounts behind one port. `tps` throttles all calls together, as AWS does for an account and Region."""

    def __init__(self, *, tps: float = 0, burst: float = 0, latency: float = 0) -> None:
        self._catalogs = {HOME: Catalog()}
        self._doubles = Doubles(self.catalog_at)
        self._roles = Roles()
        self.latency = latency
        self._tps = tps
        self._burst = burst or max(1.0, tps / 10)
        self._tokens = self._burst
        self._refilled = time.monotonic()
        self._faults: list[Json] = []
        self._request_number = 0
        self.reset()

    def reset(self) -> None:
        self.calls: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.bytes_received = 0
        self.log: list[Json] = []

    @property
    def catalog(self) -> Catalog:
        """That of home."""
        return self._catalogs[HOME]

    @catalog.setter
    def catalog(self, catalog: Catalog) -> None:
        self._doubles.load(HOME, {})
        self._catalogs[HOME] = catalog

    def catalog_at(self, place: str) -> Catalog:
        """The catalog of `REGION/ACCOUNT`."""
        if place not in self._catalogs:
            self._catalogs[place] = Catalog(place.partition("/")[2])
        return self._catalogs[place]

    def glue(self, operation: str, body: bytes, signed: str = "") -> tuple[int, bytes] | None:
        """The answer to one call of Glue, or None where the connection is to be closed without one."""
        self.bytes_received += len(body)
        params: Json = json.loads(body) if body else {}
        place, account = self._place(signed, params)
        entry = {
            "operation": operation,
            "database": params.get("DatabaseName"),
            "name": params.get("Name") or params.get("TableInput", {}).get("Name"),
            "place": place,
        }

        def do(_fault: Json | None) -> Json:
            return self._without_hidden(operation, params, self.catalog_at(place).call(operation, params))

        answer = self._attempt(entry, ("glue", operation, params), account, do)
        if isinstance(answer, ServiceError):
            return answer.status or 400, _dump({"__type": answer.code, "Message": answer.message})
        return None if answer is None else (200, _dump(answer))

    def doubled(self, service: str, request: WireRequest) -> tuple[int, bytes, dict[str, str]] | None:
        """As `glue`, of a service or an operation that has a double; with the headers of the answer."""
        self.bytes_received += len(request.body)
        wire = wire_of(service)
        try:
            operation, params = wire.read(request)
        except ServiceError as error:
            refusal = wire.refusal(error)
            return refusal.status, refusal.body, dict(refusal.headers)
        place, account = self._place(request.headers.get("authorization", ""), params)
        named = {"database": None, "name": None, "place": place, "parameters": as_json(params)}
        entry = {"operation": f"{service}:{operation}", **named}

        def do(fault: Json | None) -> Json:
            if fault is None or fault["kind"] != "fail":
                return self._doubles.execute(service, operation, params, place)
            left, failures = without_tag(params, fault)
            done = self._doubles.execute(service, operation, left, place) if left["LFTags"] else {"Failures": []}
            return {**done, "Failures": [*done["Failures"], *failures]}

        result = self._attempt(entry, (service, operation, params), account, do)
        if result is None:
            return None
        answer = wire.refusal(result) if isinstance(result, ServiceError) else wire.answer(operation, result)
        return answer.status, answer.body, dict(answer.headers)

    def _attempt(
        self, entry: Json, call: tuple[str, str, Json], account: str | None, do: Callable[[Json | None], Json]
    ) -> Json | ServiceError | None:
        """What a call comes to: its result, a refusal, or None where the connection is to be closed."""
        self.calls[entry["operation"]] += 1
        entry["at"] = time.time()
        self.log.append(entry)
        fault = self._fault(*call)
        kind = fault["kind"] if fault else None
        try:
            if kind == "drop":
                entry["outcome"] = "dropped"
                return None
            if account is None:
                raise ServiceError("ExpiredTokenException", "The security token included in the request is expired")
            self._refuse(*call[:2], fault)
            answer = do(fault)
        except ServiceError as refused:
            self.refused[refused.code] += 1
            entry["outcome"] = refused.code
            return refused
        if kind == "loop":
            answer = Doubles.pointing_at_itself(*call[:2], answer)
        if fault is not None and kind == "kill":
            os.kill(fault["pid"], signal.SIGKILL)
        entry["outcome"] = "lost" if kind in _UNANSWERED else "done"
        return None if kind in _UNANSWERED else answer

    def _place(self, signed: str, params: Json) -> tuple[str, str | None]:
        """Which catalog a call is for, and the account of who signs; None where the keys have ended."""
        found = _SIGNED.search(signed)
        if found is None:
            return HOME, HOME_ACCOUNT
        account = self._roles.account_of(found["key"])
        of = params.get("CatalogId") or account
        return f"{found['region']}/{of}", account

    def _refuse(self, service: str, operation: str, fault: Json | None) -> None:
        kind = fault["kind"] if fault else None
        if kind == "throttle" or not self._within_rate():
            raise ServiceError("ThrottlingException", "Rate exceeded")
        if kind == "hide":
            raise ServiceError("AccessDeniedException", "Insufficient Lake Formation permission(s): Required Describe")
        if kind == "deny":
            text = f"User: arn:aws:iam::123456789012:user/someone is not authorized to perform: {service}:{operation}"
            raise ServiceError("AccessDeniedException", text)
        if kind == "error" and fault is not None:
            raise ServiceError(fault["code"], fault.get("message", "injected"), fault.get("status"))

    def _within_rate(self) -> bool:
        if not self._tps:
            return True
        now = time.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._refilled) * self._tps)
        self._refilled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _without_hidden(self, operation: str, params: Json, answer: Json) -> Json:
        """A page without the rows that this caller may not see; nothing tells that it is shorter."""
        if operation != "GetTables":
            return answer
        database = params["DatabaseName"]
        faults = [
            each for each in self._faults if each["kind"] == "hide" and each.get("database", database) == database
        ]
        hidden = {fault["table"] for fault in faults}
        return {**answer, "TableList": [row for row in answer["TableList"] if row["Name"] not in hidden]}

    def _fault(self, service: str, operation: str, params: Json) -> Json | None:
        labels = {"*", operation, f"{service}:*", f"{service}:{operation}"}
        names = None if service == "glue" and self.catalog.has(operation) else set(_texts(params))
        name = (
            params.get("Name")
            or params.get("TableInput", {}).get("Name")
            or params.get("DatabaseInput", {}).get("Name")
        )
        database = params.get("DatabaseName") or name
        for fault in self._faults:
            if fault["kind"] == "hide" and operation not in _BY_NAME:
                continue
            if names is None:
                fits = fault.get("table", name) == name and fault.get("database", database) == database
            else:
                fits = all(fault[which] in names for which in ("table", "database") if which in fault)
            fits = fits and not (fault.get("writes") and operation.startswith(_READING))
            if fits and fault["operation"] in labels and fault.get("times") != 0:
                if fault.get("after"):
                    fault["after"] -= 1
                    continue
                if fault.get("times") is not None:
                    fault["times"] -= 1
                return fault
        return None

    def admin(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        match method, path:
            case "POST", "/admin/faults":
                self._faults.append(json.loads(body))
            case "DELETE", "/admin/faults":
                self._faults.clear()
            case "POST", "/admin/latency":
                self.latency = json.loads(body)["milliseconds"] / 1000
            case "POST", "/admin/roles":
                self._roles.add(**json.loads(body))
            case "POST", "/admin/reset":
                self.reset()
            case "GET", "/admin/counters":
                counters = {"calls": self.calls, "refused": self.refused, "bytes_received": self.bytes_received}
                return 200, _dump(counters)
            case "GET", "/admin/log":
                return 200, _dump(self.log)
            case "GET", "/admin/dump":
                return 200, _dump(self.dump(HOME))
            case "GET", path if path.startswith("/admin/dump?place="):
                return 200, _dump(self.dump(path.partition("=")[2]))
            case "POST", "/admin/dump":
                self.load(json.loads(body))
            case _:
                return 404, b"{}"
        return 200, b"{}"

    def dump(self, place: str) -> Json:
        """What Glue holds there, and each double that was asked."""
        return {**self.catalog_at(place).dump(), **self._doubles.dump(place)}

    def load(self, dumped: Json) -> None:
        """Be, at home, what was dumped."""
        self.catalog.load(dumped)
        self._doubles.load(HOME, dumped)

    def answer(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, bytes, dict[str, str]] | None:
        """(status, body, headers), or None to close the connection without an answer. Names of headers: lower case."""
        if path.startswith("/admin/"):
            return (*self.admin(method, path, body), _JSON)
        signed, target = headers.get("authorization", ""), headers.get("x-amz-target", "")
        found = _SIGNED.search(signed)
        service = found["service"] if found else "glue"
        if target.startswith("AWSGlue.") and not self._is_doubled("glue", target):
            answered = self.glue(target.removeprefix("AWSGlue."), body, signed)
            return None if answered is None else (*answered, {"Content-Type": "application/x-amz-json-1.1"})
        if Doubles.serve(service):
            return self.doubled(service, WireRequest(method, f"http://127.0.0.1{path}", headers, body))
        if b"Action=GetCallerIdentity" in body:
            self.calls["GetCallerIdentity"] += 1
            self.bytes_received += len(body)
            account = self._place(signed, {})[1] or HOME_ACCOUNT
            return 200, _IDENTITY.format(account=account).encode(), _XML
        if b"Action=AssumeRole" in body:
            self.calls["AssumeRole"] += 1
            return (*self._roles.assume(body), _XML)
        return 404, b"{}", _JSON

    def _is_doubled(self, service: str, target: str) -> bool:
        """Whether an operation of Glue is none of the catalog's, and has a double."""
        operation = target.rpartition(".")[2]
        return not self.catalog.has(operation) and double_for(service, operation) is not None

    def head(self, status: int, size: int, headers: dict[str, str]) -> bytes:
        self._request_number += 1
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return (
            f"HTTP/1.1 {status} -\r\n{lines}Content-Length: {size}\r\n"
            f"x-amzn-RequestId: 00000000-0000-0000-0000-{self._request_number:012d}\r\n\r\n"
        ).encode()


def _texts(value: object) -> Iterator[str]:
    """Every text in the parameters of a call, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


class Connection(asyncio.Protocol):
    """One keep-alive connection; a client has one request under way on it at a time."""

    def __init__(self, server: GlueServer) -> None:
        self._server = server
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (request := self._take()) is not None:
            if self._server.latency and not request[1].startswith("/admin/"):
                asyncio.get_running_loop().call_later(self._server.latency, self._reply, *request)
            else:
                self._reply(*request)

    def _take(self) -> tuple[str, str, dict[str, str], bytes] | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        size = end + 4 + int(headers.get("content-length", 0))
        if headers.get("expect") == "100-continue" and self._transport is not None and len(self._buffer) == end + 4:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if len(self._buffer) < size:
            return None
        body = bytes(self._buffer[end + 4 : size])
        del self._buffer[:size]
        method, path, _ = first.split(" ", 2)
        return method, path, headers, body

    def _reply(self, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        answer = self._server.answer(method, path, headers, body)
        if answer is None:
            self._transport.abort()
            return
        status, content, said = answer
        self._transport.write(self._server.head(status, len(content), said) + content)


async def serve(port: int, server: GlueServer) -> None:
    """Serve on loopback until killed; the first line on stdout says where."""
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(lambda: Connection(server), "127.0.0.1", port)
    bound = listener.sockets[0].getsockname()[1]
    sys.stdout.write(json.dumps({"port": bound, "url": f"http://127.0.0.1:{bound}"}) + "\n")
    sys.stdout.flush()
    await listener.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tps", type=float, default=0, help="calls a second before throttling; 0: no limit")
    parser.add_argument("--burst", type=float, default=0, help="calls that may come at once; default a tenth of --tps")
    parser.add_argument("--latency-ms", type=float, default=0)
    chosen = parser.parse_args()
    server = GlueServer(tps=chosen.tps, burst=chosen.burst, latency=chosen.latency_ms / 1000)
    asyncio.run(serve(chosen.port, server))


if __name__ == "__main__":
    main()
