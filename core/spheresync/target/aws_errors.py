"""What boto3 raises, translated into the error tree: what happened, to which object, and what to do next.

Service texts are quoted only after access keys, session tokens and user info in URLs are cut out: a refused signature
is answered with the whole canonical request in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from spheresync.errors import TargetError, TargetFault
from spheresync.redaction import quoted

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

ALREADY_EXISTS = "AlreadyExistsException"
NOT_FOUND = "EntityNotFoundException"
MOVED_MEANWHILE = "ConcurrentModificationException"

#: Throttling arrives under several names, none of them modelled (reference: aws-catalogs.md 1.2).
_THROTTLING = frozenset(
    {
        "ThrottlingException",
        "Throttling",
        "ThrottledException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
    }
)
_DENIED = frozenset(
    {
        "AccessDeniedException",
        "AccessDenied",
        "UnauthorizedOperation",
        "NotAuthorized",
        "AuthFailure",
        "GlueEncryptionException",
    }
)
_IDENTITY = frozenset(
    {
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "IncompleteSignature",
        "MissingAuthenticationToken",
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "OptInRequired",
    }
)
_INVALID = frozenset({"InvalidInputException", "ValidationException", "SerializationException"})
_LIMIT = frozenset({"ResourceNumberLimitExceededException", "LimitExceededException", "ServiceQuotaExceededException"})
#: The service may have done what was asked and lost the answer.
_UNCERTAIN = frozenset({"InternalServiceException", "InternalFailure", "OperationTimeoutException"})

_LONGEST = 400
_LONGEST_CODE = 100

_SIGN_IN = "Check the credentials that boto3 finds here (AWS_PROFILE, environment, role) and this machine's clock."
_CONNECT = "Check the network and AWS_ENDPOINT_URL; then run again, what is already done stays done."


class AwsError(TargetError):
    """Raised by the door to AWS. `code` is the service's name for it; `uncertain` that it may have been done."""

    def __init__(
        self,
        fault: TargetFault,
        message: str,
        *,
        remedy: str = "",
        request_id: str | None = None,
        code: str = "",
        uncertain: bool = False,
        transient: bool = False,
    ) -> None:
        super().__init__(fault, message, remedy=remedy, request_id=request_id)
        self.code = code
        self.uncertain = uncertain
        self.transient = transient


def translate(error: Exception, *, api: str, subject: str) -> AwsError:
    """The error of one call to `api` (`glue:UpdateTable`) about `subject`."""
    from botocore import exceptions as boto

    if isinstance(error, boto.ClientError):
        return _answered(error, api, subject)
    if isinstance(error, boto.NoCredentialsError | boto.PartialCredentialsError | boto.CredentialRetrievalError):
        text = f"{subject}: no usable AWS credentials for {api}: {redact(str(error))}."
        return AwsError(TargetFault.DENIED, text, remedy=_SIGN_IN, code=type(error).__name__)
    if isinstance(error, boto.EndpointConnectionError | boto.ConnectTimeoutError | boto.ProxyConnectionError):
        text = f"{subject}: {api} could not be reached: {redact(str(error))}"
        return AwsError(TargetFault.UNREACHABLE, text, remedy=_CONNECT, code=type(error).__name__, transient=True)
    if isinstance(error, boto.SSLError):
        text = f"{subject}: {api} offered no trusted certificate: {redact(str(error))}"
        return AwsError(TargetFault.UNREACHABLE, text, remedy="Check AWS_CA_BUNDLE.", code="SSLError")
    if isinstance(error, boto.HTTPClientError | boto.ResponseStreamingError | boto.IncompleteReadError):
        text = f"{subject}: the answer of {api} was lost: {redact(str(error))}"
        code = type(error).__name__
        return AwsError(TargetFault.UNREACHABLE, text, remedy=_CONNECT, code=code, uncertain=True, transient=True)
    # A body that is no answer of the service (a proxy's page): what it stood for is not known.
    text = f"{subject}: {api} gave no usable answer: {type(error).__name__}: {redact(str(error))}"
    return AwsError(
        TargetFault.FAILED, text, remedy="Check AWS_ENDPOINT_URL.", code=type(error).__name__, uncertain=True
    )


def refuse_foreign_body(response_dict: Mapping[str, object], **_: object) -> None:
    """botocore's `before-parse`: a 200 whose body is no JSON object is a proxy's page, and no answer of the service.

    botocore itself takes such a body for an empty answer, so that a write would count as done and a listing as empty.
    A body of nothing is left to whoever needs members of it: some services answer writes so.

    Raises:
        botocore.parsers.ResponseParserError: the body is something else.
    """
    from botocore.parsers import ResponseParserError

    body, status = response_dict.get("body"), response_dict.get("status_code")
    if not isinstance(body, bytes) or not isinstance(status, int) or status >= 300 or not body.strip():
        return
    if not body.lstrip().startswith(b"{"):
        raise ResponseParserError("the answer is no JSON, as if from a proxy or a login page")


def is_throttle(error: AwsError) -> bool:
    return error.fault is TargetFault.THROTTLED


def redact(text: str) -> str:
    """A service's text without secrets, on one line, cut to a length that a log can bear."""
    return quoted(text, _LONGEST)


def _answered(error: ClientError, api: str, subject: str) -> AwsError:
    details = error.response.get("Error", {})
    metadata = error.response.get("ResponseMetadata", {})
    code = quoted(str(details.get("Code", "")), _LONGEST_CODE) or "an unnamed error"
    status = int(metadata.get("HTTPStatusCode", 0))
    said = redact(str(details.get("Message", "")))
    fault, remedy = _meaning(code, status, said)
    uncertain = fault is TargetFault.FAILED and (status >= 500 or code in _UNCERTAIN)
    what = f"{api} answered {code}" if code in _IDENTITY else f"{api} answered {code}: {said}"
    return AwsError(
        fault,
        f"{subject}: {what}",
        remedy=remedy,
        request_id=metadata.get("RequestId"),
        code=code,
        uncertain=uncertain,
        transient=uncertain,
    )


def _meaning(code: str, status: int, said: str) -> tuple[TargetFault, str]:
    verdicts = (
        (code in _THROTTLING or status == 429 or said.startswith("Rate exceeded"), TargetFault.THROTTLED, ""),
        (code in _IDENTITY, TargetFault.DENIED, _SIGN_IN),
        (
            code in _DENIED,
            TargetFault.DENIED,
            "Grant what the text names; `spheresync doctor` tests it.",
        ),
        (code in _INVALID, TargetFault.INVALID, "Shorten or correct the named field by a mapping rule."),
        (
            code in _LIMIT,
            TargetFault.LIMIT,
            "Ask AWS for a higher quota, or remove something; then run again.",
        ),
    )
    for holds, fault, remedy in verdicts:
        if holds:
            return fault, remedy
    return TargetFault.FAILED, "Run again; what is already done stays done."
