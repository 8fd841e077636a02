"""An imported asset that takes the place of one of ours, with what others have put on that. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from spheresync.model.json_document import read_json
from spheresync.targets.annotations.content import Content, without_ours
from spheresync.targets.datazone.asset_forms import BUSINESS, COLUMN_FORM, TABLE_FORM, asset_input

_COLUMN = "columnIdentifier"
_TERMS = "glossaryTerms"


@dataclass(frozen=True, slots=True)
class TakeOver:
    """`asset` is the imported one with the work of others; `differing` names what others say otherwise on both."""

    asset: Mapping[str, Any]
    differing: tuple[str, ...]

    def loses_nothing(self, imported: Mapping[str, Any]) -> bool:
        """Whether the imported asset, as it is, says all that others say on ours."""
        return not self.differing and self.asset == imported


def take_over(imported: Mapping[str, Any], made: Mapping[str, Any], there: Content, name: str) -> TakeOver:
    """The imported asset with all that others have put on the one of ours.

    Args:
        imported: as DataZone gives it.
        made: the asset of ours.
        there: what stands on that.
        name: by which both were made.
    """
    left = asset_input(made, there, without_ours(there), name)
    held, differing = dict(imported), list[str]()
    for member, default, text in (("name", name, left.name), ("description", "", left.description)):
        now = str(held.get(member) or "")
        if text in {default, "", now}:
            continue
        if now not in {default, ""}:
            differing.append(member)
        held[member] = text
    terms = [str(each) for each in held.get(_TERMS) or ()]
    if more := [each for each in left.terms if each not in terms]:
        held[_TERMS] = [*terms, *more]
    forms = {str(each["formName"]): each for each in held.get("formsOutput") or ()}
    for form in left.forms:
        called = form["formName"]
        if called == TABLE_FORM:
            continue
        if called not in forms:
            kind = {"typeName": form["typeIdentifier"]} if "typeIdentifier" in form else {}
            forms[called] = {"formName": called, "content": form["content"], **kind}
            continue
        joined = _joined(called, str(forms[called].get("content") or "{}"), form["content"], differing)
        if joined is not None:
            forms[called] = {**forms[called], "content": joined}
    held["formsOutput"] = [*forms.values()]
    return TakeOver(held if held != imported else imported, tuple(differing))


def _joined(called: str, content: str, theirs: str, differing: list[str]) -> str | None:
    """The content of a form with the members that only the other one has; None where it is the same."""
    try:
        now, other = read_json(content), read_json(theirs)
    except ValueError:
        now = other = None
    if not isinstance(now, dict) or not isinstance(other, dict):
        differing.extend([called] if content != theirs else [])
        return None
    if called == COLUMN_FORM:
        joined = _columns(now, other, differing)
    else:
        joined = {**other, **now}
        differing.extend(f"{called}.{member}" for member in other if other[member] != joined[member])
    return None if joined == now else json.dumps(joined, ensure_ascii=False, separators=(",", ":"))


def _columns(now: Mapping[str, Any], other: Mapping[str, Any], differing: list[str]) -> dict[str, Any]:
    """What is said of columns on both assets."""
    entries = {str(each.get(_COLUMN)): dict(each) for each in now.get(BUSINESS) or ()}
    for each in other.get(BUSINESS) or ():
        column = str(each.get(_COLUMN))
        entry = entries.setdefault(column, {})
        terms = [*entry.get(_TERMS, ()), *(term for term in each.get(_TERMS, ()) if term not in entry.get(_TERMS, ()))]
        joined = {**each, **entry, **({_TERMS: terms} if terms else {})}
        differing.extend(f"{column}.{member}" for member in each if member != _TERMS and each[member] != joined[member])
        entries[column] = joined
    return {**other, **now, BUSINESS: [*entries.values()]} if entries else {**other, **now}
