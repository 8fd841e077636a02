"""What the settings make of personal data: columns left out, assets left out or refused, values in texts masked."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from spheresync.config.personal_data import PersonalData, PersonalDataAction
from spheresync.mapping.personal_data.classification import Steward, classify, with_personal_data
from spheresync.model import Asset, Column, JsonValue, Labels, PersonalDataClass
from spheresync.personal_values import find_personal_values, mask_personal_values

BY_POLICY = "personal_data.policy"
"""How the reason of an exclusion begins that follows from what an asset holds, and may end with its next reading."""
_NO_CLASSES: frozenset[PersonalDataClass] = frozenset()


@dataclass(frozen=True, slots=True)
class PolicyOutcome:
    """What the policy says of one asset as a whole, as a reason each; empty where it says nothing."""

    excluded_by: str = ""
    refused: str = ""


_NOTHING_SAID = PolicyOutcome()


@dataclass(frozen=True, slots=True)
class PersonalDataPolicy:
    """`personal_data:` of the settings, ready to be asked about many assets."""

    mask: bool = True
    columns: frozenset[PersonalDataClass] = _NO_CLASSES
    assets: frozenset[PersonalDataClass] = _NO_CLASSES
    refused: frozenset[PersonalDataClass] = _NO_CLASSES

    @classmethod
    def of(cls, settings: PersonalData) -> PersonalDataPolicy:
        actions = (PersonalDataAction.EXCLUDE_COLUMN, PersonalDataAction.EXCLUDE_ASSET, PersonalDataAction.REFUSE)
        return cls(settings.mask, *(frozenset(settings.classes(action)) for action in actions))

    def outcome(self, classes: Collection[PersonalDataClass], *, in_all: bool = False) -> PolicyOutcome:
        """What becomes of an asset whose columns hold these classes; `in_all`: there is one in each column.

        An asset of which no column is left is left out itself: a table without columns says nothing and looks like one.
        """
        if classes and in_all and self.columns.issuperset(classes):
            return PolicyOutcome(excluded_by=_reason("excludes every column of assets that hold nothing but", classes))
        if not classes or not (self.assets or self.refused):
            return _NOTHING_SAID
        return PolicyOutcome(
            excluded_by=_reason("excludes assets that hold", self.assets.intersection(classes)),
            refused=_reason("refuses assets that hold", self.refused.intersection(classes)),
        )

    def applied(self, asset: Asset, steward: Steward | None = None) -> Asset:
        """The asset as a target may have it; `steward`: what people say of its columns since it was read."""
        if steward:
            asset = with_personal_data(asset, classify(asset, steward))
        if self.columns:
            asset = asset.narrowed_to(tuple(column for column in asset.columns if not self.leaves_out(column)))
        return _masked(asset) if self.mask else asset

    def leaves_out(self, column: Column) -> bool:
        return column.pii is not None and column.pii in self.columns

    def text(self, text: str) -> str:
        """A free text as it may leave."""
        return mask_personal_values(text) if self.mask else text

    @property
    def effect(self) -> list[JsonValue]:
        """What of it decides how the same asset looks in a target; nothing where all is as by default."""
        if self.mask and not self.columns:
            return []
        return [["personal_data", self.mask, *sorted(self.columns)]]


DEFAULT_POLICY = PersonalDataPolicy()


def _reason(what: str, classes: Collection[PersonalDataClass]) -> str:
    return f"{BY_POLICY} {what} {', '.join(sorted(classes))} data" if classes else ""


def _masked(asset: Asset) -> Asset:
    """The asset with no value of a person in any text; itself where it holds none."""
    if not any(map(_holds_values, _texts(asset))):
        return asset
    return replace(
        asset,
        labels=_masked_pairs(asset.labels),
        columns=tuple(_masked_column(column) for column in asset.columns),
        parameters=tuple(replace(each, labels=_masked_pairs(each.labels)) for each in asset.parameters),
        hierarchies=tuple(replace(each, labels=_masked_pairs(each.labels)) for each in asset.hierarchies),
        associations=tuple(replace(each, labels=_masked_pairs(each.labels)) for each in asset.associations),
        findings=tuple(mask_personal_values(each) for each in asset.findings),
        facts=_masked_pairs(asset.facts),
        view_definition=None if asset.view_definition is None else mask_personal_values(asset.view_definition),
    )


def _texts(asset: Asset) -> Iterator[Labels]:
    """Every free text of an asset. In nearly every asset none holds a value, so the way through them is short."""
    yield asset.labels
    yield asset.facts
    if asset.view_definition is not None:
        yield (("", asset.view_definition),)
    for column in asset.columns:
        if column.labels:
            yield column.labels
        if column.semantics:
            yield column.semantics
    yield from (parameter.labels for parameter in asset.parameters)
    yield from (hierarchy.labels for hierarchy in asset.hierarchies)
    yield from (association.labels for association in asset.associations)
    yield from ((("", finding),) for finding in asset.findings)


def _holds_values(pairs: Labels) -> bool:
    return any(find_personal_values(text) for _, text in pairs)


def _masked_column(column: Column) -> Column:
    return replace(column, labels=_masked_pairs(column.labels), semantics=_masked_pairs(column.semantics))


def _masked_pairs(pairs: Labels) -> Labels:
    return tuple((key, mask_personal_values(text)) for key, text in pairs)
