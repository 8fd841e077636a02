"""Services beside the simulator's Glue: faults, counters, log, dumps and places, as Glue has them."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.integration.lake import Lake, columns, table
from tests.simulators.glue_process import REGION, GlueSimulator, running_glue

IMPATIENT = Config(retries={"total_max_attempts": 1})


@pytest.fixture
def lake(simulator: GlueSimulator) -> Lake:
    """Database `d`, its table `t`, and the tag `pii`; nothing counted, no faults."""
    simulator.heal()
    simulator.load({"databases": {}, "tables": {}})
    lake = Lake(simulator.client(), simulator.client_of("lakeformation"))
    lake.glue.create_database(DatabaseInput={"Name": "d"})
    lake.make_table()
    lake.lf.create_lf_tag(TagKey="pii", TagValues=["yes", "no"])
    simulator.reset()
    return lake


def client(simulator: GlueSimulator, service: str = "lakeformation", region: str = REGION, key: str = "other") -> Any:
    """One that tries once."""
    session: Any = boto3.session.Session(key, "secret", region_name=region)
    return session.client(service, endpoint_url=simulator.url, config=IMPATIENT)


def test_calls_are_counted_and_logged_with_their_service(lake: Lake, simulator: GlueSimulator) -> None:
    lake.put(table(), {"pii": "yes"})
    lake.tags(table())
    lake.tags(columns("a"))
    lake.glue.get_table(DatabaseName="d", Name="t")
    counted = {"lakeformation:AddLFTagsToResource": 1, "lakeformation:GetResourceLFTags": 2, "GetTable": 1}
    assert simulator.calls() == counted
    with pytest.raises(ClientError):
        lake.lf.get_lf_tag(TagKey="absent")
    assert simulator.counters()["refused"] == {"EntityNotFoundException": 1}
    first, *_, last = simulator.log()
    assert (first["operation"], first["outcome"]) == ("lakeformation:AddLFTagsToResource", "done")
    assert first["parameters"]["Resource"] == table()
    assert (last["place"], last["outcome"]) == ("eu-central-1/123456789012", "EntityNotFoundException")


@pytest.mark.parametrize("operation", ["*", "GetLFTag", "lakeformation:GetLFTag", "lakeformation:*"])
def test_a_fault_finds_its_operation(lake: Lake, simulator: GlueSimulator, operation: str) -> None:
    simulator.fault("throttle", operation)
    lf = client(simulator)
    with pytest.raises(ClientError) as refused:
        lf.get_lf_tag(TagKey="pii")
    assert refused.value.response["Error"]["Code"] == "ThrottlingException"
    assert lf.get_lf_tag(TagKey="pii")["TagValues"] == ["yes", "no"]


def test_a_fault_of_another_service_hurts_nobody_here(lake: Lake, simulator: GlueSimulator) -> None:
    simulator.fault("deny", "lakeformation:*", times=None)
    lake.glue.get_table(DatabaseName="d", Name="t")
    simulator.heal()
    simulator.fault("deny", "glue:*", times=None)
    lake.lf.get_lf_tag(TagKey="pii")


def test_errors_have_the_status_that_the_model_says(lake: Lake, simulator: GlueSimulator) -> None:
    lf = client(simulator)
    simulator.fault("deny", "lakeformation:GetLFTag")
    with pytest.raises(lf.exceptions.AccessDeniedException) as denied:
        lf.get_lf_tag(TagKey="pii")
    assert denied.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert "lakeformation:GetLFTag" in str(denied.value)
    simulator.fault("error", "AddLFTagsToResource", code="ConcurrentModificationException")
    with pytest.raises(lf.exceptions.ConcurrentModificationException):
        lf.add_lf_tags_to_resource(Resource=table(), LFTags=[{"TagKey": "pii", "TagValues": ["yes"]}])
    assert lake.tags(table()) == {}
    simulator.fault("error", "GetLFTag", code="InternalServiceException", status=503)
    with pytest.raises(ClientError) as failed:
        lf.get_lf_tag(TagKey="pii")
    assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503


def test_a_fault_finds_its_table(lake: Lake, simulator: GlueSimulator) -> None:
    lake.make_table("u")
    simulator.fault("deny", "lakeformation:GetResourceLFTags", times=None, table="u", database="d")
    assert lake.tags(table("t")) == {}
    with pytest.raises(ClientError):
        lake.tags(table("u"))


def test_one_tag_of_a_call_can_fail_alone(lake: Lake, simulator: GlueSimulator) -> None:
    lake.lf.create_lf_tag(TagKey="domain", TagValues=["hr"])
    simulator.fault("fail", "AddLFTagsToResource", times=2, tag="pii", code="AccessDeniedException")
    (failure,) = lake.put(table(), {"PII": "yes", "domain": "hr"})
    assert (failure["LFTag"]["TagKey"], failure["Error"]["ErrorCode"]) == ("PII", "AccessDeniedException")
    assert lake.tags(table()) == {"table": {"domain": "hr"}}
    assert len(lake.put(table(), {"pii": "yes"})) == 1
    assert lake.put(table(), {"pii": "yes"}) == []


def test_a_page_can_point_at_itself(lake: Lake, simulator: GlueSimulator) -> None:
    simulator.fault("loop", "lakeformation:ListLFTags", times=2)
    first = lake.lf.list_lf_tags()
    again = lake.lf.list_lf_tags(NextToken=first["NextToken"])
    assert (again["LFTags"], again["NextToken"]) == (first["LFTags"], first["NextToken"])


def test_a_lost_answer_was_done_and_a_dropped_call_was_not(lake: Lake, simulator: GlueSimulator) -> None:
    lf, tags = client(simulator), [{"TagKey": "pii", "TagValues": ["yes"]}]
    for kind, left in (("drop", {}), ("lose", {"table": {"pii": "yes"}})):
        simulator.fault(kind, "AddLFTagsToResource")
        with pytest.raises(ConnectionClosedError):
            lf.add_lf_tags_to_resource(Resource=table(), LFTags=tags)
        assert lake.tags(table()) == left


def test_a_dump_can_be_gone_on_with(lake: Lake, simulator: GlueSimulator) -> None:
    lake.put(columns("a"), {"pii": "yes"})
    dumped = simulator.dump()
    assert simulator.lakeformation_dump()["assigned"]["tables"]["d"]["t"]["columns"] == {"a": {"pii": "yes"}}
    with running_glue() as other:
        assert other.lakeformation_dump() == {}
        other.load(dumped)
        assert other.dump() == dumped
        again = Lake(other.client(), other.client_of("lakeformation"))
        assert again.tags(table()) == {"a": {"pii": "yes"}}
        again.glue.delete_table(DatabaseName="d", Name="t")
        again.make_table()
        assert again.tags(table()) == {}


def test_a_dump_of_quicksight_can_be_gone_on_with(lake: Lake, simulator: GlueSimulator) -> None:
    asked: Any = {"AwsAccountId": "123456789012", "DataSourceId": "athena"}
    source = {"Name": "N", "Type": "ATHENA", "DataSourceParameters": {"AthenaParameters": {}}}
    assert simulator.quicksight_dump() == {}
    client(simulator, "quicksight").create_data_source(**asked, **source)
    assert simulator.quicksight_dump()["DataSource"]["athena"]["content"]["Name"] == "N"
    before = client(simulator, "quicksight").describe_data_source(**asked)["DataSource"]
    simulator.load(simulator.dump())
    assert client(simulator, "quicksight").describe_data_source(**asked)["DataSource"] == before
    assert simulator.calls()["quicksight:CreateDataSource"] == 1


def test_each_account_and_region_has_its_own(lake: Lake, simulator: GlueSimulator) -> None:
    elsewhere = client(simulator, region="eu-west-1")
    assert elsewhere.list_lf_tags()["LFTags"] == []
    elsewhere.create_lf_tag(TagKey="theirs", TagValues=["v"])
    lake.lf.create_lf_tag(CatalogId="999999999999", TagKey="foreign", TagValues=["v"])
    assert [tag["TagKey"] for tag in lake.lf.list_lf_tags()["LFTags"]] == ["pii"]
    assert set(simulator.dump_of("eu-west-1/123456789012")["lakeformation"]["tags"]) == {"theirs"}
    assert set(simulator.dump_of("eu-central-1/999999999999")["lakeformation"]["tags"]) == {"foreign"}


def test_keys_that_have_ended_are_refused(lake: Lake, simulator: GlueSimulator) -> None:
    role = "arn:aws:iam::222222222222:role/reader"
    simulator.allow_role(role, lasts=-1)
    keys = client(simulator, "sts").assume_role(RoleArn=role, RoleSessionName="reading")["Credentials"]
    with pytest.raises(ClientError) as refused:
        client(simulator, key=keys["AccessKeyId"]).list_lf_tags()
    assert refused.value.response["Error"]["Code"] == "ExpiredTokenException"


def test_what_has_no_double_is_refused_as_the_service_would(lake: Lake, simulator: GlueSimulator) -> None:
    with pytest.raises(ClientError) as refused:
        client(simulator).list_data_cells_filter()
    assert refused.value.response["Error"]["Code"] == "UnknownOperationException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    with pytest.raises(ClientError) as nowhere:
        client(simulator, "athena").list_data_catalogs()
    assert nowhere.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_a_domain_is_dumped_and_loaded_with_what_json_has_not(lake: Lake, simulator: GlueSimulator) -> None:
    assert simulator.datazone_dump() == {}
    assert simulator.run_data_source("d")["added"] == 1
    event = b'{"eventTime": "2026-11-27T00:00:00Z", "run": {"runId": "r"}, "job": {"name": "j", "namespace": "n"}}'
    zone = client(simulator, "datazone")
    zone.post_lineage_event(domainIdentifier="dzd_x1", event=event)
    dumped = simulator.datazone_dump()
    (asset,) = dumped["assets"].values()
    (posted,) = dumped["events"].values()
    assert (asset[-1]["name"], posted["event"]) == ("t", event)
    simulator.load(simulator.dump())
    assert simulator.datazone_dump() == dumped
    assert simulator.run_data_source("d")["unchanged"] == 1
    simulator.fault("deny", "datazone:CreateGlossary")
    with pytest.raises(zone.exceptions.AccessDeniedException):
        zone.create_glossary(domainIdentifier="dzd_x1", name="SAP", owningProjectIdentifier="p1")
