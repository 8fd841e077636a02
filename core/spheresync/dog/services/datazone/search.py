"""Search, SearchTypes and the search of listings: what is found, and in which order.

AWS finds more than what fits exactly: by meaning, and by any word of a text. So does this: a text finds what has any of
its words, in any case, whole or as a beginning; in double quotes all of them have to be there. Who looks for one thing
has to compare what comes. A filter's value has at most 128 characters, which an ARN may not fit. UNVERIFIED on AWS:
which attributes can be filtered and sorted by (an unknown one is refused here); that the best come first; that
what was just made is found at once (AWS may take a while).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from spheresync.dog.services.datazone.domains import Domain, given, invalid
from spheresync.dog.services.datazone.types import newest_of
from spheresync.dog.services.datazone.word_index import sought_words, words_of
from spheresync.dog.services.double import Call
from spheresync.dog.services.wire import Json

_TIMES = ("creationTime", "lastUpdatedTime")
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "EQ": lambda value, bound: value == bound,
    "LE": lambda value, bound: value <= bound,
    "LT": lambda value, bound: value < bound,
    "GE": lambda value, bound: value >= bound,
    "GT": lambda value, bound: value > bound,
}


@dataclass(frozen=True, slots=True)
class Hit:
    """What may be found: its row, the texts that are searched, and the values that filters compare."""

    item: Json
    texts: Mapping[str, str]
    values: Mapping[str, Sequence[str]]
    created: datetime
    updated: datetime

    @property
    def identity(self) -> str:
        return repr(self.values.get("name"))


def search(domain: Domain, call: Call) -> list[Json]:
    """What a domain's projects hold, published or not."""
    scopes: Mapping[str, Callable[[Domain, Call], Iterable[Hit]]] = {
        "ASSET": _assets,
        "GLOSSARY": _glossaries,
        "GLOSSARY_TERM": _terms,
        "DATA_PRODUCT": lambda _domain, _call: (),
    }
    project = call.parameters.get("owningProjectIdentifier")
    if project is not None:
        domain.project(project)
    hits = scopes[call.parameters["searchScope"]](domain, call)
    return sought([hit for hit in hits if project is None or project in hit.values["owningProjectId"]], call)


def search_types(domain: Domain, call: Call) -> list[Json]:
    """Form types or asset types in their newest revisions."""
    scope = call.parameters["searchScope"]
    managed = call.parameters["managed"]
    members = {"FORM_TYPE": "formTypeItem", "ASSET_TYPE": "assetTypeItem"}
    types = {"FORM_TYPE": domain.form_types, "ASSET_TYPE": domain.asset_types}.get(scope, {})
    hits = []
    for row in newest_of(types, managed=managed):
        texts = {"name": row["name"], "description": row.get("description", "")}
        created: datetime = row.get("createdAt") or domain.row["createdAt"]
        updated: datetime = row.get("updatedAt") or created
        hits.append(Hit({members[scope]: row}, texts, {"name": [row["name"]]}, created, updated))
    return sought(hits, call)


def sought(hits: Iterable[Hit], call: Call) -> list[Json]:
    """The rows that a call looks for, in its order."""
    asked = call.parameters
    text = asked.get("searchText", "")
    attributes = [each["attribute"] for each in asked.get("searchIn", ())]
    kept = [hit for hit in hits if "filters" not in asked or _fits(hit, asked["filters"])]
    scored = [(_score(hit, text, attributes), hit) for hit in kept]
    rows = [(score, hit) for score, hit in scored if score or not text]
    rows.sort(key=lambda row: (-row[0], row[1].created, row[1].identity))
    if sort := asked.get("sort"):
        rows.sort(key=lambda row: _sort_key(row[1], sort["attribute"]), reverse=sort.get("order") == "DESCENDING")
    return [hit.item for _, hit in rows]


def _score(hit: Hit, text: str, attributes: Sequence[str]) -> int:
    """How many words of a text are found; 0 where they are too few."""
    wanted = sought_words(text)
    texts = [value for name, value in hit.texts.items() if not attributes or name in attributes]
    matched = sum(any(f" {each}" in _spaced(value) for value in texts) for each in wanted)
    whole = text.startswith('"') and text.endswith('"')
    return 0 if whole and matched < len(wanted) else matched


@lru_cache(maxsize=20_000)
def _spaced(text: str) -> str:
    """The words of a text, each after a space; texts are searched far more often than they change."""
    return "".join(f" {word}" for word in words_of(text))


def _fits(hit: Hit, clause: Json) -> bool:
    if len(clause) != 1:
        raise invalid("A filter clause needs exactly one of filter, and, or.")
    if "and" in clause:
        fitting = [_fits(hit, each) for each in clause["and"]]
        return all(fitting)
    if "or" in clause:
        fitting = [_fits(hit, each) for each in clause["or"]]
        return any(fitting)
    asked = clause["filter"]
    attribute, operator = asked["attribute"], asked.get("operator", "EQ")
    if attribute in _TIMES:
        moment = hit.created if attribute == "creationTime" else hit.updated
        return operator in _COMPARE and _COMPARE[operator](moment.timestamp() * 1000, float(asked.get("intValue", 0)))
    value = asked.get("value", "")
    if operator == "TEXT_SEARCH":
        return bool(_score(hit, value, [attribute]))
    if attribute not in hit.values:
        raise invalid(f"The attribute {attribute} cannot be filtered by.")
    if operator != "EQ":
        raise invalid(f"The attribute {attribute} has no order.")
    return value in hit.values[attribute]


def _sort_key(hit: Hit, attribute: str) -> tuple[float, str]:
    if attribute in _TIMES:
        return (hit.created if attribute == "creationTime" else hit.updated).timestamp(), ""
    if attribute == "name":
        return 0, hit.identity
    raise invalid(f"The attribute {attribute} cannot be sorted by.")


def _assets(domain: Domain, call: Call) -> Iterable[Hit]:
    with_forms = "FORMS" in call.parameters.get("additionalAttributes", ())
    for identifier in _assets_to_look_at(domain, call.parameters.get("searchText", "")):
        yield _hit(domain.assets[identifier][-1], with_forms=with_forms)


def _assets_to_look_at(domain: Domain, text: str) -> Iterable[str]:
    """All of them, or those that a text may find; of many, to look at each for every text takes too long."""
    for identifier in domain.changed:
        if identifier in domain.assets:
            domain.words.put(identifier, _texts(domain.assets[identifier][-1]).values())
        else:
            domain.words.drop(identifier)
    domain.changed.clear()
    return sorted(domain.words.having_any(text)) if text else domain.assets


def _texts(row: Json) -> dict[str, str]:
    return {
        "name": row["name"],
        "description": row.get("description", ""),
        "externalIdentifier": row.get("externalIdentifier", ""),
        "forms": " ".join(form["content"] for form in row["formsOutput"]),
    }


def _hit(row: Json, *, with_forms: bool) -> Hit:
    members = ("domainId", "name", "typeIdentifier", "typeRevision", "externalIdentifier", "description")
    also = ("createdAt", "createdBy", "firstRevisionCreatedAt", "firstRevisionCreatedBy")
    shown = (*members, *also, "glossaryTerms", "owningProjectId")
    item = {"identifier": row["id"], **{name: row[name] for name in shown if name in row}}
    if with_forms:
        item["additionalAttributes"] = {"formsOutput": row["formsOutput"]}
    values = {
        "name": [row["name"]],
        "externalIdentifier": [row.get("externalIdentifier", "")],
        "typeName": [row["typeIdentifier"]],
        "owningProjectId": [row["owningProjectId"]],
        "__DataZoneGlossaryTerms": row.get("glossaryTerms", []),
    }
    return Hit({"assetItem": item}, _texts(row), values, row["firstRevisionCreatedAt"], row["createdAt"])


def _glossaries(domain: Domain, _call: Call) -> Iterable[Hit]:
    for row in domain.glossaries.values():
        texts = {"name": row["name"], "description": row.get("description", "")}
        values = {"name": [row["name"]], "status": [row["status"]], "owningProjectId": [row["owningProjectId"]]}
        yield Hit({"glossaryItem": row}, texts, values, row["createdAt"], row["updatedAt"])


def _terms(domain: Domain, _call: Call) -> Iterable[Hit]:
    for row in domain.terms.values():
        texts = given(
            name=row["name"],
            shortDescription=row.get("shortDescription"),
            longDescription=row.get("longDescription"),
        )
        values = {
            "name": [row["name"]],
            "status": [row["status"]],
            "glossaryId": [row["glossaryId"]],
            "owningProjectId": [domain.glossaries[row["glossaryId"]]["owningProjectId"]],
        }
        yield Hit({"glossaryTermItem": row}, texts, values, row["createdAt"], row["updatedAt"])
