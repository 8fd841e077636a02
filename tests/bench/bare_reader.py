"""Baseline of reading: httpx2 and lxml, ten connections, the same listings and documents, and nothing else.

`python -m tests.bench.bare_reader BASE_URL TOKEN_URL CLIENT_ID CLIENT_SECRET` prints what it read as JSON. No budget,
no retries, no model, no store: the floor under everything that reads the same tenant in Python.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx2
from lxml import etree

CATALOG = "/api/v1/datasphere/consumption/catalog"
CONNECTIONS = 10


async def read_tenant(base_url: str, token_url: str, client_id: str, client_secret: str) -> dict[str, int]:
    """Read every space, every asset, and every `$metadata` document that the catalog names."""
    limits = httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    async with httpx2.AsyncClient(base_url=base_url, limits=limits, timeout=60) as client:
        form = {"grant_type": "client_credentials"}
        granted = await client.post(token_url, data=form, auth=(client_id, client_secret))
        granted.raise_for_status()
        client.headers["Authorization"] = f"Bearer {granted.json()['access_token']}"
        spaces = await _rows(client, f"{CATALOG}/spaces")
        listings = await asyncio.gather(
            *(_rows(client, f"{CATALOG}/spaces('{quote(space['name'])}')/assets") for space in spaces)
        )
        entries = [entry for listing in listings for entry in listing]
        urls = iter([url for entry in entries for url in _documents(entry)])
        counts = await asyncio.gather(*(_read_documents(client, urls) for _ in range(CONNECTIONS)))
    return {"assets": len(entries), "documents": sum(counts)}


async def _rows(client: httpx2.AsyncClient, url: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    link: str | None = url
    while link is not None:
        answer = await client.get(link, headers={"Accept": "application/json"})
        answer.raise_for_status()
        page = answer.json()
        rows.extend(page["value"])
        link = page.get("@odata.nextLink")
    return rows


def _documents(entry: dict[str, Any]) -> Iterator[str]:
    for name in ("assetRelationalMetadataUrl", "assetAnalyticalMetadataUrl"):
        if entry[name]:
            yield entry[name]


async def _read_documents(client: httpx2.AsyncClient, urls: Iterator[str]) -> int:
    count = 0
    for url in urls:
        answer = await client.get(url, headers={"Accept": "application/xml"})
        answer.raise_for_status()
        etree.fromstring(answer.content)
        count += 1
    return count


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(read_tenant(*sys.argv[1:]))) + "\n")
