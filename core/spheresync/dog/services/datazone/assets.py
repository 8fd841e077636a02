"""Assets and their revisions.

A revision replaces the whole asset: forms and terms that are not sent again are gone; the newest revisions of its type
and of its forms' types have to be meant (reference: field-2026-11.md 4). A form that the asset's type requires has to
be there, which was seen on AWS. UNVERIFIED: that an asset which is published is not deleted; that revisions are listed
newest first; that a revision of an asset type which is not given is the newest.
"""

from __future__ import annotations

from collections.abc import Iterable

from spheresync.dog.services.datazone.domains import CALLER, Domain, absent, conflict, given, invalid
from spheresync.dog.services.datazone.glossaries import check_terms
from spheresync.dog.services.datazone.types import asset_type, filled_form
from spheresync.dog.services.double import Call
from spheresync.dog.services.wire import Json


def create_asset(domain: Domain, call: Call) -> Json:
    asked = call.parameters
    kind = asset_type(domain, asked["typeIdentifier"], asked.get("typeRevision"))
    row = given(
        id=call.new_id("asset", 14),
        externalIdentifier=asked.get("externalIdentifier"),
        owningProjectId=domain.project(asked["owningProjectIdentifier"]),
        firstRevisionCreatedAt=call.at,
        firstRevisionCreatedBy=CALLER,
        **_content(domain, asked, kind, newest=False),
    )
    add_asset(domain, {**row, "createdAt": call.at, "createdBy": CALLER})
    return asset_answer(domain, row["id"], None)


def add_asset(domain: Domain, row: Json) -> None:
    """Keep a first revision.

    Raises:
        ServiceError: another asset has its external identifier.
    """
    external = row.get("externalIdentifier")
    if external is not None:
        if external in domain.external:
            raise conflict(f"Asset {domain.external[external]} has the external identifier {external}.")
        domain.external[external] = row["id"]
    domain.assets[row["id"]] = [{**row, "domainId": domain.id, "revision": "1"}]
    domain.changed.add(row["id"])


def get_asset(domain: Domain, call: Call) -> Json:
    return asset_answer(domain, call.parameters["identifier"], call.parameters.get("revision"))


def create_revision(domain: Domain, call: Call) -> Json:
    asked = call.parameters
    before = domain.newest_asset(asked["identifier"])
    kind = asset_type(domain, before["typeIdentifier"], None)
    if asked.get("typeRevision", kind["revision"]) != kind["revision"]:
        raise invalid(f"The typeRevision must be the newest of {kind['name']}, {kind['revision']}.")
    add_revision(domain, before, _content(domain, asked, kind, newest=True), call, CALLER)
    return asset_answer(domain, before["id"], None)


def add_revision(domain: Domain, before: Json, content: Json, call: Call, creator: str) -> None:
    """Keep a next revision; of the one before only what belongs to the asset for good goes on."""
    lasting = ("id", "domainId", "externalIdentifier", "owningProjectId")
    first = ("firstRevisionCreatedAt", "firstRevisionCreatedBy")
    kept = {name: before[name] for name in (*lasting, *first) if name in before}
    number = str(int(before["revision"]) + 1)
    row = {**kept, **content, "revision": number, "createdAt": call.at, "createdBy": creator}
    domain.assets[before["id"]].append(row)
    domain.changed.add(before["id"])


def list_revisions(domain: Domain, call: Call) -> list[Json]:
    identifier = call.parameters["identifier"]
    domain.newest_asset(identifier)
    members = ("domainId", "id", "revision", "createdBy", "createdAt")
    return [{name: row[name] for name in members} for row in reversed(domain.assets[identifier])]


def delete_asset(domain: Domain, call: Call) -> Json:
    """Its listing, once unpublished, goes with it."""
    row = domain.newest_asset(call.parameters["identifier"])
    listed = domain.listing_of(row["id"])
    if listed is not None and listed[1]["status"] == "ACTIVE":
        raise conflict(f"Asset {row['id']} is published: unpublish it first.")
    domain.drop_listing_of(row["id"])
    domain.external.pop(row.get("externalIdentifier", ""), None)
    domain.attributes.pop(row["id"], None)
    del domain.assets[row["id"]]
    domain.changed.add(row["id"])
    return {}


def revision_of(domain: Domain, identifier: str, revision: str | None) -> Json:
    """An asset in one revision, else in its newest."""
    newest = domain.newest_asset(identifier)
    if revision is None:
        return newest
    for row in domain.assets[identifier]:
        if row["revision"] == revision:
            return row
    raise absent(f"Asset {identifier} has no revision {revision}.")


def asset_answer(domain: Domain, identifier: str, revision: str | None) -> Json:
    """An asset as GetAsset gives it."""
    row = revision_of(domain, identifier, revision)
    listed = domain.listing_of(identifier)
    if listed is None:
        return row
    return {**row, "listing": {"listingId": listed[0], "listingStatus": listed[1]["status"]}}


def _content(domain: Domain, asked: Json, kind: Json, *, newest: bool) -> Json:
    """What a revision is of its own, once it is known to fit."""
    check_terms(domain, asked.get("glossaryTerms"))
    forms = _filled(domain, asked.get("formsInput", ()), kind["formsOutput"], newest=newest)
    return given(
        name=asked["name"],
        typeIdentifier=kind["name"],
        typeRevision=kind["revision"],
        description=asked.get("description"),
        glossaryTerms=asked.get("glossaryTerms"),
        formsOutput=forms,
        predictionConfiguration=asked.get("predictionConfiguration"),
    )


def _filled(domain: Domain, forms: Iterable[Json], declared: Json, *, newest: bool) -> list[Json]:
    filled = [filled_form(domain, form, declared.get(form["formName"]), newest=newest) for form in forms]
    names = [form["formName"] for form in filled]
    if len(set(names)) < len(names):
        raise invalid("formsInput must name each form once.")
    for name, entry in declared.items():
        if entry["required"] and name not in names:
            raise invalid(f"Form {name} is required.")
    return filled
