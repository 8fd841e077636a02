"""Glossaries and their terms.

The model says: a glossary's name is unique in its domain, a term's in its glossary; a glossary is deleted only when it
is DISABLED and has no terms; a term is not deleted while assets or other terms are linked to it. 1,000 glossaries and
10,000 terms a domain (reference: aws-catalogs.md 4). UNVERIFIED: that a term, too, has to be DISABLED before it is
deleted (Terraform's provider does that); that names differ by case; that new ones are ENABLED where nothing is said;
that a refused deletion is a conflict; that a term which is disabled may still be put on an asset.
"""

from __future__ import annotations

from collections.abc import Iterable

from spheresync.dog.services.datazone.domains import CALLER, Domain, absent, conflict, found, given, invalid, quota
from spheresync.dog.services.double import Call
from spheresync.dog.services.wire import Json

MOST_GLOSSARIES = 1_000
MOST_TERMS = 10_000
_GOVERNED = "ASSET_GOVERNED_TERMS"
_RELATIONS = ("isA", "classifies")


def create_glossary(domain: Domain, call: Call) -> Json:
    asked = call.parameters
    project = domain.project(asked["owningProjectIdentifier"])
    _check_glossary_name(domain, asked["name"], None)
    if len(domain.glossaries) >= MOST_GLOSSARIES:
        raise quota(f"A domain allows at most {MOST_GLOSSARIES} glossaries.")
    row = given(
        domainId=domain.id,
        id=call.new_id("glossary", 14),
        name=asked["name"],
        owningProjectId=project,
        description=asked.get("description"),
        status=asked.get("status", "ENABLED"),
        usageRestrictions=asked.get("usageRestrictions"),
        createdAt=call.at,
        createdBy=CALLER,
        updatedAt=call.at,
        updatedBy=CALLER,
    )
    domain.glossaries[row["id"]] = row
    return row


def get_glossary(domain: Domain, call: Call) -> Json:
    return found(domain.glossaries, call.parameters["identifier"], "Glossary")


def update_glossary(domain: Domain, call: Call) -> Json:
    """What is not given stays."""
    asked = call.parameters
    row = found(domain.glossaries, asked["identifier"], "Glossary")
    _check_glossary_name(domain, asked.get("name"), row["id"])
    row.update(given(**{name: asked.get(name) for name in ("name", "description", "status")}))
    row.update(updatedAt=call.at, updatedBy=CALLER)
    return row


def delete_glossary(domain: Domain, call: Call) -> Json:
    row = found(domain.glossaries, call.parameters["identifier"], "Glossary")
    if row["status"] != "DISABLED":
        raise conflict(f"Glossary {row['id']} must be DISABLED before it is deleted.")
    if any(term["glossaryId"] == row["id"] for term in domain.terms.values()):
        raise conflict(f"Glossary {row['id']} has terms.")
    del domain.glossaries[row["id"]]
    return {}


def create_term(domain: Domain, call: Call) -> Json:
    asked = call.parameters
    glossary = found(domain.glossaries, asked["glossaryIdentifier"], "Glossary")
    _check_term_name(domain, asked["name"], glossary["id"], None)
    _check_relations(domain, asked.get("termRelations"), None)
    if len(domain.terms) >= MOST_TERMS:
        raise quota(f"A domain allows at most {MOST_TERMS} glossary terms.")
    row = given(
        id=call.new_id("term", 14),
        domainId=domain.id,
        glossaryId=glossary["id"],
        name=asked["name"],
        status=asked.get("status", "ENABLED"),
        shortDescription=asked.get("shortDescription"),
        longDescription=asked.get("longDescription"),
        termRelations=asked.get("termRelations"),
        usageRestrictions=glossary.get("usageRestrictions"),
        createdAt=call.at,
        createdBy=CALLER,
        updatedAt=call.at,
        updatedBy=CALLER,
    )
    domain.terms[row["id"]] = row
    return row


def get_term(domain: Domain, call: Call) -> Json:
    return found(domain.terms, call.parameters["identifier"], "Glossary term")


def update_term(domain: Domain, call: Call) -> Json:
    """What is not given stays; relations that are given replace all that there were (UNVERIFIED)."""
    asked = call.parameters
    row = found(domain.terms, asked["identifier"], "Glossary term")
    if asked.get("glossaryIdentifier", row["glossaryId"]) != row["glossaryId"]:
        raise invalid(f"Glossary term {row['id']} is not of that glossary.")
    _check_term_name(domain, asked.get("name"), row["glossaryId"], row["id"])
    _check_relations(domain, asked.get("termRelations"), row["id"])
    names = ("name", "status", "shortDescription", "longDescription", "termRelations")
    row.update(given(**{name: asked.get(name) for name in names}))
    row.update(updatedAt=call.at, updatedBy=CALLER)
    return row


def delete_term(domain: Domain, call: Call) -> Json:
    row = found(domain.terms, call.parameters["identifier"], "Glossary term")
    if row["status"] != "DISABLED":
        raise conflict(f"Glossary term {row['id']} must be DISABLED before it is deleted.")
    if any(row["id"] in revisions[-1].get("glossaryTerms", ()) for revisions in domain.assets.values()):
        raise conflict(f"Glossary term {row['id']} is on an asset.")
    for other in domain.terms.values():
        if row["id"] in related(other):
            raise conflict(f"Glossary term {other['id']} is related to {row['id']}.")
    del domain.terms[row["id"]]
    return {}


def related(term: Json) -> list[str]:
    """The terms that a term names."""
    relations = term.get("termRelations") or {}
    return [identifier for relation in _RELATIONS for identifier in relations.get(relation, ())]


def check_terms(domain: Domain, identifiers: Iterable[str] | None) -> None:
    """Whether these terms may be put on an asset; governed ones have an operation of their own."""
    for identifier in identifiers or ():
        term = found(domain.terms, identifier, "Glossary term")
        if _GOVERNED in term.get("usageRestrictions", ()):
            raise invalid(f"Glossary term {identifier} is governed: only AssociateGovernedTerms puts it on an asset.")


def described(domain: Domain, identifiers: Iterable[str] | None) -> list[Json]:
    """Terms as a listing shows them."""
    there = [domain.terms[each] for each in identifiers or () if each in domain.terms]
    return [given(name=term["name"], shortDescription=term.get("shortDescription")) for term in there]


def _check_glossary_name(domain: Domain, name: str | None, own: str | None) -> None:
    if any(row["name"] == name and row["id"] != own for row in domain.glossaries.values()):
        raise conflict(f"A glossary of the name {name} exists.")


def _check_term_name(domain: Domain, name: str | None, glossary: str, own: str | None) -> None:
    for row in domain.terms.values():
        if row["name"] == name and row["glossaryId"] == glossary and row["id"] != own:
            raise conflict(f"A glossary term of the name {name} exists in glossary {glossary}.")


def _check_relations(domain: Domain, relations: Json | None, own: str | None) -> None:
    for identifier in related({"termRelations": relations}):
        if identifier == own:
            raise invalid("A glossary term must not be related to itself.")
        if identifier not in domain.terms:
            raise absent(f"Glossary term {identifier} not found.")
