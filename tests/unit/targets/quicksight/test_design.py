"""What data set and topic should stand for an asset, within what QuickSight takes, and read back as it was written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from spheresync.config import DriftPolicies, DriftPolicy
from spheresync.config.quicksight import QuickSight
from spheresync.dog.services.quicksight import permissions as documented
from spheresync.dog.services.quicksight.columns import input_columns, output_columns
from spheresync.dog.services.quicksight.kinds import Kind
from spheresync.errors import TargetError, TargetFault
from spheresync.mapping.rules import Decision
from spheresync.model import (
    DEFAULT_DESTINATION,
    Address,
    Asset,
    AssetId,
    ColumnRole,
    Digest,
    PhysicalName,
)
from spheresync.targets.design_values import BaseObject
from spheresync.targets.quicksight.answers import Described, content_of
from spheresync.targets.quicksight.content import Content, DataSetColumn, granted_hashes, granted_tags, short_hash
from spheresync.targets.quicksight.design import QUICK_SIGHT_DESIGN as DESIGN
from spheresync.targets.quicksight.merge import broken_by, merged_over
from spheresync.targets.quicksight.permissions import OWNER, VIEWER, Shared, actions_of, changes_between
from spheresync.targets.quicksight.requests import data_set_request, topic_request, transforms_of
from tests.unit.mapping.assets import MARKER, ORDERS, column, decide

ARNS = "arn:aws:quicksight:eu-central-1:123456789012:"
ANN, BOB, CARL = (f"{ARNS}user/default/{name}" for name in ("ann", "bob", "carl"))
ACCOUNT = "123456789012"
SECTION = QuickSight(account_id=ACCOUNT, owners=(ANN,), viewers=(BOB,), topics=(ORDERS.kind,))
AT = Address(PhysicalName("sales_0"), PhysicalName("orders_1"))


def arn_of(kind: str, own_id: str) -> str:
    return f"{ARNS}{kind}/{own_id}"


def said_of(asset: Asset, *rules: dict[str, Any], section: QuickSight = SECTION) -> Decision:
    return replace(decide(asset, *rules), section=section)


def base_of(asset: Asset, glue_type: str = "string") -> BaseObject:
    names = {each.name: each.name.lower() for each in asset.columns}
    types = dict.fromkeys(names, glue_type)
    return BaseObject(Address(PhysicalName("lake"), PhysicalName("orders")), Digest("d"), names, types=types)


def designed(asset: Asset = ORDERS, *rules: dict[str, Any], section: QuickSight = SECTION) -> Content:
    decision = said_of(asset, *rules, section=section)
    return Content.read(DESIGN.design(asset, decision, *AT, MARKER, base=base_of(asset)).body)


def wide(count: int, *, described: bool = False) -> tuple[Asset, tuple[dict[str, Any], ...]]:
    """An asset of many columns, whose names in the table are their labels unless they are described."""
    labels = (("", "Label of {}"),) if described else ()
    columns = tuple(
        replace(column(f"C{n}"), labels=tuple((tag, text.format(n)) for tag, text in labels)) for n in range(count)
    )
    rules = ({"columns": [{"set": {"description": "what {column} is"}}]},) if described else ()
    return replace(ORDERS, columns=columns), rules


def test_columns_are_taken_up_to_the_limit_and_one_more_is_refused_with_what_to_do() -> None:
    asset, _ = wide(2048)
    assert len(designed(asset).columns) == 2048
    with pytest.raises(TargetError, match=r"2,?049 columns, 2048 at most") as refused:
        designed(wide(2049)[0])
    assert refused.value.fault is TargetFault.INVALID and "mapping rule" in refused.value.remedy
    with pytest.raises(TargetError, match="no column that QuickSight can show"):
        designed(replace(ORDERS, columns=()))


def test_steps_are_taken_up_to_the_limit_and_one_more_is_refused() -> None:
    asset, rules = wide(1024, described=True)
    assert len(transforms_of(designed(asset, *rules).columns)) == 2048
    asset, rules = wide(1025, described=True)
    with pytest.raises(TargetError, match=r"2,?050 steps for the names and descriptions of its columns, 2048 at most"):
        designed(asset, *rules)


def test_texts_are_cut_at_their_limits() -> None:
    for length in (128, 129, 600):
        columns = (replace(column("A"), labels=(("", "l" * length),)),)
        asset = replace(ORDERS, labels=(("", "n" * length),), columns=columns)
        content = designed(asset, {"columns": [{"set": {"description": "d" * length}}]})
        assert len(content.name) == 128 and len(content.columns[0].label) == 128
        assert len(content.columns[0].description) == min(length, 500)
        assert content.topic is not None and len(content.topic.description) <= 256
        retired = Content.read(DESIGN.retire(content.body, "2026-01-01T00:00:00Z", *AT).body)
        assert len(retired.name) == 128 and retired.name.startswith("[retired in Datasphere] n")
        assert DESIGN.is_retired(retired.body) and not DESIGN.is_retired(content.body)


@pytest.mark.parametrize("length", [128, 129])
def test_a_column_of_a_name_that_is_too_long_for_quick_sight_is_left_out(length: int) -> None:
    name = "c" * length
    columns = (column("A"), column("LONG"))
    base = replace(base_of(replace(ORDERS, columns=columns)), columns={"A": "a", "LONG": name})
    made = DESIGN.design(replace(ORDERS, columns=columns), said_of(ORDERS), *AT, MARKER, base=base)
    assert [each.name for each in Content.read(made.body).columns] == (["a", name] if length == 128 else ["a"])


def test_names_of_what_is_shared_and_synonyms_are_cut_at_their_limits() -> None:
    longest = "w" * 128
    labels = (("", "short"), ("de", "s" * 257))
    space = AssetId("s" * 300, "A")
    asset = replace(ORDERS, id=space, columns=(replace(column("A"), labels=labels),))
    section = QuickSight(account_id=ACCOUNT, workgroup=longest, topics=(ORDERS.kind,))
    content = designed(asset, section=section)
    needed = DESIGN.shared_prerequisites([content.body], MARKER, section)
    shared = [json.loads(each.desired.body) for each in needed]
    assert {each["Kind"]: len(each["Name"]) for each in shared} == {"DataSource": 128, "Folder": 200}
    assert [each["WorkGroup"] for each in shared if each["Kind"] == "DataSource"] == [longest]
    assert content.topic is not None
    assert [len(word) for word in content.topic.columns[0].synonyms if word.startswith("s")] == [256]
    with pytest.raises(ValidationError, match="1 to 128"):
        QuickSight(workgroup="w" * 129)


def test_principals_are_taken_up_to_the_limit_and_one_more_is_refused() -> None:
    arns = [f"{ARNS}user/default/u{n}" for n in range(65)]
    assert QuickSight(owners=(arns[0],), viewers=tuple(arns[1:64])).viewers
    with pytest.raises(ValidationError, match="65 principals, 64 at most; name groups instead"):
        QuickSight(owners=(arns[0],), viewers=tuple(arns[1:]))
    with pytest.raises(ValidationError, match="in owners and in viewers"):
        QuickSight(owners=(ANN,), viewers=(ANN,))
    tags = granted_tags(dict.fromkeys(arns[:64], OWNER))
    assert all(len(value) <= 256 for value in tags.values()) and len(granted_hashes(tags)) == 64


def test_ids_follow_from_installation_and_asset_and_what_keeps_destinations_apart() -> None:
    def at(asset: str, marker: str = MARKER, apart: Sequence[str] = ("",), base: str = "a") -> Address:
        there = Address(PhysicalName(base), PhysicalName(base))
        return DESIGN.address(AssetId.parse(asset), there, marker, apart)

    first = at("S/A")
    assert first == at("S/A", base="b"), "another table of the same asset"
    others = [at("S/a"), at("S/B"), at("T/A"), at("S/A", "spheresync:other")]
    others += [at("S/A", apart=apart) for apart in (("dsp_",), ("", "999988887777"), ("dsp_", "999988887777"))]
    former = DESIGN.former_address(AssetId.parse("S/A"), MARKER, DEFAULT_DESTINATION)
    assert former is not None
    assert len({first.name, former.name, *(each.name for each in others)}) == 9
    long = at(f"{'s' * 300}/{'ä' * 300}")
    assert all(len(part) <= 96 and part.replace("_", "a").isalnum() for part in long)


def test_an_asset_is_named_by_a_tag_whatever_its_name_is() -> None:
    for name in ("A", 'odd "name"%', "x" * 400):
        asset = replace(ORDERS, id=AssetId.parse(f"S/{name}"))
        content = designed(asset)
        tag = content.tags["spheresync:source"]
        assert 1 <= len(tag) <= 256 and '"' not in tag
        live = replace(_live(content), source=tag, owner=MARKER)
        assert DESIGN.foreign_because(live, asset.id, MARKER, None) is None
        assert DESIGN.foreign_because(live, AssetId.parse("S/other"), MARKER, None) is not None


def _live(content: Content) -> Any:
    from spheresync.model import LiveObject

    return LiveObject(*AT, "-", content.body, None, None, Digest(content.digest), intact=True)


@pytest.mark.parametrize("shared", Shared)
def test_rights_are_whole_sets_as_they_are_documented(shared: Shared) -> None:
    kind = Kind(shared.value)
    assert {*actions_of(shared, OWNER)} == documented.OWNER[kind]
    assert {*actions_of(shared, VIEWER)} == documented.VIEWER[kind]
    assert len(actions_of(shared, OWNER)) <= 20


grants = st.dictionaries(st.sampled_from([ANN, BOB, CARL]), st.sampled_from([OWNER, VIEWER]))


@given(grants, grants, st.sampled_from(Shared))
def test_rights_come_from_any_to_any_in_one_call(there: Any, wanted: Any, shared: Shared) -> None:
    from spheresync.dog.services.double import Place

    place = Place("123456789012", "eu-central-1")
    held = {who: actions_of(shared, role) for who, role in there.items()}
    changes: Any = changes_between(shared, there, wanted)
    after = documented.changed(
        Kind(shared.value), held, changes.get("GrantPermissions", []), changes.get("RevokePermissions", []), place
    )
    assert {who: {*actions} for who, actions in after.items()} == {
        who: {*actions_of(shared, role)} for who, role in wanted.items()
    }
    assert bool(changes) == (there != wanted)


@given(st.permutations(["a", "b", "c", "d"]), st.sampled_from([str.upper, str, lambda text: f"{text} x"]))
def test_labels_come_about_step_by_step_even_where_they_go_round_in_a_circle(labels: list[str], spell: Any) -> None:
    columns = tuple(
        DataSetColumn(name, "STRING", spell(label), f"about {name}")
        for name, label in zip(["a", "b", "c", "d"], labels, strict=True)
    )
    physical = {"table": input_columns([{"Name": each.name, "Type": each.type} for each in columns])}
    logical = {
        "columns": {"Alias": "t", "Source": {"PhysicalTableId": "table"}, "DataTransforms": transforms_of(columns)}
    }
    made = output_columns(physical, logical, lambda _arn: input_columns([]))  # type: ignore[arg-type]
    assert [(each.name, each.tags["ColumnDescription"]) for each in made] == [
        (each.label, each.description) for each in columns
    ]


def test_labels_differ_in_more_than_case() -> None:
    labels = [(("", text),) for text in ("Net", "NET", "net", "c3", "Net (c1)")]
    columns = tuple(replace(column(f"C{n}"), labels=each) for n, each in enumerate(labels))
    content = designed(replace(ORDERS, columns=columns))
    assert len({each.label.casefold() for each in content.columns}) == 5
    assert content.columns[0].label == "Net" and content.columns[1].label == "NET (c1)"


def read_back(content: Content, **more: Any) -> Content:
    """The content as QuickSight tells it when it was written."""
    arn = arn_of("dataset", AT.name)
    described = {**data_set_request(content, arn_of), "Arn": arn, **more}
    topic = topic_request(content, content.topic, arn) if content.topic is not None else None
    rights = content.topic.grants if content.topic is not None else None
    folders = [arn_of("folder", content.folder)] if content.folder else []
    answers = Described(described, content.grants, content.tags, folders, topic, rights)
    return content_of(answers, folder=AT.container, own_arns=ARNS)


def test_what_was_written_is_read_back_as_it_was() -> None:
    content = designed()
    there = read_back(content)
    assert there.shown == content.shown and there.digest == content.digest and not there.others
    assert DESIGN.untouched(content.body, there.body)
    assert not DESIGN.changes(content.body, there.body)


def test_roles_make_folders_and_topics() -> None:
    columns = (
        replace(column("K"), role=ColumnRole.KEY),
        replace(column("M"), role=ColumnRole.MEASURE, aggregation="SUM"),
        replace(column("A"), role=ColumnRole.MEASURE, aggregation="AVG"),
        replace(column("F"), role=ColumnRole.MEASURE, aggregation="FORMULA"),
        replace(column("D"), role=ColumnRole.DIMENSION),
    )
    content = designed(replace(ORDERS, columns=columns))
    assert [each.folder for each in content.columns] == ["Keys", "Measures", "Measures", "Measures", "Dimensions"]
    assert content.topic is not None
    told = {each.name: (each.role, each.aggregation, each.allowed) for each in content.topic.columns}
    assert told["m"] == ("MEASURE", "SUM", ("SUM", "AVERAGE", "MIN", "MAX", "COUNT"))
    assert told["a"] == ("MEASURE", "AVERAGE", ("AVERAGE",)) and told["f"] == ("MEASURE", "", ())
    assert told["d"] == ("DIMENSION", "", ("COUNT", "DISTINCT_COUNT"))
    assert all(each.synonyms for each in content.topic.columns), "each by its name in Datasphere"


def test_what_others_made_is_carried_over_with_the_names_that_columns_have_then() -> None:
    before = designed()
    first, second = before.columns[0], before.columns[1]
    calculated = {"ColumnName": "Twice", "ColumnId": "t", "Expression": f"{{{first.label}}}*{{{second.label}}}"}
    request: Any = data_set_request(before, arn_of)
    transforms = [
        *request["LogicalTableMap"]["columns"].get("DataTransforms", []),
        {"CreateColumnsOperation": {"Columns": [calculated]}},
    ]
    transforms.append({"TagColumnOperation": {"ColumnName": first.label, "Tags": [{"ColumnGeographicRole": "CITY"}]}})
    transforms.append({"ProjectOperation": {"ProjectedColumns": [*before.labels.values(), "Twice"]}})
    logical = {**request["LogicalTableMap"]["columns"], "DataTransforms": transforms}
    live = read_back(before, LogicalTableMap={"columns": logical}, ImportMode="SPICE", ColumnGroups=[{"x": 1}])
    live = replace(live, grants={**live.grants, CARL: VIEWER}, tags={**live.tags, "cost": "1"})
    assert live.shown == before.shown

    new = DataSetColumn("new", "STRING", "New")
    wanted = replace(before, columns=(replace(first, label="First"), *before.columns[2:], new))
    merged = merged_over(live, wanted, before)
    said = str(data_set_request(merged, arn_of))
    assert f"{{First}}*{{{second.label}}}" in said and "'ColumnName': 'First', 'Tags'" in said
    assert "SPICE" in said and "'x': 1" in said
    projected = merged.foreign["Transforms"][-1]["ProjectOperation"]["ProjectedColumns"]  # type: ignore[index,call-overload]
    assert projected[0] == "First" and second.label not in projected and projected[-2:] == ["Twice", "New"]
    assert merged.grants == {ANN: OWNER, BOB: VIEWER, CARL: VIEWER} and merged.tags["cost"] == "1"
    assert short_hash(CARL) not in granted_hashes(merged.tags)
    assert merged.shown == wanted.shown


def test_rules_and_groups_of_others_go_with_their_last_column_and_stay_with_its_name() -> None:
    before = designed()
    first, second, *rest = before.columns
    both, alone = [first.label, second.label], [first.label]
    members = {
        "ColumnLevelPermissionRules": [{"Principals": [ANN], "ColumnNames": each} for each in (both, alone)],
        "ColumnGroups": [{"GeoSpatialColumnGroup": {"Name": "g", "Columns": alone}}],
        "PerformanceConfiguration": {"UniqueKeys": [{"ColumnNames": alone}]},
    }
    live = read_back(before, **members)
    merged = merged_over(live, replace(before, columns=(second, *rest)), before)
    kept = {"ColumnLevelPermissionRules": [{"Principals": [ANN], "ColumnNames": [second.label]}]}
    assert merged.foreign["Members"] == kept
    made_anew = replace(first, name="another")
    merged = merged_over(live, replace(before, columns=(made_anew, second, *rest)), before)
    assert merged.foreign["Members"] == members, "who sees a column goes by the name that people see"


def test_what_others_made_of_a_column_that_is_gone_is_named() -> None:
    before = designed()
    first, *rest = before.columns
    calculated = {"ColumnName": "Twice", "ColumnId": "t", "Expression": f"{{{first.label}}} * 2"}
    rows = {"Status": "ENABLED", "TagRules": [{"TagKey": "city", "ColumnName": first.label}]}
    logical: Any = data_set_request(before, arn_of)["LogicalTableMap"]
    logical["columns"]["DataTransforms"].append({"CreateColumnsOperation": {"Columns": [calculated]}})
    live = read_back(before, LogicalTableMap=logical, RowLevelPermissionTagConfiguration=rows)
    for columns, broken in ((rest, ("the row rule of tag city", "Twice")), ((replace(first, name="x"), *rest), ())):
        wanted = merged_over(live, replace(before, columns=tuple(columns)), before)
        assert broken_by(live, wanted) == broken


def test_a_join_of_others_stays_and_its_condition_goes_by_the_names_there_are() -> None:
    before = designed()
    logical: Any = data_set_request(before, arn_of)["LogicalTableMap"]
    clause = f"{{{before.columns[0].label}}} = {{id}}"
    join = {"LeftOperand": "columns", "RightOperand": "theirs", "Type": "LEFT", "OnClause": clause}
    logical["joined"] = {"Alias": "j", "Source": {"JoinInstruction": join}}
    inner = {"LeftOperand": "raw", "RightOperand": "theirs", "Type": "LEFT", "OnClause": clause}
    wanted = replace(before, columns=(replace(before.columns[0], label="First"), *before.columns[1:]))
    merged: Any = merged_over(read_back(before, LogicalTableMap=logical), wanted, before)
    sent: Any = data_set_request(merged, arn_of)["LogicalTableMap"]
    assert sent["joined"]["Source"]["JoinInstruction"]["OnClause"] == "{First} = {id}"
    logical["columns"]["Source"] = {"JoinInstruction": inner}
    merged = merged_over(read_back(before, LogicalTableMap=logical), wanted, before)
    sent = data_set_request(merged, arn_of)["LogicalTableMap"]
    assert sent["columns"]["Source"] == {"JoinInstruction": inner}, "done before columns get their labels"


def test_a_column_that_others_name_anew_keeps_its_place_in_the_topic() -> None:
    before = designed()
    first = before.columns[0]
    there = read_back(replace(before, columns=(replace(first, label="Theirs"), *before.columns[1:])))
    described: Any = topic_request(before, before.topic, arn_of("dataset", AT.name)) if before.topic else {}
    described["Topic"]["DataSets"][0]["Columns"][0]["ColumnFriendlyName"] = "Friendly"
    described["Topic"]["DataSets"][0]["CalculatedFields"] = [
        {"CalculatedFieldName": "c", "Expression": f"{{{first.label}}}"}
    ]
    told = {**data_set_request(there, arn_of), "Arn": arn_of("dataset", AT.name)}
    told["OutputColumns"] = [{"Name": each.label} for each in there.columns]
    answers = Described(told, there.grants, there.tags, [], described, before.grants)
    live = content_of(answers, folder=AT.container, own_arns=ARNS)
    keep = DriftPolicies(comments=DriftPolicy.KEEP)
    written = Content.read(DESIGN.merge(before.body, live.body, before.body, keep).body)
    assert written.topic is not None
    said: Any = topic_request(written, written.topic, "a")
    (sent,) = said["Topic"]["DataSets"]
    names = [each["ColumnName"] for each in sent["Columns"]]
    assert names == [each.label for each in there.columns], "each by the name that its data set has for it"
    assert sent["Columns"][0]["ColumnFriendlyName"] == "Friendly"
    assert sent["CalculatedFields"][0]["Expression"] == "{Theirs}"
    lost = Content.read(DESIGN.merge(None, live.body, before.body, keep).body)
    assert lost.topic is not None
    said = topic_request(lost, lost.topic, "a")
    (sent,) = said["Topic"]["DataSets"]
    assert sorted(each["ColumnName"] for each in sent["Columns"]) == sorted(before.labels.values())


def test_a_text_of_others_stays_beside_ours_until_the_policy_says_otherwise() -> None:
    ours = designed()
    live = replace(ours, name="Theirs")
    again = replace(ours, columns=(replace(ours.columns[0], label="Other"), *ours.columns[1:]))
    keep = DriftPolicies(description=DriftPolicy.KEEP)
    merged = DESIGN.merge(ours.body, live.body, again.body, keep)
    written = Content.read(merged.body)
    assert written.name == "Theirs" and [each.path for each in merged.kept] == ["name"]
    assert DESIGN.fingerprint(merged.body) == again.digest, "our own text is remembered"
    after = DESIGN.merge(merged.body, replace(written, beside={}).body, again.body, keep)
    assert Content.read(after.body).name == "Theirs" and not after.ours_moved
    over = DESIGN.merge(merged.body, written.body, again.body, DriftPolicies(description=DriftPolicy.OVERWRITE))
    assert Content.read(over.body).name == ours.name


def labelled(labels: dict[str, str], last: bytes | None = None) -> tuple[dict[str, str], bytes]:
    columns = tuple(replace(column(name), labels=(("", label),)) for name, label in labels.items())
    asset = replace(ORDERS, columns=columns)
    desired = DESIGN.design(asset, said_of(asset), *AT, MARKER, base=base_of(asset), last_body=last)
    return dict(Content.read(desired.body).labels), desired.body


def test_among_newcomers_the_smallest_name_gets_the_plain_label_wherever_it_stands() -> None:
    assert labelled({"B": "Same", "A": "Same"})[0] == labelled({"A": "Same", "B": "Same"})[0]
    assert labelled({"B": "Same", "A": "Same"})[0] == {"a": "Same", "b": "Same (b)"}


@given(first=st.dictionaries(st.sampled_from("ABCD"), st.sampled_from(["X", "x", "Y"]), min_size=1), data=st.data())
def test_a_column_whose_label_stays_is_called_as_before_whatever_the_others_do(
    first: dict[str, str], data: st.DataObject
) -> None:
    before, body = labelled(first)
    second = data.draw(st.dictionaries(st.sampled_from("ABCDE"), st.sampled_from(["X", "x", "Y"]), min_size=1))
    after, _ = labelled(second, body)
    assert len({label.casefold() for label in after.values()}) == len(after)
    for name in first.keys() & second.keys():
        if first[name] == second[name]:
            assert after[name.lower()] == before[name.lower()]
