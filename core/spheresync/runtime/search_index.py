"""Keep the index of texts filled: what an earlier version read, or what was left out of it, is indexed in batches."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from spheresync.errors import SearchIndexLostError, StateError
from spheresync.state.port import Store

log = logging.getLogger(__name__)
T = TypeVar("T")

INDEXED_AT_ONCE = 250
"""Assets in one unit of work: whoever is killed in the middle leaves the rest to the next one."""
PATIENCE = 1.0
"""Seconds for which a question waits for the index."""


async def fill_index(store: Store, seconds: float) -> int:
    """Index for about so long; answers how many assets are left.

    Raises:
        StateError: the state could not be written; what was indexed stays so.
    """
    give_up = anyio.current_time() + seconds
    while await store.search.not_indexed():
        if not await store.write(lambda tx: tx.search.fill(INDEXED_AT_ONCE)) or anyio.current_time() > give_up:
            break
    return await store.search.not_indexed()


async def care_for_index(store: Store) -> None:
    """Make an index anew that has gaps, and fill it for a while; nobody's work fails for it."""
    try:
        if not await store.search.is_sound():
            log.warning("The search index has gaps and is made anew.")
            await store.write(lambda tx: tx.search.forget_all())
        await fill_index(store, PATIENCE)
    except StateError as error:
        log.info("The search index could not be filled: %s", error)


async def with_index(store: Store, ask: Callable[[], Awaitable[T]]) -> tuple[T, int]:
    """What an index answers that is as full as can be had at once, and how many assets are not in it.

    One that is damaged is made anew first.
    """
    left = await _filled(store)
    try:
        return await ask(), left
    except SearchIndexLostError as error:
        log.warning("The search index is damaged and is made anew: %s", error)
        await store.write(lambda tx: tx.search.forget_all())
    left = await _filled(store)
    return await ask(), left


async def _filled(store: Store) -> int:
    try:
        return await fill_index(store, PATIENCE)
    except StateError as error:
        log.info("The search index could not be filled: %s", error)
        return await store.search.not_indexed()
