"""The services of the embedded AWS in one process: Glue on moto, and the doubles beside it.

An entry of the log that names no service is Glue's, as all were when there was no other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

from spheresync.dog.aws_glue import ACCOUNT_ID, READS, WRITES, Glue, read_parameters
from spheresync.dog.aws_log import AWS_LOG_FILE, Entry
from spheresync.dog.services.double import Call, Double, Place
from spheresync.dog.services.logged_parameters import as_json, from_json
from spheresync.dog.services.registry import double_for, double_named
from spheresync.dog.services.wire import Json, ServiceError, WireAnswer, WireRequest, wire_of
from spheresync.errors import StateError
from spheresync.model import isoformat

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest

_LOAD = "LoadDump"
"""The operation of an entry that holds a double's whole state, under the double's name."""
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Done:
    """An answer, and what the log has to keep of the call; None where it changed nothing."""

    answer: WireAnswer
    entry: Entry | None


class AwsServices:
    """One Region's services. Not thread-safe."""

    def __init__(self, region: str) -> None:
        self._place = Place(ACCOUNT_ID, region)
        self._glue = Glue(region)
        self._doubles: dict[str, Double] = {}
        self._latest = datetime.min.replace(tzinfo=UTC)

    @staticmethod
    def has(service: str, operation: str) -> bool:
        """Whether an operation is embedded."""
        return _is_glues(service, operation) or double_for(service, operation) is not None

    def execute(self, service: str, operation: str, request: AWSPreparedRequest) -> Done:
        """Execute one operation as it came over the wire."""
        # No two calls have the same time, whatever the clock says: the ids of doubles come of it.
        at = self._latest = max(datetime.now(UTC), self._latest + _TICK)
        double = double_for(service, operation)
        if double is not None:
            return self._ask(self._made(double), operation, request, at)
        self._glue.now = at
        answer = self._glue.execute(operation, request)
        if operation not in WRITES or answer.status != 200:
            return Done(answer, None)
        return Done(answer, {"at": isoformat(at), "operation": operation, "parameters": read_parameters(request)})

    def replay(self, entry: Entry) -> None:
        """Do again what the log says was done.

        Raises:
            StateError: another version of the program, or of botocore, wrote what this one cannot do.
        """
        at = datetime.fromisoformat(str(entry["at"]))
        self._latest = max(self._latest, at)
        if "service" not in entry:
            self._glue.replay(entry)
            return
        service, operation = str(entry["service"]), str(entry["operation"])
        # The log holds what a double took or dumped, so its shapes are those of the service model and of the double.
        parameters = cast("Json", from_json(entry["parameters"]))
        if operation == _LOAD:
            self._made(double_named(service)).load(parameters)
            return
        double = double_for(service, operation)
        if double is None:
            raise _of_another_version(service, operation, "there is no such operation")
        try:
            self._made(double).execute(Call(operation, parameters, at))
        except ServiceError as error:
            raise _of_another_version(service, operation, error.message) from error

    def snapshot(self) -> Iterator[Entry]:
        """Entries that make this content again; Glue's first, as doubles ask what it holds."""
        yield from self._glue.snapshot()
        for name, double in self._doubles.items():
            yield {
                "at": isoformat(self._latest),
                "service": name,
                "operation": _LOAD,
                "parameters": as_json(double.dump()),
            }

    def _ask(self, double: Double, operation: str, request: AWSPreparedRequest, at: datetime) -> Done:
        wire = wire_of(double.service)
        try:
            _, parameters = wire.read(WireRequest.of(request))
            kept: Entry = {
                "at": isoformat(at),
                "service": double.service,
                "operation": operation,
                "parameters": as_json(parameters),
            }
            result = double.execute(Call(operation, parameters, at))
        except ServiceError as error:
            return Done(wire.refusal(error), None)
        return Done(wire.answer(operation, result), kept if double.operations[operation].writes else None)

    def _made(self, double: type[Double]) -> Double:
        if double.name not in self._doubles:
            self._doubles[double.name] = double(self._place, self._glue)
        return self._doubles[double.name]


def _of_another_version(service: str, operation: str, reason: str) -> StateError:
    return StateError(
        f"The embedded AWS's log holds {service} {operation} of another version of the program: {reason}.",
        remedy=f"Use that version, or delete {AWS_LOG_FILE} to start with an empty embedded AWS.",
    )


def _is_glues(service: str, operation: str) -> bool:
    return service == "glue" and operation in READS | WRITES
