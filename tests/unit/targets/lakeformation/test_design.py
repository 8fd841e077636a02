"""What LF-Tags a table should carry, and how one set of them comes to be another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.config import DriftPolicies
from spheresync.config.lakeformation import LakeFormation, TagFact
from spheresync.errors import TargetError, TargetFault
from spheresync.mapping.rules import Decision, MappingRules
from spheresync.model import LAKE_FORMATION, Address, Asset, Digest, LiveObject, PhysicalName, TargetKey
from spheresync.targets.design_values import BaseObject
from spheresync.targets.lakeformation.design import LAKE_FORMATION_DESIGN as DESIGN
from spheresync.targets.lakeformation.tags import WHOLE_TABLE, TagRequest, TagSet, requests_between
from tests.unit.mapping.assets import MARKER, ORDERS, settings

OURS, THEIRS = ("pii", "domain", "layer"), ("cost", "team")
COLUMNS = ("id", "name", "email")
values = st.sampled_from(["a", "b", "c"])
tags_of = st.dictionaries(st.sampled_from([*OURS, *THEIRS]), values, max_size=4)
our_tags = st.dictionaries(st.sampled_from(OURS), values, max_size=3)


def tag_sets(tags: Any, keys: frozenset[str]) -> Any:
    columns = st.dictionaries(st.sampled_from(COLUMNS), tags, max_size=3)
    return st.builds(lambda table, each: TagSet(keys, table, {n: t for n, t in each.items() if t}), tags, columns)


live_sets = tag_sets(tags_of, frozenset(OURS))
wanted_sets = tag_sets(our_tags, frozenset(OURS))


def applied(live: TagSet, requests: list[TagRequest]) -> TagSet:
    """What Lake Formation holds after these calls."""
    places: dict[str, dict[str, str]] = {place: dict(live.of(place)) for place in live.places}
    for request in requests:
        for place in request.columns or (WHOLE_TABLE,):
            there = places.setdefault(place, {})
            if request.add:
                there.update(request.tags)
            else:
                for key, value in request.tags.items():
                    assert there.pop(key) == value, "only what stands there is taken away"
    columns = {place: said for place, said in places.items() if place != WHOLE_TABLE and said}
    return TagSet(live.keys, places[WHOLE_TABLE], columns)


@given(live_sets, wanted_sets)
def test_requests_bring_any_set_to_any_other_and_touch_no_other_key(live: TagSet, wanted: TagSet) -> None:
    requests = requests_between(live, wanted, frozenset(OURS))
    after = applied(live, requests)
    assert after.only(frozenset(OURS)) == wanted
    assert after.only(frozenset(THEIRS)) == live.only(frozenset(THEIRS))
    assert requests_between(after, wanted, frozenset(OURS)) == []
    for add in (True, False):
        sets = [(tuple(sorted(each.tags.items())), bool(each.columns)) for each in requests if each.add is add]
        assert len(sets) == len(set(sets)), "places with the same tags take one call"
    changed = {
        (place, key) for each in requests if not each.add for place in each.columns or ("",) for key in each.tags
    }
    assert not changed & {(place, key) for place in wanted.places for key in wanted.of(place)}, "changed in place"


@given(wanted_sets, live_sets, wanted_sets)
def test_a_merge_is_settled_after_one_write_and_keeps_what_is_not_ours(
    last: TagSet, live: TagSet, wanted: TagSet
) -> None:
    merged = DESIGN.merge(last.body, live.body, wanted.body, DriftPolicies())
    body = TagSet.read(merged.body)
    assert body.only(frozenset(OURS)).table == wanted.table
    assert body.only(frozenset(THEIRS)).table == live.only(frozenset(THEIRS)).table
    again = DESIGN.merge(wanted.body, merged.body, wanted.body, DriftPolicies())
    assert (again.kept, again.ours_moved) == ((), ())
    assert not DESIGN.would_write(wanted.body, merged.body, again.body)
    assert DESIGN.restored(live.body, merged.body, merged.body) is not None
    back = TagSet.read(DESIGN.restored(live.body, merged.body, merged.body))
    assert (back.table, dict(back.columns)) == (live.table, dict(live.columns)), "an undo brings back what stood there"


@given(wanted_sets, live_sets, wanted_sets)
def test_what_the_policy_lets_stand_is_kept_and_named(last: TagSet, live: TagSet, wanted: TagSet) -> None:
    policies = DriftPolicies.model_validate({"parameters": "report"})
    merged = DESIGN.merge(last.body, live.body, wanted.body, policies)
    body = TagSet.read(merged.body)
    for change in merged.kept:
        assert change in DESIGN.changes(last.body, replace(live, keys=last.keys).body)
        assert change.path in {each.path for each in DESIGN.own_changes(last.body, live.body)}
    if not merged.kept:
        assert body.only(frozenset(OURS)).table == wanted.table


def decision(section: LakeFormation, **keys: Any) -> Decision:
    made = settings(targets=["glue", "lakeformation"], lakeformation=section.model_dump(mode="json"), **keys)
    rules = MappingRules.compile(made).of(TargetKey(LAKE_FORMATION))
    return rules.decide(ORDERS.id, ORDERS.kind, ORDERS.label)


def designed(asset: Asset, section: LakeFormation, **keys: Any) -> TagSet:
    base = BaseObject(
        Address(PhysicalName("sales"), PhysicalName("orders")),
        Digest("base"),
        {column.name: f"c_{column.name.lower()}" for column in asset.columns},
    )
    made = DESIGN.design(asset, decision(section, **keys), *base.address, MARKER, base=base)
    assert DESIGN.fingerprint(made.body) == made.digest
    return TagSet.read(made.body)


def test_each_fact_has_its_tag() -> None:
    section = LakeFormation(
        tags={"s": TagFact.SPACE, "k": TagFact.KIND, "l": TagFact.LAYER, "p": TagFact.PERSONAL_DATA}
    )
    others = [replace(each, pii=None) for each in ORDERS.columns[1:]]
    personal = replace(ORDERS, columns=(replace(ORDERS.columns[0], pii="contact"), *others))
    rules = {"mapping": {"rules": [{"match": {}, "set": {"tags": {"layer": "Gold"}}}]}}
    found = designed(personal, section, **rules)
    assert found.table == {"s": "sales", "k": "view", "l": "gold"}
    assert found.columns == {"c_id": {"p": "contact"}}


def test_a_column_that_is_left_out_and_a_fact_that_is_not_known_have_none() -> None:
    others = [replace(each, pii=None) for each in ORDERS.columns[1:]]
    personal = replace(ORDERS, columns=(replace(ORDERS.columns[0], pii="contact"), *others))
    hidden = {"mapping": {"rules": [{"match": {}, "columns": [{"match": {"name": "ID"}, "set": {"include": False}}]}]}}
    section = LakeFormation(tags={"p": TagFact.PERSONAL_DATA, "d": TagFact.DOMAIN})
    found = designed(personal, section, **hidden)
    assert (found.table, found.columns) == ({}, {})
    assert DESIGN.fingerprint(found.body) == DESIGN.nothing


@pytest.mark.parametrize(("layer", "said"), [("a" * 51, "51 characters"), ("a&b", "'&'")])
def test_a_value_that_lake_formation_would_not_take_is_refused_with_where_to_correct_it(layer: str, said: str) -> None:
    rules = {"mapping": {"rules": [{"match": {}, "set": {"tags": {"layer": layer}}}]}}
    with pytest.raises(TargetError) as refused:
        designed(ORDERS, LakeFormation(tags={"l": TagFact.LAYER}), **rules)
    assert refused.value.fault is TargetFault.INVALID and said in refused.value.message
    assert "context file or mapping rule" in refused.value.remedy


def test_what_others_put_under_their_own_key_is_nothing_of_ours() -> None:
    section = LakeFormation(tags={"d": TagFact.DOMAIN, "s": TagFact.SPACE}, use_existing_keys=True)
    assert designed(ORDERS, section).keys == {"s"}


def test_a_table_that_holds_what_it_should_is_told_from_one_that_does_not() -> None:
    wanted = DESIGN.design(
        ORDERS,
        decision(LakeFormation(tags={"s": TagFact.SPACE})),
        *(at := Address(PhysicalName("sales"), PhysicalName("orders"))),
        MARKER,
        base=BaseObject(at, Digest("b"), {}),
    )
    for table, holds in (({"s": "sales", "other": "x"}, True), ({"s": "hr"}, False), ({}, False)):
        body = TagSet(frozenset({"s"}), table).body
        live = LiveObject(*at, "-", body, MARKER, None, DESIGN.fingerprint(body), intact=True)
        assert DESIGN.holds(live, wanted) is holds
