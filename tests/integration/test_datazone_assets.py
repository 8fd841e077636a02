"""DataZone's double through clients of boto3, on both ways to it: assets, listings, columns, lineage, data sources."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.lake import WAYS
from tests.integration.zone import (
    ARN,
    GLUE_TYPE,
    PROJECT,
    Json,
    Zone,
    form,
    refusal,
    sent_again,
    zone_on,
)
from tests.simulators.datazone_import import run_data_source

VALIDATION = "ValidationException"
CONFLICT = "ConflictException"
NOT_FOUND = "ResourceNotFoundException"
EVENT: Json = {
    "eventType": "COMPLETE",
    "eventTime": "2026-11-27T01:00:00+01:00",
    "run": {"runId": "r"},
    "job": {"namespace": "n", "name": "j"},
    "outputs": [{"namespace": "arn", "name": ARN}],
}


@pytest.fixture(params=WAYS)
def zone(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Zone]:
    """With the form type `SapForm` and the asset type `SapAsset`, which needs no form."""
    with zone_on(request.param, tmp_path) as zone:
        zone.form_type()
        zone.asset_type()
        yield zone


def sap(name: str = "SapForm", **content: object) -> Json:
    return form(name, {"object": "o", **content}, typeIdentifier="SapForm")


class TestAssets:
    def test_an_external_identifier_is_one_assets(self, zone: Zone) -> None:
        first = zone.asset(externalIdentifier="e" * 600)
        assert refusal(lambda: zone.asset(externalIdentifier="e" * 600)) == CONFLICT
        assert refusal(lambda: zone.asset(externalIdentifier="e" * 601)) == VALIDATION
        zone.do("delete_asset", identifier=first)
        zone.asset(externalIdentifier="e" * 600)

    def test_twenty_terms_that_are_there(self, zone: Zone) -> None:
        glossary = zone.glossary()
        terms = [zone.term(glossary, f"t{number}") for number in range(21)]
        asset = zone.asset(glossaryTerms=terms[:20])
        assert zone.do("get_asset", identifier=asset)["glossaryTerms"] == terms[:20]
        assert refusal(lambda: zone.asset(glossaryTerms=terms)) == VALIDATION
        assert refusal(lambda: zone.asset(glossaryTerms=["absent"])) == NOT_FOUND
        governed = zone.glossary("governed", usageRestrictions=["ASSET_GOVERNED_TERMS"])
        assert refusal(lambda: zone.asset(glossaryTerms=[zone.term(governed, "t")])) == VALIDATION

    def test_ten_forms_of_300_000_each_once(self, zone: Zone) -> None:
        forms = [sap(f"f{number}") for number in range(11)]
        zone.asset(formsInput=forms[:10])
        assert refusal(lambda: zone.asset(formsInput=forms)) == VALIDATION
        assert refusal(lambda: zone.asset(formsInput=[forms[0], forms[0]])) == VALIDATION
        room = 300_000 - len(sap(object="")["content"])
        zone.asset(formsInput=[sap(object="x" * room)])
        assert refusal(lambda: zone.asset(formsInput=[sap(object="x" * (room + 1))])) == VALIDATION

    def test_names(self, zone: Zone) -> None:
        zone.asset("n" * 256, description="d" * 2048)
        assert refusal(lambda: zone.asset("n" * 257)) == VALIDATION
        assert refusal(lambda: zone.asset(description="d" * 2049)) == VALIDATION
        assert refusal(lambda: zone.asset(typeIdentifier="absent")) == NOT_FOUND

    @pytest.mark.parametrize(
        "wrong",
        [
            {"content": "no JSON"},
            {"content": "[]"},
            {"content": "{}"},
            {"content": '{"object": 1}'},
            {"content": '{"object": "o", "rows": true}'},
            {"content": '{"object": "o", "other": 1}'},
            {"typeIdentifier": GLUE_TYPE},
            {"typeRevision": "7"},
        ],
    )
    def test_a_form_fits_its_type(self, zone: Zone, wrong: Json) -> None:
        assert refusal(lambda: zone.asset(formsInput=[{**sap(), **wrong}])) in {VALIDATION, NOT_FOUND}
        zone.asset(formsInput=[sap(rows=1)])

    def test_a_revision_replaces_everything(self, zone: Zone) -> None:
        term = zone.term(zone.glossary(), "t")
        kept = {"externalIdentifier": "e"}
        asset = zone.asset(description="d", glossaryTerms=[term], formsInput=[sap()], **kept)
        answer = zone.do("create_asset_revision", identifier=asset, name="two")
        assert (answer["revision"], answer["name"], answer["externalIdentifier"]) == ("2", "two", "e")
        found = zone.do("get_asset", identifier=asset)
        assert found["formsOutput"] == []
        assert not {"description", "glossaryTerms"} & set(found)
        first = zone.do("get_asset", identifier=asset, revision="1")
        assert (first["name"], first["glossaryTerms"], len(first["formsOutput"])) == ("one", [term], 1)
        assert refusal(lambda: zone.do("get_asset", identifier=asset, revision="3")) == NOT_FOUND

    def test_a_revision_means_the_newest_types(self, zone: Zone) -> None:
        asset = zone.asset(typeRevision="1", formsInput=[sap()])
        zone.form_type()
        zone.asset_type()

        def revised(type_revision: str, form_revision: str) -> Json:
            forms = [{**sap(), "typeRevision": form_revision}]
            more = {"typeRevision": type_revision, "formsInput": forms}
            return zone.do("create_asset_revision", identifier=asset, name="two", **more)

        assert refusal(lambda: revised("1", "2")) == VALIDATION
        assert refusal(lambda: revised("2", "1")) == VALIDATION
        assert revised("2", "2")["revision"] == "2"

    def test_a_token_makes_one_revision(self, zone: Zone) -> None:
        asset = zone.asset(clientToken="token")
        assert zone.asset(clientToken="token") == asset
        for _ in range(2):
            zone.do("create_asset_revision", identifier=asset, name="two", clientToken="token")
        found = zone.do("list_asset_revisions", identifier=asset)["items"]
        assert [row["revision"] for row in found] == ["2", "1"]
        other = {"identifier": asset, "name": "three", "clientToken": "token"}
        assert refusal(lambda: zone.do("create_asset_revision", **other)) == CONFLICT

    def test_revisions_come_fifty_a_page(self, zone: Zone) -> None:
        asset = zone.asset()
        for _ in range(50):
            zone.do("create_asset_revision", identifier=asset, name="next")
        page = zone.do("list_asset_revisions", identifier=asset)
        rest = zone.do("list_asset_revisions", identifier=asset, nextToken=page["nextToken"])
        assert (page["items"][0]["revision"], len(page["items"]), len(rest["items"])) == ("51", 50, 1)
        assert refusal(lambda: zone.do("list_asset_revisions", identifier=asset, maxResults=51)) == VALIDATION


class TestListings:
    def listed(self, zone: Zone, text: str = "one") -> list[Json]:
        return [item["assetListing"] for item in zone.do("search_listings", searchText=text)["items"]]

    def test_only_what_is_published_is_seen(self, zone: Zone) -> None:
        term = zone.term(zone.glossary(), "Customer", shortDescription="who buys")
        asset = zone.asset(formsInput=[sap()], glossaryTerms=[term])
        assert self.listed(zone) == []
        assert "listing" not in zone.do("get_asset", identifier=asset)
        published = zone.publish(asset)
        assert published["status"] == "CREATING"
        zone.do("create_asset_revision", identifier=asset, name="two")
        (row,) = self.listed(zone)
        assert (row["entityId"], row["entityRevision"], row["name"]) == (asset, "1", "one")
        shown = zone.do("get_listing", identifier=published["listingId"])
        assert (shown["status"], shown["item"]["assetListing"]["assetRevision"]) == ("ACTIVE", "1")
        assert json.loads(shown["item"]["assetListing"]["forms"]) == {"SapForm": {"object": "o"}}
        assert row["glossaryTerms"] == [{"name": "Customer", "shortDescription": "who buys"}]
        again = zone.publish(asset)
        assert (again["listingId"], again["listingRevision"]) == (published["listingId"], "2")
        (row,) = self.listed(zone, "two")
        assert (row["entityRevision"], self.listed(zone)) == ("2", [])

    def test_what_is_published_is_not_deleted(self, zone: Zone) -> None:
        asset = zone.asset()
        assert refusal(lambda: zone.publish(asset, "UNPUBLISH")) == NOT_FOUND
        listing = zone.publish(asset, entityRevision="1")["listingId"]
        assert zone.do("get_asset", identifier=asset)["listing"]["listingStatus"] == "ACTIVE"
        assert refusal(lambda: zone.do("delete_asset", identifier=asset)) == CONFLICT
        assert zone.publish(asset, "UNPUBLISH")["status"] == "INACTIVE"
        assert self.listed(zone) == []
        zone.do("delete_asset", identifier=asset)
        assert refusal(lambda: zone.do("get_listing", identifier=listing)) == NOT_FOUND
        assert refusal(lambda: zone.publish(asset)) == NOT_FOUND


class TestColumns:
    def put(self, zone: Zone, asset: str, *names: str) -> Json:
        attributes = [{"attributeIdentifier": name, "forms": [sap()]} for name in names]
        entity = {"entityType": "ASSET", "entityIdentifier": asset}
        return zone.do("batch_put_attributes_metadata", **entity, attributes=attributes)

    def forms(self, zone: Zone, kind: str, identifier: str, *names: str) -> dict[str, int]:
        entity = {"entityType": kind, "entityIdentifier": identifier}
        found = zone.do("batch_get_attributes_metadata", **entity, attributeIdentifiers=[*names])
        return {each["attributeIdentifier"]: len(each["forms"]) for each in found["attributes"]}

    def test_a_column_fails_by_itself(self, zone: Zone) -> None:
        asset = zone.imported()["id"]
        answer = self.put(zone, asset, "a", "absent")
        assert answer["attributes"] == [{"attributeIdentifier": "a"}]
        assert [error["attributeIdentifier"] for error in answer["errors"]] == ["absent"]
        assert self.forms(zone, "ASSET", asset, "a", "b", "absent") == {"a": 1, "b": 0}

    def test_five_a_call(self, zone: Zone) -> None:
        asset = zone.asset()
        names = [f"c{number}" for number in range(6)]
        assert refusal(lambda: self.put(zone, asset, *names)) == VALIDATION
        assert len(self.put(zone, asset, *names[:5])["attributes"]) == 5
        assert refusal(lambda: self.forms(zone, "ASSET", asset, *names)) == VALIDATION
        assert self.forms(zone, "ASSET", asset, *names[:5]) == dict.fromkeys(names[:5], 1)

    def test_a_listing_has_them_as_they_were(self, zone: Zone) -> None:
        asset = zone.asset()
        self.put(zone, asset, "a")
        listing = zone.publish(asset)["listingId"]
        self.put(zone, asset, "b")
        assert self.forms(zone, "LISTING", listing, "a", "b") == {"a": 1, "b": 0}
        entity: Json = {"entityType": "LISTING", "entityIdentifier": listing, "attributes": []}
        assert refusal(lambda: zone.do("batch_put_attributes_metadata", **entity)) == VALIDATION


class TestLineage:
    def post(self, zone: Zone, event: Json, **more: str) -> str:
        return str(zone.do("post_lineage_event", event=json.dumps(event).encode(), **more)["id"])

    def test_one_is_done_after_a_while(self, zone: Zone) -> None:
        event = self.post(zone, EVENT)
        found = [zone.do("get_lineage_event", identifier=event) for _ in range(4)]
        assert [row["processingStatus"] for row in found] == ["REQUESTED", "PROCESSING", "SUCCESS", "SUCCESS"]
        assert json.loads(found[0]["event"].read()) == EVENT
        (row,) = zone.do("list_lineage_events", processingStatus="SUCCESS")["items"]
        summary = row["eventSummary"]["openLineageRunEventSummary"]
        assert (row["id"], summary["outputs"]) == (event, EVENT["outputs"])
        assert zone.do("list_lineage_events", processingStatus="FAILED")["items"] == []
        assert zone.do("list_lineage_events", timestampAfter=row["eventTime"])["items"] == []

    def test_a_token_posts_once(self, zone: Zone) -> None:
        assert self.post(zone, EVENT, clientToken="t") == self.post(zone, EVENT, clientToken="t")
        assert len(zone.do("list_lineage_events")["items"]) == 1

    def test_300_000_bytes(self, zone: Zone) -> None:
        room = 300_000 - len(json.dumps({**EVENT, "producer": ""}))
        self.post(zone, {**EVENT, "producer": "x" * room})
        assert refusal(lambda: self.post(zone, {**EVENT, "producer": "x" * (room + 1)})) == VALIDATION

    @pytest.mark.parametrize(
        "wrong", [{"run": {}}, {"job": {}}, {"eventTime": "now"}, {"eventType": "ODD"}, {"outputs": [{"name": "x"}]}]
    )
    def test_only_run_events(self, zone: Zone, wrong: Json) -> None:
        assert refusal(lambda: self.post(zone, {**EVENT, **wrong})) == VALIDATION


class TestDataSources:
    def test_a_run_imports_tables_and_follows_them(self, zone: Zone) -> None:
        asset = zone.imported()
        assert (asset["typeIdentifier"], asset["externalIdentifier"], asset["createdBy"]) == (GLUE_TYPE, ARN, "SYSTEM")
        technical, reference = asset["formsOutput"]
        assert json.loads(technical["content"])["columns"] == [
            {"columnName": name, "dataType": "int", "columnDescription": name} for name in "ab"
        ]
        assert reference["formName"] == "DataSourceReferenceForm"
        counted = {"added": 0, "updated": 0, "unchanged": 1, "skipped": 0, "failed": 0}
        assert run_data_source(zone.dz, "d") == counted
        zone.change_table("a", "c")
        assert run_data_source(zone.dz, "d") == {**counted, "unchanged": 0, "updated": 1}
        assert zone.imported()["revision"] == "2"

    def test_what_people_wrote_outlives_a_run(self, zone: Zone) -> None:
        asset = zone.imported()
        forms = [*sent_again(asset), sap()]
        own = {"name": "Customers", "formsInput": forms, "typeRevision": asset["typeRevision"]}
        zone.do("create_asset_revision", identifier=asset["id"], **own)
        zone.change_table("c")
        found = zone.imported()
        assert (found["revision"], found["name"], found["createdBy"]) == ("3", "Customers", "SYSTEM")
        assert [each["formName"] for each in found["formsOutput"]] == [
            "GlueTableForm",
            "DataSourceReferenceForm",
            "SapForm",
        ]

    def test_a_revision_without_its_technical_form_is_refused(self, zone: Zone) -> None:
        asset = zone.imported()
        assert refusal(lambda: zone.do("create_asset_revision", identifier=asset["id"], name="x")) == VALIDATION

    def test_without_its_reference_it_is_followed_no_more(self, zone: Zone) -> None:
        asset = zone.imported()
        technical = sent_again(asset)[:1]
        zone.do("create_asset_revision", identifier=asset["id"], name="t", formsInput=technical)
        zone.change_table("c")
        assert run_data_source(zone.dz, "d")["failed"] == 1

    def test_a_custom_asset_in_the_way_fails_its_table(self, zone: Zone) -> None:
        zone.asset(externalIdentifier=ARN)
        assert run_data_source(zone.dz, "d") == {"added": 0, "updated": 0, "unchanged": 0, "skipped": 0, "failed": 1}

    def test_what_is_imported_may_be_published(self, zone: Zone) -> None:
        run_data_source(zone.dz, "d", publish=True)
        (item,) = zone.do("search_listings", additionalAttributes=["FORMS"])["items"]
        forms = json.loads(item["assetListing"]["additionalAttributes"]["forms"])
        assert forms["GlueTableForm"]["tableArn"] == ARN

    def test_in_a_domain_of_version_2_the_project_is_named(self, zone: Zone) -> None:
        role = "arn:aws:iam::123456789012:role/x"
        domain = zone.dz.create_domain(name="v2", domainExecutionRole=role, domainVersion="V2")["id"]
        project = zone.dz.create_project(domainIdentifier=domain, name="lake")["id"]
        run_data_source(zone.dz, "d", domain=domain, project=project)
        (item,) = zone.dz.search(domainIdentifier=domain, searchScope="ASSET")["items"]
        assert item["assetItem"]["externalIdentifier"] == f"{ARN}.{project}"

    def test_25_runs_a_day(self, zone: Zone) -> None:
        for _ in range(25):
            run_data_source(zone.dz, "d")
        assert refusal(lambda: run_data_source(zone.dz, "d")) == "ServiceQuotaExceededException"
        assert refusal(lambda: run_data_source(zone.dz, "d", project="absent")) == NOT_FOUND
        other = {"name": "d", "type": "REDSHIFT", "projectIdentifier": PROJECT}
        assert refusal(lambda: zone.do("create_data_source", **other)) == VALIDATION
