"""Glue's business context APIs (a preview), as far as terms and forms on tables and columns need them.

The model of these operations changes from one botocore to the next (reference: field-2026-11.md 3): members that were
renamed are read and given by either name, as the installed model has them. Left out: asset types of one's own, skills,
and search.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from spheresync.dog.services.client_tokens import once
from spheresync.dog.services.double import Call, Double, Place, reads, writes
from spheresync.dog.services.glue_catalog import GlueCatalog, column_names
from spheresync.dog.services.glue_context.context import (
    COLUMNS,
    MOST_TERMS,
    MOST_TERMS_OF_A_COLUMN,
    TABLE_TYPE,
    Context,
    absent,
    checked_schema,
    exists,
    invalid,
)
from spheresync.dog.services.wire import Json, ServiceError

_PAGE = 100
_TABLE_ARN = re.compile(r"arn:[^/]+:table/(?P<database>[^/]+)/(?P<name>.+)")


@cache
def _members_of(operation: str) -> frozenset[str]:
    import botocore.session

    shape = botocore.session.get_session().get_service_model("glue").operation_model(operation).output_shape
    return frozenset(shape.members if shape else ())


class GlueContext(Double):
    """The business context of one Data Catalog."""

    name = "glue_context"
    service = "glue"
    invalid = "InvalidInputException"

    def __init__(self, place: Place, catalog: GlueCatalog) -> None:
        super().__init__(place, catalog)
        self._context = Context()

    def dump(self) -> Json:
        return self._context.dump()

    def load(self, dumped: Json) -> None:
        self._context = Context.of(dumped)

    def execute(self, call: Call) -> Json:
        answer = super().execute(call)
        return {
            name: value for name, value in answer.items() if value is not None and name in _members_of(call.operation)
        }

    # What happens in Glue

    def database_gone(self, database: str) -> None:
        prefix = self._arn(database, "")
        for asset in [each for each in self._context.noted if each.startswith(prefix)]:
            del self._context.noted[asset]

    def table_made(self, database: str, table: str) -> None:
        self.table_gone(database, table)

    def table_gone(self, database: str, table: str) -> None:
        self._context.noted.pop(self._arn(database, table), None)

    def table_changed(self, database: str, table: str) -> None:
        asset = self._arn(database, table)
        there = {"", *column_names(self.catalog.table_input(database, table) or {})}
        for column in set(self._context.noted.get(asset, {})) - there:
            self._context.noted[asset].pop(column)

    # Glossaries and terms

    @writes("CreateGlossary")
    def create_glossary(self, call: Call) -> Json:
        def create(asked: Json) -> Json:
            self._check_name(self._context.glossaries, asked["Name"], None)
            row = {"Id": call.new_id("glossary", 14), "Name": asked["Name"], "Description": asked.get("Description")}
            self._context.glossaries[row["Id"]] = row
            return row

        return self._once(call, create)

    @reads("GetGlossary")
    def get_glossary(self, call: Call) -> Json:
        return self._glossary(call.parameters["Identifier"])

    @writes("UpdateGlossary")
    def update_glossary(self, call: Call) -> Json:
        def update(asked: Json) -> Json:
            row = self._glossary(asked["Identifier"])
            self._check_name(self._context.glossaries, asked.get("Name"), row["Id"])
            row.update({name: asked[name] for name in ("Name", "Description") if name in asked})
            return row

        return self._once(call, update)

    @writes("DeleteGlossary")
    def delete_glossary(self, call: Call) -> Json:
        """One that is not there is no fault, as the model has no word for it (UNVERIFIED)."""
        identifier = call.parameters["Identifier"]
        if any(term["GlossaryId"] == identifier for term in self._context.terms.values()):
            raise ServiceError("ConflictException", f"Glossary {identifier} has terms.")
        self._context.glossaries.pop(identifier, None)
        return {}

    @reads("ListGlossaries")
    def list_glossaries(self, call: Call) -> Json:
        return self.page("Items", [_given(row) for row in self._context.glossaries.values()], call, _PAGE)

    @writes("CreateGlossaryTerm")
    def create_glossary_term(self, call: Call) -> Json:
        def create(asked: Json) -> Json:
            glossary = self._glossary(asked["GlossaryIdentifier"])["Id"]
            self._check_name(self._terms_of(glossary), asked["Name"], None)
            texts = {name: asked.get(name) for name in ("Name", "ShortDescription", "LongDescription")}
            row = {"Id": call.new_id("term", 14), "GlossaryId": glossary, **texts}
            self._context.terms[row["Id"]] = row
            return row

        return self._once(call, create)

    @reads("GetGlossaryTerm")
    def get_glossary_term(self, call: Call) -> Json:
        return self._term(call.parameters["Identifier"])

    @writes("UpdateGlossaryTerm")
    def update_glossary_term(self, call: Call) -> Json:
        def update(asked: Json) -> Json:
            row = self._term(asked["Identifier"])
            self._check_name(self._terms_of(row["GlossaryId"]), asked.get("Name"), row["Id"])
            row.update({name: asked[name] for name in ("Name", "ShortDescription", "LongDescription") if name in asked})
            return row

        return self._once(call, update)

    @writes("DeleteGlossaryTerm")
    def delete_glossary_term(self, call: Call) -> Json:
        """As `delete_glossary`; it leaves all assets."""
        self._context.terms.pop(call.parameters["Identifier"], None)
        self._context.forget_term(call.parameters["Identifier"])
        return {}

    @reads("ListGlossaryTerms")
    def list_glossary_terms(self, call: Call) -> Json:
        members = ("Id", "Name", "ShortDescription")
        rows = self._terms_of(call.parameters["GlossaryIdentifier"]).values()
        shown = [_given({name: row.get(name) for name in members}) for row in rows]
        return self.page("Items", shown, call, _PAGE)

    @writes("AssociateGlossaryTerms")
    def associate_glossary_terms(self, call: Call) -> Json:
        return self._once(call, lambda asked: self._change_terms(asked, add=True))

    @writes("DisassociateGlossaryTerms")
    def disassociate_glossary_terms(self, call: Call) -> Json:
        return self._once(call, lambda asked: self._change_terms(asked, add=False))

    # Form types and attachments

    @writes("PutFormType")
    def put_form_type(self, call: Call) -> Json:
        def put(asked: Json) -> Json:
            checked_schema(asked["Name"], asked["Schema"])
            self._context.form_types[asked["Name"]] = asked["Schema"]
            return self._form_type(asked["Name"])

        return self._once(call, put)

    @reads("GetFormType")
    def get_form_type(self, call: Call) -> Json:
        return self._form_type(call.parameters["Identifier"])

    @writes("DeleteFormType")
    def delete_form_type(self, call: Call) -> Json:
        """That one which an attachment uses stays is UNVERIFIED; the model speaks of asset types."""
        name = call.parameters["Identifier"]
        for asset, places in self._context.noted.items():
            if any(form["FormTypeId"] == name for each in places.values() for form in each.attachments.values()):
                raise ServiceError("ConflictException", f"Form type {name} is used by {asset}.")
        self._context.form_types.pop(name, None)
        return {}

    @reads("ListFormTypes")
    def list_form_types(self, call: Call) -> Json:
        rows = [{"Id": name, "Name": name} for name in self._context.form_types]
        return self.page("Items", rows, call, _PAGE)

    @writes("PutAttachment")
    def put_attachment(self, call: Call) -> Json:
        def put(asked: Json) -> Json:
            asset, column = self._place_of(asked)
            name, kind = asked["AttachmentName"], asked.get("FormTypeId") or asked.get("FormTypeIdentifier")
            noted = self._context.on(asset, column)
            noted.attachments[name] = self._context.checked_form(name, str(kind), asked["Content"])
            self._context.put(asset, column, noted)
            return {**_echoed(asked), "AttachmentName": name, "FormTypeId": kind}

        return self._once(call, put)

    @writes("DeleteAttachment")
    def delete_attachment(self, call: Call) -> Json:
        asset, column = self._place_of(call.parameters)
        noted = self._context.on(asset, column)
        if noted.attachments.pop(call.parameters["AttachmentName"], None) is None:
            raise absent(f"Attachment {call.parameters['AttachmentName']} not found.")
        self._context.put(asset, column, noted)
        return _echoed(call.parameters)

    # Assets and their columns

    @reads("GetAsset")
    def get_asset(self, call: Call) -> Json:
        asset = call.parameters.get("Identifier") or call.parameters.get("AssetIdentifier")
        table = self._table(str(asset))
        noted = self._context.on(str(asset), None)
        return {
            "Id": asset,
            "Name": table["Name"],
            "Description": table.get("Description"),
            "AssetTypeId": TABLE_TYPE,
            "GlossaryTerms": noted.terms or None,
            "Attachments": noted.attachments or None,
            "IterableForms": {COLUMNS: {"FormTypeId": COLUMNS}},
        }

    @reads("ListIterableForms")
    def list_iterable_forms(self, call: Call) -> Json:
        asset = call.parameters["AssetIdentifier"]
        _check_form(call.parameters["IterableFormName"])
        names = column_names(self._table(asset))
        rows = [self._item(asset, name, attachments=False) for name in names]
        return self.page("Items", rows, call, _PAGE)

    @reads("BatchGetIterableForms")
    def batch_get_iterable_forms(self, call: Call) -> Json:
        asset = call.parameters["AssetIdentifier"]
        _check_form(call.parameters["IterableFormName"])
        there = set(column_names(self._table(asset)))
        asked = call.parameters["ItemIdentifiers"]
        errors = [
            {"ItemIdentifier": name, "Code": "EntityNotFoundException", "Message": f"Item {name} not found."}
            for name in asked
            if name not in there
        ]
        return {
            "Items": [self._item(asset, name, attachments=True) for name in asked if name in there],
            "Errors": errors,
        }

    def _item(self, asset: str, column: str, *, attachments: bool) -> Json:
        noted = self._context.on(asset, column)
        own = noted.attachments if attachments else None
        return _given(
            {"ItemId": column, "ItemName": column, "GlossaryTerms": noted.terms or None, "Attachments": own or None}
        )

    def _change_terms(self, asked: Json, *, add: bool) -> Json:
        asset, column = self._place_of(asked)
        noted = self._context.on(asset, column)
        changed = [self._term(each)["Id"] for each in asked["GlossaryTermIdentifiers"]]
        if add:
            noted.terms = list(dict.fromkeys([*noted.terms, *changed]))
        else:
            noted.terms = [each for each in noted.terms if each not in changed]
        most = MOST_TERMS if column is None else MOST_TERMS_OF_A_COLUMN
        if len(noted.terms) > most:
            raise invalid(f"At most {most} glossary terms are allowed, would be {len(noted.terms)}.")
        self._context.put(asset, column, noted)
        return {**_echoed(asked), "GlossaryTerms": noted.terms or None}

    def _place_of(self, asked: Json) -> tuple[str, str | None]:
        """The asset and the column that a call names."""
        asset: str = asked["AssetIdentifier"]
        table = self._table(asset)
        if ("IterableFormName" in asked) != ("ItemIdentifier" in asked):
            raise invalid("IterableFormName and ItemIdentifier are given together.")
        if "ItemIdentifier" not in asked:
            return asset, None
        _check_form(asked["IterableFormName"])
        column: str = asked["ItemIdentifier"]
        if column not in column_names(table):
            raise absent(f"Asset {asset} has no column {column}.")
        return asset, column

    def _table(self, asset: str) -> Any:
        """The table whose ARN this is."""
        found = _TABLE_ARN.fullmatch(asset)
        database, name = (found["database"], found["name"]) if found is not None else ("", "")
        table = self.catalog.table_input(database, name) if name and asset == self._arn(database, name) else None
        if table is None:
            raise absent(f"Asset {asset} not found.")
        return table

    def _arn(self, database: str, table: str) -> str:
        return f"arn:aws:glue:{self.place.region}:{self.place.account}:table/{database}/{table}"

    def _glossary(self, identifier: str) -> Json:
        return self._context.named("Glossary", self._context.glossaries, identifier)

    def _term(self, identifier: str) -> Json:
        return self._context.named("Glossary term", self._context.terms, identifier)

    def _terms_of(self, glossary: str) -> dict[str, Json]:
        return {name: row for name, row in self._context.terms.items() if row["GlossaryId"] == glossary}

    def _form_type(self, name: str) -> Json:
        schema = self._context.form_types.get(name)
        if schema is None:
            raise absent(f"Form type {name} not found.")
        return {"Id": name, "Name": name, "Schema": schema}

    @staticmethod
    def _check_name(rows: dict[str, Json], name: str | None, own: str | None) -> None:
        if any(row["Name"] == name and row["Id"] != own for row in rows.values()):
            raise exists(f"{name} exists.")

    def _once(self, call: Call, do: Callable[[Json], Json]) -> Json:
        return once(self._context.tokens, call, "ClientToken", lambda: do(call.parameters), invalid)


def _echoed(asked: Json) -> Json:
    """The place of a call, by the names of either model."""
    asset, item = asked["AssetIdentifier"], asked.get("ItemIdentifier")
    form = asked.get("IterableFormName")
    return {
        "AssetIdentifier": asset,
        "AssetId": asset,
        "IterableFormName": form,
        "ItemIdentifier": item,
        "ItemId": item,
    }


def _check_form(name: str) -> None:
    if name != COLUMNS:
        raise absent(f"Iterable form {name} not found.")


def _given(row: Json) -> Json:
    return {name: value for name, value in row.items() if value is not None}
