"""The tenant over real HTTP: what it serves, how it is told to change, what it remembers."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from lxml import etree

from spheresync.dog.objects import landscape_to_json
from tests.simulators.generated import generated_landscape
from tests.simulators.running_tenant import RunningTenant, running_tenant

ASSETS = "/api/v1/datasphere/consumption/catalog/spaces('SPACE_000')/assets"
METADATA = "/api/v1/datasphere/consumption/relational/SPACE_000/ASSET_00000/$metadata"


class Caller:
    """One keep-alive connection with a token."""

    def __init__(self, tenant: RunningTenant) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", tenant.port, timeout=20)
        form = {
            "grant_type": "client_credentials",
            "client_id": tenant.client_id,
            "client_secret": tenant.client_secret,
        }
        self.connection.request("POST", "/oauth/token", urlencode(form))
        token = json.loads(self.connection.getresponse().read())["access_token"]
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str) -> tuple[int, bytes]:
        self.connection.request("GET", path, headers=self.headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def names(self, path: str) -> list[str]:
        return [row["name"] for row in json.loads(self.get(path)[1])["value"]]


@pytest.fixture(scope="module")
def server() -> Iterator[RunningTenant]:
    with running_tenant("--spaces", "2", "--assets", "10") as tenant:
        yield tenant


@pytest.fixture
def tenant(server: RunningTenant) -> RunningTenant:
    document = landscape_to_json(generated_landscape(spaces=2, assets=10))
    server.admin(edits=[{"op": "replace_landscape", "landscape": document}], reset_faults=True, clear_stats=True)
    return server


@pytest.fixture
def caller(tenant: RunningTenant) -> Iterator[Caller]:
    caller = Caller(tenant)
    yield caller
    caller.connection.close()


def test_it_serves_what_was_ordered(caller: Caller) -> None:
    assert caller.names("/api/v1/datasphere/consumption/catalog/spaces") == ["SPACE_000", "SPACE_001"]
    assert len(caller.names(ASSETS)) == 10
    status, body = caller.get(METADATA)
    assert status == 200
    assert len(list(etree.fromstring(body).iter("{*}Property"))) == 20


def test_edits_are_served_at_once(tenant: RunningTenant, caller: Caller) -> None:
    caller.get(METADATA)
    tenant.edit("set_column_label", space="SPACE_000", asset="ASSET_00000", column="COL_001", label="Größe")
    tenant.edit("rename_asset", space="SPACE_000", asset="ASSET_00001", name="RENAMED")
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00002")
    assert "Größe".encode() in caller.get(METADATA)[1]
    names = caller.names(ASSETS)
    assert "RENAMED" in names
    assert not {"ASSET_00001", "ASSET_00002"} & set(names)


def test_faults_come_and_go(tenant: RunningTenant, caller: Caller) -> None:
    tenant.set_faults(unavailable_spaces=["SPACE_000"], throttle_next=1)
    assert [caller.get(ASSETS)[0], caller.get(ASSETS)[0]] == [429, 503]
    tenant.set_faults(vanish=0.7)
    assert len(caller.names(ASSETS)) == 3
    tenant.set_faults()
    assert len(caller.names(ASSETS)) == 10


def test_a_cut_body_is_noticed_by_the_client(tenant: RunningTenant, caller: Caller) -> None:
    tenant.set_faults(truncated_matching="$metadata")
    with pytest.raises(http.client.IncompleteRead):
        caller.get(METADATA)


def test_the_page_size_may_change(tenant: RunningTenant, caller: Caller) -> None:
    assert len(caller.names(ASSETS)) == 10
    tenant.admin(page_size=4)
    try:
        assert len(caller.names(ASSETS)) == 4
    finally:
        tenant.admin(page_size=500)


def test_a_refused_order_changes_nothing(tenant: RunningTenant, caller: Caller) -> None:
    for document in (
        {"edits": [{"op": "remove_asset", "space": "SPACE_000", "asset": "NOPE"}], "faults": {"html_outage": True}},
        {"faults": {"nope": 1}, "edits": [{"op": "remove_space", "space": "SPACE_001"}]},
        {"nope": 1},
    ):
        with pytest.raises(ValueError, match=r"NOPE|nope|admin request"):
            tenant.admin(**document)
    assert len(caller.names("/api/v1/datasphere/consumption/catalog/spaces")) == 2


def test_it_remembers_what_was_asked_and_how_many_at_once(tenant: RunningTenant) -> None:
    tenant.set_faults(latency_ms=50)
    callers = [Caller(tenant) for _ in range(3)]
    tenant.clear_stats()
    for caller in callers:
        caller.connection.request("GET", METADATA, headers=caller.headers)
    for caller in callers:
        assert caller.connection.getresponse().read()
        caller.connection.close()
    stats = tenant.stats()
    assert stats.counts == {"relational_metadata": 3}
    assert (stats.total, stats.peak, stats.most_in(60)) == (3, 3, 3)
    assert all(path == METADATA and status == 200 for _, _, path, status in stats.hits)


def test_requests_that_arrive_together_are_answered_in_order(tenant: RunningTenant, caller: Caller) -> None:
    socket = caller.connection.sock
    assert socket is not None
    authorization = caller.headers["Authorization"]
    first = f"GET {METADATA} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n\r\n"
    second = f"GET {ASSETS} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n\r\n"
    socket.sendall((first + second).encode())
    received = b""
    while received.count(b"HTTP/1.1 200") < 2 or not received.endswith(b"}"):
        received += socket.recv(65536)
    assert received.index(b"<edmx:Edmx") < received.index(b'"value"')


def test_a_landscape_file_is_served(tmp_path: Path) -> None:
    document = {"spaces": [{"name": "MINE", "objects": [{"name": "V", "columns": [{"name": "A", "type": "Date"}]}]}]}
    path = tmp_path / "landscape.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with running_tenant("--landscape", str(path)) as tenant:
        caller = Caller(tenant)
        assert caller.names("/api/v1/datasphere/consumption/catalog/spaces('MINE')/assets") == ["V"]
        caller.connection.close()


def test_the_design_time_api_is_served_over_http_too(tenant: RunningTenant, caller: Caller) -> None:
    base = "/dwaas-core/api/v1"
    tenant.edit("set_design", space="SPACE_000", asset="ASSET_00000", design={"labels": [["de", "Auftrag"]]})
    caller.headers["Accept"] = "application/vnd.sap.datasphere.object.content.run-time+json"
    status, body = caller.get(f"{base}/spaces/SPACE_000/views/ASSET_00000")
    assert (status, json.loads(body)["i18n"]["de"]) == (200, {"ASSET_00000@EndUserText.label": "Auftrag"})
    listed = json.loads(caller.get(f"{base}/spaces/SPACE_000/views?top=5&skip=5")[1])
    assert [row["technicalName"] for row in listed] == [f"ASSET_{number:05d}" for number in range(5, 9)]
    assert "paths" in json.loads(caller.get(f"{base}/discovery")[1])
    assert "definitions" in json.loads(caller.get(f"{base}/content?space=SPACE_001&definitions=true")[1])["SPACE_001"]
    tenant.set_faults(no_discovery=True)
    assert caller.get(f"{base}/discovery")[0] == 404
    assert tenant.stats().counts == {"token": 1, "object": 1, "objects": 1, "discovery": 2, "content": 1}
