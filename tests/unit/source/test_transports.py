"""Which way requests go out: a company proxy for the outside, never for this machine."""

from __future__ import annotations

import ssl

import httpx2
import pytest

from spheresync.source.transport import connection, transports
from spheresync.source.transport.connection import OneConnection
from spheresync.source.transport.transports import Transports

TENANT = httpx2.URL("https://tenant.eu10.hcs.cloud.sap/api")
TOKENS = httpx2.URL("https://tenant.authentication.eu10.hana.ondemand.com/oauth/token")
HERE = httpx2.URL("http://127.0.0.1:8080/api")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> dict[httpx2.AsyncBaseTransport, object]:
    """The proxy of every transport that was made, None for a direct connection; the environment names none."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    found: dict[httpx2.AsyncBaseTransport, object] = {}
    real = httpx2.AsyncHTTPTransport

    def make(**settings: object) -> httpx2.AsyncBaseTransport:
        transport = real(**settings)
        found[transport] = settings["proxy"]
        return transport

    def connect(url: httpx2.URL, trust: ssl.SSLContext) -> httpx2.AsyncBaseTransport:
        direct = OneConnection(url, trust)
        found[direct] = None
        return direct

    monkeypatch.setattr(transports.httpx2, "AsyncHTTPTransport", make)
    monkeypatch.setattr(connection, "OneConnection", connect)
    return found


def test_a_lane_keeps_its_connection_to_each_origin(made: dict[object, object]) -> None:
    ways = Transports(None)
    assert ways.towards(TENANT, lane=0) is ways.towards(TENANT.join("/other"), lane=0)
    assert len({ways.towards(url, lane=lane) for url in (TENANT, TOKENS) for lane in (0, 1)}) == 4
    assert set(made.values()) == {None}


@pytest.mark.parametrize(
    ("variable", "value", "proxy"),
    [
        ("HTTPS_PROXY", "http://proxy.corp:3128", "http://proxy.corp:3128"),
        ("https_proxy", "proxy.corp:3128", "http://proxy.corp:3128"),
        ("ALL_PROXY", "http://any.corp:80", "http://any.corp:80"),
        ("HTTP_PROXY", "http://plain.corp:80", None),
    ],
)
def test_the_proxy_that_the_environment_names_is_used_for_the_outside_only(
    made: dict[object, object], monkeypatch: pytest.MonkeyPatch, variable: str, value: str, proxy: str | None
) -> None:
    monkeypatch.setenv(variable, value)
    ways = Transports(None)
    assert made[ways.towards(TENANT, lane=0)] == proxy
    assert made[ways.towards(HERE, lane=0)] is None


def test_no_proxy_names_hosts_that_are_asked_directly(
    made: dict[object, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.corp:3128")
    monkeypatch.setenv("NO_PROXY", ".hcs.cloud.sap")
    ways = Transports(None)
    assert made[ways.towards(TENANT, lane=0)] is None
    assert made[ways.towards(TOKENS, lane=0)] == "http://proxy.corp:3128"


def test_a_given_transport_replaces_the_network(made: dict[object, object]) -> None:
    given = httpx2.MockTransport(lambda request: httpx2.Response(200))
    assert Transports(given).towards(TENANT, lane=0) is given
    assert not made


def test_whom_the_machine_trusts_is_read_once_and_for_encrypted_ways_only(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[ssl.SSLContext] = []
    used: list[object] = []
    real, transport, direct = httpx2.create_ssl_context, httpx2.AsyncHTTPTransport, OneConnection

    def create() -> ssl.SSLContext:
        read.append(real())
        return read[-1]

    def make(**settings: object) -> httpx2.AsyncBaseTransport:
        used.append(settings["verify"])
        return transport(**settings)

    def connect(url: httpx2.URL, trust: ssl.SSLContext) -> httpx2.AsyncBaseTransport:
        used.append(trust)
        return direct(url, trust)

    monkeypatch.setattr(connection, "OneConnection", connect)
    monkeypatch.setattr(transports.httpx2, "create_ssl_context", create)
    monkeypatch.setattr(transports.httpx2, "AsyncHTTPTransport", make)
    ways = Transports(None)
    ways.towards(HERE, lane=0)
    assert not read
    (plain,) = used
    assert isinstance(plain, ssl.SSLContext) and plain.verify_mode is ssl.CERT_REQUIRED and not plain.get_ca_certs()
    for lane in range(2):
        ways.towards(TENANT, lane=lane)
    assert used[1:] == read * 2 and len(read) == 1
    monkeypatch.setenv("HTTP_PROXY", "https://proxy.corp:3128")
    Transports(None).towards(httpx2.URL("http://plain.example/api"), lane=0)
    assert len(read) == 2 and used[-1] is read[-1], "the way to the proxy is encrypted"
