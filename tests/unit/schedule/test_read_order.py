"""What is read when not everything can be: rates, worth, the floor under which nothing falls."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from spheresync.model import AssetId, Tier
from spheresync.schedule.rates import Evidence, pool_rates, rate_of, urgency
from spheresync.schedule.read_order import Candidate, choose

DAY = timedelta(days=1)
RATES = st.floats(1e-6, 1e4)
AGES = st.floats(0, 4_000)


def candidate(
    name: str,
    *,
    tier: Tier = Tier.HIGH,
    age: timedelta | None = DAY,
    rate: float = 0.1,
    bound: timedelta = 30 * DAY,
    signalled: bool = False,
) -> Candidate:
    return Candidate(AssetId.parse(f"S/{name}"), tier, age, bound, rate, signalled)


def names(chosen: list[Candidate]) -> list[str]:
    return [each.asset.name for each in chosen]


@given(RATES, AGES, st.floats(1.0, 10))
def test_a_look_is_worth_more_the_older_what_is_known(rate: float, age: float, more: float) -> None:
    assert 0 <= urgency(rate, age) <= urgency(rate, age * more) * (1 + 1e-9) + 1e-12
    assert urgency(rate, age) <= 1 / rate


@given(RATES, AGES)
def test_worth_has_no_jump_where_the_series_takes_over(rate: float, age: float) -> None:
    edge = 1e-4 / rate
    below, above = urgency(rate, edge * 0.999), urgency(rate, edge * 1.001)
    assert abs(above - below) <= 0.01 * above


def test_what_changes_often_is_worth_more_than_what_never_did() -> None:
    busy, dead = Evidence(), Evidence()
    for day in range(60):
        busy = busy.after(days=1, changed=day % 3 == 0)
        dead = dead.after(days=1, changed=False)
    pools = pool_rates([("S", busy), ("S", dead)])
    fast, slow = rate_of(busy, "S", pools), rate_of(dead, "S", pools)
    assert fast > 5 * slow > 0
    assert urgency(fast, 1) > urgency(slow, 1)


def test_of_an_unknown_asset_its_pool_is_believed() -> None:
    busy = Evidence(changes=20, days=40)
    pools = pool_rates([("busy", busy), ("busy", busy), ("quiet", Evidence(0, 400))])
    assert rate_of(Evidence(), "busy", pools) > 10 * rate_of(Evidence(), "quiet", pools)
    assert rate_of(Evidence(), "never seen", pools) > 0


def test_what_is_long_ago_counts_less() -> None:
    once_busy = Evidence(changes=30, days=60)
    for _ in range(200):
        once_busy = once_busy.after(days=1, changed=False)
    assert rate_of(once_busy, "S", {}) < 0.1 * 30 / 60


def test_where_there_is_room_everything_is_read_the_critical_first() -> None:
    due = [candidate("m", tier=Tier.MEDIUM), candidate("c", tier=Tier.CRITICAL), candidate("h")]
    assert names(choose(due, 3)) == ["c", "h", "m"]


def test_where_there_is_none_the_worth_decides_and_new_and_signalled_ones_come_first() -> None:
    due = [candidate(f"quiet{n}", rate=0.001) for n in range(20)]
    due += [candidate("busy", rate=3.0), candidate("new", age=None), candidate("hint", rate=0.001, signalled=True)]
    chosen = names(choose(due, 4))
    assert set(chosen) >= {"new", "hint", "busy"}


@given(st.integers(1, 40), st.integers(1, 80), st.integers(1, 30))
def test_nothing_is_forgotten_however_much_else_is_worth_more(room: int, dead: int, critical: int) -> None:
    """With half of the room for the overdue, everything is seen within a number of rounds that the room bounds."""
    overdue = {f"dead{n}": 31 * DAY + n * timedelta(minutes=1) for n in range(dead)}
    rounds = 0
    while overdue:
        due = [candidate(name, tier=Tier.MEDIUM, age=age, rate=1e-6) for name, age in overdue.items()]
        due += [candidate(f"c{n}", tier=Tier.CRITICAL, rate=50.0, age=DAY) for n in range(critical)]
        for name in names(choose(due, room)):
            overdue.pop(name, None)
        rounds += 1
        assert rounds <= -(-dead // -(-room // 2))
    assert not overdue
