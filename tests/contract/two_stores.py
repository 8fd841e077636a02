"""One state that two processes have open, as the suites of `StorePromises` are given it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from spheresync.model import AssetId
from spheresync.state.port import Store


@dataclass(slots=True)
class TwoStores:
    """Two processes on one state.

    Attributes:
        one: of the first process.
        other: of the second one.
        now: the clock that both read.
        advance: moves that clock by seconds.
        close_other: lets the second process end.
        reopen_one: the state as another process finds it later.
        damage_asset: makes the catalog's row of an asset one that cannot be read, as a failing disk may.
        alter_audit_log: changes an entry of the audit log behind the store's back.
    """

    one: Store
    other: Store
    now: Callable[[], datetime]
    advance: Callable[[float], None]
    close_other: Callable[[], Awaitable[None]]
    reopen_one: Callable[[], Awaitable[Store]]
    damage_asset: Callable[[AssetId], None]
    alter_audit_log: Callable[[], None]
