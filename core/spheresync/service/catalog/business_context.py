"""What is known of the business around one asset, for answers: of Datasphere, of rules, of context files. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from spheresync.answers import RuleRow
from spheresync.config.context import NOT_PERSONAL, ContextTerm
from spheresync.mapping.context import FIELDS, AssetContext, ColumnContext
from spheresync.mapping.personal_data import PersonalDataFinding
from spheresync.mapping.rules import Decision
from spheresync.model import Asset, JsonValue, counted, first_of

_SHOWN_DEFINITION = 300
_NAMED = 10
Terms = Mapping[str, ContextTerm]


def business_context(asset: Asset | None, said: AssetContext, terms: Terms, decision: Decision) -> dict[str, JsonValue]:
    """Everything of an asset but its columns; `provenance` says from where what is not of `$metadata` comes."""
    context = {} if asset is None else _of_datasphere(asset)
    provenance = {} if asset is None else dict(asset.provenance)
    if asset is not None and asset.owner:
        provenance["owner"] = "Datasphere"
    for key in FIELDS:
        if (text := said.said(key)) is not None:
            context[key] = text
            provenance[key] = said.places[key]
    context = {key: value for key, value in context.items() if value != ""}
    if tags := {name: text for name, text in (*decision.tags, *said.tags) if text}:
        context["tags"] = {**tags}
    provenance |= {f"tags.{name}": said.places[f"tags.{name}"] for name, _ in said.tags}
    columns = said.of_columns(asset.columns) if asset is not None else {}
    of_columns = {str(name): each for name, each in columns.items() if each.terms}
    if said.terms:
        context["terms"] = [*said.terms]
        provenance["terms"] = said.places["terms"]
    if of_columns:
        context["column_terms"] = {name: [*each.terms] for name, each in of_columns.items()}
        provenance |= {f"column_terms.{name}": each.places["terms"] for name, each in of_columns.items()}
    names = dict.fromkeys([*said.terms, *(name for each in of_columns.values() for name in each.terms)])
    if glossary := {name: _term(terms[name]) for name in names if name in terms}:
        context["glossary"] = {**glossary}
    if provenance:
        context["provenance"] = {**provenance}
    return context


def _term(term: ContextTerm) -> JsonValue:
    text = term.definition
    shown: dict[str, JsonValue] = {
        "definition": text if len(text) <= _SHOWN_DEFINITION else f"{text[:_SHOWN_DEFINITION]}…"
    }
    if term.synonyms:
        shown["synonyms"] = [*term.synonyms]
    if term.broader is not None:
        shown["broader"] = term.broader
    return shown


def _of_datasphere(asset: Asset) -> dict[str, JsonValue]:
    context: dict[str, JsonValue] = {"labels": dict(asset.labels)}
    if asset.owner:
        context["owner"] = asset.owner
    if asset.hierarchies:
        context["hierarchies"] = {
            each.name: {"parent": [*each.parent], "child": [*each.child]} if each.parent else [*each.levels]
            for each in asset.hierarchies
        }
    if asset.primary_key:
        context["primary_key"] = [*asset.primary_key]
    if asset.foreign_keys:
        context["foreign_keys"] = [
            {"association": key.association, "references": key.target, "columns": [[*pair] for pair in key.columns]}
            for key in asset.foreign_keys
        ]
    if asset.associations:
        context["associations"] = {each.name: each.target for each in asset.associations}
    if asset.findings:
        context["findings"] = [*asset.findings]
    if asset.parameters:
        context["parameters"] = {parameter.name: str(parameter.type) for parameter in asset.parameters}
    context.update(dict(asset.facts))
    if asset.view_definition:
        context["view_definition"] = asset.view_definition
    return context


def rule_rows(decision: Decision) -> list[RuleRow]:
    """The rules and then the context entries that matched; the origin of an entry is where it stands."""
    rows = [
        RuleRow(rule=fired.rule, sets=dict(fired.sets), overridden=list(fired.overridden), origin=fired.origin)
        for fired in decision.fired
    ]
    return rows + [
        RuleRow(rule=fired.number, sets=dict(fired.sets), overridden=list(fired.overridden), origin=fired.place)
        for fired in decision.context.fired
    ]


def context_findings(
    asset: Asset | None, decision: Decision, terms: Terms, found: Mapping[str, PersonalDataFinding]
) -> list[str]:
    """What people may want to know of what context files say of an asset.

    `found` are the columns that hold personal data as far as the classifier alone can tell.
    """
    said = decision.context
    findings = []
    if asset is not None and asset.owner and said.said("owner") not in {None, asset.owner}:
        findings.append(f"the owner is by {said.places['owner']}; Datasphere names another one")
    rules = dict(decision.tags)
    if both := [name for name, text in said.tags if name in rules and rules[name] != text]:
        findings.append(f"tags of mapping rules that context files set anew: {first_of(both, _NAMED)}")
    columns = said.of_columns(asset.columns) if asset is not None else {}
    names = dict.fromkeys([*said.terms, *(name for each in columns.values() for name in each.terms)])
    if unknown := [name for name in names if name not in terms]:
        findings.append(f"{counted(len(unknown), 'term')} without a definition: {first_of(unknown, _NAMED)}")
    words = [_word(name, each, found.get(name)) for name, each in columns.items() if each.personal_data is not None]
    return findings + words[:_NAMED] + _rest(words)


def _word(name: str, said: ColumnContext, found: PersonalDataFinding | None) -> str:
    word = "no personal data" if said.personal_data == NOT_PERSONAL else f"{said.personal_data} data"
    text = f"column {name} holds {word}, as a steward says in {said.places['personal_data']}"
    if found is None or found.personal_class == said.personal_data:
        return text
    return f"{text}; without that {found.personal_class} data by the {found.source} ({found.evidence})"


def _rest(words: Sequence[str]) -> list[str]:
    left = len(words) - _NAMED
    return [f"and of {counted(left, 'more column')} stewards say what they hold"] if left > 0 else []
