"""What `personal_data:` of the settings does to columns, to assets and to texts."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from spheresync.config import load_settings
from spheresync.errors import ConfigurationError
from spheresync.mapping.rules import Decision
from spheresync.model import (
    Asset,
    Association,
    Column,
    ForeignKey,
    Hierarchy,
    Parameter,
    PersonalDataClass,
    SourceType,
    TechnicalName,
)
from tests.unit.mapping.assets import rules, settings
from tests.unit.mapping.personal_data.labelled import asset_of

BIRTH, HEALTH, NAME = PersonalDataClass.BIRTH, PersonalDataClass.HEALTH, PersonalDataClass.NAME
_TEXT = SourceType("cds.String")


def policy(personal_class: str, action: str) -> dict[str, object]:
    return {"policy": [{"class": personal_class, "action": action}]}


def decided(personal_data: dict[str, object], *classes: PersonalDataClass) -> Decision:
    asset = people()
    return rules(personal_data=personal_data).decide(asset.id, asset.kind, asset.label, classes)


def people() -> Asset:
    return asset_of(
        Column(TechnicalName("VORNA"), _TEXT, pii="name"),
        Column(TechnicalName("GBDAT"), _TEXT, pii="birth"),
        Column(TechnicalName("NOTE"), _TEXT, labels=(("", "ask max.muster@example.com"),)),
    )


def test_a_class_excludes_its_columns_and_no_others() -> None:
    kept = decided(policy("birth", "exclude_column"), BIRTH, NAME).personal_data.applied(people())
    assert [column.name for column in kept.columns] == ["VORNA", "NOTE"]


def test_nothing_of_an_asset_names_a_column_that_is_excluded() -> None:
    facts = (("calendar", "date"), ("text_column", "VORNA"), ("unit_column", "GBDAT"))
    first, *rest = people().columns
    asset = replace(
        people(),
        columns=(replace(first, semantics=facts), *rest),
        hierarchies=(
            Hierarchy("Levels", (), levels=("NOTE", "GBDAT", "VORNA")),
            Hierarchy("Gone", (), levels=("GBDAT",)),
            Hierarchy("Parents", (), parent=("GBDAT",), child=("NOTE",)),
            Hierarchy("Kept", (), parent=("VORNA",), child=("NOTE",)),
        ),
        foreign_keys=(
            ForeignKey("self", str(people().id), (("NOTE", "GBDAT"),)),
            ForeignKey("other", "HR/OTHER", (("NOTE", "GBDAT"),)),
            ForeignKey("own", "HR/OTHER", (("GBDAT", "ID"),)),
        ),
    )
    kept = decided(policy("birth", "exclude_column"), BIRTH, NAME).personal_data.applied(asset)
    assert [(each.name, each.levels) for each in kept.hierarchies] == [("Levels", ("NOTE", "VORNA")), ("Kept", ())]
    assert [each.association for each in kept.foreign_keys] == ["other"]
    assert kept.columns[0].semantics == facts[:2]


def test_a_class_excludes_or_refuses_assets_that_hold_it() -> None:
    excluded = decided(policy("birth", "exclude_asset"), BIRTH, NAME)
    assert not excluded.included
    assert "birth" in excluded.excluded_by
    refused = decided(policy("birth", "refuse"), BIRTH, NAME)
    assert refused.included
    assert "birth" in refused.refused
    for action in ("exclude_asset", "refuse"):
        untouched = decided(policy("health", action), BIRTH, NAME)
        assert untouched.included
        assert not untouched.refused


def test_allow_is_as_if_nothing_was_said() -> None:
    assert decided(policy("birth", "allow"), BIRTH) == decided({}, BIRTH)
    assert decided(policy("birth", "allow"), BIRTH).digest == decided({}, BIRTH).digest


def test_what_a_target_holds_moves_the_digest_and_nothing_else_does() -> None:
    plain = decided({})
    assert decided(policy("birth", "exclude_column")).digest != plain.digest
    assert decided({"mask": False}).digest != plain.digest
    assert decided(policy("birth", "refuse")).digest == plain.digest


@pytest.mark.parametrize("action", ["exclude_column", "exclude_asset", "refuse"])
def test_a_change_of_the_policy_makes_saved_plans_stale(action: str) -> None:
    before, after = settings(), settings(personal_data=policy("birth", action))
    assert (before.mapping_digest, before.scope_digest) != (after.mapping_digest, after.scope_digest)


@pytest.mark.parametrize("mask", [True, False])
def test_values_of_persons_are_masked_in_every_text_unless_mask_is_off(mask: bool) -> None:
    personal = decided({"mask": mask}).personal_data
    label = dict(personal.applied(people()).columns[2].labels)[""]
    assert label == ("ask [e-mail]" if mask else "ask max.muster@example.com")
    assert personal.text("+49 89 12345678") == ("[phone]" if mask else "+49 89 12345678")


def test_the_word_of_a_steward_counts_without_another_reading() -> None:
    personal = decided(policy("birth", "exclude_column")).personal_data
    kept = personal.applied(people(), {"GBDAT": "none", "NOTE": BIRTH})
    assert {column.name: column.pii for column in kept.columns} == {"VORNA": "name", "GBDAT": None}


def test_every_problem_of_the_section_is_told_at_once_with_file_key_and_fix(tmp_path: Path) -> None:
    file = tmp_path / "spheresync.yaml"
    file.write_text(
        "personal_data:\n  mask: perhaps\n  polcy: []\n  policy:\n    - {class: helth, action: exclude_column}\n"
        "    - {class: birth, action: hide}\n    - {class: name}\n"
    )
    with pytest.raises(ConfigurationError) as refused:
        load_settings("dog", file, {"SPHERESYNC_STATE_DIR": str(tmp_path)}, tmp_path)
    told = "\n".join(refused.value.problems)
    for part in ("spheresync.yaml", "personal_data.mask", "policy", "health", "exclude_asset", "action"):
        assert part in told, (part, told)
    assert len(refused.value.problems) == 5


def test_a_class_is_named_once(tmp_path: Path) -> None:
    file = tmp_path / "spheresync.yaml"
    file.write_text("personal_data: {policy: [{class: birth, action: allow}, {class: birth, action: refuse}]}\n")
    with pytest.raises(ConfigurationError, match="birth more than once"):
        load_settings("dog", file, {"SPHERESYNC_STATE_DIR": str(tmp_path)}, tmp_path)


VALUE = "max.muster@example.com"
PAIRS = (("", f"ask {VALUE}"),)
FREE_TEXT: dict[type, dict[str, object]] = {
    Asset: {
        "labels": PAIRS,
        "facts": PAIRS,
        "view_definition": f"SELECT * FROM T WHERE MAIL = '{VALUE}'",
        "findings": (f"ask {VALUE}",),
    },
    Column: {"labels": PAIRS, "semantics": PAIRS},
    Parameter: {"labels": PAIRS},
    Hierarchy: {"labels": PAIRS},
    Association: {"labels": PAIRS},
}
"""Every field of an asset that is free text, with a text that holds a value."""
NO_TEXT: dict[type, set[str]] = {
    Asset: {"id", "kind", "columns", "parameters", "hierarchies", "owner", "provenance"}
    | {"associations", "foreign_keys", "origins", "type_origins"},
    Column: {"name", "type", "edm_property", "key", "nullable", "role", "aggregation", "pii"},
    Parameter: {"name", "type"},
    Hierarchy: {"name", "levels", "parent", "child"},
    Association: {"name", "target", "columns", "exact", "composition", "to_many"},
}
"""Names, words, types, and who owns the asset."""


@pytest.mark.parametrize("kind", FREE_TEXT, ids=lambda kind: kind.__name__)
def test_whoever_adds_a_field_to_an_asset_says_whether_it_is_free_text(kind: type) -> None:
    """A free text then is masked in `policy._masked` and looked at in `policy._texts`."""
    assert {field.name for field in fields(kind)} == FREE_TEXT[kind].keys() | NO_TEXT[kind]


@pytest.mark.parametrize("kind", FREE_TEXT, ids=lambda kind: kind.__name__)
def test_no_free_text_of_an_asset_keeps_a_value(kind: type) -> None:
    for field, text in FREE_TEXT[kind].items():
        parts: dict[type, Any] = {
            Column: Column(TechnicalName("C"), _TEXT),
            Parameter: Parameter("P", _TEXT),
            Hierarchy: Hierarchy("H", ()),
            Association: Association("_A", "T"),
        }
        fields_of = {
            Column: "columns",
            Parameter: "parameters",
            Hierarchy: "hierarchies",
            Association: "associations",
        }
        asset = replace(people(), **{name: (parts[part],) for part, name in fields_of.items()})
        if kind is Asset:
            asset = replace(asset, **{field: text})
        else:
            asset = replace(asset, **{fields_of[kind]: (replace(parts[kind], **{field: text}),)})
        assert VALUE in repr(asset)
        assert VALUE not in repr(decided({}).personal_data.applied(asset)), field
