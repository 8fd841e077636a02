"""The ways out: one pool of connections, and one more for each company proxy that the environment names.

`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` are read as the standard library reads them; this machine itself
is never asked through a proxy.
"""

from __future__ import annotations

import ssl
from urllib.request import getproxies, proxy_bypass

import httpx2

from spheresync.config.tenant import is_loopback


class Transports:
    """Hands out the transport towards a URL, made when first needed; `given` replaces them all.

    `connections` is the most of one pool.
    """

    def __init__(self, given: httpx2.AsyncBaseTransport | None, *, connections: int) -> None:
        self._given = given
        self._limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._by_origin: dict[tuple[str, str, int | None], httpx2.AsyncBaseTransport] = {}
        self._by_proxy: dict[str | None, httpx2.AsyncBaseTransport] = {}
        self._trust: ssl.SSLContext | None = None

    def towards(self, url: httpx2.URL) -> httpx2.AsyncBaseTransport:
        """The transport that a request for `url` goes out by."""
        if self._given is not None:
            return self._given
        origin = (url.scheme, url.host, url.port)
        found = self._by_origin.get(origin)
        if found is None:
            found = self._by_origin[origin] = self._by(_proxy_for(url))
        return found

    async def close(self) -> None:
        """Close every connection; the next request would open new ones."""
        made = [*self._by_proxy.values()]
        self._by_origin, self._by_proxy = {}, {}
        for transport in made:
            await transport.aclose()

    def _by(self, proxy: str | None) -> httpx2.AsyncBaseTransport:
        if proxy not in self._by_proxy:
            if self._trust is None:
                self._trust = httpx2.create_ssl_context()
            self._by_proxy[proxy] = httpx2.AsyncHTTPTransport(verify=self._trust, limits=self._limits, proxy=proxy)
        return self._by_proxy[proxy]


def _proxy_for(url: httpx2.URL) -> str | None:
    if is_loopback(url.host) or proxy_bypass(url.netloc.decode("ascii")):
        return None
    named = getproxies()
    proxy = named.get(url.scheme) or named.get("all")
    return f"http://{proxy}" if proxy and "://" not in proxy else proxy
