"""Data sources of type GLUE, and what a run of one imports.

A run makes an asset of each table that it does not know, and a next revision where the table's technical form changed;
it touches no other form, no term, name or description. In a domain of version V2 an imported asset's external
identifier was seen to be the table's ARN, a point, and the project's id; in V1 it is the ARN (aws-catalogs.md 4). 25
runs a day. UNVERIFIED on AWS: that
the quota counts each data source by itself; that what people wrote outlives a run; that a table that is gone leaves its
asset; that an asset of a table's external identifier without a DataSourceReferenceForm (a custom one, or one that lost
it) fails that table alone; that revisions are published where publishOnImport is on. A run is done at once, and no
environment or connection is asked for.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

from spheresync.dog.services.datazone.assets import add_asset, add_revision
from spheresync.dog.services.datazone.domains import SYSTEM, Domain, conflict, found, given, invalid, quota
from spheresync.dog.services.datazone.listings import publish
from spheresync.dog.services.datazone.types import GLUE_TABLE_ASSET_TYPE, MANAGED, form_type
from spheresync.dog.services.double import Call, Place
from spheresync.dog.services.glue_catalog import GlueCatalog
from spheresync.dog.services.wire import Json

MOST_RUNS_A_DAY = 25
_TABLE_FORM = "GlueTableForm"
_REFERENCE_FORM = "DataSourceReferenceForm"


def create_source(domain: Domain, call: Call, place: Place) -> Json:
    asked = call.parameters
    configuration = asked.get("configuration", {}).get("glueRunConfiguration")
    if asked["type"] != "GLUE" or configuration is None:
        raise invalid("Only data sources of type GLUE, with a glueRunConfiguration, are known here.")
    project = domain.project(asked["projectIdentifier"])
    if any(row["name"] == asked["name"] and row["projectId"] == project for row in domain.sources.values()):
        raise conflict(f"A data source of the name {asked['name']} exists.")
    row = given(
        id=call.new_id("data source", 14),
        status="READY",
        type="GLUE",
        name=asked["name"],
        description=asked.get("description"),
        domainId=domain.id,
        projectId=project,
        configuration={"glueRunConfiguration": {**configuration, "accountId": place.account, "region": place.region}},
        enableSetting="ENABLED",
        publishOnImport=asked.get("publishOnImport", False),
        createdAt=call.at,
        updatedAt=call.at,
    )
    domain.sources[row["id"]] = row
    return row


def get_source(domain: Domain, call: Call) -> Json:
    return found(domain.sources, call.parameters["identifier"], "Data source")


def list_sources(domain: Domain, call: Call) -> list[Json]:
    project = domain.project(call.parameters["projectIdentifier"])
    name = call.parameters.get("name")
    members = ("domainId", "name", "type", "status", "enableSetting", "createdAt", "updatedAt")
    return [
        {"dataSourceId": row["id"], **{member: row[member] for member in members}}
        for row in domain.sources.values()
        if row["projectId"] == project and name in (None, row["name"])
    ]


def start_run(domain: Domain, call: Call, place: Place, catalog: GlueCatalog) -> Json:
    source = found(domain.sources, call.parameters["dataSourceIdentifier"], "Data source")
    today = [
        run
        for run in domain.runs.values()
        if run["dataSourceId"] == source["id"] and run["createdAt"] > call.at - timedelta(days=1)
    ]
    if len(today) >= MOST_RUNS_A_DAY:
        raise quota(f"A data source allows at most {MOST_RUNS_A_DAY} runs a day.")
    run = call.new_id("run", 14)
    counted: Counter[str] = Counter()
    for database, table in _tables(source, catalog):
        counted[_Import(domain, call, place, source, run).table(database, table)] += 1
    names = ("added", "updated", "unchanged", "skipped", "failed")
    domain.runs[run] = {
        "domainId": domain.id,
        "dataSourceId": source["id"],
        "id": run,
        "projectId": source["projectId"],
        "status": "PARTIALLY_SUCCEEDED" if counted["failed"] else "SUCCESS",
        "type": "PRIORITIZED",
        "runStatisticsForAssets": {name: counted[name] for name in names},
        "createdAt": call.at,
        "updatedAt": call.at,
        "startedAt": call.at,
        "stoppedAt": call.at,
    }
    begun = ("domainId", "dataSourceId", "id", "projectId", "type", "createdAt", "updatedAt")
    return {**{name: domain.runs[run][name] for name in begun}, "status": "REQUESTED"}


def get_run(domain: Domain, call: Call) -> Json:
    return found(domain.runs, call.parameters["identifier"], "Data source run")


def external_identifier(domain: Domain, project: str, arn: str) -> str:
    """By which an imported table is known."""
    return f"{arn}.{project}" if domain.row["domainVersion"] == "V2" else arn


class _Import:
    """One run of one data source."""

    def __init__(self, domain: Domain, call: Call, place: Place, source: Json, run: str) -> None:
        self._domain = domain
        self._call = call
        self._place = place
        self._source = source
        self._run = run

    def table(self, database: str, table: Mapping[str, Any]) -> str:
        """Take up one table; what that came to, as the run counts it."""
        arn = f"arn:aws:glue:{self._place.region}:{self._place.account}:table/{database}/{table['Name']}"
        external = external_identifier(self._domain, self._source["projectId"], arn)
        technical = self._form(_TABLE_FORM, _table_content(self._place, arn, table))
        known = self._domain.external.get(external)
        if known is None:
            return self._add(table["Name"], external, technical)
        return self._change(self._domain.newest_asset(known), technical)

    def _add(self, name: str, external: str, technical: Json) -> str:
        kind = self._domain.asset_types[GLUE_TABLE_ASSET_TYPE][-1]
        reference = {
            "dataSourceIdentifier": {"id": self._source["id"], "type": "GLUE"},
            "dataSourceType": "GLUE",
            "filterableDataSourceId": self._source["id"],
            "filterableDataSourceRunId": self._run,
        }
        row = {
            "id": self._call.new_id(f"asset {external}", 14),
            "name": name,
            "typeIdentifier": kind["name"],
            "typeRevision": kind["revision"],
            "externalIdentifier": external,
            "formsOutput": [technical, self._form(_REFERENCE_FORM, reference)],
            "owningProjectId": self._source["projectId"],
            "createdAt": self._call.at,
            "createdBy": SYSTEM,
            "firstRevisionCreatedAt": self._call.at,
            "firstRevisionCreatedBy": SYSTEM,
        }
        add_asset(self._domain, row)
        self._publish(row["id"])
        return "added"

    def _change(self, asset: Json, technical: Json) -> str:
        forms = {form["formName"]: form for form in asset["formsOutput"]}
        if _REFERENCE_FORM not in forms:
            return "failed"
        if forms.get(_TABLE_FORM) == technical:
            return "unchanged"
        members = ("name", "description", "glossaryTerms", "typeIdentifier", "typeRevision", "predictionConfiguration")
        content = {name: asset[name] for name in members if name in asset}
        content["formsOutput"] = list({**forms, _TABLE_FORM: technical}.values())
        add_revision(self._domain, asset, content, self._call, SYSTEM)
        self._publish(asset["id"])
        return "updated"

    def _publish(self, asset: str) -> None:
        if self._source["publishOnImport"]:
            publish(self._domain, self._domain.newest_asset(asset), self._call)

    def _form(self, name: str, content: Json) -> Json:
        kind = form_type(self._domain, f"{MANAGED}{name}Type", None)
        text = json.dumps(content, ensure_ascii=False)
        return {"formName": name, "typeName": kind["name"], "typeRevision": kind["revision"], "content": text}


def _tables(source: Json, catalog: GlueCatalog) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The tables that a data source names; a database that is not there has none."""
    configuration = source["configuration"]["glueRunConfiguration"]
    for wanted in configuration["relationalFilterConfigurations"]:
        database = wanted["databaseName"].lower()
        if catalog.database_input(database) is None:
            continue
        expressions = wanted.get("filterExpressions", ())
        included = [each["expression"] for each in expressions if each["type"] == "INCLUDE"] or ["*"]
        excluded = [each["expression"] for each in expressions if each["type"] == "EXCLUDE"]
        for name in sorted(catalog.table_names(database)):
            table = catalog.table_input(database, name)
            taken = any(fnmatchcase(name, each) for each in included)
            if table is not None and taken and not any(fnmatchcase(name, each) for each in excluded):
                yield database, table


def _table_content(place: Place, arn: str, table: Mapping[str, Any]) -> Json:
    """The technical form of a table, with the members of AWS's own example."""
    storage = table.get("StorageDescriptor") or {}
    columns = [*(storage.get("Columns") or ()), *(table.get("PartitionKeys") or ())]
    return given(
        catalogId=place.account,
        columns=[
            given(columnName=each["Name"], dataType=each.get("Type"), columnDescription=each.get("Comment"))
            for each in columns
        ],
        region=place.region,
        sourceClassification=(table.get("Parameters") or {}).get("classification"),
        sourceLocation=storage.get("Location"),
        tableArn=arn,
        tableDescription=table.get("Description"),
        tableName=table["Name"],
    )
