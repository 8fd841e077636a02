"""Reading ahead: what pages hold is seen, what they do not hold is never made up, and calls stay few."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.errors import TargetError, TargetFault
from spheresync.execution.circuit_breaker import CircuitBreaker
from spheresync.model import LiveObject, PhysicalName
from spheresync.targets.protocol import Target
from spheresync.targets.read_ahead import MOST_KEPT, PAGE, SPARED, ReadAhead

pytestmark = pytest.mark.anyio
SALES, HR = PhysicalName("sales"), PhysicalName("hr")


class Listing:
    """A target of which only pages are asked."""

    def __init__(self, tables: Sequence[str], *, fails_at: int | None = None) -> None:
        self.turned = 0
        self._tables = tables
        self._fails_at = fails_at

    async def pages(self, container: PhysicalName) -> AsyncIterator[tuple[LiveObject, ...]]:
        for start in range(0, max(len(self._tables), 1), PAGE):
            self.turned += 1
            if self.turned == self._fails_at:
                raise TargetError(TargetFault.DENIED, "no")
            yield tuple(live(container, name) for name in self._tables[start : start + PAGE])


def live(container: PhysicalName, name: str) -> LiveObject:
    made: dict[str, Any] = dict.fromkeys(("version", "owner", "source", "digest", "changed_at", "created_by"))
    return LiveObject(container=container, name=PhysicalName(name), body=b"{}", intact=True, **made)


def ahead(listing: Listing, names: Sequence[str], size: int) -> ReadAhead:
    addresses = [(SALES, PhysicalName(name)) for name in names]
    return ReadAhead(cast("Target", listing), addresses, {SALES: size})


async def read(reading: ReadAhead, names: Sequence[str], chunk: int) -> set[str]:
    seen: set[str] = set()
    for start in range(0, len(names), chunk):
        asked = [(SALES, PhysicalName(name)) for name in names[start : start + chunk]]
        found = await reading.seen(asked)
        assert found.keys() <= set(asked)
        assert all((each.container, each.name) == address for address, each in found.items())
        seen |= {name for _, name in found}
    return seen


async def test_six_hundred_tables_of_a_database_are_six_pages_in_whatever_order() -> None:
    names = [f"t{number:03}" for number in range(600)]
    for order in (names, names[::-1], names[::2] + names[1::2]):
        listing = Listing(names)
        assert await read(ahead(listing, order, 600), order, 64) == set(names)
        assert listing.turned == 6


async def test_pages_are_turned_no_earlier_than_their_tables_are_needed() -> None:
    names = [f"t{number:03}" for number in range(600)]
    listing = Listing(names)
    await read(ahead(listing, names, 600), names[:64], 64)
    assert listing.turned == 1


async def test_few_of_many_are_left_to_be_read_by_name() -> None:
    names = [f"t{number:03}" for number in range(600)]
    listing = Listing(names)
    assert await read(ahead(listing, names[:20], 600), names[:20], 64) == set()
    assert listing.turned == 0


async def test_a_page_that_fails_leaves_the_rest_to_be_read_by_name() -> None:
    names = [f"t{number:03}" for number in range(300)]
    listing = Listing(names, fails_at=2)
    assert await read(ahead(listing, names, 300), names, 64) == set(names[:PAGE])
    assert listing.turned == 2


@given(
    total=st.integers(0, 2_500),
    foreign=st.integers(0, 2_500),
    share=st.integers(1, 20),
    chunk=st.sampled_from([1, 64, 500]),
)
async def test_what_is_seen_is_there_and_reads_are_at_most_a_tenth_more_than_tables(
    total: int, foreign: int, share: int, chunk: int
) -> None:
    ours = [f"t{number:04}" for number in range(total)]
    changed = [*ours[::share], "gone"]
    listing = Listing([f"a{number:04}" for number in range(foreign)] + ours)
    seen = await read(ahead(listing, changed, total), changed, chunk)
    assert seen <= set(changed) - {"gone"}
    by_name = len(changed) - len(seen)
    assert listing.turned <= len(changed) // SPARED
    assert listing.turned + by_name <= len(changed) + len(changed) // SPARED
    if foreign == 0 and len(changed) <= MOST_KEPT and listing.turned:
        assert by_name == 1


def refusal(fault: TargetFault, *, systemic: bool = False) -> TargetError:
    return TargetError(fault, "no", systemic=systemic)


def test_a_database_that_refuses_all_is_given_up_and_the_run_goes_on() -> None:
    breaker = CircuitBreaker(20)
    assert not any(breaker.failed(SALES, refusal(TargetFault.DENIED)) for _ in range(100))
    assert breaker.given_up.keys() == {SALES}
    breaker.failed(HR, refusal(TargetFault.DENIED))
    breaker.succeeded(HR)
    assert HR not in breaker.given_up


@pytest.mark.parametrize("fault", [TargetFault.UNREACHABLE, TargetFault.THROTTLED])
def test_a_target_that_is_out_ends_the_run_after_some_items_in_a_row(fault: TargetFault) -> None:
    breaker = CircuitBreaker(20)
    assert [breaker.failed(SALES, refusal(fault)) for _ in range(20)] == [False] * 19 + [True]
    breaker.succeeded(HR)
    assert not breaker.failed(SALES, refusal(fault))


def test_credentials_that_are_not_taken_end_the_run_at_once() -> None:
    assert CircuitBreaker(20).failed(SALES, refusal(TargetFault.DENIED, systemic=True))


def test_what_is_wrong_with_one_item_says_nothing_of_others() -> None:
    breaker = CircuitBreaker(20)
    for fault in (TargetFault.INVALID, TargetFault.MOVED, TargetFault.CONFLICT, TargetFault.FAILED, TargetFault.LIMIT):
        assert not any(breaker.failed(SALES, refusal(fault)) for _ in range(50))
    assert breaker.given_up == {}
