"""New columns of assets that hold personal data are told of, and others are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spheresync.model import Action, AssetId, FieldChange, PersonalDataClass, SpaceName, TechnicalName
from spheresync.planning.decisions.new_personal_data import new_personal_data
from spheresync.state.records import ChangeSetItem
from tests.unit.planning.decisions.test_undo import item

HR = AssetId(SpaceName("HR"), TechnicalName("TRAININGS"))
ADDED = FieldChange("columns.trainer_email", None, "varchar(120)")


def update(*changes: FieldChange) -> ChangeSetItem:
    return replace(item(Action.UPDATE, None), asset=HR, changes=changes)


def test_a_column_that_comes_to_an_asset_of_personal_data_is_named_with_its_classes() -> None:
    (found,) = new_personal_data([update(ADDED)], {HR: (PersonalDataClass.CONTACT,)})
    assert "1 asset holds personal data and gets columns that were not in AWS" in found.message
    assert "HR/TRAININGS (contact: trainer_email)" in found.message and "pii=any" in found.remedy


@pytest.mark.parametrize(
    ("changes", "classes"),
    [
        ((ADDED,), ()),
        ((FieldChange("columns.trainer_email.type", "string", "varchar(120)"),), (PersonalDataClass.CONTACT,)),
        ((FieldChange("columns.trainer_email", "string", None),), (PersonalDataClass.CONTACT,)),
        ((FieldChange("parameters.spheresync.label", None, "x"),), (PersonalDataClass.CONTACT,)),
    ],
    ids=["nothing found", "another type", "taken away", "no column"],
)
def test_nothing_else_is(changes: tuple[FieldChange, ...], classes: tuple[PersonalDataClass, ...]) -> None:
    assert new_personal_data([update(*changes)], {HR: classes}) == ()
