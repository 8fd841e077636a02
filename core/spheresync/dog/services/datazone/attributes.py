"""Forms on the columns of an asset.

At most 5 columns a call, and what is wrong with one column fails by itself. UNVERIFIED on AWS: that a put replaces all
forms of the column; that they belong to the asset, not to one of its revisions; that a column which the asset's Glue or
relational form does not have fails; the codes in `errors`; that a listing has them as they were when it was published,
and takes none.
"""

from __future__ import annotations

from collections.abc import Mapping

from spheresync.dog.services.datazone.assets import revision_of
from spheresync.dog.services.datazone.domains import Domain, absent, found, invalid
from spheresync.dog.services.datazone.types import content_of, filled_form
from spheresync.dog.services.double import Call
from spheresync.dog.services.wire import Json, ServiceError

_FORMS_WITH_COLUMNS = ("GlueTableForm", "RelationalTableForm")


def put_attributes(domain: Domain, call: Call) -> Json:
    asked = call.parameters
    if asked["entityType"] != "ASSET":
        raise invalid("Only the attributes of an ASSET can be written.")
    asset = domain.newest_asset(asked["entityIdentifier"])
    names = [each["attributeIdentifier"] for each in asked["attributes"]]
    if len(set(names)) < len(names):
        raise invalid("attributes must name each attribute once.")
    known, errors, done = domain.attributes.get(asset["id"], {}), [], {}
    for each in asked["attributes"]:
        name = each["attributeIdentifier"]
        try:
            _check_column(asset, name)
            done[name] = [filled_form(domain, form, None, newest=True) for form in each["forms"]]
        except ServiceError as error:
            errors.append({"attributeIdentifier": name, "code": error.code, "message": error.message})
    if done:
        domain.attributes[asset["id"]] = {**known, **done}
    return {"attributes": [{"attributeIdentifier": name} for name in done], "errors": errors}


def get_attributes(domain: Domain, call: Call) -> Json:
    asked = call.parameters
    if asked["entityType"] == "LISTING":
        listing = found(domain.listings, asked["entityIdentifier"], "Listing")
        published = listing["revisions"][-1]
        asset = revision_of(domain, listing["asset"], published["assetRevision"])
        columns: Mapping[str, list[Json]] = published["attributes"]
    else:
        asset = revision_of(domain, asked["entityIdentifier"], asked.get("entityRevision"))
        columns = domain.attributes.get(asset["id"], {})
    attributes, errors = [], []
    for name in asked["attributeIdentifiers"]:
        try:
            _check_column(asset, name)
        except ServiceError as error:
            errors.append({"attributeIdentifier": name, "code": error.code, "message": error.message})
        else:
            attributes.append({"attributeIdentifier": name, "forms": columns.get(name, [])})
    return {"attributes": attributes, "errors": errors}


def _check_column(asset: Json, name: str) -> None:
    forms = [form for form in asset["formsOutput"] if form["formName"] in _FORMS_WITH_COLUMNS]
    columns = {column.get("columnName") for form in forms for column in content_of(form).get("columns", ())}
    if forms and name not in columns:
        raise absent(f"Asset {asset['id']} has no column {name}.")
