"""The promotion file: what is written is what is read, and nothing else is; and its part in the settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.config import PromotedAsset, PromotedColumn, Promotion, Settings, SettingsSource, load_settings
from spheresync.config.promotion import PromotionFault, parse_promotion
from spheresync.config.rules import Rule
from spheresync.errors import ConfigurationError
from spheresync.mapping.rules import MappingRules
from spheresync.model import Action, AssetId, AssetKind, Digest, SpaceName, TechnicalName, Tier

NAMES = st.text(min_size=1, max_size=12)
TEXTS = st.none() | st.text(max_size=12)
COLUMNS = st.builds(PromotedColumn, NAMES, st.text(max_size=8), st.none(), st.none()) | st.builds(
    PromotedColumn, NAMES, st.text(max_size=8), NAMES, NAMES
)
ASSETS = st.builds(
    PromotedAsset,
    asset=st.builds(AssetId, NAMES.filter(lambda text: "/" not in text).map(SpaceName), NAMES.map(TechnicalName)),
    action=st.sampled_from(Action),
    kind=st.none() | st.sampled_from(AssetKind),
    tier=st.none() | st.sampled_from(Tier),
    structure=st.none() | st.text("0123456789abcdef", min_size=4).map(Digest),
    definition=st.none() | st.text("0123456789abcdef", min_size=4).map(Digest),
    database=st.none() | NAMES,
    table=st.none() | NAMES,
    description=TEXTS,
    tags=st.dictionaries(NAMES, st.text(max_size=5), max_size=3).map(lambda tags: tuple(sorted(tags.items()))),
    columns=st.lists(COLUMNS, max_size=3).map(tuple),
)
RULES = st.fixed_dictionaries(
    {"set": st.fixed_dictionaries({"description": st.text(max_size=20).filter(lambda t: not {"{", "}"} & {*t})})},
    optional={"match": st.fixed_dictionaries({"name": st.lists(NAMES, min_size=1, max_size=2)})},
)
PROMOTIONS = st.builds(
    Promotion,
    program=NAMES,
    environment=st.sampled_from(["dog", "wolf", "bear"]),
    installation=TEXTS,
    change_set=NAMES,
    change_set_digest=NAMES,
    exported_at=NAMES,
    exported_by=NAMES,
    scope=st.just({"include": ["*"], "exclude": []}),
    rules=st.lists(RULES, max_size=3).map(tuple),
    assets=st.lists(ASSETS, max_size=3).map(tuple),
)


def promotion(*rules: dict[str, Any], scope: dict[str, Any] | None = None) -> Promotion:
    return Promotion(
        program="1.0",
        environment="wolf",
        installation="test-eu10",
        change_set="cs_1",
        change_set_digest="d1",
        exported_at="2026-11-25T08:00:00.000000Z",
        exported_by="jane",
        scope=scope or {"include": ["SALES/*"], "exclude": []},
        rules=rules,
        assets=(),
    )


GOLD: dict[str, Any] = {"match": {"space": ["SALES"]}, "set": {"tags": {"layer": "gold"}, "tier": "medium"}}


def put(folder: Path, made: Promotion, name: str = "wolf.json") -> Path:
    file = folder / name
    file.write_bytes(made.spell())
    return file


def load(folder: Path, text: str, **environ: str) -> Settings:
    (folder / "spheresync.yaml").write_text(text, "utf-8")
    return load_settings(None, None, {"HOME": str(folder), **environ}, folder)


def problems(folder: Path, text: str, **environ: str) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        load(folder, text, **environ)
    return caught.value.problems


@given(PROMOTIONS)
def test_what_was_written_is_read_back_with_the_same_digest(made: Promotion) -> None:
    data = made.spell()
    assert parse_promotion(data, "f.json") == (made, made.digest)
    assert json.loads(data)["digest"] == made.digest


@given(PROMOTIONS, st.data())
def test_whatever_byte_is_changed_it_is_refused_or_says_the_same(made: Promotion, data: st.DataObject) -> None:
    spelled = bytearray(made.spell())
    at = data.draw(st.integers(0, len(spelled) - 1))
    spelled[at] = data.draw(st.integers(0, 255))
    try:
        read, digest = parse_promotion(bytes(spelled), "f.json")
    except PromotionFault:
        return
    assert (read, digest) == (made, made.digest)


@given(st.binary(max_size=40) | st.text(max_size=40).map(str.encode) | st.just(b"[" * 100_000))
def test_anything_else_is_no_promotion(data: bytes) -> None:
    with pytest.raises(PromotionFault, match="is no promotion file"):
        parse_promotion(data, "f.json")


@given(PROMOTIONS)
def test_promoted_rules_mean_the_same_where_they_arrive(made: Promotion) -> None:
    read, _ = parse_promotion(made.spell(), "f.json")
    rules = [Rule.model_validate(rule) for rule in made.rules]
    assert [Rule.model_validate(rule) for rule in read.rules] == rules
    spelled = [rule.model_dump(mode="json", exclude_unset=True) for rule in rules]
    assert [Rule.model_validate(rule) for rule in spelled] == rules


def test_a_format_of_another_program_is_named(tmp_path: Path) -> None:
    document = json.loads(promotion(GOLD).spell()) | {"spheresync_promotion": 2}
    (tmp_path / "wolf.json").write_text(json.dumps(document))
    (problem,) = problems(tmp_path, "env: dog\npromotion: wolf.json\n")
    assert problem.startswith("spheresync.yaml, line 2: promotion: wolf.json has format 2")


def test_own_rules_follow_the_promoted_ones_and_win_key_by_key(tmp_path: Path) -> None:
    file = put(tmp_path, promotion(GOLD))
    settings = load(tmp_path, "promotion: wolf.json\nmapping: {rules: [{match: {name: V*}, set: {tier: high}}]}\n")
    decision = MappingRules.compile(settings).decide(
        AssetId(SpaceName("SALES"), TechnicalName("V1")), AssetKind.VIEW, ""
    )
    assert (decision.tier, decision.tags) == (Tier.HIGH, (("layer", "gold"),))
    assert [(fired.rule, fired.origin, fired.overridden) for fired in decision.fired] == [
        (1, "promotion wolf.json of test-eu10 (wolf)", ("tier",)),
        (1, "configuration", ()),
    ]
    assert settings.scope.include == ("SALES/*",)
    shown = settings.redacted()
    sources: Any = shown["sources"]
    assert sources["scope.include"] == "promotion wolf.json"
    assert sources["mapping.rules"] == "promotion wolf.json (rules 1 to 1), then spheresync.yaml"
    assert sources["promotion"] == "spheresync.yaml"
    told: Any = shown["promotion"]
    assert (told["file"], told["environment"], told["change_set"]) == (str(file), "wolf", "cs_1")
    assert settings.promoted is not None and told["digest"] == settings.promoted.digest


def test_a_scope_of_its_own_counts_as_a_whole(tmp_path: Path) -> None:
    put(tmp_path, promotion(GOLD, scope={"include": ["A/*"], "exclude": ["A/B*"]}))
    assert load(tmp_path, "promotion: wolf.json\n").scope.exclude == ("A/B*",)
    own = load(tmp_path, 'promotion: wolf.json\nscope: {include: ["C/*"]}\n')
    assert (own.scope.include, own.scope.exclude) == (("C/*",), ())
    by_variable = load(tmp_path, "promotion: wolf.json\n", SPHERESYNC_SCOPE__EXCLUDE="D/*")
    assert (by_variable.scope.include, by_variable.scope.exclude) == (("*",), ("D/*",))


def test_digests_are_those_of_the_rules_in_force(tmp_path: Path) -> None:
    put(tmp_path, promotion(GOLD))
    promoted = load(tmp_path, "promotion: wolf.json\n")
    assert promoted.promoted is not None
    (tmp_path / "wolf.json").unlink()
    by_hand = load(tmp_path, f"scope: {{include: [SALES/*]}}\nmapping: {{rules: [{json.dumps(GOLD)}]}}\n")
    assert (promoted.mapping_digest, promoted.scope_digest) == (by_hand.mapping_digest, by_hand.scope_digest)
    assert by_hand.promoted is None and "promotion" not in by_hand.redacted()


def test_a_path_starts_where_it_was_written(tmp_path: Path) -> None:
    place = tmp_path / "deploy"
    place.mkdir()
    put(place, promotion(GOLD))
    (place / "own.yaml").write_text("promotion: wolf.json\n")
    environ = {"HOME": str(tmp_path)}
    of_file = load_settings(None, place / "own.yaml", environ, tmp_path)
    (place / "own.yaml").write_text("installation: x\n")
    by_variable = load_settings(
        None, place / "own.yaml", {**environ, "SPHERESYNC_PROMOTION": "deploy/wolf.json"}, tmp_path
    )
    of_home = load_settings(None, place / "own.yaml", {**environ, "SPHERESYNC_PROMOTION": "~/deploy/wolf.json"}, place)
    for settings in (of_file, by_variable, of_home):
        assert settings.promotion == place / "wolf.json" and settings.promoted is not None
    (problem,) = problems(tmp_path, "env: dog\n", SPHERESYNC_PROMOTION="nowhere.json")
    assert problem.startswith("SPHERESYNC_PROMOTION: promotion: nowhere.json cannot be read (No such file")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("wolf.json", "wolf.json was edited since it was exported"),
        ("[wolf.json]", "is no path"),
        ('""', "is empty"),
        (".", "cannot be read (Is a directory)"),
        ("${NOT_SET}", "the variable NOT_SET is not set"),
    ],
)
def test_what_is_wrong_with_the_key_is_said_with_its_line(tmp_path: Path, value: str, said: str) -> None:
    file = put(tmp_path, promotion(GOLD))
    file.write_bytes(file.read_bytes().replace(b"gold", b"iron"))
    (problem,) = problems(tmp_path, f"installation: x\npromotion: {value}\n")
    assert problem.startswith("spheresync.yaml, line 2: promotion: ") and said in problem


def test_a_near_miss_of_the_key_is_named(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "promotions: wolf.json\n")
    assert "did you mean promotion?" in problem


def test_promoted_rules_are_checked_like_ones_of_the_file_and_all_at_once(tmp_path: Path) -> None:
    wrong: dict[str, Any] = {"match": {"naem": ["V*"]}, "set": {"table": "{nam}"}}
    put(tmp_path, promotion(GOLD, wrong, scope={"include": ["SALES"], "exclude": []}))
    text = "promotion: wolf.json\nmapping:\n  rules:\n    - set: {tier: hihg}\nprefx: a\n"
    found = problems(tmp_path, text)
    of_promotion = [problem for problem in found if problem.startswith("promotion wolf.json: ")]
    assert [problem.split(": ")[1] for problem in of_promotion] == [
        "scope.include",
        "mapping.rules.1.match.naem",
        "mapping.rules.1.set.table",
    ]
    assert all("mend it where the promotion came from" in problem for problem in of_promotion)
    own = [problem for problem in found if problem.startswith("spheresync.yaml")]
    assert any(problem.startswith("spheresync.yaml, line 4: mapping.rules.0.set.tier: ") for problem in own)
    assert any("prefx: unknown key; did you mean prefix?" in problem for problem in own)
    assert len(found) == len(of_promotion) + 2


def test_own_rules_that_are_none_are_said_and_hide_nothing(tmp_path: Path) -> None:
    put(tmp_path, promotion(GOLD))
    (problem,) = problems(tmp_path, "promotion: wolf.json\nmapping: {rules: gold}\n")
    assert problem.startswith("spheresync.yaml, line 2: mapping.rules: is a text")


def test_another_promotion_is_picked_up_and_a_broken_one_refused(tmp_path: Path) -> None:
    file = put(tmp_path, promotion(GOLD))
    (tmp_path / "spheresync.yaml").write_text("promotion: wolf.json\n")
    source = SettingsSource(None, None, {"HOME": str(tmp_path)}, tmp_path)
    first = source.current()
    assert source.current() is first
    put(tmp_path, promotion(GOLD, GOLD), "next.json").replace(file)
    second = source.current()
    assert len(second.mapping.rules) == 2 and source.current() is second
    edited = file.read_bytes().replace(b"gold", b"iron")
    (tmp_path / "next.json").write_bytes(edited)
    (tmp_path / "next.json").replace(file)
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="was edited"):
            source.current()
    put(tmp_path, promotion(GOLD), "next.json").replace(file)
    assert len(source.current().mapping.rules) == 1
