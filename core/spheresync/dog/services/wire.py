"""Requests and answers of any service whose protocol is JSON, by the installed service model.

moto's parsers and serialisers do the work, on botocore's models as they are. Members that the model does not know are
dropped when a request is read, as AWS does. Errors are written here: moto warns about codes that no model lists, such
as ThrottlingException.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias, cast

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest
    from moto.core.model import OperationModel, ServiceModel, StructureShape
    from moto.core.routing import ProtocolRouter

Json: TypeAlias = "dict[str, Any]"
"""What a request or an answer holds, in the shapes of the service model."""


@dataclass(frozen=True, slots=True)
class WireRequest:
    """A request on the wire; names of headers in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def of(cls, prepared: AWSPreparedRequest) -> WireRequest:
        """What a client of botocore is about to send."""
        body = prepared.body or b""
        if not isinstance(body, str | bytes | bytearray):
            raise TypeError("no service that has a double is sent streams")
        headers = {name.lower(): _text(value) for name, value in prepared.headers.items()}
        content = body.encode("utf-8") if isinstance(body, str) else bytes(body)
        return cls(prepared.method, prepared.url, headers, content)


@dataclass(frozen=True, slots=True)
class WireAnswer:
    """An answer on the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class ServiceError(Exception):
    """What a service refuses a call with: `code` as it names it.

    Without a status it is that of the model, or 400; `members` are those that the error has beside its message.
    """

    def __init__(
        self, code: str, message: str, status: int | None = None, members: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.members = members or {}


class Wire:
    """One service's protocol."""

    def __init__(self, service: str) -> None:
        import botocore.session
        from moto.core.model import ServiceModel
        from moto.core.routing import JSONRouter, RestRouter

        loader = botocore.session.get_session().get_component("data_loader")
        # moto's own loader would change the model by what moto needs beside it.
        self._model: ServiceModel = ServiceModel(loader.load_service_model(service, "service-2"), service)
        self._protocol = str(self._model.metadata["protocol"])
        routers: dict[str, type[ProtocolRouter]] = {"json": JSONRouter, "rest-json": RestRouter}
        self._router = routers[self._protocol](self._model)

    def read(self, request: WireRequest) -> tuple[str, Json]:
        """The operation that a request is for, and its parameters.

        Raises:
            ServiceError: the service has no such operation, or the request cannot be read.
        """
        from moto.core.parse import PROTOCOL_PARSERS
        from moto.core.request import Request
        from werkzeug.exceptions import NotFound

        asked = Request.from_primitives(request.method, request.url, request.headers, request.body)
        try:
            operation, labels = self._router.match(asked)
        except NotFound:
            text = f"{self._model.service_name} has no operation at {request.method} {asked.path}."
            raise ServiceError("UnknownOperationException", text, 404) from None
        parser = PROTOCOL_PARSERS[self._protocol](operation, timestamp_parser=_moment)
        try:
            parameters: Json = parser.parse(
                {
                    "method": asked.method,
                    "values": asked.values,
                    "headers": asked.headers,
                    "body": asked.data,
                    "url_path": asked.path,
                    "url_params": labels,
                }
            )
        except (AttributeError, TypeError, ValueError) as error:
            raise ServiceError("SerializationException", str(error)) from error
        return operation.name, parameters

    def answer(self, operation: str, result: Mapping[str, object]) -> WireAnswer:
        """The answer that carries `result`; members that the model does not know are left out."""
        from moto.core.serialize import SERIALIZERS

        model: OperationModel = self._model.operation_model(operation)
        written = SERIALIZERS[self._protocol](model).serialize(result)
        body = written["body"]
        return WireAnswer(
            int(written["status_code"]),
            {str(name): str(value) for name, value in written["headers"].items()},
            body.encode("utf-8") if isinstance(body, str) else body,
        )

    def refusal(self, error: ServiceError) -> WireAnswer:
        """The answer that says no."""
        name, status = self._error_shape(error.code)
        document = {"__type": error.code, name: error.message, **error.members}
        headers = {"Content-Type": "application/json", "x-amzn-ErrorType": error.code}
        if self._protocol == "json":
            headers["Content-Type"] = f"application/x-amz-json-{self._model.metadata.get('jsonVersion', '1.0')}"
        return WireAnswer(error.status or status, headers, json.dumps(document).encode())

    def _error_shape(self, code: str) -> tuple[str, int]:
        """How an error calls its message, and its status; of one that no model lists what all of AWS does."""
        for shape in cast("Sequence[StructureShape]", self._model.error_shapes):
            if shape.error_code == code:
                names = [name for name in shape.members if name.lower() == "message"]
                return (names or ["Message"])[0], int(shape.metadata.get("error", {}).get("httpStatusCode", 400))
        return "Message", 400


@cache
def wire_of(service: str) -> Wire:
    """The protocol of a service by botocore's name."""
    return Wire(service)


def _text(header: object) -> str:
    # Once signed, most headers are bytes.
    return header.decode("latin-1") if isinstance(header, bytes) else str(header)


def _moment(value: str) -> datetime:
    from botocore.utils import parse_timestamp

    parsed: datetime = parse_timestamp(value)
    return parsed.astimezone(UTC)
