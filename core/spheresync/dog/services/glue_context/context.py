"""What is kept of the business context, and how its operations refuse.

Facts (AWS's guide, a preview): every table of Glue is an asset whose identifier is its ARN, every column an item of its
iterable form `columns` whose identifier is the column's name; at most 10 terms an asset and 5 a column, each for
itself; a form type's identifier is its name; a glossary is deleted only without terms. UNVERIFIED: that names of
glossaries and of terms in one are unique (the model has AlreadyExistsException); that a term which is deleted leaves
all assets; that terms already there are no fault, and terms not there none when they are taken away; that what was on a
table goes with it, and what was on a column with that; that columns are found as Glue spells them; codes in `Errors`.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from spheresync.dog.services.datazone.smithy import check_content, form_members
from spheresync.dog.services.wire import Json, ServiceError

MOST_TERMS = 10
MOST_TERMS_OF_A_COLUMN = 5
COLUMNS = "columns"
TABLE_TYPE = "glue-table"


def invalid(text: str) -> ServiceError:
    return ServiceError("InvalidInputException", text)


def absent(text: str) -> ServiceError:
    return ServiceError("EntityNotFoundException", text)


def exists(text: str) -> ServiceError:
    return ServiceError("AlreadyExistsException", text)


@dataclass(slots=True)
class Noted:
    """What was put on an asset or on one of its columns."""

    terms: list[str] = field(default_factory=list)
    attachments: dict[str, Json] = field(default_factory=dict)

    def dump(self) -> Json:
        return {"terms": self.terms, "attachments": self.attachments}


@dataclass(slots=True)
class Context:
    """Everything but the tables, which Glue has."""

    glossaries: dict[str, Json] = field(default_factory=dict)
    terms: dict[str, Json] = field(default_factory=dict)
    form_types: dict[str, str] = field(default_factory=dict)
    assets: dict[str, Json] = field(default_factory=dict)
    """Those that were put, by identifier."""
    noted: dict[str, dict[str, Noted]] = field(default_factory=dict)
    """By asset, and within it by column; what is on the asset itself under no name."""
    tokens: dict[str, Json] = field(default_factory=dict)

    def named(self, kind: str, rows: Mapping[str, Json], identifier: str) -> Json:
        row = rows.get(identifier)
        if row is None:
            raise absent(f"{kind} {identifier} not found.")
        return row

    def on(self, asset: str, column: str | None) -> Noted:
        """What is on an asset or a column now; a value of its own."""
        return copy.deepcopy(self.noted.get(asset, {}).get(column or "", Noted()))

    def put(self, asset: str, column: str | None, noted: Noted) -> None:
        """Have exactly this on it."""
        places = self.noted.setdefault(asset, {})
        places[column or ""] = noted
        self.noted[asset] = {name: each for name, each in places.items() if each != Noted()}
        if not self.noted[asset]:
            del self.noted[asset]

    def forget_term(self, term: str) -> None:
        for asset, places in list(self.noted.items()):
            for column in list(places):
                noted = self.on(asset, column)
                noted.terms = [each for each in noted.terms if each != term]
                self.put(asset, column, noted)

    def checked_form(self, name: str, form_type: str, content: str) -> Json:
        """A form whose content fits its type."""
        schema = self.form_types.get(form_type)
        if schema is None:
            raise absent(f"Form type {form_type} not found.")
        try:
            check_content(name, form_members(schema, form_type), content)
        except ServiceError as error:
            raise invalid(error.message) from error
        return {"FormTypeId": form_type, "Content": content}

    def dump(self) -> Json:
        plain = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "noted"}
        noted = {
            asset: {column: each.dump() for column, each in places.items()} for asset, places in self.noted.items()
        }
        return copy.deepcopy({**plain, "noted": noted})

    @classmethod
    def of(cls, dumped: Json) -> Context:
        own = copy.deepcopy(dumped)
        noted = {
            asset: {column: Noted(**each) for column, each in places.items()} for asset, places in own["noted"].items()
        }
        return cls(**{**own, "noted": noted})


def checked_schema(name: str, schema: str) -> None:
    """Whether a form type can be read."""
    try:
        form_members(schema, name)
    except ServiceError as error:
        raise invalid(error.message) from error
