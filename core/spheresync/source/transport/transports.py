"""The ways out: a connection for each lane and origin, through the company proxy that the environment names.

A lane carries one request at a time, so each has connections of its own and no pool.

`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` are read as the standard library reads them; this machine itself
is never asked through a proxy.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, TypeAlias
from urllib.request import getproxies, proxy_bypass

import httpx2

from spheresync.config.tenant import is_loopback

if TYPE_CHECKING:
    from spheresync.source.transport.connection import OneConnection

_Way: TypeAlias = tuple[int, str, str, int | None]
"""A lane, and the origin that it leads to: scheme, host, port."""
_ONE = httpx2.Limits(max_connections=1, max_keepalive_connections=1)


class Transports:
    """Hands out the transport of a lane towards a URL, made when first needed; `given` replaces them all."""

    def __init__(self, given: httpx2.AsyncBaseTransport | None) -> None:
        self._given = given
        self._made: dict[_Way, httpx2.AsyncBaseTransport] = {}
        self._direct: dict[_Way, OneConnection] = {}  # those of them that lead through no proxy
        self._trust: ssl.SSLContext | None = None

    def towards(self, url: httpx2.URL, *, lane: int, anew: bool = False) -> httpx2.AsyncBaseTransport:
        """The transport that a request for `url` goes out by; nobody else may use the lane until it is answered.

        `anew`: on a connection that is opened for it. What broke one that was kept open may have broken the others too,
        and a request that is sent again would be tried on one after the other.
        """
        if self._given is not None:
            return self._given
        way = (lane, url.scheme, url.host, url.port)
        found = self._made.get(way)
        if found is None:
            found = self._made[way] = self._make(way, url, _proxy_for(url))
        if anew and way in self._direct:
            self._direct[way].doubt()
        return found

    async def close(self) -> None:
        """Close every connection; the next request would open new ones."""
        made, self._made, self._direct = [*self._made.values()], {}, {}
        for transport in made:
            await transport.aclose()

    def _make(self, way: _Way, url: httpx2.URL, proxy: str | None) -> httpx2.AsyncBaseTransport:
        encrypted = url.scheme == "https" or (proxy is not None and proxy.startswith("https:"))
        trust = self._authorities() if encrypted else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # which trusts nobody
        if proxy is None:
            # Here and not above: a process that asks no tenant loads no more of the HTTP client than it needs.
            from spheresync.source.transport.connection import OneConnection

            self._direct[way] = direct = OneConnection(url, trust)
            return direct
        return httpx2.AsyncHTTPTransport(verify=trust, limits=_ONE, proxy=proxy)

    def _authorities(self) -> ssl.SSLContext:
        """Whom the machine trusts; read once, and only for what is encrypted, for it takes 50 ms."""
        if self._trust is None:
            self._trust = httpx2.create_ssl_context()
        return self._trust


def _proxy_for(url: httpx2.URL) -> str | None:
    if is_loopback(url.host) or proxy_bypass(url.netloc.decode("ascii")):
        return None
    named = getproxies()
    proxy = named.get(url.scheme) or named.get("all")
    return f"http://{proxy}" if proxy and "://" not in proxy else proxy
