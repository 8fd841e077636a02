"""What every target promises, run on Glue and on a target that is one JSON file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import anyio.lowlevel
import pytest

from spheresync.config import DriftPolicies, Settings
from spheresync.config.datazone import DataZone
from spheresync.config.glue_context import GlueContext
from spheresync.config.lakeformation import LakeFormation, TagFact
from spheresync.config.quicksight import QuickSight
from spheresync.errors import NoObjectError, TargetError, TargetFault
from spheresync.mapping.context import AssetContext
from spheresync.model import (
    DATAZONE,
    GLUE_CONTEXT,
    LAKE_FORMATION,
    QUICK_SIGHT,
    Action,
    LiveObject,
    PhysicalName,
    TargetKey,
)
from spheresync.targets import registry
from spheresync.targets.aws.door import AwsDoor
from spheresync.targets.datazone.asset_forms import COLUMN_FORM
from spheresync.targets.datazone.target import DataZoneTarget
from spheresync.targets.glue.target import GlueTarget
from spheresync.targets.glue_context.target import GlueContextTarget
from spheresync.targets.lakeformation.target import LakeFormationTarget
from spheresync.targets.protocol import Target
from spheresync.targets.quicksight.target import QuickSightTarget
from tests.contract.addition_promises import AT, COLUMNS, AddingWorld, AdditionPromises
from tests.contract.target_promises import GROUP, NAME, TargetPromises, World
from tests.simulators.assumed_roles import HOME_ACCOUNT
from tests.simulators.glue_process import GlueSimulator, running_glue
from tests.simulators.json_file_target import JSON_FILE, JSON_FILE_DESIGN, JsonFileTarget
from tests.unit.dog.services.example_times import member_of
from tests.unit.mapping.assets import MARKER, ORDERS, decide

pytestmark = pytest.mark.anyio
FORM_TYPE = member_of("glue", "PutAttachment", "FormTypeIdentifier", "FormTypeId")


@dataclass
class HandsOnGlue:
    glue: GlueSimulator

    async def put(self, body: dict[str, Any]) -> None:
        self.glue.client().update_table(DatabaseName=GROUP, TableInput=body)  # type: ignore[arg-type]

    async def hide(self) -> None:
        self.glue.hide(GROUP, NAME)

    async def break_reading(self) -> None:
        for call in ("GetTables", "GetTable"):
            self.glue.fault("deny", call, times=None)

    async def contents(self) -> Any:
        return self.glue.dump()


@pytest.fixture(scope="module")
def simulator() -> Iterator[GlueSimulator]:
    with running_glue() as running:
        yield running


async def no_sleep(_: float) -> None:
    await anyio.lowlevel.checkpoint()


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[GlueSimulator]:
    """An account of a test's own, which the environment names."""
    with running_glue() as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def door(account: GlueSimulator) -> Iterator[AwsDoor]:
    door = AwsDoor(account.session, sleep=no_sleep)
    yield door
    door.close()


class TestGlue(TargetPromises):
    @pytest.fixture
    def world(self, simulator: GlueSimulator) -> Iterator[World]:
        simulator.heal()
        for database in simulator.dump()["databases"]:
            simulator.client().delete_database(Name=database)
        door = AwsDoor(simulator.session, sleep=no_sleep)
        target = GlueTarget(door, owner=MARKER, drift=DriftPolicies())
        yield World(target, HandsOnGlue(simulator), {"Owner": "somebody"})
        door.close()


@dataclass
class HandsOnTags:
    glue: GlueSimulator

    async def make_base(self) -> None:
        hands = self.glue.client()
        hands.create_database(DatabaseInput={"Name": AT.container})
        columns: Any = [{"Name": name, "Type": "int"} for name in COLUMNS.values()]
        hands.create_table(
            DatabaseName=AT.container, TableInput={"Name": AT.name, "StorageDescriptor": {"Columns": columns}}
        )

    async def drop_base(self) -> None:
        self.glue.client().delete_table(DatabaseName=AT.container, Name=AT.name)

    async def add_theirs(self) -> None:
        self.glue.client_of("lakeformation").create_lf_tag(TagKey="theirs", TagValues=["a"])
        self._assign("theirs", "a")

    async def change_ours(self) -> None:
        self._assign("fact", MARKER)  # the value of every tag of ours that no table carries

    async def break_reading(self) -> None:
        self.glue.fault("deny", "lakeformation:GetResourceLFTags", times=None)

    async def contents(self) -> Any:
        return self.glue.lakeformation_dump()["assigned"]

    def _assign(self, key: str, value: str) -> None:
        where: Any = {"Table": {"DatabaseName": AT.container, "Name": AT.name}}
        tags: Any = [{"TagKey": key, "TagValues": [value]}]
        self.glue.client_of("lakeformation").add_lf_tags_to_resource(Resource=where, LFTags=tags)


class TestLakeFormation(AdditionPromises):
    @pytest.fixture
    def world(self, account: GlueSimulator, door: AwsDoor) -> AddingWorld:
        sections = [LakeFormation(tags={"fact": fact}) for fact in (TagFact.SPACE, TagFact.KIND)]
        target = LakeFormationTarget(
            door, owner=MARKER, drift=DriftPolicies(), section=sections[0], key=TargetKey(LAKE_FORMATION)
        )
        first, second = (replace(decide(ORDERS), section=section) for section in sections)
        return AddingWorld(target, HandsOnTags(account), (first, second))


@dataclass
class HandsOnDataSets:
    glue: GlueSimulator

    async def make_base(self) -> None:
        hands = self.glue.client()
        hands.create_database(DatabaseInput={"Name": AT.container})
        columns: Any = [{"Name": name, "Type": "int"} for name in COLUMNS.values()]
        storage: Any = {"Columns": columns, "Location": "s3://lake/orders/"}
        hands.create_table(DatabaseName=AT.container, TableInput={"Name": AT.name, "StorageDescriptor": storage})

    async def drop_base(self) -> None:
        self.glue.client().delete_table(DatabaseName=AT.container, Name=AT.name)

    async def add_theirs(self) -> None:
        hands = self.glue.client_of("quicksight")
        held = hands.describe_data_set(AwsAccountId=HOME_ACCOUNT, DataSetId=AT.name)["DataSet"]
        definition = {key: held[key] for key in ("Name", "PhysicalTableMap", "LogicalTableMap", "FieldFolders")}
        calculated = {"ColumnName": "Theirs", "ColumnId": "theirs", "Expression": "1"}
        ours = definition["LogicalTableMap"]["columns"]
        ours["DataTransforms"] = [
            *ours.get("DataTransforms", []),
            {"CreateColumnsOperation": {"Columns": [calculated]}},
        ]
        hands.update_data_set(AwsAccountId=HOME_ACCOUNT, DataSetId=AT.name, ImportMode="SPICE", **definition)
        hands.tag_resource(ResourceArn=held["Arn"], Tags=[{"Key": "theirs", "Value": "a"}])

    async def change_ours(self) -> None:
        self.glue.client_of("quicksight").delete_folder_membership(
            AwsAccountId=HOME_ACCOUNT, FolderId=AT.container, MemberId=AT.name, MemberType="DATASET"
        )

    async def break_reading(self) -> None:
        self.glue.fault("deny", "quicksight:DescribeDataSet", times=None)

    async def contents(self) -> Any:
        return self.glue.quicksight_dump()


class TestQuickSight(AdditionPromises):
    @pytest.fixture
    def world(self, account: GlueSimulator, door: AwsDoor) -> AddingWorld:
        somebody = f"arn:aws:quicksight:eu-central-1:{HOME_ACCOUNT}:user/default/ann"
        given = [(ORDERS.kind,), ()]
        sections = [QuickSight(account_id=HOME_ACCOUNT, owners=(somebody,), topics=topics) for topics in given]
        target = QuickSightTarget(
            door, owner=MARKER, drift=DriftPolicies(), account=HOME_ACCOUNT, key=TargetKey(QUICK_SIGHT)
        )
        first, second = (replace(decide(ORDERS), section=section) for section in sections)
        return AddingWorld(target, HandsOnDataSets(account), (first, second))


@dataclass
class HandsOnContext(HandsOnTags):
    """The same tables, seen by their context."""

    async def add_theirs(self) -> None:
        hands = self.glue.client_of("glue")
        glossary = hands.create_glossary(Name="theirs")["Id"]
        term = hands.create_glossary_term(GlossaryIdentifier=glossary, Name="theirs")["Id"]
        hands.associate_glossary_terms(**self._asset, GlossaryTermIdentifiers=[term])

    async def change_ours(self) -> None:
        hands = self.glue.client_of("glue")
        held = hands.get_asset(Identifier=self._asset["AssetIdentifier"])["Attachments"]["Spheresync"]
        said = json.dumps({**json.loads(held["Content"]), "label": "theirs"})
        form = {FORM_TYPE: "SpheresyncTable", "AttachmentName": "Spheresync", "Content": said}
        hands.put_attachment(**self._asset, **form)

    async def break_reading(self) -> None:
        self.glue.fault("deny", "GetAsset", times=None)

    async def contents(self) -> Any:
        return self.glue.glue_context_dump()["noted"]

    @property
    def _asset(self) -> dict[str, str]:
        arn = f"arn:aws:glue:eu-central-1:123456789012:table/{AT.container}/{AT.name}"
        return {"AssetIdentifier": arn}


class TestGlueContext(AdditionPromises):
    @pytest.fixture
    def world(self, account: GlueSimulator, door: AwsDoor) -> AddingWorld:
        section = GlueContext()
        target = GlueContextTarget(
            door, owner=MARKER, drift=DriftPolicies(), section=section, key=TargetKey(GLUE_CONTEXT)
        )
        said = [AssetContext((("domain", word),), terms=(word,)) for word in ("Sales", "Finance")]
        first, second = (replace(decide(ORDERS), section=section, context=each) for each in said)
        return AddingWorld(target, HandsOnContext(account), (first, second))


@dataclass
class HandsOnAssets(HandsOnTags):
    """The same tables, seen by the assets that a data source imports."""

    async def make_base(self) -> None:
        await super().make_base()
        self.glue.run_data_source(AT.container)

    async def drop_base(self) -> None:
        self.glue.client_of("datazone").delete_asset(domainIdentifier="dzd_x1", identifier=self._asset["id"])

    async def add_theirs(self) -> None:
        hands, domain = self.glue.client_of("datazone"), {"domainIdentifier": "dzd_x1"}
        glossary = hands.create_glossary(**domain, name="theirs", owningProjectIdentifier="p1")["id"]
        term = hands.create_glossary_term(**domain, glossaryIdentifier=glossary, name="theirs")["id"]
        model = {"smithy": "structure Theirs { said: String }"}
        hands.create_form_type(**domain, name="Theirs", model=model, owningProjectIdentifier="p1")
        held = {each["formName"]: each for each in self._asset["formsOutput"]}
        columns = held[COLUMN_FORM]
        said = json.loads(columns["content"])["columnsBusinessMetadata"]
        said.append({"columnIdentifier": "theirs", "description": "a"})
        forms = [
            {"formName": "theirs", "typeIdentifier": "Theirs", "content": '{"said":"a"}'},
            {
                "formName": COLUMN_FORM,
                "typeIdentifier": columns["typeName"],
                "content": json.dumps({"columnsBusinessMetadata": said}),
            },
        ]
        self._revise(forms, glossaryTerms=[*self._asset.get("glossaryTerms", []), term])

    async def change_ours(self) -> None:
        (ours,) = [each for each in self._asset["formsOutput"] if each["formName"] == "SpheresyncForm"]
        said = json.dumps({**json.loads(ours["content"]), "label": "theirs"})
        self._revise([{"formName": "SpheresyncForm", "typeIdentifier": "SpheresyncForm", "content": said}])

    async def break_reading(self) -> None:
        self.glue.fault("deny", "datazone:GetAsset", times=None)

    async def contents(self) -> Any:
        return self.glue.datazone_dump()["assets"]

    @property
    def _asset(self) -> dict[str, Any]:
        ((*_, asset),) = self.glue.datazone_dump()["assets"].values()
        return dict(asset)

    def _revise(self, forms: list[dict[str, str]], **changes: Any) -> None:
        asset, said = self._asset, {each["formName"] for each in forms}
        kept = {key: asset[key] for key in ("name", "description", "glossaryTerms") if asset.get(key)}
        again = [
            {"formName": each["formName"], "typeIdentifier": each["typeName"], "content": each["content"]}
            for each in asset["formsOutput"]
            if each["formName"] not in said
        ]
        self.glue.client_of("datazone").create_asset_revision(
            domainIdentifier="dzd_x1", identifier=asset["id"], **{**kept, **changes, "formsInput": [*again, *forms]}
        )


class TestDataZone(AdditionPromises):
    @pytest.fixture
    def world(self, account: GlueSimulator, door: AwsDoor) -> AddingWorld:
        section = DataZone(domain_id="dzd_x1", project_id="p1")
        target = DataZoneTarget(door, owner=MARKER, drift=DriftPolicies(), section=section, key=TargetKey(DATAZONE))
        said = [AssetContext((("domain", word),), terms=(word,)) for word in ("Sales", "Finance")]
        first, second = (replace(decide(ORDERS), section=section, context=each) for each in said)
        return AddingWorld(target, HandsOnAssets(account), (first, second))

    async def test_without_the_object_nothing_is_added(self, world: AddingWorld) -> None:
        """An asset that no data source imports is made by us, and one that is gone is made again by an undo."""
        assert await world.target.read(*AT) is None
        with pytest.raises(NoObjectError):
            await world.perform(must_exist=True)
        first = (await world.perform()).body
        assert world.design.holds(await world.there(), world.desired())
        await world.hands.drop_base()
        assert await world.target.read(*AT) is None
        assert (await world.perform(last=first, exact=True)).did is Action.CREATE


class FaultyJsonFile(JsonFileTarget):
    """One that may refuse a look, and hide what it holds."""

    broken = hidden = False

    async def load(self, needed: PhysicalName | None = None) -> dict[str, Any]:
        if self.broken:
            raise TargetError(TargetFault.DENIED, "The file may not be read.")
        return await super().load(needed)

    async def read(self, container: PhysicalName, name: PhysicalName) -> LiveObject | None:
        live = await super().read(container, name)
        if live is not None and self.hidden:
            raise TargetError(TargetFault.DENIED, f"{container}.{name} may not be read.")
        return live


@dataclass
class HandsOnFile:
    target: FaultyJsonFile

    async def put(self, body: dict[str, Any]) -> None:
        groups = json.loads(self.target.path.read_bytes())
        entry = groups[GROUP]["entries"][NAME]
        groups[GROUP]["entries"][NAME] = {"version": entry["version"] + 1, "body": body}
        self.target.path.write_text(json.dumps(groups), "utf-8")

    async def hide(self) -> None:
        self.target.hidden = True

    async def break_reading(self) -> None:
        self.target.broken = True

    async def contents(self) -> Any:
        return json.loads(self.target.path.read_bytes())


def make(settings: Settings, key: TargetKey, _: registry.TargetResources, __: AsyncExitStack) -> Target:
    return JsonFileTarget(settings.state_dir / f"{key.destination}.json", settings.installation_marker, key)


class TestJsonFile(TargetPromises):
    @pytest.fixture
    def world(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
        monkeypatch.setitem(registry.TARGETS, JSON_FILE, lambda: registry.TargetKind(JSON_FILE_DESIGN, make))
        target = FaultyJsonFile(tmp_path / "catalog.json", MARKER, TargetKey(JSON_FILE))
        return World(target, HandsOnFile(target), {"Note": "somebody"})

    async def test_it_is_small(self) -> None:
        assert len(Path(__file__).parents[1].joinpath("simulators/json_file_target.py").read_text().splitlines()) < 150
