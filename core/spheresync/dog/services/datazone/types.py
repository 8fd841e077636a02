"""Form types and asset types, those that DataZone manages and those of projects.

UNVERIFIED on AWS: that making a type of a name that exists makes its next revision for the project that owns it, and is
a conflict for another (the model says that names are unique, yet there is no other way to a new revision); that form
types are ENABLED where nothing is said. The revisions of managed types are those that were seen in use, their models
only as much as a Glue table's forms need.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from spheresync.dog.services.datazone.domains import (
    CALLER,
    SYSTEM,
    Domain,
    absent,
    conflict,
    given,
    invalid,
    quota,
)
from spheresync.dog.services.datazone.smithy import check_content, form_members
from spheresync.dog.services.double import Call
from spheresync.dog.services.wire import Json
from spheresync.model.json_document import read_json

MOST_ASSET_TYPES = 1_000
MANAGED = "amazon.datazone."
GLUE_TABLE_ASSET_TYPE = "amazon.datazone.GlueTableAssetType"
_GLUE_TABLE = (
    "@required tableName: String catalogId: String columns: Columns compressionType: String "
    "lakeFormationDetails: LakeFormationDetails primaryKeys: Keys region: String sortKeys: Keys "
    "sourceClassification: String sourceLocation: String @required tableArn: String tableDescription: String"
)
_REFERENCE = (
    "dataSourceIdentifier: DataSourceIdentifier dataSourceType: String "
    "filterableDataSourceId: String filterableDataSourceRunId: String"
)
_RELATIONAL = "@required tableName: String columns: Columns sourceIdentifier: String tableDescription: String"
_MANAGED_FORM_TYPES: Mapping[str, tuple[str, str]] = {
    "GlueTableFormType": ("13", _GLUE_TABLE),
    "ColumnBusinessMetadataFormType": ("8", "columnsBusinessMetadata: ColumnsBusinessMetadata"),
    "AssetCommonDetailsFormType": ("8", "sourceIdentifier: String readMe: String summary: String"),
    "DataSourceReferenceFormType": ("4", _REFERENCE),
    "SubscriptionTermsFormType": ("4", "approvalRequired: Boolean"),
    "RelationalTableFormType": ("6", _RELATIONAL),
    "AttributeCommonFormType": ("2", "readMe: String"),
}
_OPTIONAL_FORMS = ("ColumnBusinessMetadata", "AssetCommonDetails", "DataSourceReference", "SubscriptionTerms")


def managed_types(domain: str) -> tuple[dict[str, list[Json]], dict[str, list[Json]]]:
    """Form types and asset types that every domain has."""
    forms = {}
    for short, (revision, members) in _MANAGED_FORM_TYPES.items():
        smithy = f"structure {short} {{ {members} }}"
        own = {"owningProjectId": SYSTEM, "originDomainId": domain, "originProjectId": SYSTEM, "createdBy": SYSTEM}
        row = {"domainId": domain, "name": MANAGED + short, "revision": revision, **own}
        forms[MANAGED + short] = [{**row, "model": {"smithy": smithy}, "status": "ENABLED"}]
    entries = {"GlueTableForm": True, **{f"{name}Form": False for name in _OPTIONAL_FORMS}}
    table = {
        name: {
            "typeName": f"{MANAGED}{name}Type",
            "typeRevision": _MANAGED_FORM_TYPES[f"{name}Type"][0],
            "required": required,
        }
        for name, required in entries.items()
    }
    asset_type = {
        "domainId": domain,
        "name": GLUE_TABLE_ASSET_TYPE,
        "revision": "24",
        "formsOutput": table,
        "owningProjectId": SYSTEM,
        "originDomainId": domain,
        "originProjectId": SYSTEM,
        "createdBy": SYSTEM,
    }
    return forms, {GLUE_TABLE_ASSET_TYPE: [asset_type]}


def create_form_type(domain: Domain, call: Call) -> Json:
    asked = call.parameters
    project = domain.project(asked["owningProjectIdentifier"])
    form_members(asked["model"]["smithy"], asked["name"])
    row = given(
        **_begun(domain, call, domain.form_types, project),
        model=asked["model"],
        status=asked.get("status", "ENABLED"),
    )
    domain.form_types.setdefault(row["name"], []).append(row)
    return row


def get_form_type(domain: Domain, call: Call) -> Json:
    return form_type(domain, call.parameters["formTypeIdentifier"], call.parameters.get("revision"))


def delete_form_type(domain: Domain, call: Call) -> Json:
    name = _own(form_type(domain, call.parameters["formTypeIdentifier"], None))
    if any(entry["typeName"] == name for _, entry in _entries(domain)):
        raise conflict(f"Form type {name} is used by an asset type.")
    for revisions in domain.assets.values():
        if any(form.get("typeName") == name for form in revisions[-1]["formsOutput"]):
            raise conflict(f"Form type {name} is used by asset {revisions[-1]['id']}.")
    for columns in domain.attributes.values():
        if any(form.get("typeName") == name for forms in columns.values() for form in forms):
            raise conflict(f"Form type {name} is used by a column.")
    del domain.form_types[name]
    return {}


def create_asset_type(domain: Domain, call: Call) -> Json:
    asked = call.parameters
    project = domain.project(asked["owningProjectIdentifier"])
    entries = {}
    for form_name, entry in asked["formsInput"].items():
        form = form_type(domain, entry["typeIdentifier"], entry["typeRevision"])
        required = entry.get("required", False)
        entries[form_name] = {"typeName": form["name"], "typeRevision": form["revision"], "required": required}
    own = sum(not name.startswith(MANAGED) for name in domain.asset_types)
    if asked["name"] not in domain.asset_types and own >= MOST_ASSET_TYPES:
        raise quota(f"A domain allows at most {MOST_ASSET_TYPES} asset types.")
    row = {**_begun(domain, call, domain.asset_types, project), "formsOutput": entries}
    row.update(updatedAt=call.at, updatedBy=CALLER)
    domain.asset_types.setdefault(row["name"], []).append(row)
    return row


def get_asset_type(domain: Domain, call: Call) -> Json:
    return asset_type(domain, call.parameters["identifier"], call.parameters.get("revision"))


def delete_asset_type(domain: Domain, call: Call) -> Json:
    name = _own(asset_type(domain, call.parameters["identifier"], None))
    if any(revisions[-1]["typeIdentifier"] == name for revisions in domain.assets.values()):
        raise conflict(f"Asset type {name} is used by an asset.")
    del domain.asset_types[name]
    return {}


def form_type(domain: Domain, identifier: str, revision: str | None) -> Json:
    """A form type in one revision, else in its newest; a managed one is found by its short name too."""
    return _revision(domain.form_types, identifier, revision, "Form type")


def asset_type(domain: Domain, identifier: str, revision: str | None) -> Json:
    """As `form_type`, of an asset type."""
    return _revision(domain.asset_types, identifier, revision, "Asset type")


def filled_form(domain: Domain, form: Json, declared: Json | None, *, newest: bool) -> Json:
    """A form as an asset or a column keeps it. `newest`: no other revision of its type may be given.

    Raises:
        ServiceError: its type is not there, or its content does not fit.
    """
    name = form["formName"]
    identifier = form.get("typeIdentifier") or (declared or {}).get("typeName")
    if identifier is None:
        raise invalid(f"Form {name} needs a typeIdentifier.")
    current = form_type(domain, identifier, None)
    asked = form_type(domain, identifier, form.get("typeRevision"))
    if declared is not None and asked["name"] != declared["typeName"]:
        raise invalid(f"Form {name} must be of type {declared['typeName']}.")
    if newest and asked["revision"] != current["revision"]:
        raise invalid(f"The typeRevision of form {name} must be the newest, {current['revision']}.")
    if asked["status"] != "ENABLED":
        raise invalid(f"Form type {asked['name']} is DISABLED.")
    content = form.get("content", "{}")
    check_content(name, form_members(asked["model"]["smithy"], asked["name"]), content)
    return {"formName": name, "typeName": asked["name"], "typeRevision": asked["revision"], "content": content}


def content_of(form: Json) -> Json:
    """What a form holds."""
    values: Json = read_json(form["content"])
    return values


def newest_of(types: Mapping[str, list[Json]], *, managed: bool) -> list[Json]:
    """Those that DataZone manages, or those of projects, by name."""
    return [types[name][-1] for name in sorted(types) if name.startswith(MANAGED) is managed]


def _revision(types: Mapping[str, list[Json]], identifier: str, revision: str | None, kind: str) -> Json:
    revisions = types.get(identifier) or types.get(MANAGED + identifier)
    if revisions is None:
        raise absent(f"{kind} {identifier} not found.")
    if revision is None:
        return revisions[-1]
    for row in revisions:
        if row["revision"] == revision:
            return row
    raise absent(f"{kind} {identifier} has no revision {revision}.")


def _begun(domain: Domain, call: Call, types: Mapping[str, list[Json]], project: str) -> Json:
    """What a new revision of a type begins with."""
    name = call.parameters["name"]
    before = types.get(name, [])
    if name.startswith(MANAGED) or any(row["owningProjectId"] != project for row in before):
        raise conflict(f"The type {name} exists, and is not of project {project}.")
    return given(
        domainId=domain.id,
        name=name,
        revision=str(len(before) + 1),
        description=call.parameters.get("description"),
        owningProjectId=project,
        originDomainId=domain.id,
        originProjectId=project,
        createdAt=call.at,
        createdBy=CALLER,
    )


def _own(row: Json) -> str:
    name = str(row["name"])
    if name.startswith(MANAGED):
        raise invalid(f"{name} is managed by DataZone.")
    return name


def _entries(domain: Domain) -> Iterator[tuple[str, Json]]:
    for revisions in domain.asset_types.values():
        yield from revisions[-1]["formsOutput"].items()
