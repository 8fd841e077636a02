"""`personal_data:` what becomes of columns and assets that hold personal data, and of values in free text."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field

from spheresync.config.sections import Section
from spheresync.model import PersonalDataClass


class PersonalDataAction(StrEnum):
    """What a class of personal data does to what holds it."""

    ALLOW = "allow"
    EXCLUDE_COLUMN = "exclude_column"  # the asset is written without the column
    EXCLUDE_ASSET = "exclude_asset"  # as by `scope.exclude`
    REFUSE = "refuse"  # the asset fails, and somebody has to decide


class PersonalDataRule(Section):
    """One entry of `policy`."""

    model_config = ConfigDict(serialize_by_alias=True)

    personal_class: PersonalDataClass = Field(alias="class")
    action: PersonalDataAction


def _each_class_once(policy: tuple[PersonalDataRule, ...]) -> tuple[PersonalDataRule, ...]:
    counts = Counter(rule.personal_class for rule in policy)
    twice = ", ".join(name for name, count in counts.items() if count > 1)
    if twice:
        raise ValueError(f"names {twice} more than once; leave one entry for each class")
    return policy


class PersonalData(Section):
    """`mask` replaces values of persons in free text where it leaves; `policy` says what a class leads to."""

    mask: bool = True
    policy: Annotated[tuple[PersonalDataRule, ...], AfterValidator(_each_class_once)] = ()

    def classes(self, action: PersonalDataAction) -> list[PersonalDataClass]:
        """The classes that lead to an action, in the order of their names."""
        return sorted(rule.personal_class for rule in self.policy if rule.action is action)
