"""Classify the columns of one asset, layer by layer; the first layer that knows a column has the word.

SAP's annotations say that a column is personal and seldom of which class, which the later layers then tell. The
steward's word overrules every finding, an annotation's too: it is given by the person who answers for the data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from spheresync.mapping.personal_data.vocabulary import dictionary
from spheresync.mapping.personal_data.wording import Said, Strength, what_is_said
from spheresync.model import Asset, Labels, PersonalDataClass, PersonalDataSource
from spheresync.personal_values import ValueKind, find_personal_values

CLASSIFIER_VERSION: Final = 1
"""Raised with every change of the data files or of what follows from them; the data files carry the same number."""
NOT_PERSONAL: Final = "none"
"""The steward's word for a column that holds no personal data, whatever was found."""

Steward: TypeAlias = Mapping[str, PersonalDataClass | Literal["none"]]
"""What stewards said of columns, by name."""


@dataclass(frozen=True, slots=True)
class PersonalDataFinding:
    """That a column holds personal data: of which class, how surely (0 to 1), who says so, and by what."""

    personal_class: PersonalDataClass
    confidence: float
    source: PersonalDataSource
    evidence: str


_Semantics: TypeAlias = tuple[tuple[str, str], ...]

_FIELD_SEMANTICS: Mapping[str, PersonalDataClass | None] = {
    "datasubjectid": PersonalDataClass.IDENTIFIER,
    "userid": PersonalDataClass.IDENTIFIER,
    "consentid": PersonalDataClass.IDENTIFIER,
    "contractrelatedid": PersonalDataClass.IDENTIFIER,
    "datasubjectidtype": None,  # what kind of number it is, and the like: facts about the data, not of a person
    "purposeid": None,
    "datacontrollerid": None,
    "datacontrolleridtype": None,
    "isblockedindicator": None,
    "datacategoryid": None,
    "blockingdate": None,
    "endofbusinessdate": None,
    "endofretentiondate": None,
}
_OF_PEOPLE = frozenset({"datasubject", "datasubjectdetails"})
"""Values of @PersonalData.entitySemantics."""
_VALUES = {
    ValueKind.EMAIL: PersonalDataClass.CONTACT,
    ValueKind.PHONE: PersonalDataClass.CONTACT,
    ValueKind.IBAN: PersonalDataClass.FINANCIAL,
    ValueKind.CARD: PersonalDataClass.FINANCIAL,
    ValueKind.NATIONAL_ID: PersonalDataClass.IDENTIFIER,
}
_PEOPLE = frozenset(
    {PersonalDataClass.NAME, PersonalDataClass.BIRTH, PersonalDataClass.DEMOGRAPHIC, PersonalDataClass.HEALTH}
)
"""Classes that show that the rows of an asset are about people."""
_VOCABULARY_CONFIDENCE = {
    Strength.SUFFICIENT: 0.8,
    Strength.BESIDE_PEOPLE: 0.7,
    Strength.ABOUT_PEOPLE: 0.6,
    Strength.ALONE: 0.4,
}
_AGREED = 0.1  # more where name and label, or two languages, say the same
_SURE_BY_ITSELF = 0.55
"""Below that, a finding holds only among others: a table with `name` and `city` alone may be one of airports."""


def classify(asset: Asset, steward: Steward | None = None) -> dict[str, PersonalDataFinding]:
    """The columns that hold personal data, by name."""
    found: dict[str, PersonalDataFinding] = {}
    doubtful: dict[str, PersonalDataFinding] = {}
    identifying: list[str] = []
    for column in asset.columns:
        word = None if steward is None else steward.get(column.name)
        if word is not None:
            if word != NOT_PERSONAL:
                found[column.name] = _by_steward(PersonalDataClass(word))
            continue
        what = _known_of(column.name, column.labels, column.semantics)
        if what is None:
            continue
        if what.finding is None:
            identifying.append(column.name)
        else:
            (doubtful if what.only_among_people else found)[column.name] = what.finding
    annotated = _is_annotated(asset)
    if found or annotated:
        found.update(doubtful)
    if identifying and (annotated or any(finding.personal_class in _PEOPLE for finding in found.values())):
        found.update(dict.fromkeys(identifying, _BESIDE_PEOPLE))
    return found


def with_personal_data(asset: Asset, found: Mapping[str, PersonalDataFinding]) -> Asset:
    """The asset with the class of each column, and of no other."""
    if not found and not any(column.pii for column in asset.columns):
        return asset
    columns = []
    for column in asset.columns:
        finding = found.get(column.name)
        pii = None if finding is None else finding.personal_class.value
        columns.append(column if column.pii == pii else replace(column, pii=pii))
    return replace(asset, columns=tuple(columns))


def _is_annotated(asset: Asset) -> bool:
    """Whether SAP says that the rows of an asset are people, or tell of people."""
    return any(name == "personal_data_entity" and _spelled(word) in _OF_PEOPLE for name, word in asset.facts)


def _spelled(word: str) -> str:
    """Former versions of CSN wrote `DataSubject` for `DATA_SUBJECT`."""
    return word.replace("_", "").lstrip("#").casefold()


def _by_steward(personal_class: PersonalDataClass) -> PersonalDataFinding:
    return PersonalDataFinding(personal_class, 1.0, PersonalDataSource.STEWARD, "the steward says so")


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a column by itself; `finding` None: it identifies people where other columns tell of them."""

    finding: PersonalDataFinding | None
    only_among_people: bool = False


@lru_cache(maxsize=65_536)
def _known_of(name: str, labels: Labels, semantics: _Semantics) -> _Known | None:
    finding = _by_text(name, labels)
    annotated, field_class, why = _annotation_of(semantics) if semantics else (False, None, "")
    if annotated:
        return _Known(_annotated(finding, field_class, why))
    if finding is not None:
        return _Known(finding, finding.confidence < _SURE_BY_ITSELF)
    known = dictionary()
    return _Known(None) if known.find(name) in known.beside_people else None


def _annotated(
    finding: PersonalDataFinding | None, field_class: PersonalDataClass | None, why: str
) -> PersonalDataFinding:
    """An annotation knows best that a column is personal; of which class, it says seldom."""
    source = PersonalDataSource.ANNOTATION
    if field_class is not None:
        return PersonalDataFinding(field_class, 1.0, source, why)
    if finding is None:
        return PersonalDataFinding(PersonalDataClass.IDENTIFIER, 0.5, source, why)
    return replace(finding, confidence=1.0, source=source, evidence=f"{why}; class: {finding.evidence}")


def _annotation_of(semantics: _Semantics) -> tuple[bool, PersonalDataClass | None, str]:
    """Whether an annotation says that the column is personal, the class where that follows, and which it was."""
    facts = dict(semantics)
    word = facts.get("personal_data")
    if word is not None:
        key = _spelled(word)
        if key in _FIELD_SEMANTICS:
            personal_class = _FIELD_SEMANTICS[key]
            return personal_class is not None, personal_class, f"@PersonalData.fieldSemantics {word}"
        return True, None, f"@PersonalData.fieldSemantics {word}"
    if facts.get("potentially_sensitive") == "true":
        return True, None, "@PersonalData.isPotentiallySensitive"
    return facts.get("potentially_personal") == "true", None, "@PersonalData.isPotentiallyPersonal"


def _by_text(name: str, labels: Labels) -> PersonalDataFinding | None:
    known = dictionary()
    field = known.find(name)
    if field is not None and field in known.fields:
        field_class = known.fields[field]
        if field_class is not None:
            return PersonalDataFinding(field_class, 0.95, PersonalDataSource.DICTIONARY, f"SAP field {field}")
    elif field is None:
        finding = _by_words(name, labels)
        if finding is not None:
            return finding
    return _by_values(labels)


def _by_words(name: str, labels: Labels) -> PersonalDataFinding | None:
    said = [each for each in map(what_is_said, dict.fromkeys((name, *(text for _, text in labels)))) if each]
    hits = [each for each in said if each.personal_class is not None]
    if not hits or len(hits) < len(said):
        return None
    best = max(hits, key=_strength)
    agreed = sum(each.personal_class is best.personal_class for each in hits) > 1
    confidence = _VOCABULARY_CONFIDENCE[best.strength] + (_AGREED if agreed else 0.0)
    assert best.personal_class is not None
    return PersonalDataFinding(
        best.personal_class, round(confidence, 2), PersonalDataSource.VOCABULARY, f"word {best.phrase!r}"
    )


def _strength(said: Said) -> Strength:
    return said.strength


def _by_values(labels: Labels) -> PersonalDataFinding | None:
    for _, text in labels:
        for value in find_personal_values(text):
            return PersonalDataFinding(
                _VALUES[value.kind], 0.6, PersonalDataSource.PATTERN, f"a value of the form {value.kind} in its label"
            )
    return None


_BESIDE_PEOPLE = PersonalDataFinding(
    PersonalDataClass.IDENTIFIER, 0.6, PersonalDataSource.DICTIONARY, "identifies whom other columns here are about"
)
