"""The one door to AWS: boto3 in worker threads, at a rate the account bears.

boto3 with about 32 threads is as fast as the async clones at real latencies, and is the only client that always knows
the newest services (reference: aws-catalogs.md 6). Repeats are made here and not by botocore: its retry quota runs
dry under throttling (same place, 6f), and it repeats writes whose answer was lost without looking at what they did.
"""

from __future__ import annotations

import os
import platform
import random
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

import anyio
import anyio.to_thread

from spheresync import __version__
from spheresync.errors import ConfigurationError, TargetError, TargetFault
from spheresync.model import JsonValue, first_of, isoformat
from spheresync.observe.spans import Attributes, Span, span
from spheresync.redaction import conceal, conceal_for_now
from spheresync.targets.aws.answer_shape import answer_of
from spheresync.targets.aws.credentials import Credentials
from spheresync.targets.aws.error_codes import Recovery
from spheresync.targets.aws.errors import AwsError, is_throttle, redact, refuse_foreign_body, resource_of, translate
from spheresync.targets.aws.limits import Limits
from spheresync.targets.aws.own_catalog import OwnCatalog
from spheresync.targets.aws.plain_body import write_plain_bodies
from spheresync.targets.aws.rate_limit import AdaptiveRate, RateLimit
from spheresync.targets.aws.silence import Silence
from spheresync.targets.protocol import Usage

if TYPE_CHECKING:
    from boto3.session import Session
    from botocore.client import BaseClient


_ATTEMPTS = 5  # of a read that gets no answer, or of a request that never left
_FIRST_PAUSE = 0.1  # seconds
_LONGEST_PAUSE = 5.0
_DEADLINE = 120.0
_CONNECT_TIMEOUT = 5.0
_READ_TIMEOUT = 30.0
_DURATION = "spheresync.aws.call.duration"
_SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_TOLD_APART = ("rpc.service", "rpc.method")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a service answered: its members as JSON (times as ISO 8601), and the request's id."""

    body: Mapping[str, JsonValue]
    request_id: str | None


@dataclass(frozen=True, slots=True)
class LastLook:
    """What a write goes by: whether it was read too long ago to be sent now, and how it is read again.

    `again` raises where it is not what was read before, so that the write is not sent.
    """

    too_old: Callable[[], bool]
    again: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class AwsPlace:
    """Where in AWS, as a destination has it; None is as the session and the account have it.

    `asked_by`: the setting that names the role of the session, empty where it is none. `known`: the catalog, where
    settings say it, so that no answer needs to be looked at.
    """

    region: str | None = None
    catalog_id: str | None = None
    asked_by: str = ""
    known: str | None = None


@dataclass(frozen=True, slots=True)
class ServiceClient:
    """The client of one service in one region, with the limits of its requests and the credentials that sign them."""

    client: BaseClient
    limits: Limits
    region: str
    credentials: Credentials


@dataclass(frozen=True, slots=True)
class _Call:
    """One call; see `AwsDoor.call`."""

    service: str
    operation: str
    params: Mapping[str, object]
    subject: str
    write: bool
    last_look: LastLook | None
    admitted: bool


def standard_session() -> Session:
    """A session by boto3's standard chain: environment, profile, role.

    Of the two names for the region, botocore reads only AWS_DEFAULT_REGION; the other SDKs and the AWS CLI read
    AWS_REGION first, and so does this.
    """
    import boto3

    return boto3.session.Session(region_name=os.environ.get("AWS_REGION") or None)


_AS_THE_SESSION = AwsPlace()


class AwsDoor:
    """Calls AWS services by name. Region, credentials and endpoints come from the session's own chain.

    Args:
        session_factory: makes the one session, in a worker thread, when the first call needs it.
        workers: requests under way at the same time, and connections kept.
        deadline: seconds for which a throttled call is repeated before it fails.
        read_timeout: seconds of silence after which a request counts as unanswered; so long may a cancel take.
        rate_limits: by service, what people allow at most; may be shared with other doors.
        place: the Region of calls that name none, and the catalog of all calls that take one.
    """

    def __init__(
        self,
        session_factory: Callable[[], Session] = standard_session,
        *,
        workers: int = 32,
        deadline: float = _DEADLINE,
        read_timeout: float = _READ_TIMEOUT,
        clock: Callable[[], float] = anyio.current_time,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
        jitter: Callable[[], float] = random.random,
        rate_limits: Mapping[str, RateLimit] = MappingProxyType({}),
        place: AwsPlace = _AS_THE_SESSION,
    ) -> None:
        self._place = place
        self.own_catalog = OwnCatalog(place.catalog_id or place.known)
        self._find_catalog: Callable[[], Awaitable[object]] | None = None
        self._proving = anyio.Lock()
        self._session_factory = session_factory
        self._credentials: Credentials | None = None
        self._session: Session | None = None
        self._workers = workers
        self._threads = anyio.CapacityLimiter(workers)
        self._deadline = deadline
        self._read_timeout = read_timeout
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._rate_limits = rate_limits
        self._silence = Silence(clock)
        self._lines: dict[tuple[str, str | None], ServiceClient] = {}
        self._opening = anyio.Lock()
        self._paces: dict[tuple[str, str], AdaptiveRate] = {}
        self._meter = _Meter()

    @property
    def usage(self) -> Usage:
        return self._meter.reading()

    def prove_catalog_by(self, find: Callable[[], Awaitable[object]]) -> None:
        """Have `find` look whose catalog it is before the first write, where no answer has shown it until then."""
        self._find_catalog = find

    def close(self) -> None:
        """Close the connections; the next call would open new ones."""
        for line in self._lines.values():
            line.client.close()
        self._lines.clear()

    async def line(self, service: str, region: str | None = None, *, subject: str = "AWS") -> ServiceClient:
        """The client of a service; made once, one at a time, because making one is not thread-safe.

        Raises:
            AwsError: DENIED, because there are no usable credentials.
            ConfigurationError: region, profile or endpoint are missing or wrong.
        """
        region = region or self._place.region
        key = (service, region)
        if key not in self._lines:
            async with self._opening:
                if key not in self._lines:
                    self._lines[key] = await anyio.to_thread.run_sync(self._open, service, region, subject)
        return self._lines[key]

    async def call(
        self,
        service: str,
        operation: str,
        params: Mapping[str, object],
        *,
        subject: str,
        write: bool = False,
        region: str | None = None,
        last_look: LastLook | None = None,
        admitted: bool = False,
    ) -> Reply:
        """One call by its API name (`CreateTable`), checked against the service's limits before it is sent.

        A throttled call is repeated until the deadline. A read is repeated when no answer came. A write is not: its
        error says `uncertain`, and only a read can tell what became of it. Cancelling waits for a request under way;
        its reply is still returned, so that the caller can write down what was done.

        What a write goes by may have been read long before it is let through, and while AWS throttles: `last_look` is
        asked once nothing is left to wait for, and before every repetition. `admitted` says that people's limit has
        let this call through already.

        Raises:
            AwsError: a TargetError that also carries the service's code; `subject` says what was being written.
            TargetError: INVALID, and nothing was sent.
            ConfigurationError: there is no region or no such profile.
        """
        if write and self.own_catalog.unproven and self._find_catalog is not None:
            async with self._proving:
                await self._find_catalog()
        line = await self.line(service, region, subject=subject)
        params = self._in_catalog(line, operation, params)
        _refuse_beyond_limits(line, operation, params, subject)
        about: Attributes = {
            "rpc.system": "aws-api",
            "rpc.service": service,
            "rpc.method": operation,
            "cloud.region": line.region,
        }
        with span(f"{service}.{operation}", about, duration=_DURATION, by=_TOLD_APART, outgoing=True) as told:
            call = _Call(service, operation, params, subject, write, last_look, admitted)
            return await self._persist(line, call, told)

    def _in_catalog(self, line: ServiceClient, operation: str, params: Mapping[str, object]) -> Mapping[str, object]:
        """The parameters with the catalog of this place, where the operation takes one."""
        if self._place.catalog_id is None:
            return params
        shape = line.client.meta.service_model.operation_model(operation).input_shape
        members = shape.members if shape is not None else {}
        return {"CatalogId": self._place.catalog_id, **params} if "CatalogId" in members else params

    async def _persist(self, line: ServiceClient, call: _Call, told: Span) -> Reply:
        pace, limit = self._pace(line.region, f"{call.service}:{call.operation}"), self._rate_limits.get(call.service)
        look = call.last_look
        deadline = self._clock() + self._deadline
        attempt = 0
        while True:
            told.note({"spheresync.attempts": attempt + 1})
            self._silence.require_over(call.subject, f"{call.service}:{call.operation}")
            if limit is not None and not call.admitted:
                await limit.wait()
            permit = await pace.permit()
            if look is not None and (attempt or look.too_old()):
                if limit is not None:
                    await limit.wait()  # for the look, so that nothing is waited for between it and the write
                await look.again()
            try:
                reply = await anyio.to_thread.run_sync(partial(_send, line, call), limiter=self._threads)
            except AwsError as error:
                if is_throttle(error):
                    self._meter.throttled()
                    pace.throttled(permit)
                if error.recovery is Recovery.SIGN_IN:
                    self._forget(line)
                given_up = self._silence.failed(error)
                if given_up or not self._worth_repeating(error, attempt, deadline, write=call.write):
                    raise
            else:
                self._silence.answered()
                pace.succeeded()
                told.note({"aws.request_id": reply.request_id or ""})
                return reply
            await self.pause(attempt)
            attempt += 1

    async def pause(self, attempt: int) -> None:
        """Wait before repeating something: longer each time, at random so that many do not come back together."""
        self._meter.retried()
        await self._sleep(min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(attempt, 10)) * self._jitter())

    def _worth_repeating(self, error: AwsError, attempt: int, deadline: float, *, write: bool) -> bool:
        if error.fault is TargetFault.THROTTLED:
            return self._clock() < deadline
        if not error.transient or (write and error.needs_look):
            return False
        return attempt + 1 < _ATTEMPTS and self._clock() < deadline

    def _forget(self, line: ServiceClient) -> None:
        """Have the next call find credentials anew: whoever signs in meanwhile need not restart a server."""
        if line.credentials is self._credentials:
            self._lines.clear()
            self._session = self._credentials = None
            self.own_catalog.forget()

    def _pace(self, region: str, api: str) -> AdaptiveRate:
        key = (region, api)
        if key not in self._paces:
            self._paces[key] = AdaptiveRate(clock=self._clock, sleep=self._sleep)
        return self._paces[key]

    def _open(self, service: str, region: str | None, subject: str) -> ServiceClient:
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        config = Config(
            retries={"mode": "standard", "total_max_attempts": 1},
            max_pool_connections=self._workers,
            parameter_validation=False,  # ours is stricter; botocore's would cost 0.27 ms a call on top
            user_agent=_user_agent(),
            connect_timeout=_CONNECT_TIMEOUT,
            read_timeout=self._read_timeout,
        )
        try:
            if self._session is None or self._credentials is None:
                self._session = self._session_factory()
                self._credentials = Credentials(self._session, self._place.asked_by)
            session, credentials = self._session, self._credentials
            credentials.require(subject, service)
            make: Callable[..., BaseClient] = session.client
            client = make(service, region_name=region, config=config)
        except AwsError:
            self._session = self._credentials = None
            raise
        except (BotoCoreError, ValueError) as error:
            self._session = self._credentials = None
            text = f"AWS {service} cannot be used: {redact(str(error))} {_setting(error)}"
            raise ConfigurationError((text,)) from error
        write_plain_bodies(client)
        client.meta.events.register_first("before-send", self._meter.sent)
        client.meta.events.register_first("before-send", _conceal_credentials)
        conceal(os.environ.get(name, "") for name in _SECRETS)
        if "json" in client.meta.service_model.protocol:  # the others answer in XML
            client.meta.events.register_first("before-parse", refuse_foreign_body)
        return ServiceClient(client, Limits(client.meta.service_model), client.meta.region_name, credentials)


def _user_agent() -> str:
    """Who calls, as CloudTrail shows it; a fixed text, because botocore would put its own together twice a call."""
    import boto3
    import botocore

    versions = f"Boto3/{boto3.__version__} Botocore/{botocore.__version__}"
    return f"spheresync/{__version__} {versions} Python/{platform.python_version()}"


def _setting(error: Exception) -> str:
    """The setting that boto3 found wrong before anything was sent."""
    match type(error).__name__:
        case "ProfileNotFound":
            return "Set AWS_PROFILE to one that `aws configure list-profiles` shows."
        case "NoRegionError" | "InvalidRegionError":
            return "Set AWS_REGION, or the region of the profile in ~/.aws/config."
        case "ConfigParseError" | "ConfigNotFound":
            return "Mend that file (AWS_CONFIG_FILE, by default ~/.aws/config)."
        case _:
            return "Region, profile and endpoint come from AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL and ~/.aws/config."


def _conceal_credentials(request: object, **_: object) -> None:
    """botocore's `before-send`: what is sent to prove who we are, an answer may repeat."""
    token = getattr(request, "headers", {}).get("X-Amz-Security-Token")
    if token:
        conceal_for_now(token.decode("latin-1") if isinstance(token, bytes) else str(token))


class _Meter:
    """Counts requests as they leave, in worker threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()
        self._bytes = 0
        self._throttles = 0
        self._retries = 0

    def sent(self, request: object, event_name: str, **_: object) -> None:
        """botocore's `before-send`; answers nothing, so the request goes its way."""
        body = getattr(request, "body", None)
        with self._lock:
            self._calls[event_name.rpartition(".")[2]] += 1
            self._bytes += len(body) if isinstance(body, bytes | bytearray | str) else 0

    def throttled(self) -> None:
        with self._lock:
            self._throttles += 1

    def retried(self) -> None:
        with self._lock:
            self._retries += 1

    def reading(self) -> Usage:
        with self._lock:
            return Usage(dict(self._calls), self._bytes, self._throttles, self._retries)


def _refuse_beyond_limits(line: ServiceClient, operation: str, params: Mapping[str, object], subject: str) -> None:
    problems = line.limits.problems(operation, params)
    if problems:
        shown = first_of(problems, 5, by="; ")
        raise TargetError(
            TargetFault.INVALID,
            f"{subject}: {operation} would be refused, nothing was sent: {shown}.",
            remedy="Shorten or correct the named fields in Datasphere or by a mapping rule.",
        )


def _send(line: ServiceClient, call: _Call) -> Reply:
    """Send in this worker thread; boto3's errors leave it translated."""
    from botocore import xform_name
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    api = f"{call.service}:{call.operation}"
    method: Callable[..., dict[str, object]] = getattr(line.client, xform_name(call.operation))
    shape = line.client.meta.service_model.operation_model(call.operation).output_shape
    try:
        line.credentials.require(call.subject, api)
        answer = answer_of(method, call.params, shape)
    except (ClientError, BotoCoreError, ResponseParserError) as error:
        sign_in, resource = line.credentials.sign_in, resource_of(call.params)
        raise translate(
            error, api=api, subject=call.subject, region=line.region, sign_in=sign_in, resource=resource
        ) from error
    metadata = cast("Mapping[str, object]", answer.pop("ResponseMetadata", {}))
    request_id = metadata.get("RequestId")
    return Reply(cast("Mapping[str, JsonValue]", _plain(answer)), str(request_id) if request_id else None)


def _plain(value: object) -> JsonValue:
    """A parsed reply as JSON; botocore has made datetimes of timestamps."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime):
        return isoformat(value)
    raise TypeError(f"no JSON for {type(value).__name__} in a reply")
