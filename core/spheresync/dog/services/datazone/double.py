"""Amazon DataZone's operations on the domains of one account and Region.

A domain `dzd_x1` with a project `p1` is there from the start, as nothing can be done without one; others are made by
CreateDomain and CreateProject. Members of forms, uniqueness, what is refused while it is in use, and what is UNVERIFIED
on AWS stand where the work is done: `glossaries.py`, `types.py`, `assets.py`, `attributes.py`, `listings.py`,
`search.py`, `lineage.py`, `sources.py`. Left out: subscriptions, environments, governed terms, data products, filters,
permissions (everyone may do everything) and the graph of lineage.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from functools import cache

from spheresync.dog.services.datazone import (
    assets,
    attributes,
    glossaries,
    lineage,
    listings,
    search,
    sources,
    types,
)
from spheresync.dog.services.datazone.domains import Domain, domain_row, first_domain, found, project_row
from spheresync.dog.services.double import Call, Double, Place, reads, writes
from spheresync.dog.services.glue_catalog import GlueCatalog
from spheresync.dog.services.wire import Json, ServiceError

_PAGE = 50
_PAGE_OF_DOMAINS = 25


@cache
def _members_of(operation: str) -> tuple[frozenset[str], bool]:
    """What the model knows in an operation's answer, and whether it may say that something is not there."""
    import botocore.session

    model = botocore.session.get_session().get_service_model("datazone").operation_model(operation)
    errors = {shape.name for shape in model.error_shapes}
    return frozenset(model.output_shape.members if model.output_shape else ()), "ResourceNotFoundException" in errors


class DataZone(Double):
    """The domains of one account and Region."""

    name = "datazone"
    service = "datazone"
    invalid = "ValidationException"
    page_size = "maxResults"
    page_token = "nextToken"  # noqa: S105  # a name

    def __init__(self, place: Place, catalog: GlueCatalog) -> None:
        super().__init__(place, catalog)
        self._domains: dict[str, Domain] = {}
        self._keep(first_domain(place.account, place.region))

    def dump(self) -> Json:
        return copy.deepcopy({name: domain.dump() for name, domain in self._domains.items()})

    def load(self, dumped: Json) -> None:
        self._domains = {name: Domain(**copy.deepcopy(domain)) for name, domain in dumped.items()}

    def execute(self, call: Call) -> Json:
        try:
            answer = super().execute(call)
        except ServiceError as error:
            if error.code == "ResourceNotFoundException" and not _members_of(call.operation)[1]:
                raise self.refuses(error.message) from None
            raise
        return {name: value for name, value in answer.items() if name in _members_of(call.operation)[0]}

    # Domains and projects

    @writes("CreateDomain")
    def create_domain(self, call: Call) -> Json:
        """Its client token is not kept: two calls make two domains."""
        asked = call.parameters
        identifier = f"dzd_{call.new_id('domain', 14)}"
        row = domain_row(identifier, asked["name"], self.place.account, self.place.region, call.at)
        members = ("description", "domainExecutionRole", "domainVersion", "serviceRole")
        row.update({name: asked[name] for name in members if name in asked})
        self._keep(Domain(row))
        return row

    @reads("GetDomain")
    def get_domain(self, call: Call) -> Json:
        return self._domain(call.parameters["identifier"]).row

    @reads("ListDomains")
    def list_domains(self, call: Call) -> Json:
        status = call.parameters.get("status")
        members = ("id", "name", "description", "arn", "status", "portalUrl", "createdAt", "lastUpdatedAt")
        rows = [
            {"managedAccountId": self.place.account, **{name: row[name] for name in members if name in row}}
            for row in (domain.row for domain in self._domains.values())
            if status in (None, row["status"])
        ]
        return self.page("items", rows, call, _PAGE_OF_DOMAINS)

    @writes("CreateProject")
    def create_project(self, call: Call) -> Json:
        """That a domain may have two projects of one name is UNVERIFIED."""
        domain = self._domain(call.parameters["domainIdentifier"])
        more = {"description": call.parameters.get("description")}
        row = project_row(domain.id, call.new_id("project", 14), call.parameters["name"], call.at, **more)
        domain.projects[row["id"]] = row
        return row

    @reads("GetProject")
    def get_project(self, call: Call) -> Json:
        domain = self._domain(call.parameters["domainIdentifier"])
        return found(domain.projects, call.parameters["identifier"], "Project")

    @reads("ListProjects")
    def list_projects(self, call: Call) -> Json:
        def named(domain: Domain, call: Call) -> list[Json]:
            members = ["domainId", "id", "name", "description", "projectStatus", "createdBy", "createdAt"]
            wanted = call.parameters.get("name")
            rows = [row for row in domain.projects.values() if wanted in (None, row["name"])]
            return [{name: row[name] for name in members if name in row} for row in rows]

        return self._listed(call, named)

    # Glossaries and terms

    @writes("CreateGlossary")
    def create_glossary(self, call: Call) -> Json:
        return self._once(call, glossaries.create_glossary)

    @reads("GetGlossary")
    def get_glossary(self, call: Call) -> Json:
        return glossaries.get_glossary(self._domain(call.parameters["domainIdentifier"]), call)

    @writes("UpdateGlossary")
    def update_glossary(self, call: Call) -> Json:
        return self._once(call, glossaries.update_glossary)

    @writes("DeleteGlossary")
    def delete_glossary(self, call: Call) -> Json:
        return self._once(call, glossaries.delete_glossary)

    @writes("CreateGlossaryTerm")
    def create_glossary_term(self, call: Call) -> Json:
        return self._once(call, glossaries.create_term)

    @reads("GetGlossaryTerm")
    def get_glossary_term(self, call: Call) -> Json:
        return glossaries.get_term(self._domain(call.parameters["domainIdentifier"]), call)

    @writes("UpdateGlossaryTerm")
    def update_glossary_term(self, call: Call) -> Json:
        return self._once(call, glossaries.update_term)

    @writes("DeleteGlossaryTerm")
    def delete_glossary_term(self, call: Call) -> Json:
        return self._once(call, glossaries.delete_term)

    # Types

    @writes("CreateFormType")
    def create_form_type(self, call: Call) -> Json:
        return self._once(call, types.create_form_type)

    @reads("GetFormType")
    def get_form_type(self, call: Call) -> Json:
        return types.get_form_type(self._domain(call.parameters["domainIdentifier"]), call)

    @writes("DeleteFormType")
    def delete_form_type(self, call: Call) -> Json:
        return self._once(call, types.delete_form_type)

    @writes("CreateAssetType")
    def create_asset_type(self, call: Call) -> Json:
        return self._once(call, types.create_asset_type)

    @reads("GetAssetType")
    def get_asset_type(self, call: Call) -> Json:
        return types.get_asset_type(self._domain(call.parameters["domainIdentifier"]), call)

    @writes("DeleteAssetType")
    def delete_asset_type(self, call: Call) -> Json:
        return self._once(call, types.delete_asset_type)

    # Assets and their columns

    @writes("CreateAsset")
    def create_asset(self, call: Call) -> Json:
        return self._once(call, assets.create_asset)

    @reads("GetAsset")
    def get_asset(self, call: Call) -> Json:
        return assets.get_asset(self._domain(call.parameters["domainIdentifier"]), call)

    @writes("CreateAssetRevision")
    def create_asset_revision(self, call: Call) -> Json:
        return self._once(call, assets.create_revision)

    @reads("ListAssetRevisions")
    def list_asset_revisions(self, call: Call) -> Json:
        return self._listed(call, assets.list_revisions)

    @writes("DeleteAsset")
    def delete_asset(self, call: Call) -> Json:
        return self._once(call, assets.delete_asset)

    @writes("BatchPutAttributesMetadata")
    def batch_put_attributes_metadata(self, call: Call) -> Json:
        return self._once(call, attributes.put_attributes)

    @reads("BatchGetAttributesMetadata")
    def batch_get_attributes_metadata(self, call: Call) -> Json:
        return attributes.get_attributes(self._domain(call.parameters["domainIdentifier"]), call)

    # Listings and search

    @writes("CreateListingChangeSet")
    def create_listing_change_set(self, call: Call) -> Json:
        return self._once(call, listings.change_listing)

    @reads("GetListing")
    def get_listing(self, call: Call) -> Json:
        return listings.get_listing(self._domain(call.parameters["domainIdentifier"]), call)

    @reads("SearchListings")
    def search_listings(self, call: Call) -> Json:
        return self._listed(call, listings.search_listings, counted=True)

    @reads("Search")
    def search(self, call: Call) -> Json:
        return self._listed(call, search.search, counted=True)

    @reads("SearchTypes")
    def search_types(self, call: Call) -> Json:
        return self._listed(call, search.search_types, counted=True)

    # Lineage; to look at an event moves it on, so that these two write

    @writes("PostLineageEvent")
    def post_lineage_event(self, call: Call) -> Json:
        return self._once(call, lineage.post_event)

    @writes("GetLineageEvent")
    def get_lineage_event(self, call: Call) -> Json:
        return self._once(call, lineage.get_event)

    @writes("ListLineageEvents")
    def list_lineage_events(self, call: Call) -> Json:
        return self._listed(call, lineage.list_events)

    # Data sources

    @writes("CreateDataSource")
    def create_data_source(self, call: Call) -> Json:
        return self._once(call, lambda domain, call: sources.create_source(domain, call, self.place))

    @reads("GetDataSource")
    def get_data_source(self, call: Call) -> Json:
        return sources.get_source(self._domain(call.parameters["domainIdentifier"]), call)

    @reads("ListDataSources")
    def list_data_sources(self, call: Call) -> Json:
        return self._listed(call, sources.list_sources)

    @writes("StartDataSourceRun")
    def start_data_source_run(self, call: Call) -> Json:
        return self._once(call, lambda domain, call: sources.start_run(domain, call, self.place, self.catalog))

    @reads("GetDataSourceRun")
    def get_data_source_run(self, call: Call) -> Json:
        return sources.get_run(self._domain(call.parameters["domainIdentifier"]), call)

    def _domain(self, identifier: str) -> Domain:
        domain = self._domains.get(identifier)
        if domain is None:
            raise ServiceError("ResourceNotFoundException", f"Domain {identifier} not found.")
        return domain

    def _once(self, call: Call, do: Callable[[Domain, Call], Json]) -> Json:
        return self._domain(call.parameters["domainIdentifier"]).once(call, do)

    def _listed(self, call: Call, rows_of: Callable[[Domain, Call], Sequence[Json]], *, counted: bool = False) -> Json:
        """The page of a listing that is asked for; `counted`: the answer says how many rows there are."""
        rows = rows_of(self._domain(call.parameters["domainIdentifier"]), call)
        answer = self.page("items", rows, call, _PAGE)
        return {**answer, "totalMatchCount": len(rows)} if counted else answer

    def _keep(self, domain: Domain) -> None:
        domain.form_types, domain.asset_types = types.managed_types(domain.id)
        self._domains[domain.id] = domain
