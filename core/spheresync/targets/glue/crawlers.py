"""Crawlers that would take away what stands of ours on tables of others.

By default a crawler writes a table anew when it finds a change, and removes what it did not set itself (reference:
field-2026-11.md 4). It leaves tables alone where its schema change policy says `LOG`, and what others wrote where its
configuration says `MergeNewColumns` for tables.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from spheresync.errors import TargetError
from spheresync.model import Address, JsonValue, Problem, TargetKey, counted, first_of
from spheresync.model.json_document import read_json
from spheresync.targets.aws.door import AwsDoor
from spheresync.targets.glue.reads import GLUE_SERVICE
from spheresync.targets.protocol import cannot_be_seen

CRAWLER = "crawler"
"""Code of the finding that a crawler removes what is ours."""
_PAGE = 100
_MOST_PAGES = 100
_SHOWN = 3
_REMEDY = (
    "Set its update behaviour to LOG, or MergeNewColumns in its configuration (CrawlerOutput, Tables, "
    "AddOrUpdateBehavior); else each look for drift after a run of it finds what is to be written again."
)


@dataclass(frozen=True, slots=True)
class _Crawler:
    """What of a crawler decides what it does to tables; `tables`: of each database those that it is told to crawl."""

    name: str
    database: str
    prefix: str
    tables: Mapping[str, Collection[str]]
    rewrites: bool

    def reaches(self, table: Address) -> bool:
        """Whether it writes a table, by all that its settings say."""
        if table.name in self.tables.get(table.container, ()):
            return True
        return table.container == self.database and table.name.startswith(self.prefix)


async def endangered_by_crawlers(door: AwsDoor, key: TargetKey, bound: Collection[Address]) -> tuple[Problem, ...]:
    """A finding for each crawler that removes what is ours from one of these tables.

    Raises:
        TargetError: the crawlers could not be listed, for another reason than that this is not allowed.
    """
    try:
        crawlers = [_crawler(row) async for row in _crawlers(door)]
    except TargetError as error:
        if not cannot_be_seen(error):
            raise
        text = f"Whether a crawler removes what is ours from bound tables could not be seen: {error.message}"
        return (Problem.of_target(key, error.fault, text, "Grant glue:GetCrawlers to have it looked at."),)
    return tuple(_findings(key, crawlers, bound))


def _findings(key: TargetKey, crawlers: Collection[_Crawler], bound: Collection[Address]) -> Iterator[Problem]:
    for crawler in crawlers:
        reached = sorted(".".join(table) for table in bound if crawler.rewrites and crawler.reaches(table))
        if reached:
            text = (
                f"The crawler {crawler.name!r}: what it did not set itself it removes, so a run of it may take what is "
                f"ours from {counted(len(reached), 'bound table')}: {first_of(reached, _SHOWN)}."
            )
            yield Problem.of_target(key, CRAWLER, text, _REMEDY)


async def _crawlers(door: AwsDoor) -> AsyncIterator[Mapping[str, Any]]:
    token: JsonValue = None
    for _ in range(_MOST_PAGES):
        page: dict[str, JsonValue] = {"MaxResults": _PAGE, **({"NextToken": token} if token else {})}
        reply = await door.call(GLUE_SERVICE, "GetCrawlers", page, subject="the crawlers")
        rows = reply.body.get("Crawlers")
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict):
                yield row
        token = reply.body.get("NextToken")
        if not token:
            return


def _crawler(row: Mapping[str, Any]) -> _Crawler:
    targets = (row.get("Targets") or {}).get("CatalogTargets") or []
    policy = (row.get("SchemaChangePolicy") or {}).get("UpdateBehavior")
    return _Crawler(
        name=str(row.get("Name") or ""),
        database=str(row.get("DatabaseName") or "").lower(),
        prefix=str(row.get("TablePrefix") or "").lower(),
        tables={
            str(each.get("DatabaseName") or "").lower(): {str(name).lower() for name in each.get("Tables") or []}
            for each in targets
        },
        rewrites=policy != "LOG" and _of_tables(row.get("Configuration")) != "MergeNewColumns",
    )


def _of_tables(configuration: object) -> object:
    """What a crawler's configuration says of tables; what cannot be read says nothing."""
    try:
        said: Any = read_json(str(configuration or "{}"))
        return said["CrawlerOutput"]["Tables"]["AddOrUpdateBehavior"]
    except (ValueError, KeyError, TypeError):
        return None
