"""Classify the columns of one asset, layer by layer; the first layer that knows a column has the word.

SAP's annotations say that a column is personal and seldom of which class, which the later layers then tell. The
steward's word overrules every finding, an annotation's too: it is given by the person who answers for the data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from spheresync.config.context import NOT_PERSONAL
from spheresync.mapping.personal_data.vocabulary import dictionary
from spheresync.mapping.personal_data.wording import Strength, TextMeaning, meaning_of_text
from spheresync.model import Asset, Derivation, Labels, PersonalDataClass, PersonalDataSource
from spheresync.personal_values import ValueKind, find_personal_values

CLASSIFIER_VERSION: Final = 5
"""Raised with every change of the data files or of what follows from them; the data files carry the same number."""
CLASSIFIERS: Final = 10_000
"""More versions of the classifier than there will be; with one of the normaliser they make one number."""

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
_SENSITIVE = "@PersonalData.isPotentiallySensitive"
_CLASS_UNKNOWN = "of which class is not said: most of what is sensitive (origin, belief, opinion) is demographic"
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
_PEOPLE_NUMBERS = frozenset({"PERNR", "PERNR_D", "PERID", "PERSNUMBER", "PERS_NO"})
"""Fields that show the same. Not who made a record: that stands in nearly every table."""
_VOCABULARY_CONFIDENCE = {
    Strength.SUFFICIENT: 0.8,
    Strength.BESIDE_PEOPLE: 0.7,
    Strength.ABOUT_PEOPLE: 0.6,
    Strength.WHOLE: 0.6,
    Strength.ALONE: 0.4,
}
_AGREED = 0.1  # more where name and label, or two languages, say the same
_SURE_BY_ITSELF = 0.55
"""Below that, a finding holds only among others: a table with `name` and `city` alone may be one of airports."""


def held_classes(found: Mapping[str, PersonalDataFinding]) -> tuple[PersonalDataClass, ...]:
    """The classes that the columns of an asset hold, each once, in their order."""
    held = {finding.personal_class for finding in found.values()}
    return tuple(each for each in PersonalDataClass if each in held)


def was_classified(version: int) -> bool:
    """Whether personal data was looked for in a definition that was made by this version."""
    return version >= CLASSIFIERS


def classify(
    asset: Asset, steward: Steward | None = None, places: Mapping[str, str] | None = None
) -> dict[str, PersonalDataFinding]:
    """The columns that hold personal data, by name; `places` has where the steward's words stand."""
    found: dict[str, PersonalDataFinding] = {}
    doubtful: dict[str, PersonalDataFinding] = {}
    identifying: list[str] = []
    sources = _sources(asset)
    for column in asset.columns:
        word = None if steward is None else steward.get(column.name)
        if word is not None:
            if word != NOT_PERSONAL:
                found[column.name] = _by_steward(PersonalDataClass(word), (places or {}).get(column.name))
            continue
        what = _known_of(column.name, column.labels, column.semantics)
        if (what is None or what.only_among_people) and column.name in sources:
            what = _inherited(sources[column.name]) or what
        if what is None:
            continue
        if what.finding is None:
            identifying.append(column.name)
        else:
            (doubtful if what.only_among_people else found)[column.name] = what.finding
    annotated = _is_annotated(asset)
    if found or annotated:
        found.update(doubtful)
    if identifying and (annotated or any(_tells_of_people(*each) for each in found.items())):
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


def _sources(asset: Asset) -> dict[str, str]:
    """Columns that are a column of another object under a name of their own, by name, and how that is called there.

    Only what holds the same values: a number of people is not personal, and neither is what only one row came from.
    """
    return {
        each.column: each.path[-1]
        for each in asset.origins.columns
        if each.how is Derivation.DIRECT and each.path and each.path[-1] != each.column
    }


def _inherited(source: str) -> _Known | None:
    """What is known of the column under its first name."""
    known = _known_of(source, (), ())
    if known is None or known.finding is None:
        return known
    finding = known.finding
    return replace(known, finding=replace(finding, evidence=f"column {source} under another name: {finding.evidence}"))


def _tells_of_people(name: str, finding: PersonalDataFinding) -> bool:
    return finding.personal_class in _PEOPLE or dictionary().find(name) in _PEOPLE_NUMBERS


def _is_annotated(asset: Asset) -> bool:
    """Whether SAP says that the rows of an asset are people, or tell of people."""
    return any(name == "personal_data_entity" and _spelled(word) in _OF_PEOPLE for name, word in asset.facts)


def _spelled(word: str) -> str:
    """Former versions of CSN wrote `DataSubject` for `DATA_SUBJECT`."""
    return word.replace("_", "").lstrip("#").casefold()


def _by_steward(personal_class: PersonalDataClass, place: str | None) -> PersonalDataFinding:
    evidence = "the steward says so" if place is None else f"the steward says so in {place}"
    return PersonalDataFinding(personal_class, 1.0, PersonalDataSource.STEWARD, evidence)


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
        if why == _SENSITIVE:
            return PersonalDataFinding(PersonalDataClass.DEMOGRAPHIC, 0.5, source, f"{why}; {_CLASS_UNKNOWN}")
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
        return True, None, _SENSITIVE
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
    said = [each for each in map(meaning_of_text, dict.fromkeys((name, *(text for _, text in labels)))) if each]
    hits = [each for each in said if each.personal_class is not None]
    if any(each.of_kind for each in hits):
        said = [each for each in said if not each.names_a_kind]  # `ART` beside the label `Abwesenheitsart`
    if not hits or len(hits) < len(said):
        return None
    best = max(hits, key=_strength)
    agreed = sum(each.personal_class is best.personal_class for each in hits) > 1
    confidence = _VOCABULARY_CONFIDENCE[best.strength] + (_AGREED if agreed else 0.0)
    assert best.personal_class is not None
    return PersonalDataFinding(
        best.personal_class, round(confidence, 2), PersonalDataSource.VOCABULARY, f"word {best.phrase!r}"
    )


def _strength(said: TextMeaning) -> Strength:
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
