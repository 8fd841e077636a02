"""The embedded AWS of the dog environment: boto3 sessions whose services live in the state folder.

They run in this process (`aws_services.py`), fed by a log that all processes on one state folder share: before each
call a process replays what the others did, executes under a file lock, and appends what changed. Nothing is patched:
the clients of these sessions answer from their own `before-send` hook, and other sessions of the process go on as they
were. Any service that is not embedded is refused before anything is sent.
"""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spheresync.dog.aws_log import CallLog
from spheresync.dog.services.wire import WireAnswer
from spheresync.errors import ConfigurationError, TargetError, TargetFault

if TYPE_CHECKING:
    import boto3.session
    from botocore.awsrequest import AWSPreparedRequest, AWSResponse

    from spheresync.dog.aws_services import AwsServices

DEFAULT_REGION = "eu-central-1"
DEFAULT_COMPACT_BYTES = 64 * 1024 * 1024
"""A log is compacted when it is larger than this, and twice as large as after the last compaction."""

_IDENTITY = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::{account}:user/dog</Arn><UserId>AIDADOG</UserId><Account>{account}</Account>
</GetCallerIdentityResult><ResponseMetadata><RequestId>dog</RequestId></ResponseMetadata></GetCallerIdentityResponse>"""


def embedded_session_factory(
    state_dir: Path, *, compact_bytes: int = DEFAULT_COMPACT_BYTES
) -> Callable[[], boto3.session.Session]:
    """A maker of boto3 sessions on the embedded AWS of `state_dir`.

    The sessions share one catalog; their clients may be used from many threads, and from other processes on the same
    folder. The region is `AWS_REGION`, else `AWS_DEFAULT_REGION`, else eu-central-1; credentials are fake, and no
    file of the user's AWS configuration is read. Glue's databases, tables, versions and tags are embedded, the services
    of `services/registry.py`, and STS GetCallerIdentity.

    Clients raise what botocore raises, and besides:
        TargetError: the service or operation is not embedded; nothing was sent.
        StateError: the log in the state folder cannot be used.

    Raises:
        ConfigurationError: moto is not installed.
    """
    try:
        from spheresync.dog import aws_glue, aws_services
    except ImportError as error:
        raise ConfigurationError(
            (f"The dog environment needs moto ({error.name} is missing): pip install 'spheresync[dog]'.",)
        ) from error
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION
    embedded = EmbeddedAws(
        state_dir,
        account_id=aws_glue.ACCOUNT_ID,
        make_services=lambda: aws_services.AwsServices(region),
        compact_bytes=compact_bytes,
    )
    return lambda: _session(embedded, region)


class EmbeddedAws:
    """One process's view of the embedded AWS. Calls are serialised by a lock here and one across processes."""

    def __init__(
        self, state_dir: Path, *, account_id: str, make_services: Callable[[], AwsServices], compact_bytes: int
    ) -> None:
        self._log = CallLog(state_dir)
        self._account_id = account_id
        self._make_services = make_services
        self._services = make_services()
        self._mutex = threading.RLock()
        self._compact_bytes = compact_bytes

    def answer(self, service: str, operation: str, request: AWSPreparedRequest) -> AWSResponse:
        """Answer a signed request of a client; no request leaves the machine.

        Raises:
            TargetError: the service or operation is not embedded.
            StateError: the log cannot be used.
        """
        if (service, operation) == ("sts", "GetCallerIdentity"):
            body = _IDENTITY.format(account=self._account_id).encode()
            return _response(request, WireAnswer(200, {"Content-Type": "text/xml"}, body))
        if not self._services.has(service, operation):
            raise TargetError(
                TargetFault.DENIED,
                f"The embedded AWS of the dog environment has no {service} {operation}; nothing was sent.",
                remedy="Use the wolf environment with an AWS test account for it.",
            )
        with self._mutex, self._log.locked():
            return _response(request, self._execute(service, operation, request))

    def _execute(self, service: str, operation: str, request: AWSPreparedRequest) -> WireAnswer:
        self._catch_up()
        try:
            done = self._services.execute(service, operation, request)
            if done.entry is not None:
                self._log.append(done.entry)
        except BaseException:
            self._log.forget()  # what is in memory may be ahead of the log
            raise
        self._compact()
        return done.answer

    def _catch_up(self) -> None:
        try:
            fresh, entries = self._log.catch_up()
            if fresh:
                self._services = self._make_services()
            for entry in entries:
                self._services.replay(entry)
        except BaseException:
            self._log.forget()
            raise

    def _compact(self) -> None:
        if self._log.size > max(self._compact_bytes, 2 * self._log.base):
            self._log.replace(self._services.snapshot())
            self._log.forget()  # this process, too, goes on from what the snapshot holds


def _session(embedded: EmbeddedAws, region: str) -> boto3.session.Session:
    import boto3.session
    import botocore.session
    from moto.core.models import botocore_stubber

    # Neither a profile nor a configuration file of the user may reach, or break, the embedded AWS.
    core = botocore.session.Session(
        {"profile": (None, None, None, None), "config_file": (None, None, os.devnull, None)}
    )
    session = boto3.session.Session(
        aws_access_key_id="dog",
        aws_secret_access_key="dog",  # noqa: S106  # worth nothing: no request leaves the machine
        region_name=region,
        botocore_session=core,
    )

    def before_send(event_name: str, request: AWSPreparedRequest, **_kwargs: Any) -> AWSResponse:
        _, service, operation = event_name.split(".", 2)
        return embedded.answer(service, operation, request)

    # The stubs know neither callable objects nor hooks that answer.
    session.events.unregister("before-send", botocore_stubber)  # type: ignore[arg-type]
    session.events.register_first("before-send", before_send)  # type: ignore[arg-type]
    return session


def _response(request: AWSPreparedRequest, answer: WireAnswer) -> AWSResponse:
    from botocore.awsrequest import AWSResponse
    from botocore.compat import HTTPHeaders

    return AWSResponse(request.url, answer.status, HTTPHeaders.from_dict(dict(answer.headers)), _Raw(answer.body))


class _Raw(io.BytesIO):
    """A body in the shape that botocore reads from urllib3."""

    def stream(self, **_: object) -> Any:
        yield self.read()
