"""Baseline of reading: httpx2 and lxml, ten connections, the same listings and documents, and nothing else.

`python -m tests.bench.bare_reader BASE_URL TOKEN_URL CLIENT_ID CLIENT_SECRET` prints what it read as JSON. No budget,
no retries, no model, no store: the floor under everything that reads the same tenant in Python. With `objects` behind
them it reads the lists of objects to their empty pages too, and the content of each space with all its CSN.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import httpx2
from lxml import etree

CATALOG = "/api/v1/datasphere/consumption/catalog"
DESIGN = "/dwaas-core/api/v1"
SEGMENTS = (
    *("localtables", "remotetables", "views", "analyticmodels"),
    *("dataflows", "replicationflows", "transformationflows", "taskchains"),
)
PAGE = 200
CONNECTIONS = 10


async def read_tenant(base_url: str, token_url: str, client_id: str, client_secret: str, *more: str) -> dict[str, int]:
    """Read every space, every asset, and every document of each; `more` may be `objects`."""
    async with _signed_in(base_url, token_url, client_id, client_secret) as client:
        spaces = [space["name"] for space in await _rows(client, f"{CATALOG}/spaces")]
        if "objects" in more:
            await _json(client, f"{DESIGN}/discovery")
            await asyncio.gather(
                *(_objects(client, f"{DESIGN}/spaces/{s}/{kind}") for s in spaces for kind in SEGMENTS)
            )
        listings = await asyncio.gather(*(_rows(client, f"{CATALOG}/spaces('{quote(s)}')/assets") for s in spaces))
        entries = [entry for listing in listings for entry in listing]
        jobs: list[tuple[Callable[[httpx2.AsyncClient, str], Awaitable[object]], str]] = []
        for space, listing in zip(spaces, listings, strict=True):
            if "objects" in more:
                jobs.append((_json, f"{DESIGN}/content?space={space}&definitions=true"))
            jobs += [(_document, url) for entry in listing for url in _documents(entry)]
        counts = await asyncio.gather(*(_read(client, lane) for lane in [iter(jobs)] * CONNECTIONS))
    return {"assets": len(entries), "documents": sum(counts)}


@asynccontextmanager
async def _signed_in(base_url: str, token_url: str, *login: str) -> AsyncIterator[httpx2.AsyncClient]:
    limits = httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    async with httpx2.AsyncClient(base_url=base_url, limits=limits, timeout=60) as client:
        granted = await client.post(token_url, data={"grant_type": "client_credentials"}, auth=(login[0], login[1]))
        granted.raise_for_status()
        client.headers["Authorization"] = f"Bearer {granted.json()['access_token']}"
        yield client


async def _read(client: httpx2.AsyncClient, jobs: Iterator[tuple[Callable[..., Awaitable[object]], str]]) -> int:
    count = 0
    for read, url in jobs:
        await read(client, url)
        count += 1
    return count


async def _json(client: httpx2.AsyncClient, url: str) -> Any:
    answer = await client.get(url, headers={"Accept": "application/json"})
    answer.raise_for_status()
    return json.loads(answer.content)


async def _document(client: httpx2.AsyncClient, url: str) -> None:
    answer = await client.get(url, headers={"Accept": "application/xml"})
    answer.raise_for_status()
    etree.fromstring(answer.content)


async def _objects(client: httpx2.AsyncClient, url: str) -> int:
    """List to the empty page: the lists have no count and no link to the next page."""
    count = 0
    while page := await _json(client, f"{url}?top={PAGE}&skip={count}&select=technicalName,businessName,status"):
        count += len(page)
    return count


async def _rows(client: httpx2.AsyncClient, url: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    link: str | None = url
    while link is not None:
        page = await _json(client, link)
        rows.extend(page["value"])
        link = page.get("@odata.nextLink")
    return rows


def _documents(entry: dict[str, Any]) -> Iterator[str]:
    for name in ("assetRelationalMetadataUrl", "assetAnalyticalMetadataUrl"):
        if entry[name]:
            yield entry[name]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(read_tenant(*sys.argv[1:]))) + "\n")
