"""The calls of DataZone for `examples.py`. Ids are those that come of the time of each call there."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from spheresync.dog.services.double import Call
from tests.unit.dog.services.example_times import BEGIN, time_of

Json = dict[str, Any]

ARN = "arn:aws:glue:eu-central-1:123456789012:table/d/t"
SMITHY = '// what is ours\nstructure SapForm { @required\n @documentation("{") object: String, rows: Integer }'
DATAZONE: list[tuple[str, Json]] = []


def _add(operation: str, kind: str = "", **parameters: Any) -> str:
    """Add a call in the domain; the id of what it makes."""
    call = Call(operation, {}, time_of(len(DATAZONE)))
    DATAZONE.append((operation, {"domainIdentifier": "dzd_x1", **parameters}))
    return call.new_id(kind, 14)


def _add_bare(operation: str, **parameters: Any) -> None:
    DATAZONE.append((operation, parameters))


def _clause(attribute: str, value: str, operator: str = "EQ") -> Json:
    return {"filter": {"attribute": attribute, "value": value, "operator": operator}}


def _time(operator: str, at: datetime) -> Json:
    value = int(at.timestamp() * 1000)
    return {"filter": {"attribute": "creationTime", "intValue": value, "operator": operator}}


def _form(name: str, content: Json, **more: str) -> Json:
    return {"formName": name, "content": json.dumps(content), **more}


_SAP_FORM = _form("SapForm", {"object": "o", "rows": 1}, typeIdentifier="SapForm", typeRevision="2")
_EVENT = {
    "eventType": "COMPLETE",
    "eventTime": "2026-11-27T00:00:00Z",
    "run": {"runId": "r"},
    "job": {"namespace": "n", "name": "j"},
    "inputs": [{"namespace": "sap-datasphere://x", "name": "S.O"}],
    "outputs": [{"namespace": "arn:aws:glue", "name": ARN}],
}
_BOUNDED = {"timestampAfter": BEGIN - timedelta(days=1), "timestampBefore": BEGIN + timedelta(days=1)}

_add_bare(
    "CreateDomain",
    name="other",
    description="second",
    domainVersion="V2",
    domainExecutionRole="arn:aws:iam::123456789012:role/x",
    serviceRole="arn:aws:iam::123456789012:role/y",
)
_add_bare("ListDomains", status="AVAILABLE", maxResults=1)
_add_bare("ListDomains", nextToken="MQ==")
_add_bare("GetDomain", identifier="dzd_x1")
_PROJECT = _add("CreateProject", "project", name="another", description="of others")
_add("GetProject", identifier="p1")
_add("ListProjects", name="lake", maxResults=1)
_add("ListProjects", nextToken="MQ==")

_GLOSSARY = _add(
    "CreateGlossary",
    "glossary",
    name="SAP",
    owningProjectIdentifier="p1",
    description="d",
    status="ENABLED",
    clientToken="t1",
)
_add("CreateGlossary", name="of others", owningProjectIdentifier=_PROJECT)
_GOVERNED = _add(
    "CreateGlossary",
    "glossary",
    name="governed",
    owningProjectIdentifier=_PROJECT,
    usageRestrictions=["ASSET_GOVERNED_TERMS"],
)
_add("UpdateGlossary", identifier=_GLOSSARY, name="SAP Datasphere", description="e", status="ENABLED", clientToken="t")
_add("GetGlossary", identifier=_GLOSSARY)
_TERM = _add(
    "CreateGlossaryTerm",
    "term",
    glossaryIdentifier=_GLOSSARY,
    name="Customer",
    shortDescription="s",
    longDescription="l",
    status="ENABLED",
    clientToken="t2",
)
_CHILD = _add(
    "CreateGlossaryTerm",
    "term",
    glossaryIdentifier=_GLOSSARY,
    name="Customer group",
    termRelations={"isA": [_TERM], "classifies": [_TERM]},
)
_add(
    "UpdateGlossaryTerm",
    glossaryIdentifier=_GLOSSARY,
    identifier=_CHILD,
    name="Group",
    shortDescription="s",
    longDescription="l",
    termRelations={"isA": [_TERM]},
    status="DISABLED",
)
_add("GetGlossaryTerm", identifier=_CHILD)
_add("DeleteGlossaryTerm", identifier=_CHILD)
_add("UpdateGlossary", identifier=_GOVERNED, status="DISABLED")
_add("DeleteGlossary", identifier=_GOVERNED)

for _ in range(2):
    _add(
        "CreateFormType",
        name="SapForm",
        model={"smithy": SMITHY},
        owningProjectIdentifier="p1",
        status="ENABLED",
        description="d",
    )
_add(
    "CreateFormType",
    name="Gone",
    model={"smithy": "structure Gone {}"},
    owningProjectIdentifier="p1",
    status="DISABLED",
)
_add("GetFormType", formTypeIdentifier="SapForm", revision="1")
_add("GetFormType", formTypeIdentifier="amazon.datazone.GlueTableFormType")
_add("DeleteFormType", formTypeIdentifier="Gone")
for _name in ("SapAsset", "Unused"):
    _add(
        "CreateAssetType",
        name=_name,
        description="d",
        formsInput={"SapForm": {"typeIdentifier": "SapForm", "typeRevision": "2", "required": True}},
        owningProjectIdentifier="p1",
    )
_add("GetAssetType", identifier="SapAsset", revision="1")
_add("GetAssetType", identifier="amazon.datazone.GlueTableAssetType")
_add("DeleteAssetType", identifier="Unused")
_CUSTOM = {"owningProjectIdentifier": "p1", "typeIdentifier": "SapAsset"}
_ASSET = _add(
    "CreateAsset",
    "asset",
    **_CUSTOM,
    name="custom one",
    typeRevision="1",
    externalIdentifier="sap:o",
    description="d",
    glossaryTerms=[_TERM],
    formsInput=[_SAP_FORM],
    predictionConfiguration={"businessNameGeneration": {"enabled": False}},
    clientToken="t3",
)
_SECOND = _add("CreateAsset", "asset", **_CUSTOM, name="second", formsInput=[_form("SapForm", {"object": "p"})])
_add("DeleteAsset", identifier=_SECOND)
_add(
    "CreateAssetRevision",
    identifier=_ASSET,
    name="custom two",
    typeRevision="1",
    description="e",
    glossaryTerms=[_TERM],
    formsInput=[_SAP_FORM],
    predictionConfiguration={"businessNameGeneration": {"enabled": False}},
    clientToken="t4",
)
_add("GetAsset", identifier=_ASSET)
_add("GetAsset", identifier=_ASSET, revision="1")
_add("ListAssetRevisions", identifier=_ASSET, maxResults=1)
_add("ListAssetRevisions", identifier=_ASSET, nextToken="MQ==")

_SOURCE = _add(
    "CreateDataSource",
    "data source",
    name="lake d",
    description="d",
    projectIdentifier="p1",
    type="GLUE",
    configuration={
        "glueRunConfiguration": {
            "relationalFilterConfigurations": [
                {"databaseName": "d", "filterExpressions": [{"type": "INCLUDE", "expression": "*"}]},
                {"databaseName": "d", "filterExpressions": [{"type": "EXCLUDE", "expression": "*"}]},
            ]
        }
    },
    publishOnImport=True,
    clientToken="t5",
)
_add("GetDataSource", identifier=_SOURCE)
_add("ListDataSources", projectIdentifier="p1", name="lake d", maxResults=1)
_add("ListDataSources", projectIdentifier="p1", nextToken="MQ==")
_IMPORTED = _add("StartDataSourceRun", f"asset {ARN}", dataSourceIdentifier=_SOURCE, clientToken="t6")
_RUN = Call("StartDataSourceRun", {}, time_of(len(DATAZONE) - 1)).new_id("run", 14)
_add("GetDataSourceRun", identifier=_RUN)
_add("GetAsset", identifier=_IMPORTED)

_COLUMNS = [
    {"attributeIdentifier": "a", "forms": [_SAP_FORM]},
    {"attributeIdentifier": "unknown", "forms": []},
]
_add(
    "BatchPutAttributesMetadata",
    entityType="ASSET",
    entityIdentifier=_IMPORTED,
    attributes=_COLUMNS,
    clientToken="t7",
)
_add(
    "BatchGetAttributesMetadata",
    entityType="ASSET",
    entityIdentifier=_IMPORTED,
    entityRevision="1",
    attributeIdentifiers=["a", "b", "unknown"],
)
_PUBLISH = {"entityType": "ASSET", "action": "PUBLISH"}
_LISTING = _add(
    "CreateListingChangeSet",
    f"listing {_ASSET}",
    **_PUBLISH,
    entityIdentifier=_ASSET,
    entityRevision="1",
    clientToken="t8",
)
_add("CreateListingChangeSet", **_PUBLISH, entityIdentifier=_ASSET)
_add("GetListing", identifier=_LISTING, listingRevision="1")
_add("GetListing", identifier=_LISTING)
_add("BatchGetAttributesMetadata", entityType="LISTING", entityIdentifier=_LISTING, attributeIdentifiers=["a"])
_FOUND = {
    "searchText": "custom",
    "searchIn": [{"attribute": "name"}],
    "filters": {
        "and": [_clause("name", "custom two"), {"or": [_time("GE", BEGIN), _clause("name", "custom", "TEXT_SEARCH")]}]
    },
    "sort": {"attribute": "name", "order": "DESCENDING"},
    "maxResults": 1,
}
_add("SearchListings", **_FOUND, additionalAttributes=["FORMS"])
_add("SearchListings", nextToken="MQ==")
_add("Search", **_FOUND, searchScope="ASSET", owningProjectIdentifier="p1", additionalAttributes=["FORMS"])
_add("Search", searchScope="ASSET", nextToken="MQ==")
_add("Search", searchScope="GLOSSARY")
_add("Search", searchScope="GLOSSARY_TERM", filters=_clause("glossaryId", _GLOSSARY))
_add("Search", searchScope="DATA_PRODUCT")
_TYPES = {"searchText": "sap", "searchIn": [{"attribute": "name"}], "sort": {"attribute": "creationTime"}}
_add("SearchTypes", **_TYPES, searchScope="FORM_TYPE", managed=False, filters=_clause("name", "SapForm"), maxResults=1)
_add("SearchTypes", searchScope="ASSET_TYPE", managed=True)
_add("SearchTypes", searchScope="FORM_TYPE", managed=True, nextToken="MQ==")
_add("SearchTypes", searchScope="LINEAGE_NODE_TYPE", managed=True)
_add("CreateListingChangeSet", entityIdentifier=_ASSET, entityType="ASSET", action="UNPUBLISH")

_POSTED = _add("PostLineageEvent", "event", event=json.dumps(_EVENT).encode(), clientToken="t9")
_add("PostLineageEvent", "event", event=json.dumps(_EVENT).encode())
_add("GetLineageEvent", identifier=_POSTED)
_add("ListLineageEvents", **_BOUNDED, processingStatus="REQUESTED", sortOrder="ASCENDING", maxResults=1)
_add("ListLineageEvents", nextToken="MQ==")
_add("GetLineageEvent", identifier=_POSTED)
