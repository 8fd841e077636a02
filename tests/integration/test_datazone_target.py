"""DataZone at its limits: what it takes is written, one more fails by itself and says what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import anyio.lowlevel
import pytest

from spheresync.config import DriftPolicies
from spheresync.config.context import ContextTerm
from spheresync.config.datazone import DataZone
from spheresync.errors import TargetError, TargetFault
from spheresync.model import DATAZONE, Action, AssetId, DesiredObject, PhysicalName, TargetKey
from spheresync.targets.annotations import content
from spheresync.targets.annotations.content import COLUMN_FACTS, OWNER, SOURCE, TERMS
from spheresync.targets.aws.door import AwsDoor
from spheresync.targets.datazone.required import required_objects
from spheresync.targets.datazone.target import DataZoneTarget
from spheresync.targets.protocol import Operation, Outcome
from tests.integration.zone import PROJECT, Zone, sent_again
from tests.simulators.glue_process import GlueSimulator, running_glue

pytestmark = pytest.mark.anyio

WHO = "spheresync:here"
ONE = AssetId.parse("S/ONE")
D, T = PhysicalName("d"), PhysicalName("t")
DOMAIN = {"domain_id": "dzd_x1", "project_id": PROJECT}
HOME = DataZone(**DOMAIN).home
SET = DataZone().glossary
LOOKS = ("Get", "Search", "List")


async def no_sleep(_: float) -> None:
    await anyio.lowlevel.checkpoint()


@pytest.fixture
def glue() -> Iterator[GlueSimulator]:
    with running_glue() as simulator:
        yield simulator


@pytest.fixture
def zone(glue: GlueSimulator, monkeypatch: pytest.MonkeyPatch) -> Zone:
    for name, value in glue.environment.items():
        monkeypatch.setenv(name, value)
    zone = Zone(glue.client_of("glue"), glue.client_of("datazone"))
    zone.glue.create_database(DatabaseInput={"Name": "d"})
    zone.glue.create_table(DatabaseName="d", TableInput={"Name": "t"})
    return zone


def target_on(glue: GlueSimulator, account: str | None = None, **terms: ContextTerm) -> DataZoneTarget:
    door = AwsDoor(glue.session, sleep=no_sleep)
    section = DataZone(**DOMAIN).with_terms(terms)
    key = TargetKey(DATAZONE)
    return DataZoneTarget(door, owner=WHO, drift=DriftPolicies(), section=section, key=key, account=account)


async def prepare(target: DataZoneTarget, *used: str, **terms: ContextTerm) -> None:
    for each in required_objects(DataZone(**DOMAIN).with_terms(terms), used):
        await target.ensure_container(each.desired)


async def write(target: DataZoneTarget, action: Action = Action.CREATE, **fields: str) -> Outcome:
    said = {OWNER: WHO, SOURCE: str(ONE), **{path.replace("__", "."): value for path, value in fields.items()}}
    held = content.wanted(said, HOME)
    desired = DesiredObject(D, T, held.body, held.digest)
    return await target.perform(Operation(ONE, action, D, T, desired))


def term(name: str, **said: Any) -> Mapping[str, ContextTerm]:
    return {name: ContextTerm(name=name, **said)}


async def test_a_definition_of_every_length_that_datazone_takes_and_one_more(zone: Zone, glue: GlueSimulator) -> None:
    target = target_on(glue, **term("t", definition="d" * 1_025))
    await prepare(target, "t", **term("t", definition="d" * 1_025))
    (made,) = glue.datazone_dump()["terms"].values()
    assert made["shortDescription"] == "d" * 1_024 and made["longDescription"].startswith("d" * 1_025)
    mark = made["longDescription"].removeprefix("d" * 1_025)
    room = 4_096 - len(mark)
    for length in (room, room + 1):
        words = {"synonyms": ("s" * 250,) * 1, "definition": "d" * (length - len("\nSynonyms: ") - 250)}
        target = target_on(glue, **term("u", **words))
        if length == room:
            await prepare(target, "u", **term("u", **words))
            continue
        words["definition"] += "d"
        with pytest.raises(TargetError) as refused:
            await prepare(target_on(glue, **term("v", **words)), "v", **term("v", **words))
        assert refused.value.fault is TargetFault.INVALID
        assert "term v" in refused.value.message and "context file" in refused.value.remedy


async def test_terms_of_others_count_for_the_twenty(zone: Zone, glue: GlueSimulator) -> None:
    target = target_on(glue)
    await prepare(target, "ours", "more")
    asset = zone.imported()
    glossary = zone.glossary("Theirs")
    theirs = [zone.term(glossary, f"t{number}") for number in range(19)]
    revised = {"identifier": asset["id"], "name": asset["name"], "formsInput": sent_again(asset)}
    zone.do("create_asset_revision", **revised, glossaryTerms=theirs)
    assert (await write(target, terms__ours=SET)).request_id
    held = zone.do("get_asset", identifier=asset["id"])
    assert set(theirs) < set(held["glossaryTerms"]) and len(held["glossaryTerms"]) == 20
    with pytest.raises(TargetError) as refused:
        await write(target, terms__ours=SET, terms__more=SET)
    assert refused.value.fault is TargetFault.INVALID and "21 terms, 20 at most" in refused.value.message
    assert zone.do("get_asset", identifier=asset["id"])["revision"] == held["revision"]


@pytest.mark.parametrize(("count", "taken"), [(7, True), (8, False)])
async def test_forms_of_others_count_for_the_ten(zone: Zone, glue: GlueSimulator, count: int, taken: bool) -> None:
    target = target_on(glue)
    await prepare(target)
    asset = zone.imported()
    forms = sent_again(asset)
    for number in range(count):
        zone.form_type(f"structure Form{number} {{ said: String }}", f"Form{number}")
        forms.append({"formName": f"Form{number}", "typeIdentifier": f"Form{number}", "content": '{"said":"x"}'})
    zone.do("create_asset_revision", identifier=asset["id"], name=asset["name"], formsInput=forms)
    if taken:
        await write(target)
        assert len(zone.do("get_asset", identifier=asset["id"])["formsOutput"]) == 10
        return
    with pytest.raises(TargetError) as refused:
        await write(target)
    assert "11 forms, 10 at most" in refused.value.message and "Take forms off" in refused.value.remedy


async def test_a_form_as_long_as_datazone_takes_and_one_more(zone: Zone, glue: GlueSimulator) -> None:
    target = target_on(glue)
    await prepare(target)
    zone.imported()
    await write(target, form__label="x")
    row = next(iter(glue.datazone_dump()["assets"].values()))[-1]
    (form,) = [each for each in row["formsOutput"] if each["formName"] == "SpheresyncForm"]
    room = 300_000 - len(form["content"]) + 1
    await write(target, form__label="x" * room)
    with pytest.raises(TargetError) as refused:
        await write(target, form__label="x" * (room + 1))
    assert refused.value.fault is TargetFault.INVALID and "300001 characters" in refused.value.message


async def test_an_external_identifier_is_never_too_long(zone: Zone, glue: GlueSimulator) -> None:
    long = PhysicalName("n" * 255)
    target = DataZoneTarget(
        AwsDoor(glue.session, sleep=no_sleep),
        owner=f"spheresync:{'i' * 100}",
        drift=DriftPolicies(),
        section=DataZone(**DOMAIN),
        key=TargetKey(DATAZONE),
    )
    await prepare(target)
    held = content.wanted({OWNER: f"spheresync:{'i' * 100}", SOURCE: str(ONE), COLUMN_FACTS: "[]"}, HOME)
    desired = DesiredObject(long, long, held.body, held.digest)
    done = await target.perform(Operation(ONE, Action.CREATE, long, long, desired))
    (rows,) = glue.datazone_dump()["assets"].values()
    assert len(rows[-1]["externalIdentifier"]) <= 600
    again = await target.perform(Operation(ONE, Action.CREATE, long, long, desired))
    assert again.already and again.version == done.version


async def test_tables_of_two_accounts_under_one_name_are_told_apart_by_the_catalog(
    zone: Zone, glue: GlueSimulator
) -> None:
    target = target_on(glue)
    await prepare(target)
    mine = zone.imported()
    zone.asset_type()
    arn = "arn:aws:glue:eu-central-1:999999999999:table/d/t"
    other = zone.asset("t", externalIdentifier=arn)
    with pytest.raises(TargetError) as refused:
        await write(target)
    assert refused.value.fault is TargetFault.CONFLICT and "catalog_id" in refused.value.remedy
    await write(target_on(glue, account="123456789012"))
    assert len(glue.datazone_dump()["assets"][mine["id"]]) == 2
    assert len(glue.datazone_dump()["assets"][other]) == 1


async def test_the_asset_of_a_newer_domain_is_found_by_arn_and_project(zone: Zone, glue: GlueSimulator) -> None:
    target = target_on(glue)
    await prepare(target)
    zone.asset_type()
    arn = "arn:aws:glue:eu-central-1:123456789012:table/d/t"
    asset = zone.asset("t", externalIdentifier=f"{arn}.{PROJECT}")
    await write(target)
    assert len(glue.datazone_dump()["assets"]) == 1 and len(glue.datazone_dump()["assets"][asset]) == 2


async def test_the_form_type_of_an_earlier_version_gets_a_next_revision(zone: Zone, glue: GlueSimulator) -> None:
    zone.form_type("structure SpheresyncForm { managedBy: String }", "SpheresyncForm")
    await prepare(target_on(glue))
    assert len(glue.datazone_dump()["form_types"]["SpheresyncForm"]) == 2
    await prepare(target_on(glue))
    assert len(glue.datazone_dump()["form_types"]["SpheresyncForm"]) == 2


async def test_wider_terms_in_a_circle_are_made_all_the_same(zone: Zone, glue: GlueSimulator) -> None:
    words = {**term("a", broader="b"), **term("b", broader="a")}
    await prepare(target_on(glue, **words), "a", **words)
    held = glue.datazone_dump()["terms"]
    assert {each["name"] for each in held.values()} == {"a", "b"}


async def test_a_term_that_is_gone_is_made_again_where_it_is_needed(zone: Zone, glue: GlueSimulator) -> None:
    await prepare(target_on(glue))
    zone.imported()
    await write(target_on(glue), terms__lost=SET)
    assert [each["name"] for each in glue.datazone_dump()["terms"].values()] == ["lost"]
    row = next(iter(glue.datazone_dump()["assets"].values()))[-1]
    assert json.loads(row["formsOutput"][-1]["content"])


async def test_an_asset_is_revised_with_one_read_where_it_is_known(zone: Zone, glue: GlueSimulator) -> None:
    target = target_on(glue)
    await prepare(target)
    zone.imported()
    done = await write(target)
    glue.reset()
    held = content.wanted({OWNER: WHO, SOURCE: str(ONE), f"{TERMS}x": SET}, HOME)
    await prepare(target, "x")
    glue.reset()
    operation = Operation(ONE, Action.METADATA_ONLY, D, T, DesiredObject(D, T, held.body, held.digest))
    await target.perform(replace(operation, last_written=done.body))
    assert glue.calls()["datazone:GetAsset"] == 1 and "datazone:Search" not in glue.calls()
