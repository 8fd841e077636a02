"""What annotations of an element say beyond name, type and label, in the same words as for EDMX.

Terms: https://sap.github.io/csn-interop-specification (annotations), and those of CAP and ABAP CDS that Datasphere
keeps (reference: datasphere-api.md 4.3, 5).
"""

from __future__ import annotations

import re

from spheresync.model import ColumnRole, JsonValue
from spheresync.source.datasphere.csn.annotations import Annotations, is_true, reference_of, text_of, word_of

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
#: Term: (fact, value); true of an element where the annotation is.
_TAGS = {
    "semantics.currencycode": ("currency", "true"),
    "semantics.unitofmeasure": ("unit", "true"),
    "semantics.language": ("language", "true"),
    "semantics.text": ("is_text", "true"),
    "semantics.date": ("calendar", "date"),
    "semantics.calendar.date": ("calendar", "date"),
    "semantics.time": ("time", "true"),
    "semantics.uuid": ("uuid", "true"),
    "semantics.businessdate.from": ("valid", "from"),
    "semantics.businessdate.to": ("valid", "to"),
    "personaldata.ispotentiallypersonal": ("potentially_personal", "true"),
    "personaldata.ispotentiallysensitive": ("potentially_sensitive", "true"),
    "common.iscurrency": ("currency", "true"),
    "common.isunit": ("unit", "true"),
    "dataintegration.dataunavailable": ("data_unavailable", "true"),
}
#: Term: the fact that names another column.
_COLUMNS = {
    "semantics.amount.currencycode": "currency_column",
    "semantics.quantity.unitofmeasure": "unit_column",
    "objectmodel.text.element": "text_column",
    "common.text": "text_column",
    "measures.isocurrency": "currency_column",
    "measures.unit": "unit_column",
}
#: Term: the fact that names an association.
_ASSOCIATIONS = {
    "objectmodel.foreignkey.association": "foreign_key_association",
    "objectmodel.text.association": "text_association",
    "objectmodel.hierarchy.association": "hierarchy_association",
}
#: Term: the fact that holds an enumeration value or a text.
_WORDS = {
    "analyticsdetails.measuretype": "measure_type",
    "personaldata.fieldsemantics": "personal_data",
    "endusertext.heading": "heading",
    "endusertext.quickinfo": "quick_info",
    "core.description": "description",
    "api.element.releasestate": "release_state",
    "datawarehouse.native.datatype": "native_type",
    "odm.oidreference.entityname": "odm_entity",
    "entityrelationship.propertytype": "property_type",
}
_NAMES = {**_COLUMNS, **_ASSOCIATIONS}
_KNOWN = frozenset({*_TAGS, *_WORDS, *_NAMES})
_LOWER = frozenset({"analyticsdetails.measuretype", "personaldata.fieldsemantics"})
_NO_AGGREGATION = frozenset({None, "", "NONE", "NOP"})


def semantics_of(annotations: Annotations) -> tuple[tuple[str, str], ...]:
    """Further facts of an element as sorted (name, value) pairs."""
    facts: set[tuple[str, str]] = set()
    for term, value in annotations.items():
        if term in _KNOWN:
            if (fact := _fact(term, value)) is not None:
                facts.add(fact)
        elif term.startswith(("semantics.calendar.", "semantics.fiscal.")) and is_true(value):
            kind, _, unit = term.removeprefix("semantics.").partition(".")
            facts.add((kind, _UNITS.get(unit, unit)))
    return tuple(sorted(facts)) if facts else ()


def _fact(term: str, value: JsonValue) -> tuple[str, str] | None:
    if term in _TAGS:
        return _TAGS[term] if is_true(value) else None
    if term in _WORDS:
        word = word_of(value)
        return (_WORDS[term], word.lower() if term in _LOWER else word) if word else None
    name = reference_of(value)
    return (_NAMES[term], name) if name else None


_UNITS = {
    unit.lower(): _CAMEL.sub("_", unit).lower()
    for unit in (
        "dayOfMonth",
        "dayOfYear",
        "dayOfWeek",
        "yearWeek",
        "yearMonth",
        "yearQuarter",
        "yearHalfyear",
        "yearPeriod",
        "yearVariant",
    )
}


def role_of(
    annotations: Annotations, aggregation: str | None, *, key: bool, others: ColumnRole = ColumnRole.ATTRIBUTE
) -> ColumnRole:
    """Key before measure before dimension before attribute (CONTRACT.md); `others` is what carries no annotation."""
    if key:
        return ColumnRole.KEY
    if aggregation not in _NO_AGGREGATION:
        return ColumnRole.MEASURE
    if "analyticsdetails.measuretype" in annotations and word_of(annotations["analyticsdetails.measuretype"]):
        return ColumnRole.MEASURE
    if "analytics.measure" in annotations and is_true(annotations["analytics.measure"]):
        return ColumnRole.MEASURE
    if "analytics.dimension" in annotations and is_true(annotations["analytics.dimension"]):
        return ColumnRole.DIMENSION
    return others


def aggregation_of(annotations: Annotations) -> str | None:
    """`@Aggregation.default` in upper case (`SUM`); `@DefaultAggregation` is what ABAP CDS calls it."""
    for term in ("aggregation.default", "defaultaggregation"):
        if term in annotations and (word := word_of(annotations[term])):
            return word.upper()
    return None


def description_of(annotations: Annotations) -> str:
    """A longer text about an object, where it has one."""
    value: JsonValue = annotations.get("endusertext.quickinfo") or annotations.get("core.description")
    return text_of(value)
