"""Listings: what of an asset is published, and how those who look for data find it.

A listing shows the asset as it was when it was published; revisions made since are not seen. UNVERIFIED on AWS: that a
listing, once made, stays the asset's and is only INACTIVE when it is unpublished; that unpublishing what was never
published is not found; that publishing answers CREATING and is done when it is next looked at; that publishing the same
revision again makes a next revision of the listing.
"""

from __future__ import annotations

import copy
import json

from spheresync.dog.services.datazone.assets import revision_of
from spheresync.dog.services.datazone.domains import CALLER, Domain, absent, found, given
from spheresync.dog.services.datazone.glossaries import described
from spheresync.dog.services.datazone.search import Hit, sought
from spheresync.dog.services.datazone.types import content_of
from spheresync.dog.services.double import Call
from spheresync.dog.services.wire import Json


def change_listing(domain: Domain, call: Call) -> Json:
    asked = call.parameters
    if asked["entityType"] != "ASSET":
        raise absent(f"Data product {asked['entityIdentifier']} not found.")
    asset = revision_of(domain, asked["entityIdentifier"], asked.get("entityRevision"))
    if asked["action"] == "PUBLISH":
        identifier = publish(domain, asset, call)
        return _changed(identifier, domain.listings[identifier], "CREATING")
    listed = domain.listing_of(asset["id"])
    if listed is None:
        raise absent(f"Asset {asset['id']} has no listing.")
    listed[1].update(status="INACTIVE", updatedAt=call.at)
    return _changed(*listed, "INACTIVE")


def publish(domain: Domain, asset: Json, call: Call) -> str:
    """Show an asset as it is in this revision; the id of its listing."""
    listed = domain.listing_of(asset["id"])
    identifier, row = listed or (call.new_id(f"listing {asset['id']}", 14), None)
    if row is None:
        row = {"asset": asset["id"], "revisions": [], "createdAt": call.at}
        domain.put_listing(identifier, row)
    published = given(
        listingRevision=str(len(row["revisions"]) + 1),
        name=asset["name"],
        description=asset.get("description"),
        assetRevision=asset["revision"],
        assetType=asset["typeIdentifier"],
        assetCreatedAt=asset["createdAt"],
        owningProjectId=asset["owningProjectId"],
        glossaryTerms=described(domain, asset.get("glossaryTerms")),
        forms=json.dumps({form["formName"]: content_of(form) for form in asset["formsOutput"]}),
        attributes=copy.deepcopy(domain.attributes.get(asset["id"], {})),
        termIds=asset.get("glossaryTerms", []),
    )
    row["revisions"].append(published)
    row.update(status="ACTIVE", updatedAt=call.at)
    return identifier


def get_listing(domain: Domain, call: Call) -> Json:
    identifier = call.parameters["identifier"]
    row = found(domain.listings, identifier, "Listing")
    wanted = call.parameters.get("listingRevision")
    fitting = [each for each in row["revisions"] if wanted in (None, each["listingRevision"])]
    if not fitting:
        raise absent(f"Listing {identifier} has no revision {wanted}.")
    shown = fitting[-1]
    asset_listing = given(
        assetId=row["asset"],
        assetRevision=shown["assetRevision"],
        assetType=shown["assetType"],
        createdAt=shown["assetCreatedAt"],
        forms=shown["forms"],
        glossaryTerms=shown["glossaryTerms"],
        owningProjectId=shown["owningProjectId"],
    )
    return given(
        domainId=domain.id,
        id=identifier,
        listingRevision=shown["listingRevision"],
        createdAt=row["createdAt"],
        updatedAt=row["updatedAt"],
        createdBy=CALLER,
        updatedBy=CALLER,
        item={"assetListing": asset_listing},
        name=shown["name"],
        description=shown.get("description"),
        status=row["status"],
    )


def search_listings(domain: Domain, call: Call) -> list[Json]:
    """Those that are published now."""
    with_forms = "FORMS" in call.parameters.get("additionalAttributes", ())
    hits = []
    for identifier, row in domain.listings.items():
        if row["status"] == "ACTIVE":
            shown = row["revisions"][-1]
            item = given(
                listingId=identifier,
                listingRevision=shown["listingRevision"],
                name=shown["name"],
                entityId=row["asset"],
                entityRevision=shown["assetRevision"],
                entityType=shown["assetType"],
                description=shown.get("description"),
                createdAt=row["createdAt"],
                listingCreatedBy=CALLER,
                listingUpdatedBy=CALLER,
                glossaryTerms=shown["glossaryTerms"],
                owningProjectId=shown["owningProjectId"],
                additionalAttributes={"forms": shown["forms"]} if with_forms else None,
            )
            texts = {"name": shown["name"], "description": shown.get("description", ""), "forms": shown["forms"]}
            values = {
                "name": [shown["name"]],
                "entityType": [shown["assetType"]],
                "owningProjectId": [shown["owningProjectId"]],
                "__DataZoneGlossaryTerms": shown["termIds"],
            }
            hits.append(Hit({"assetListing": item}, texts, values, row["createdAt"], row["updatedAt"]))
    return sought(hits, call)


def _changed(identifier: str, row: Json, status: str) -> Json:
    return {
        "listingId": identifier,
        "listingRevision": row["revisions"][-1]["listingRevision"],
        "status": status,
    }
