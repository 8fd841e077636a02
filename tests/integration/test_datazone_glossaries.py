"""DataZone's double through clients of boto3, on both ways to it: domains, glossaries, types, search."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.lake import WAYS
from tests.integration.zone import DOMAIN, PROJECT, SMITHY, Json, Zone, refusal, zone_on

VALIDATION = "ValidationException"
CONFLICT = "ConflictException"
NOT_FOUND = "ResourceNotFoundException"


@pytest.fixture(params=WAYS)
def zone(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Zone]:
    with zone_on(request.param, tmp_path) as zone:
        yield zone


class TestDomains:
    def test_one_is_there_with_a_project(self, zone: Zone) -> None:
        (domain,) = zone.dz.list_domains()["items"]
        assert (domain["id"], domain["status"]) == (DOMAIN, "AVAILABLE")
        assert zone.dz.get_domain(identifier=DOMAIN)["arn"] == domain["arn"]
        assert zone.do("get_project", identifier=PROJECT)["projectStatus"] == "ACTIVE"

    def test_others_are_of_their_own(self, zone: Zone) -> None:
        other = zone.dz.create_domain(name="other", domainExecutionRole="arn:aws:iam::123456789012:role/x")["id"]
        project = zone.dz.create_project(domainIdentifier=other, name="lake")["id"]
        zone.glossary()
        zone.dz.create_glossary(domainIdentifier=other, name="SAP", owningProjectIdentifier=project)
        assert zone.dz.search(domainIdentifier=other, searchScope="GLOSSARY")["totalMatchCount"] == 1
        assert len(zone.do("list_projects")["items"]) == 1

    def test_what_is_not_there_is_said_as_the_model_allows(self, zone: Zone) -> None:
        assert refusal(lambda: zone.dz.get_domain(identifier="dzd_absent")) == NOT_FOUND
        assert refusal(lambda: zone.do("get_project", identifier="absent")) == NOT_FOUND
        assert refusal(lambda: zone.dz.list_projects(domainIdentifier="dzd_absent")) == VALIDATION
        owner = {"owningProjectIdentifier": "absent"}
        assert refusal(lambda: zone.do("create_glossary", name="x", **owner)) == VALIDATION


class TestGlossaries:
    def test_a_name_is_unique_in_a_domain(self, zone: Zone) -> None:
        first = zone.glossary()
        assert refusal(zone.glossary) == CONFLICT
        second = zone.glossary("other")
        assert refusal(lambda: zone.do("update_glossary", identifier=second, name="SAP")) == CONFLICT
        zone.do("update_glossary", identifier=first, name="SAP", description="kept")
        assert zone.do("get_glossary", identifier=first)["description"] == "kept"

    def test_lengths(self, zone: Zone) -> None:
        glossary = zone.glossary("g" * 256, description="d" * 4096)
        assert refusal(lambda: zone.glossary("g" * 257)) == VALIDATION
        assert refusal(lambda: zone.glossary("h", description="d" * 4097)) == VALIDATION
        zone.term(glossary, "t" * 256, shortDescription="s" * 1024, longDescription="l" * 4096)
        assert refusal(lambda: zone.term(glossary, "t" * 257)) == VALIDATION
        assert refusal(lambda: zone.term(glossary, "t", shortDescription="s" * 1025)) == VALIDATION
        assert refusal(lambda: zone.term(glossary, "t", longDescription="l" * 4097)) == VALIDATION

    def test_a_token_makes_one_thing_once(self, zone: Zone) -> None:
        first = zone.glossary(clientToken="token")
        zone.do("update_glossary", identifier=first, name="renamed")
        assert zone.glossary(clientToken="token") == first
        assert zone.do("search", searchScope="GLOSSARY")["totalMatchCount"] == 1
        assert refusal(lambda: zone.glossary("other", clientToken="token")) == CONFLICT
        assert refusal(lambda: zone.glossary("other", clientToken="x" * 129)) == VALIDATION
        zone.glossary("other", clientToken="x" * 128)

    def test_only_a_disabled_empty_one_is_deleted(self, zone: Zone) -> None:
        glossary = zone.glossary()
        term = zone.term(glossary, "Customer")
        delete = {"identifier": glossary}
        assert refusal(lambda: zone.do("delete_glossary", **delete)) == CONFLICT
        zone.do("update_glossary", identifier=glossary, status="DISABLED")
        assert refusal(lambda: zone.do("delete_glossary", **delete)) == CONFLICT
        zone.do("update_glossary_term", identifier=term, status="DISABLED")
        zone.do("delete_glossary_term", identifier=term)
        zone.do("delete_glossary", **delete)
        assert refusal(lambda: zone.do("get_glossary", identifier=glossary)) == NOT_FOUND


class TestTerms:
    def test_a_name_is_unique_in_a_glossary(self, zone: Zone) -> None:
        glossary, other = zone.glossary(), zone.glossary("other")
        zone.term(glossary, "Customer")
        zone.term(other, "Customer")
        second = zone.term(glossary, "Group")
        assert refusal(lambda: zone.term(glossary, "Customer")) == CONFLICT
        assert refusal(lambda: zone.do("update_glossary_term", identifier=second, name="Customer")) == CONFLICT
        assert refusal(lambda: zone.term("absent", "x")) == NOT_FOUND
        elsewhere = {"identifier": second, "glossaryIdentifier": other}
        assert refusal(lambda: zone.do("update_glossary_term", **elsewhere)) == VALIDATION

    def test_ten_relations_of_a_kind(self, zone: Zone) -> None:
        glossary = zone.glossary()
        terms = [zone.term(glossary, f"t{number}") for number in range(11)]
        top = zone.term(glossary, "top", termRelations={"classifies": terms[:10], "isA": terms[:10]})
        assert refusal(lambda: zone.term(glossary, "x", termRelations={"classifies": terms})) == VALIDATION
        assert refusal(lambda: zone.term(glossary, "x", termRelations={"isA": ["absent"]})) == NOT_FOUND
        own: Json = {"identifier": top, "termRelations": {"isA": [top]}}
        assert refusal(lambda: zone.do("update_glossary_term", **own)) == VALIDATION
        zone.do("update_glossary_term", identifier=top, shortDescription="new")
        found = zone.do("get_glossary_term", identifier=top)
        assert (found["termRelations"]["isA"], found["shortDescription"]) == (terms[:10], "new")

    def test_one_in_use_is_not_deleted(self, zone: Zone) -> None:
        glossary = zone.glossary()
        term, child = zone.term(glossary, "Customer"), zone.term(glossary, "Group")
        zone.asset_type()
        asset = zone.asset(glossaryTerms=[term])
        delete = {"identifier": term}
        assert refusal(lambda: zone.do("delete_glossary_term", **delete)) == CONFLICT
        zone.do("update_glossary_term", identifier=term, status="DISABLED")
        assert refusal(lambda: zone.do("delete_glossary_term", **delete)) == CONFLICT
        zone.do("create_asset_revision", identifier=asset, name="one")
        zone.do("update_glossary_term", identifier=child, termRelations={"isA": [term]})
        assert refusal(lambda: zone.do("delete_glossary_term", **delete)) == CONFLICT
        zone.do("update_glossary_term", identifier=child, termRelations={"isA": [zone.term(glossary, "Other")]})
        zone.do("delete_glossary_term", **delete)
        assert refusal(lambda: zone.do("get_glossary_term", **delete)) == NOT_FOUND


class TestTypes:
    def test_a_model_is_read(self, zone: Zone) -> None:
        assert zone.form_type() == "1"
        assert zone.form_type() == "2"
        found = zone.do("get_form_type", formTypeIdentifier="SapForm", revision="1")
        assert (found["model"], found["status"]) == ({"smithy": SMITHY}, "ENABLED")
        for smithy in ("structure Other {}", "structure SapForm {", "structure SapForm { ? }"):
            assert refusal(lambda: zone.form_type(smithy)) == VALIDATION  # noqa: B023
        fitting = SMITHY + "/" * (100_000 - len(SMITHY))
        assert zone.form_type(fitting) == "3"
        assert refusal(lambda: zone.form_type(fitting + "/")) == VALIDATION

    @pytest.mark.parametrize("name", ["1a", "a-b", "a" * 129])
    def test_names(self, zone: Zone, name: str) -> None:
        assert refusal(lambda: zone.form_type(f"structure {name} {{}}", name)) == VALIDATION

    def test_ten_forms_of_revisions_that_are_there(self, zone: Zone) -> None:
        revision = zone.form_type()
        entry = {"typeIdentifier": "SapForm", "typeRevision": revision}
        assert zone.asset_type(**{f"f{number}": entry for number in range(10)}) == "1"
        assert refusal(lambda: zone.asset_type(**{f"f{number}": entry for number in range(11)})) == VALIDATION
        assert refusal(lambda: zone.asset_type(f={**entry, "typeRevision": "9"})) == VALIDATION
        assert zone.asset_type(f=entry) == "2"
        found = zone.do("get_asset_type", identifier="SapAsset")
        assert found["formsOutput"] == {"f": {"typeName": "SapForm", "typeRevision": "1", "required": False}}

    def test_those_in_use_and_those_of_datazone_stay(self, zone: Zone) -> None:
        entry = {"typeIdentifier": "SapForm", "typeRevision": zone.form_type()}
        zone.asset_type(f=entry)
        asset = zone.asset()
        assert refusal(lambda: zone.do("delete_form_type", formTypeIdentifier="SapForm")) == CONFLICT
        assert refusal(lambda: zone.do("delete_asset_type", identifier="SapAsset")) == CONFLICT
        managed = {"formTypeIdentifier": "amazon.datazone.GlueTableFormType"}
        assert refusal(lambda: zone.do("delete_form_type", **managed)) == VALIDATION
        zone.do("delete_asset", identifier=asset)
        zone.do("delete_asset_type", identifier="SapAsset")
        zone.do("delete_form_type", formTypeIdentifier="SapForm")
        assert refusal(lambda: zone.do("get_form_type", formTypeIdentifier="SapForm")) == NOT_FOUND

    def test_a_type_of_another_project_is_not_changed(self, zone: Zone) -> None:
        zone.form_type()
        other = zone.do("create_project", name="other")["id"]
        wanted: Json = {"name": "SapForm", "model": {"smithy": SMITHY}, "owningProjectIdentifier": other}
        assert refusal(lambda: zone.do("create_form_type", **wanted)) == CONFLICT


class TestSearch:
    def test_a_text_finds_more_than_the_one(self, zone: Zone) -> None:
        glossary = zone.glossary()
        for name in ("Customer", "customer group", "Supplier", "Customers of others"):
            zone.term(glossary, name)

        def found(text: str) -> list[str]:
            answer = zone.do("search", searchScope="GLOSSARY_TERM", searchText=text)
            return [item["glossaryTermItem"]["name"] for item in answer["items"]]

        assert found("customer") == ["Customer", "customer group", "Customers of others"]
        assert found("customer group") == ["customer group", "Customer", "Customers of others"]
        assert found('"customer group"') == ["customer group"]
        assert refusal(lambda: found("x" * 513)) == VALIDATION

    def test_filters_compare_exactly(self, zone: Zone) -> None:
        one, other = zone.glossary(), zone.glossary("other")
        terms = [zone.term(glossary, "Customer") for glossary in (one, other)]
        of = {"filter": {"attribute": "glossaryId", "value": one, "operator": "EQ"}}
        answer = zone.do("search", searchScope="GLOSSARY_TERM", filters={"and": [of]})
        assert [item["glossaryTermItem"]["id"] for item in answer["items"]] == terms[:1]

        def odd(**clause: object) -> str:
            return refusal(lambda: zone.do("search", searchScope="GLOSSARY_TERM", filters=clause))

        assert odd(filter={"attribute": "unknown", "value": "x", "operator": "EQ"}) == VALIDATION
        assert odd(filter={"attribute": "name", "value": "x" * 129, "operator": "EQ"}) == VALIDATION

    def test_fifty_a_page(self, zone: Zone) -> None:
        for number in range(51):
            zone.glossary(f"g{number:02}")
        first = zone.do("search", searchScope="GLOSSARY")
        assert (len(first["items"]), first["totalMatchCount"]) == (50, 51)
        rest = zone.do("search", searchScope="GLOSSARY", nextToken=first["nextToken"])
        assert [item["glossaryItem"]["name"] for item in rest["items"]] == ["g50"]
        assert refusal(lambda: zone.do("search", searchScope="GLOSSARY", maxResults=51)) == VALIDATION
        assert refusal(lambda: zone.do("search", searchScope="GLOSSARY", nextToken="nonsense!")) == VALIDATION

    def test_types_are_found_by_who_manages_them(self, zone: Zone) -> None:
        zone.form_type()
        own = zone.do("search_types", searchScope="FORM_TYPE", managed=False, searchText="unlike")["items"]
        assert own == []
        own = zone.do("search_types", searchScope="FORM_TYPE", managed=False)["items"]
        assert [item["formTypeItem"]["name"] for item in own] == ["SapForm"]
        managed = zone.do("search_types", searchScope="ASSET_TYPE", managed=True)["items"]
        assert [item["assetTypeItem"]["name"] for item in managed] == ["amazon.datazone.GlueTableAssetType"]
