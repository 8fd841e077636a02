"""What an HTTP answer means: data, or one of the faults (reference: datasphere-api.md 1.4, 3.2 and 7)."""

from __future__ import annotations

import re

import httpx2

from spheresync.errors import SourceError, SourceFault
from spheresync.model.json_document import read_json
from spheresync.redaction import quoted, without_known_secrets
from spheresync.source.transport.retry_policy import Clock, parse_retry_after
from spheresync.source.transport.wire import Answer, Transient

_HTML_TYPES = {"text/html", "application/xhtml+xml"}
_XML_DECLARATION = re.compile(rb"^(?:\s*<\?.*?\?>|\s*<!--.*?-->)+", re.DOTALL)
_CODE = re.compile(r"[A-Za-z0-9_.\-/ ]{1,64}")
_UNKNOWN_USER = b"please contact your system administrator and ensure you have an active account"

_REFUSALS: dict[int, tuple[SourceFault, str, str]] = {
    401: (
        SourceFault.UNAUTHORIZED,
        "the tenant refused a fresh token",
        "Check that the OAuth client (technical user or interactive usage) is of this tenant and has not expired.",
    ),
    403: (
        SourceFault.FORBIDDEN,
        "no access",
        "Add the technical user (or who signed in) to the space with a role that may read it (at least DW Consumer).",
    ),
    404: (
        SourceFault.NOT_EXPOSED,
        "not found",
        "Deploy the object and switch on 'Expose for Consumption', or wait for the next listing if it was deleted.",
    ),
    406: (SourceFault.NOT_ACCEPTABLE, "the tenant serves no such format", "Report it: the request's Accept is wrong."),
}


def looks_like_html(answer: Answer) -> bool:
    """Whether the body is a page: by its Content-Type or by how it starts."""
    if answer.content_type in _HTML_TYPES:
        return True
    start = answer.body[:2048].removeprefix(b"\xef\xbb\xbf").lower()
    start = _XML_DECLARATION.sub(b"", start).lstrip()
    return start.startswith((b"<!doctype html", b"<html"))


def judge(answer: Answer, clock: Clock) -> Answer:
    """The answer itself if it is data.

    Raises:
        Transient: THROTTLED, SERVER_ERROR or HTML_INSTEAD, which another attempt may cure.
        SourceError: any other refusal, with the remedy.
    """
    status = answer.status
    if status == 200 and not looks_like_html(answer):
        return answer
    shown = _shown(answer)
    if status == 429:
        error = SourceError(
            SourceFault.THROTTLED,
            f"{shown}: the tenant answered 429, too many requests, to the end.",
            remedy="Lower datasphere.max_requests_per_minute, or find who else uses this user's quota.",
            status=status,
        )
        raise Transient(error, answer.sent_at, retry_after=_retry_after(answer, clock))
    if status >= 500 or status == 408 or _is_of_a_router(answer):
        error = SourceError(
            SourceFault.SERVER_ERROR,
            f"{shown}: the tenant answered {status}{_said(answer) or _routed(answer)}.",
            remedy="Try again later; look at SAP's status page if it lasts.",
            status=status,
        )
        raise Transient(error, answer.sent_at, retry_after=_retry_after(answer, clock))
    if 300 <= status < 400:
        raise Transient(_redirected(answer, shown), answer.sent_at)
    if status >= 400:
        raise _refusal(answer, shown)
    if looks_like_html(answer):
        raise _page(answer, shown)
    raise SourceError(
        SourceFault.WRONG_SHAPE,
        f"{shown}: the tenant answered {status} where 200 was due.",
        remedy="Check datasphere.base_url.",
        status=status,
    )


def _is_of_a_router(answer: Answer) -> bool:
    """Whether a refusal says that the way to the tenant, or the tenant as a whole, is out, whatever its status.

    Cloud Foundry's router answers 404 for a service without a route (`X-Cf-Routererror`), and only what is to come
    back tells when to try again.
    """
    return answer.status >= 400 and (
        "x-cf-routererror" in answer.headers or (answer.status == 404 and "retry-after" in answer.headers)
    )


def _routed(answer: Answer) -> str:
    """What the router says of a service that it could not reach."""
    code = answer.headers.get("x-cf-routererror", "")
    return f" {quoted(code, 64)}" if _CODE.fullmatch(code) else ""


def _says_absent(answer: Answer) -> bool:
    """Whether a 404 is Datasphere's own: the error of its APIs (reference: datasphere-api.md 2.4), or no word at all.

    Pages and plain texts are what proxies and gateways answer for services that they do not find.
    """
    if answer.status != 404 or looks_like_html(answer):
        return False
    if not answer.body.strip():
        return True
    try:
        document = read_json(answer.body[:65536])
    except (ValueError, RecursionError):
        return False
    if not isinstance(document, dict):
        return False
    return not document or "error" in document or {"code", "message"} <= document.keys()


def require_type(answer: Answer, accept: str) -> None:
    """Check that an answer does not say that it is something else than what was asked for.

    One that says nothing is judged by what it holds.

    Raises:
        SourceError: WRONG_SHAPE, it claims to be of another type.
    """
    served, wanted = answer.content_type, accept.rpartition("/")[2].rpartition("+")[2]
    if served and wanted not in served.rpartition("/")[2].split("+"):
        raise SourceError(
            SourceFault.WRONG_SHAPE,
            f"{_shown(answer)}: the tenant answered {quoted(served, 100)} where {accept} was due; it was not read.",
            remedy="Check datasphere.base_url, and what stands between this machine and the tenant.",
            status=answer.status,
        )


def _refusal(answer: Answer, shown: str) -> SourceError:
    fault, what, remedy = _REFUSALS.get(
        answer.status, (SourceFault.BAD_REQUEST, "the tenant refused the request", "Check datasphere.base_url.")
    )
    message = f"{shown}: {what} ({answer.status}{_said(answer)})."
    return SourceError(fault, message, remedy=remedy, status=answer.status, absent=_says_absent(answer))


def _page(answer: Answer, shown: str) -> Exception:
    if _UNKNOWN_USER in answer.body.lower():
        return SourceError(
            SourceFault.HTML_INSTEAD,
            f"{shown}: the token is valid, but its user has no active account on this tenant.",
            remedy="Create the technical user (or who signed in) in this tenant, with a role.",
            status=answer.status,
        )
    error = SourceError(
        SourceFault.HTML_INSTEAD,
        f"{shown}: the tenant answered a web page instead of data.",
        remedy="Check datasphere.base_url and the OAuth client; a login or proxy page is not the API.",
        status=answer.status,
    )
    return Transient(error, answer.sent_at)


def _redirected(answer: Answer, shown: str) -> SourceError:
    try:
        where = httpx2.URL(without_known_secrets(answer.headers.get("location", ""))).copy_with(
            query=None, fragment=None, userinfo=b""
        )
    except httpx2.InvalidURL:
        where = httpx2.URL("")
    to = quoted(str(where), 200) or "nowhere"
    return SourceError(
        SourceFault.HTML_INSTEAD,
        f"{shown}: the tenant redirected ({answer.status}) to {to}, as it does to a login page; it was not followed.",
        remedy="Check datasphere.base_url and the OAuth client.",
        status=answer.status,
    )


def _retry_after(answer: Answer, clock: Clock) -> float | None:
    return parse_retry_after(answer.headers.get("retry-after"), now=clock.wall())


def _said(answer: Answer) -> str:
    """The code of an OData or OAuth error body: short, and never its free text, which may repeat the request."""
    try:
        document = read_json(answer.body[:65536])
    except ValueError:
        return ""
    error = document.get("error") if isinstance(document, dict) else None
    code = error.get("code") if isinstance(error, dict) else error
    if isinstance(code, str) and code != str(answer.status) and _CODE.fullmatch(code):
        return f" {quoted(code, 64)}"
    return ""


def _shown(answer: Answer) -> str:
    return str(httpx2.URL(answer.url).copy_with(query=None))
