"""What boto3 raises, translated into the error tree: what happened, to which object, and what to do next.

Service texts are quoted only after access keys, session tokens and user info in URLs are cut out: a refused signature
is answered with the whole canonical request in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from spheresync.errors import TargetError, TargetFault
from spheresync.model.json_document import is_nested_too_deep, read_json
from spheresync.redaction import quoted
from spheresync.targets.aws.error_codes import Recovery, Transport, recovery_of, transport_of

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from botocore.model import OperationModel

ALREADY_EXISTS = "AlreadyExistsException"
NOT_FOUND = "EntityNotFoundException"
MOVED_MEANWHILE = "ConcurrentModificationException"

_LONGEST = 400
_SMALL = 4_096
"""Bytes of an answer that is looked through before botocore does so again."""
_AGAIN = "Run again; what is already done stays done."
_CLOCK = frozenset({"RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture"})
_LONGEST_CODE = 100

_FAULTS: Mapping[Recovery, TargetFault] = {
    Recovery.WAIT: TargetFault.THROTTLED,
    Recovery.LOOK: TargetFault.FAILED,
    Recovery.CONTENDED: TargetFault.FAILED,
    Recovery.EXISTS: TargetFault.CONFLICT,
    Recovery.ABSENT: TargetFault.FAILED,
    Recovery.SIGN_IN: TargetFault.DENIED,
    Recovery.DENIED: TargetFault.DENIED,
    Recovery.QUOTA: TargetFault.LIMIT,
    Recovery.INVALID: TargetFault.INVALID,
    Recovery.PERMANENT: TargetFault.FAILED,
}
_REMEDIES: Mapping[Recovery, str] = {
    Recovery.WAIT: "AWS still asks to slow down: run again later, or ask AWS for a higher rate.",
    Recovery.LOOK: _AGAIN,
    Recovery.CONTENDED: _AGAIN,
    Recovery.EXISTS: "Something of that name exists; look at it, or grant this user the right to see it.",
    Recovery.ABSENT: _AGAIN,
    Recovery.QUOTA: "Ask AWS for a higher quota, or remove something; then run again.",
    Recovery.INVALID: "Shorten or correct the named field by a mapping rule.",
    Recovery.PERMANENT: _AGAIN,
}


class AwsError(TargetError):
    """Raised by the door to AWS.

    `code` is the service's name for it; `recovery` what can be done; `uncertain` that it may have been done;
    `transient` that sending it again may help.
    """

    def __init__(
        self,
        fault: TargetFault,
        message: str,
        *,
        remedy: str = "",
        request_id: str | None = None,
        code: str = "",
        recovery: Recovery = Recovery.PERMANENT,
        uncertain: bool = False,
        transient: bool = False,
    ) -> None:
        systemic = recovery is Recovery.SIGN_IN
        super().__init__(fault, message, remedy=remedy, request_id=request_id, systemic=systemic)
        self.code = code
        self.recovery = recovery
        self.uncertain = uncertain
        self.transient = transient

    @classmethod
    def silent(cls, message: str) -> AwsError:
        """That a place which has not answered for a while is asked nothing now."""
        remedy = "Check the network, the proxy and the Region; then run again, what is already done stays done."
        error = cls(TargetFault.UNREACHABLE, message, remedy=remedy, code="given_up")
        error.systemic = True
        return error

    @property
    def needs_look(self) -> bool:
        """Whether only a look at the object tells what a write that was answered so is to do next."""
        return self.uncertain or self.recovery is Recovery.CONTENDED


def sentence(text: str) -> str:
    """A text that ends in what others said, with a stop before what follows it."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def translate(error: Exception, *, api: str, subject: str, region: str, sign_in: str, resource: str = "") -> AwsError:
    """The error of one call.

    Args:
        error: what boto3 raised.
        api: what was called (`glue:UpdateTable`).
        subject: what it was about.
        region: where it was called.
        sign_in: the next step where the credentials in use are not taken.
        resource: what of AWS must be granted for it (`table sales.orders`), where that is known.
    """
    from botocore.exceptions import ClientError

    if isinstance(error, ClientError):
        return _answered(error, api, subject, sign_in, resource)
    name, said = type(error).__name__, redact(str(error))
    network = (
        f"Check the network, the proxy, the region {region} (AWS_REGION) and, where one is set, AWS_ENDPOINT_URL; "
        "then run again, what is already done stays done."
    )
    match transport_of(error):
        case Transport.LOST:
            return _lost(error, api, subject, network)
        case Transport.UNSENT:
            text = f"{subject}: {api} could not be reached: {said}"
            return AwsError(TargetFault.UNREACHABLE, text, remedy=network, code=name, transient=True)
        case Transport.UNTRUSTED:
            fault, what, remedy = TargetFault.UNREACHABLE, "offered no trusted certificate", "Check AWS_CA_BUNDLE."
        case Transport.CREDENTIALS:
            fault, what, remedy = TargetFault.DENIED, "was not sent, as there are no usable AWS credentials", sign_in
        case Transport.CONFIGURATION:
            remedy = "Correct that setting in ~/.aws/config or the environment."
            fault, what = TargetFault.DENIED, "cannot be used as AWS is configured here"
        case Transport.PROGRAM:
            remedy = "Report this with the versions of boto3 and Spheresync."
            fault, what = TargetFault.FAILED, f"was not sent: {name}"
    recovery = Recovery.SIGN_IN if fault is TargetFault.DENIED else Recovery.PERMANENT
    return AwsError(fault, sentence(f"{subject}: {api} {what}: {said}"), remedy=remedy, code=name, recovery=recovery)


def _lost(error: Exception, api: str, subject: str, network: str) -> AwsError:
    from botocore.exceptions import HTTPClientError, IncompleteReadError

    name, said = type(error).__name__, redact(str(error))
    if isinstance(error, HTTPClientError | IncompleteReadError):
        text = f"{subject}: the answer of {api} was lost: {said}"
        return AwsError(TargetFault.UNREACHABLE, text, remedy=network, code=name, uncertain=True, transient=True)
    # A body that is no answer of the service (a proxy's page): what it stood for is not known.
    text = f"{subject}: {api} gave no usable answer: {name}: {said}"
    remedy = "Check what AWS_ENDPOINT_URL and the proxy point at, then run again; what is already done stays done."
    return AwsError(TargetFault.FAILED, text, remedy=remedy, code=name, uncertain=True)


def refuse_foreign_body(operation_model: OperationModel, response_dict: Mapping[str, object], **_: object) -> None:
    """botocore's `before-parse`: a 200 whose body is no JSON object is a proxy's page, and no answer of the service.

    botocore itself takes such a body for an empty answer, so that a write would count as done and a listing as empty.
    So it takes what breaks off, and another status than 200, which the protocol of Glue does not know for what was
    done. A body of nothing is left to whoever needs members of it: some services answer writes so. One that is nested
    too deeply botocore does not survive, whatever its status.

    Raises:
        botocore.parsers.ResponseParserError: the body is something else.
    """
    from botocore.parsers import ResponseParserError

    body, status = response_dict.get("body"), response_dict.get("status_code")
    if isinstance(body, bytes) and is_nested_too_deep(body):
        raise ResponseParserError("the answer is no JSON that is read, as if from a proxy: it is nested too deeply")
    if not isinstance(body, bytes) or not isinstance(status, int) or status >= 300:
        return
    if status != 200 and operation_model.service_model.metadata.get("protocol") == "json":
        raise ResponseParserError(f"it was answered with the status {status}, as if from a proxy")
    if not body.strip():
        return
    if not body.lstrip().startswith(b"{"):
        raise ResponseParserError("the answer is no JSON, as if from a proxy or a login page")
    if not _is_whole(body):
        raise ResponseParserError("the answer breaks off")


def _is_whole(body: bytes) -> bool:
    """Whether a JSON object has come to its end; large ones hold members that their readers require."""
    if len(body) > _SMALL:
        return body.rstrip().endswith(b"}")
    try:
        return isinstance(read_json(body), dict)
    except ValueError:
        return False


def is_throttle(error: AwsError) -> bool:
    return error.fault is TargetFault.THROTTLED


def redact(text: str) -> str:
    """A service's text without secrets, on one line, cut to a length that a log can bear."""
    return quoted(text, _LONGEST)


def resource_of(params: Mapping[str, object]) -> str:
    """The database or table that a request to Glue is about, as whoever grants it must know it; empty for none."""
    made = params.get("TableInput") or params.get("DatabaseInput")
    name = params.get("Name") or (made.get("Name") if isinstance(made, Mapping) else None)
    database = params.get("DatabaseName")
    if database:
        return f"table {database}.{name}" if name else f"database {database}"
    return f"database {name}" if name else ""


def _grant(api: str, resource: str) -> str:
    on = f" on {resource}" if resource else ""
    return f"Grant {api}{on} to the role or user in use: in IAM and, where it decides, in Lake Formation."


def _answered(error: ClientError, api: str, subject: str, sign_in: str, resource: str) -> AwsError:
    details = error.response.get("Error", {})
    metadata = error.response.get("ResponseMetadata", {})
    code = quoted(str(details.get("Code", "")), _LONGEST_CODE) or "an unnamed error"
    said = redact(str(details.get("Message", "")))
    recovery = recovery_of(code, int(metadata.get("HTTPStatusCode", 0)), said)
    uncertain = recovery is Recovery.LOOK
    if recovery is Recovery.SIGN_IN:  # its text may hold the request that was signed
        what, remedy = f"{api} answered {code}", _clock_or(sign_in, code)
    else:
        what = f"{api} answered {code}: {said}"
        remedy = _grant(api, resource) if recovery is Recovery.DENIED else _REMEDIES[recovery]
    return AwsError(
        _FAULTS[recovery],
        f"{subject}: {what}",
        remedy=remedy,
        request_id=metadata.get("RequestId"),
        code=code,
        recovery=recovery,
        uncertain=uncertain,
        transient=uncertain or recovery is Recovery.CONTENDED,
    )


def _clock_or(sign_in: str, code: str) -> str:
    return f"Set this machine's clock; if it is right: {sign_in}" if code in _CLOCK else sign_in
