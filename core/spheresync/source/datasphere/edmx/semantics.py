"""What annotations say of a column beyond name, type and role, in the product's words.

Terms: SAP vocabularies Common, Analytics, PersonalData, OData Core, Measures and Aggregation
(https://sap.github.io/odata-vocabularies). Dictionary keys are those of `vocabulary.Terms`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from spheresync.model import ColumnRole
from spheresync.source.datasphere.edmx.document import Annotations
from spheresync.source.datasphere.edmx.expressions import EnumMember, Path, Value, is_true, text_of
from spheresync.source.datasphere.edmx.vocabulary import find

_CALENDAR = {
    "iscalendardate": "date",
    "iscalendarweek": "week",
    "iscalendarmonth": "month",
    "iscalendarquarter": "quarter",
    "iscalendarhalfyear": "halfyear",
    "iscalendaryear": "year",
    "iscalendaryearweek": "year_week",
    "iscalendaryearmonth": "year_month",
    "iscalendaryearquarter": "year_quarter",
    "iscalendaryearhalfyear": "year_halfyear",
    "isdayofcalendarmonth": "day_of_month",
    "isdayofcalendaryear": "day_of_year",
}
_FISCAL = {
    "isfiscalyear": "year",
    "isfiscalperiod": "period",
    "isfiscalyearperiod": "year_period",
    "isfiscalquarter": "quarter",
    "isfiscalyearquarter": "year_quarter",
    "isfiscalweek": "week",
    "isfiscalyearweek": "year_week",
    "isdayoffiscalyear": "day_of_year",
    "isfiscalyearvariant": "year_variant",
}
_TAGS: Mapping[str, tuple[str, str]] = {
    **{f"common.{term}": ("calendar", value) for term, value in _CALENDAR.items()},
    **{f"common.{term}": ("fiscal", value) for term, value in _FISCAL.items()},
    "common.iscurrency": ("currency", "true"),
    "common.isunit": ("unit", "true"),
    "common.istimezone": ("timezone", "true"),
    "common.islanguageidentifier": ("language", "true"),
    "common.isdigitsequence": ("digit_sequence", "true"),
    "core.islanguagedependent": ("language_dependent", "true"),
    "personaldata.ispotentiallypersonal": ("potentially_personal", "true"),
    "personaldata.ispotentiallysensitive": ("potentially_sensitive", "true"),
}
#: Terms that hold a text or point to another column: the fact's name for either.
_VALUES: Mapping[str, tuple[str, str]] = {
    "common.heading": ("heading", "heading_column"),
    "common.quickinfo": ("quick_info", "quick_info_column"),
    "common.semanticobject": ("semantic_object", "semantic_object_column"),
    "common.text": ("text", "text_column"),
    "core.description": ("description", "description_column"),
    "core.longdescription": ("long_description", "long_description_column"),
    "measures.isocurrency": ("currency_code", "currency_column"),
    "measures.unit": ("unit_code", "unit_column"),
    "personaldata.fieldsemantics": ("personal_data", "personal_data_column"),
}


Fact: TypeAlias = "tuple[str, str | Path]"
"""The name of a fact, and a text or the property that it points to."""


def _with_bare(table: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    return {**{key[key.index(".") :]: fact for key, fact in table.items()}, **table}


_TAG_FACTS = _with_bare(_TAGS)
_VALUE_FACTS = _with_bare(_VALUES)


def facts_of(annotations: Annotations) -> tuple[Fact, ...]:
    """Further facts of a column; those that point to another one have the path to its property."""
    facts: dict[Fact, None] = {}
    for key, value in annotations.items():
        tag = _TAG_FACTS.get(key)
        if tag is not None:
            if is_true(value):
                facts[tag] = None
        elif key in _VALUE_FACTS:
            constant, reference = _VALUE_FACTS[key]
            if isinstance(value, Path):
                facts[reference, value] = None
            elif word := _word(value):
                facts[constant, word] = None
    return tuple(facts)


def named_facts(facts: Iterable[Fact], column_name: Callable[[str], str]) -> tuple[tuple[str, str], ...]:
    """The facts, sorted, once each; `column_name` maps a property to its column's name."""
    named = {(fact, column_name(value.path) if isinstance(value, Path) else value) for fact, value in facts}
    return tuple(sorted(named))


def role_of(annotations: Annotations) -> ColumnRole:
    """Of a column that is no key: measure before dimension before attribute (CONTRACT.md)."""
    if is_true(find(annotations, "analytics.measure")):
        return ColumnRole.MEASURE
    if is_true(find(annotations, "analytics.dimension")):
        return ColumnRole.DIMENSION
    return ColumnRole.ATTRIBUTE


def aggregation_of(annotations: Annotations) -> str | None:
    """`Aggregation.default` in upper case (`SUM`), from `#SUM`, `SUM` or an enumeration member."""
    word = _word(find(annotations, "aggregation.default"))
    return word.lstrip("#").upper() or None if word else None


def is_mandatory(annotations: Annotations) -> bool:
    """Whether `Common.FieldControl` is the constant Mandatory."""
    word = _word(find(annotations, "common.fieldcontrol"))
    return word is not None and word.rpartition("/")[2].lower() == "mandatory"


def _word(value: Value) -> str | None:
    return value.name or None if isinstance(value, EnumMember) else text_of(value)
