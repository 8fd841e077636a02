"""Destinations are checked all at once, with what to do about each fault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spheresync.config import Settings, load_settings
from spheresync.errors import ConfigurationError
from spheresync.mapping.rules import MappingRules
from spheresync.model import DEFAULT_DESTINATION, GLUE, AssetId, AssetKind, DestinationName, TargetKey

BASE = "datasphere: {base_url: 'https://t.eu10.hcs.cloud.sap', client_id: a, client_secret: b}\n"


def loaded(tmp_path: Path, destinations: str, **variables: str) -> Settings:
    (tmp_path / "spheresync.yaml").write_text(f"{BASE}destinations: {destinations}\n", "utf-8")
    environ = {"SPHERESYNC_STATE_DIR": str(tmp_path / "state"), "AWS_CONFIG_FILE": "none", "HOME": str(tmp_path)}
    return load_settings("wolf", None, environ | variables, tmp_path)


def problems(tmp_path: Path, destinations: str, **variables: str) -> str:
    with pytest.raises(ConfigurationError) as raised:
        loaded(tmp_path, destinations, **variables)
    return "\n".join(raised.value.problems)


def settings(**destinations: Any) -> Settings:
    return Settings.model_validate({"state_dir": "/nowhere", "installation": "i", "destinations": destinations})


def test_there_is_one_by_default() -> None:
    assert settings().target_keys == (TargetKey(GLUE),)
    assert [*settings().places] == [DEFAULT_DESTINATION]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{eu: {role_arn: spheresync}}", "destinations.eu.role_arn: must be the ARN of a role"),
        ("{eu: {external_id: x1}}", "destinations.eu: external_id is told when a role is assumed; add role_arn"),
        ("{eu: {region: Frankfurt}}", "destinations.eu.region: must be a Region such as eu-central-1"),
        ("{eu: {catalog_id: 1112}}", "destinations.eu.catalog_id: must be a catalog's id"),
        ("{eu: {prefix: DSP}}", "destinations.eu.prefix: must be at most 64 lower-case letters"),
        ("{eu: {spaces: []}}", "destinations.eu.spaces: names no space"),
        ("{eu: {regon: x}}", "destinations.eu.regon: unknown key; did you mean region?"),
        ("{'e u': {}}", "destinations: 'e u' cannot be its name"),
        ("{a: {}, b: {}}", "destinations: a and b lead to the same catalog with the same prefix"),
        ("[eu]", "destinations: is a list; give keys with values in braces"),
    ],
)
def test_each_fault_is_told_with_its_place_and_what_to_do(tmp_path: Path, given: str, said: str) -> None:
    assert said in problems(tmp_path, given)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    told = problems(tmp_path, "{eu: {region: x, prefix: X, spaces: ['']}, us: {catalog_id: y}}")
    assert told.count("\n") == 3 and "line 2" in told


def test_targets_of_a_destination_are_among_all_targets(tmp_path: Path) -> None:
    assert "eu.targets names 'elsewhere'" in problems(tmp_path, "{eu: {targets: [elsewhere]}}")
    assert "eu.targets names none" in problems(tmp_path, "{eu: {targets: []}}")
    assert [str(key) for key in loaded(tmp_path, "{eu: {targets: [glue]}}").target_keys] == ["glue in eu"]


@pytest.mark.parametrize("apart", [{"region": "eu-west-1"}, {"catalog_id": "111122223333"}, {"prefix": "b_"}])
def test_what_tells_two_catalogs_apart(apart: dict[str, str]) -> None:
    assert len(settings(a={}, b=apart).target_keys) == 2


def test_what_keeps_the_objects_of_destinations_apart_is_never_their_names() -> None:
    found = settings(
        one={"prefix": "a_"},
        two={"prefix": "b_"},
        shared={"catalog_id": "999988887777"},
        own={"role_arn": "arn:aws:iam::111122223333:role/r", "catalog_id": "111122223333"},
    )
    apart = [found.apart_in(DestinationName(name)) for name in ("one", "two", "shared", "own")]
    assert apart == [("a_",), ("b_",), ("", "999988887777"), ("",)]
    assert settings(other={"prefix": "a_"}).apart_in(DestinationName("other")) == ("a_",)
    assert settings().apart_in(DEFAULT_DESTINATION) == ("",)


def test_rules_of_a_destination_have_its_prefix_and_its_spaces() -> None:
    rules = MappingRules.compile(settings(eu={"prefix": "eu_", "spaces": ["SALES", "FIN*"]}, us={"spaces": ["HR"]}))
    sales, hr, other = (AssetId.parse(f"{space}/V") for space in ("SALES", "HR", "OTHER"))
    eu = rules.of(TargetKey(GLUE, DestinationName("eu")))
    decided = [eu.decide(asset, AssetKind.VIEW, "") for asset in (sales, hr)]
    assert decided[0].database_name(sales) == "eu_sales" and decided[0].included
    assert not decided[1].included and decided[1].excluded_by == "destination eu is not for space HR"
    assert [rules.decide(each, AssetKind.VIEW, "").included for each in (sales, hr, other)] == [True, True, False]
    assert [rules.may_hold(each.space) for each in (sales, hr, other)] == [True, True, False]
    assert rules.decide(other, AssetKind.VIEW, "").excluded_by == "no destination is for space OTHER"


def test_what_becomes_of_a_table_and_what_is_in_scope_are_told_apart() -> None:
    plain, prefixed, fewer = settings(eu={}), settings(eu={"prefix": "x_"}), settings(eu={"spaces": ["A"]})
    assert plain.mapping_digest != prefixed.mapping_digest and plain.scope_digest == prefixed.scope_digest
    assert plain.mapping_digest == fewer.mapping_digest and plain.scope_digest != fewer.scope_digest


def test_what_is_wrong_of_several_together_is_told_beside_what_is_wrong_of_one(tmp_path: Path) -> None:
    told = problems(tmp_path, "{a: {}, b: {}, c: {region: x, targets: [elsewhere]}, 'e u': {}}")
    for said in (
        "a and b and e u lead to",
        "destinations.c.region: must be",
        "c.targets names 'elsewhere'",
        "'e u' ca",
    ):
        assert said in told


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_region_of_the_process_is_the_same_place_as_its_name(tmp_path: Path, variable: str) -> None:
    both = "{home: {}, home2: {region: eu-west-1}}"
    assert len(loaded(tmp_path, both).target_keys) == 2
    assert "home and home2 lead to the same catalog" in problems(tmp_path, both, **{variable: "eu-west-1"})


def test_the_region_of_a_profile_is_that_of_the_process(tmp_path: Path) -> None:
    (tmp_path / "aws").write_text("[default]\nregion = us-east-1\n[profile work]\nregion = eu-west-1\n", "utf-8")
    work = {"AWS_CONFIG_FILE": str(tmp_path / "aws"), "AWS_PROFILE": "work"}
    assert "lead to the same catalog" in problems(tmp_path, "{home: {}, home2: {region: eu-west-1}}", **work)
    assert len(loaded(tmp_path, "{home: {}, home2: {region: us-east-1}}", **work).target_keys) == 2
