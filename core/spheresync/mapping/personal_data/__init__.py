"""Which columns hold personal data: by annotations, SAP's field names, words in names and labels, values in texts.

Pure. Vocabulary and dictionary are data files of this package, loaded when the first column asks for them;
`CLASSIFIER_VERSION` goes into what tells a stored definition from one that is to be read again.
"""

from __future__ import annotations

from spheresync.config.context import NOT_PERSONAL
from spheresync.mapping.personal_data.classification import (
    CLASSIFIER_VERSION,
    CLASSIFIERS,
    PersonalDataFinding,
    Steward,
    classify,
    held_classes,
    was_classified,
    with_personal_data,
)
from spheresync.mapping.personal_data.person_keys import identifying_columns, person_keys, referred_columns
from spheresync.mapping.personal_data.policy import BY_POLICY, PersonalDataPolicy, PolicyOutcome
from spheresync.mapping.personal_data.wording import classes_named

__all__ = [
    "BY_POLICY",
    "CLASSIFIERS",
    "CLASSIFIER_VERSION",
    "NOT_PERSONAL",
    "PersonalDataFinding",
    "PersonalDataPolicy",
    "PolicyOutcome",
    "Steward",
    "classes_named",
    "classify",
    "held_classes",
    "identifying_columns",
    "person_keys",
    "referred_columns",
    "was_classified",
    "with_personal_data",
]
