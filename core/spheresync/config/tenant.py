"""What follows from the tenant's URL: its host, its token URL, the installation's default name."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

_TENANT_HOST = re.compile(r"([a-z0-9-]+)\.([a-z0-9-]+)\.(?:hcs|hanacloudservices)\.cloud\.sap")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE | re.ASCII)
_PATH = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")
_SAP_DOMAINS = (".hana.ondemand.com", ".cloud.sap", ".sapcloud.cn")
LONGEST_URL = 4_096
BASE_URL_FORM = "write it as https://<tenant>.<region>.hcs.cloud.sap"
SIGN_IN_URL_FORM = "copy it from System > Administration > App Integration > OAuth Token URL"
AUTHORIZATION_URL_FORM = "copy it from System > Administration > App Integration > Authorization URL"
REDIRECT_URI_FORM = "write it as it is registered with the OAuth client, such as http://localhost:8080"
_TOKEN_PATH, _AUTHORIZATION_PATH = "/oauth/token", "/oauth/authorize"


def check_url(text: str, form: str, *, instead_of_user: str = "use client_id and client_secret") -> str:
    """The URL without white space and slashes at its end; `form` tells in an error how it is written.

    Raises:
        ValueError: it is no http(s) URL, carries a user, query or fragment, or is plain http to another machine. The
            text never repeats the URL.
    """
    text = text.strip()
    try:
        url = urlsplit(text)
        host, _ = url.hostname, url.port
    except ValueError:
        raise ValueError(f"is no URL; {form}") from None
    if url.scheme not in {"http", "https"} or not host or any(mark.isspace() for mark in text):
        raise ValueError(f"is no http(s) URL; {form}")
    if "@" in url.netloc:
        raise ValueError(f"holds a user name or password; {instead_of_user}")
    if not names_a_host(url) or len(text) > LONGEST_URL:
        raise ValueError(f"names no host that can be asked; {form}")
    if not _PATH.fullmatch(url.path):
        raise ValueError(f"has a path with characters that a URL cannot hold; {form}")
    if url.query or url.fragment:
        raise ValueError(f"must have no query and no fragment; {form}")
    if url.scheme == "http" and not is_loopback(host):
        raise ValueError("is plain http to another machine, which would show the token on the wire; use https")
    return text.rstrip("/")


def check_redirect_uri(text: str) -> str:
    """The redirect URI as it is registered, to the letter: plain http to a port of this machine (RFC 8252, 7.3).

    Raises:
        ValueError: a browser that is sent there would reach another machine, or no port that can be listened on.
    """
    text = text.strip()
    try:
        url = urlsplit(text)
        host, port = url.hostname, url.port
    except ValueError:
        raise ValueError(f"is no URL; {REDIRECT_URI_FORM}") from None
    if url.scheme != "http" or not host or not is_loopback(host) or "@" in url.netloc:
        raise ValueError(f"must be plain http to this machine, which alone is listened on; {REDIRECT_URI_FORM}")
    if not port:
        raise ValueError(f"names no port; {REDIRECT_URI_FORM}")
    if not _PATH.fullmatch(url.path) or "?" in text or "#" in text or len(text) > LONGEST_URL:
        raise ValueError(f"must have no query, no fragment and a plain path; {REDIRECT_URI_FORM}")
    return text


def names_a_host(url: SplitResult) -> bool:
    """Whether a URL's host can be looked up as it stands, or is an address, and its port can be connected to.

    A name in other letters has an ASCII form, which is the one to give.
    """
    host = url.hostname or ""
    labels = host.removesuffix(".").split(".")
    if "[" in url.netloc or labels[-1].isdigit():
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return False
        return "%" not in host and url.port != 0
    return len(host) <= 253 and all(_LABEL.fullmatch(label) for label in labels) and url.port != 0


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def host_of(base_url: str) -> str:
    """The host of a checked URL, in lower case and without a port."""
    return (urlsplit(base_url).hostname or "").lower()


def derive_token_url(base_url: str) -> str | None:
    """The token URL that belongs to `https://<tenant>.<region>.hcs.cloud.sap`; None for any other host.

    A guess of SAP's CLI (reference: datasphere-api.md 1.1): custom domains and other subaccount names break it.
    """
    try:
        url = urlsplit(base_url.strip())
        host = (url.hostname or "").lower()
    except ValueError:
        return None
    match = _TENANT_HOST.fullmatch(host)
    if url.scheme != "https" or match is None:
        return None
    return f"https://{match[1]}.authentication.{match[2]}.hana.ondemand.com{_TOKEN_PATH}"


def derive_authorization_url(token_url: str) -> str | None:
    """The address at which a browser signs in, which SAP has beside that of tokens; None where those end otherwise."""
    return token_url.removesuffix(_TOKEN_PATH) + _AUTHORIZATION_PATH if token_url.endswith(_TOKEN_PATH) else None


def is_token_server_of(base_url: str, token_url: str) -> bool:
    """False where a tenant on SAP's own domains is to get its tokens from outside of them."""
    if not token_url or derive_token_url(base_url) is None:
        return True
    try:
        host = (urlsplit(token_url.strip()).hostname or "").lower()
    except ValueError:
        return True  # said elsewhere: it is no URL
    return host.endswith(_SAP_DOMAINS)


def installation_name(host: str, prefix: str) -> str:
    """The default name of an installation: readable, and the same for the same tenant host and prefix."""
    name = re.sub(r"[^a-z0-9.-]", "-", host)
    return f"{name}+{prefix}" if prefix else name
