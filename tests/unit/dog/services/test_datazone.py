"""What only a double in hand shows of DataZone: its largest numbers, and what a day does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.dog.aws_glue import ACCOUNT_ID, Glue
from spheresync.dog.services.datazone.double import DataZone
from spheresync.dog.services.datazone.smithy import form_members
from spheresync.dog.services.double import Call, Place
from spheresync.dog.services.wire import ServiceError

Json = dict[str, Any]
BEGIN = datetime(2026, 11, 27, tzinfo=UTC)
PLACE = Place(ACCOUNT_ID, "eu-central-1")
QUOTA = "ServiceQuotaExceededException"
WORDS = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
TABLE_FORM = {
    "formName": "GlueTableForm",
    "typeIdentifier": "amazon.datazone.GlueTableFormType",
    "typeRevision": "13",
    "content": json.dumps({"tableName": "t", "tableArn": "arn:aws:glue:eu-central-1:123456789012:table/d/t"}),
}


class Zone:
    """A double that is asked at times of the test's choice."""

    def __init__(self) -> None:
        glue = Glue(PLACE.region)
        glue.create_database("d", {"Name": "d"})
        self.double = DataZone(PLACE, glue)
        self._tick = count()

    def do(self, operation: str, after: timedelta = timedelta(0), **parameters: Any) -> Json:
        at = BEGIN + after + timedelta(microseconds=next(self._tick))
        return self.double.execute(Call(operation, {"domainIdentifier": "dzd_x1", **parameters}, at))

    def fill(self, member: str, rows: Iterator[tuple[str, Any]]) -> None:
        """Have many rows at once."""
        dumped = self.double.dump()
        dumped["dzd_x1"][member].update(rows)
        self.double.load(dumped)


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(ServiceError) as error:
        call()
    return error.value.code


@pytest.fixture
def zone() -> Zone:
    return Zone()


def test_a_thousand_glossaries(zone: Zone) -> None:
    zone.fill("glossaries", ((f"g{number}", {"id": f"g{number}", "name": f"g{number}"}) for number in range(999)))
    zone.do("CreateGlossary", name="last", owningProjectIdentifier="p1")
    assert refused(lambda: zone.do("CreateGlossary", name="beyond", owningProjectIdentifier="p1")) == QUOTA


def test_ten_thousand_terms(zone: Zone) -> None:
    glossary = zone.do("CreateGlossary", name="g", owningProjectIdentifier="p1")["id"]
    row = {"glossaryId": "other", "name": "t"}
    zone.fill("terms", ((f"t{number}", {"id": f"t{number}", **row}) for number in range(9_999)))
    zone.do("CreateGlossaryTerm", name="last", glossaryIdentifier=glossary)
    assert refused(lambda: zone.do("CreateGlossaryTerm", name="beyond", glossaryIdentifier=glossary)) == QUOTA


def test_a_thousand_asset_types_beside_those_of_datazone(zone: Zone) -> None:
    zone.fill("asset_types", ((f"t{number}", [{"name": f"t{number}"}]) for number in range(999)))
    wanted: Json = {"owningProjectIdentifier": "p1", "formsInput": {}}
    zone.do("CreateAssetType", name="last", **wanted)
    assert refused(lambda: zone.do("CreateAssetType", name="beyond", **wanted)) == QUOTA
    assert zone.do("CreateAssetType", name="last", **wanted)["revision"] == "2"


def test_a_token_is_known_for_a_day(zone: Zone) -> None:
    def made(after: timedelta, name: str = "g") -> str:
        wanted = {"name": name, "owningProjectIdentifier": "p1", "clientToken": "t"}
        return str(zone.do("CreateGlossary", after, **wanted)["id"])

    first = made(timedelta(0))
    assert made(timedelta(hours=23)) == first
    assert refused(lambda: made(timedelta(hours=23), "other")) == "ConflictException"
    assert made(timedelta(hours=25), "other") != first


def test_a_day_brings_another_25_runs(zone: Zone) -> None:
    glue = {"glueRunConfiguration": {"relationalFilterConfigurations": [{"databaseName": "d"}]}}
    wanted = {"name": "d", "projectIdentifier": "p1", "type": "GLUE", "configuration": glue}
    source = {"dataSourceIdentifier": zone.do("CreateDataSource", **wanted)["id"]}
    for _ in range(25):
        zone.do("StartDataSourceRun", **source)
    assert refused(lambda: zone.do("StartDataSourceRun", timedelta(hours=23), **source)) == QUOTA
    zone.do("StartDataSourceRun", timedelta(hours=25), **source)


@given(st.dictionaries(WORDS, st.tuples(st.booleans(), st.sampled_from(["String", "Integer", "Own"]))))
def test_a_model_is_read_as_it_was_written(members: dict[str, tuple[bool, str]]) -> None:
    lines = [
        f'  /// what it is\n  @documentation("a {{ or \\" of it")\n  {"@required " if required else ""}{name}: {kind}'
        for name, (required, kind) in members.items()
    ]
    smithy = '$version: "2.0"\n@private\nstructure Form {\n' + ",\n".join(lines) + "\n}\nlist Own { member: String }"
    found = form_members(smithy, "Form")
    assert {name: (member.required, member.type) for name, member in found.items()} == members


def test_what_was_answered_stays_answered(zone: Zone) -> None:
    wanted = {"name": "g", "owningProjectIdentifier": "p1", "clientToken": "t"}
    first = zone.do("CreateGlossary", **wanted)
    zone.do("UpdateGlossary", identifier=first["id"], name="other")
    assert zone.do("CreateGlossary", **wanted) == first


@given(
    texts=st.lists(st.lists(WORDS, min_size=1, max_size=3).map("_".join), min_size=1, max_size=6),
    asked=st.lists(WORDS, min_size=1, max_size=2).map(" ".join),
    whole=st.booleans(),
    edits=st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["renamed", "deleted"])), max_size=4),
)
def test_a_search_finds_what_a_look_at_every_asset_would(
    texts: list[str], asked: str, whole: bool, edits: list[tuple[int, str]]
) -> None:
    asked = f'"{asked}"' if whole else asked
    zone, names = Zone(), dict[str, str]()
    made = {"typeIdentifier": "amazon.datazone.GlueTableAssetType", "owningProjectIdentifier": "p1"}
    for text in texts:
        names[zone.do("CreateAsset", name=text, formsInput=[TABLE_FORM], **made)["id"]] = text
    zone.do("Search", searchScope="ASSET", searchText=asked)
    for number, edit in edits:
        asset = list(names)[number % len(names)]
        if edit == "deleted" and len(names) > 1:
            zone.do("DeleteAsset", identifier=asset)
            del names[asset]
        elif edit == "renamed":
            names[asset] = f"{names[asset]}_{asked.split()[0]}".replace('"', "")
            zone.do("CreateAssetRevision", identifier=asset, name=names[asset], formsInput=[TABLE_FORM])
    found = zone.do("Search", searchScope="ASSET", searchText=asked, searchIn=[{"attribute": "name"}])
    words = asked.strip('"').split()
    fitting = {
        asset: [any(part.startswith(word) for part in (name, *name.split("_"))) for word in words]
        for asset, name in names.items()
    }
    expected = {asset for asset, fits in fitting.items() if (all(fits) if whole else any(fits))}
    assert {item["assetItem"]["identifier"] for item in found["items"]} == expected
