"""Which URLs may be asked: those of one origin, and over plain http only this machine.

A catalog answers with absolute URLs (metadata, nextLink). Following one that leaves the tenant would hand the bearer
token to a stranger, so every URL is resolved here before a request is built (reference: datasphere-api.md 11.2).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import httpx2

from spheresync.config.tenant import is_loopback
from spheresync.errors import ConfigurationError, SourceError, SourceFault
from spheresync.redaction import quoted

_DEFAULT_PORTS = {"https": 443, "http": 80}
_EXAMPLE = "give one such as https://tenant.eu10.hcs.cloud.sap"
#: An absolute URL that means the same to everybody: nothing to encode, nothing to resolve.
_PLAIN = re.compile(r"https?://[A-Za-z0-9.:-]+/[A-Za-z0-9_./$()'=,-]*")
_DOT_SEGMENT = re.compile(r"/(?:\.|%2e){1,2}(?=[/?#]|$)", re.IGNORECASE)
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


def quote_as_served(text: str) -> str:
    """Make a URL that SAP served sendable: `#` and a `?` before `/$metadata` belong to a name, a lone `%` too.

    What is percent-encoded already stays as it is; white space and umlauts are encoded by the URL type.
    """
    text = _STRAY_PERCENT.sub("%25", text.strip()).replace("#", "%23")
    head, question, tail = text.partition("?")
    if question and tail.endswith("/$metadata"):
        text = f"{head}%3F{tail.replace('?', '%3F')}"
    return text.replace("\\", "%5C")


@dataclass(frozen=True)
class Origin:
    """Scheme, host and port of the tenant, and the base path that relative URLs start from."""

    base: httpx2.URL

    @classmethod
    def parse(cls, base_url: str, *, setting: str) -> Origin:
        """Read a configured URL; `setting` is its key, for the message.

        Raises:
            ConfigurationError: it is no http(s) URL, carries a user, or is plain http to another machine.
        """
        url = trusted_url(base_url, setting=setting)
        return cls(url.copy_with(path=url.path.rstrip("/") + "/", query=None, fragment=None))

    @cached_property
    def _start(self) -> str:
        """What every plain absolute URL of this origin begins with."""
        return f"{self.base.scheme}://{self.base.netloc.decode('ascii')}/"

    @property
    def host(self) -> str:
        return self.base.host

    def resolve(self, url_or_path: str, *, against: str | None = None) -> httpx2.URL:
        """The absolute URL of what the tenant served, relative to `against` or to the base URL.

        Raises:
            SourceError: FOREIGN_ORIGIN if it leaves the origin, WRONG_SHAPE if it is no URL.
        """
        try:
            if url_or_path.startswith(self._start) and _PLAIN.fullmatch(url_or_path) and "/." not in url_or_path:
                return httpx2.URL(url_or_path)
            _refuse_dot_segments(url_or_path)
            start = httpx2.URL(against) if against else self.base
            url = start.join(quote_as_served(url_or_path))
        except (httpx2.InvalidURL, ValueError) as error:
            raise SourceError(
                SourceFault.WRONG_SHAPE,
                f"The tenant served something that is no URL: {quoted(url_or_path, 200)!r} "
                f"({quoted(str(error), 200)}).",
                remedy="Report it to SAP with the asset's name.",
            ) from error
        if _key(url) != _key(self.base) or url.userinfo:
            raise SourceError(
                SourceFault.FOREIGN_ORIGIN,
                f"The tenant served a URL of another host, {url.scheme}://{url.netloc.decode('ascii', 'replace')}; "
                f"it was not followed.",
                remedy="Check that datasphere.base_url is the host under which the tenant serves its URLs.",
            )
        return url


def _refuse_dot_segments(served: str) -> None:
    """Refuse an absolute URL that whoever passes it on may lead elsewhere, as that of an asset named `..` is.

    A segment of dots stands for its neighbours, percent-encoded too (WHATWG URL), so that no spelling of it is sure to
    ask for what was meant. In a relative URL it says just that.

    Raises:
        SourceError: WRONG_SHAPE.
    """
    path = quote_as_served(served).partition("?")[0]
    if "://" in path and _DOT_SEGMENT.search(path):
        raise SourceError(
            SourceFault.WRONG_SHAPE,
            f"The tenant served a URL that leads elsewhere than to what it names, {quoted(served, 200)!r}: one of its "
            "parts is `.` or `..`; nothing was asked.",
            remedy="Give the object another technical name in Datasphere than `.` or `..`.",
        )


def trusted_url(text: str, *, setting: str) -> httpx2.URL:
    """A configured URL without query and fragment, checked to be https or on loopback.

    Raises:
        ConfigurationError: it is not.
    """
    try:
        url = httpx2.URL(text.strip())
    except httpx2.InvalidURL as error:
        raise ConfigurationError((f"{setting}: {error}; {_EXAMPLE}",)) from None
    if url.scheme not in _DEFAULT_PORTS or not url.host:
        raise ConfigurationError((f"{setting}: not an http(s) URL; {_EXAMPLE}",))
    if url.userinfo:
        raise ConfigurationError((f"{setting}: holds a user name or password; use client_id and client_secret",))
    if url.scheme == "http" and not is_loopback(url.host):
        raise ConfigurationError((f"{setting}: plain http to {url.host} would show the token; use https",))
    return url.copy_with(query=None, fragment=None)


def _key(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host.lower(), url.port or _DEFAULT_PORTS.get(url.scheme)
