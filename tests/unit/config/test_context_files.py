"""Context files as they are read: which, in which order, and what is wrong with them, whatever they hold."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from spheresync.config import Settings, SettingsSource, load_settings
from spheresync.config.context import (
    BusinessContext,
    ContextColumnSet,
    ContextFile,
    ContextSet,
    ContextTerm,
)
from spheresync.config.context_patterns import ContextPatterns
from spheresync.config.reading import context_files
from spheresync.config.reading.context_files import ContextRead, ParsedFiles, read_context
from spheresync.errors import ConfigurationError
from spheresync.schedule.control import rules_of


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / "context" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def read(folder: Path, *globs: str) -> ContextRead:
    return read_context(ContextPatterns(folder, globs or ("context/*.yaml",)), ParsedFiles())


def load(folder: Path, setting: str, **environ: str) -> Settings:
    (folder / "spheresync.yaml").write_text(f"context: {setting}\n" if setting else "", "utf-8")
    return load_settings("dog", None, {"HOME": str(folder), **environ}, folder)


def owners(context: BusinessContext) -> list[str | None]:
    return [entry.set.owner for entry in context.entries]


def test_patterns_count_in_their_order_and_files_of_one_by_name_each_once(tmp_path: Path) -> None:
    write(tmp_path, **{name: f"assets: [{{set: {{owner: '{name}'}}}}]\n" for name in ("b", "a", "[x]", "c")})
    (tmp_path / "context" / ".hidden.yaml").write_text("no: file of ours\n")
    (tmp_path / "context" / "folder.yaml").mkdir()
    assert owners(load(tmp_path, "context/*.yaml").business_context) == ["[x]", "a", "b", "c"]
    assert owners(load(tmp_path, "[context/c.yaml, 'context/?.yaml']").business_context) == ["c", "a", "b"]
    assert owners(load(tmp_path, "'context/[x].yaml'").business_context) == ["[x]"]


def test_paths_of_the_environment_start_at_the_current_folder(tmp_path: Path) -> None:
    write(tmp_path, a="assets: [{set: {owner: a}}]\n")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "spheresync.yaml").write_text("context: ../context/*.yaml\n")
    variables = {"HOME": str(tmp_path), "SPHERESYNC_CONFIG": "elsewhere/spheresync.yaml"}
    for more in ({}, {"SPHERESYNC_CONTEXT": "context/*.yaml"}):
        assert owners(load_settings("dog", None, {**variables, **more}, tmp_path).business_context) == ["a"]


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("context/none-*.yaml", "'context/none-*.yaml' names no file; check the path, which starts at the folder of"),
        ("'context/**/*.yaml'", "holds **, which is not supported"),
        ("context", "context: cannot be read"),
        ("[{a: b}]", "context.0: is a set of keys; give one text"),
    ],
)
def test_a_pattern_that_can_name_nothing_is_told(tmp_path: Path, setting: str, said: str) -> None:
    write(tmp_path, a="")
    with pytest.raises(ConfigurationError) as refused:
        load(tmp_path, setting)
    (problem,) = refused.value.problems
    assert said in problem


def test_what_is_wrong_between_files_is_told_beside_what_is_wrong_in_one(tmp_path: Path) -> None:
    write(
        tmp_path,
        a="terms: [{name: Customer, broader: Partner}, {nam: X}]\nassets: [{set: {terms: [Custmer, Anything]}}]\n",
        b="terms: [{name: Partner, broader: Customer}, {name: CUSTOMER}]\n",
    )
    problems = [*read(tmp_path).problems]
    for wanted in (
        "context/a.yaml, line 1: terms.1.nam: unknown key; did you mean name?",
        "context/a.yaml, line 2: the term 'Custmer' is not defined; did you mean 'Customer'?",
        "context/a.yaml, line 1: wider terms go round in a circle: 'Customer' → 'Partner' → 'Customer'",
        "context/b.yaml, line 1: defines the term 'CUSTOMER' again, first in context/a.yaml, line 1",
    ):
        assert sum(each.startswith(wanted) for each in problems) == 1, (wanted, problems)
    assert not any("Anything" in each for each in problems), "a term needs no definition"


def test_only_files_that_moved_are_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, a="assets: [{set: {owner: a}}]\n", b="assets: [{set: {owner: b}}]\n")
    (tmp_path / "spheresync.yaml").write_text("context: context/*.yaml\n")
    asked: list[str] = []
    read_yaml = context_files.read_yaml

    def counting(path: Path, called: str) -> Any:
        asked.append(called)
        return read_yaml(path, called)

    monkeypatch.setattr(context_files, "read_yaml", counting)
    source = SettingsSource("dog", None, {"HOME": str(tmp_path)}, tmp_path)
    first = source.current()
    assert source.current() is first
    write(tmp_path, b="assets: [{set: {owner: ownr}}]\n")
    assert owners(source.current().business_context) == ["a", "ownr"]
    os.utime(tmp_path / "context" / "a.yaml", ns=(1, 1))
    again = source.current()
    assert source.current() is again
    assert asked == ["context/a.yaml", "context/b.yaml", "context/b.yaml", "context/a.yaml"]


def test_the_same_in_other_files_and_lines_is_no_other_mapping(tmp_path: Path) -> None:
    write(tmp_path, a="assets: [{set: {owner: a}}, {set: {owner: b}}]\n")
    one = load(tmp_path, "context/*.yaml")
    write(tmp_path, a="# moved\nassets: [{set: {owner: a}}]\n", b="assets: [{set: {owner: b}}]\n")
    two = load(tmp_path, "context/*.yaml")
    assert (one.mapping_digest, one.scope_digest) == (two.mapping_digest, two.scope_digest)
    write(tmp_path, b="assets: [{set: {owner: c}}]\n")
    three = load(tmp_path, "context/*.yaml")
    assert three.mapping_digest != two.mapping_digest
    assert rules_of(one) == rules_of(two) != rules_of(three), "the scheduler looks at all assets again"


_WORDS = ("assets", "terms", "match", "set", "columns", "name", "owner", "terms", "personal_data", "broader", "tags")
_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from([*_WORDS, "none", "birth", "7y", "${A}", "*", "A", "B", "a\nb", "\u202e"])
)
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_WORDS) | st.text(max_size=3), inner),
    max_leaves=15,
)


@settings(max_examples=150)
@given(tree=_TREES, text=st.none() | st.text(max_size=60))
def test_whatever_a_file_holds_it_is_good_or_told_in_words(
    tmp_path_factory: pytest.TempPathFactory, tree: object, text: str | None
) -> None:
    folder = tmp_path_factory.getbasetemp() / "any"
    said = yaml.safe_dump(tree, allow_unicode=True) if text is None else text
    write(folder)
    (folder / "context").mkdir(parents=True, exist_ok=True)
    (folder / "context" / "a.yaml").write_bytes(said.encode("utf-8", "surrogatepass"))
    found = read(folder)
    assert all(each.isprintable() and len(each) < 1_000 and each.startswith("context/") for each in found.problems)
    assert found.context.digest


#: Each key of a context file with the test that proves its effect, below `tests/`.
EFFECTS = {
    **dict.fromkeys(
        [f"assets.set.{key}" for key in ContextSet.model_fields],
        "contract/test_context.py::test_what_stewards_say_reaches_glue_and_people",
    ),
    **dict.fromkeys(
        [f"assets.columns.set.{key}" for key in ContextColumnSet.model_fields],
        "contract/test_context.py::test_what_stewards_say_reaches_glue_and_people",
    ),
    **dict.fromkeys(
        [f"terms.{key}" for key in ContextTerm.model_fields],
        "contract/test_context.py::test_what_stewards_say_reaches_glue_and_people",
    ),
    **{
        f"assets.match.{key}": "unit/config/test_every_setting_counts.py::test_each_key_of_a_match_counts"
        for key in ("space", "name", "kind", "label")
    },
    **{
        f"assets.columns.match.{key}": (
            "unit/config/test_every_setting_counts.py::test_each_key_of_a_match_of_columns_counts"
        )
        for key in ("name", "label", "role", "type")
    },
}


def keys(section: type[BaseModel] = ContextFile, path: tuple[str, ...] = ()) -> Iterator[str]:
    for field, info in section.model_fields.items():
        inner = _section_in(info.annotation)
        if inner is None:
            yield ".".join((*path, field))
        else:
            yield from keys(inner, (*path, field))


def _section_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type):
        return annotation if issubclass(annotation, BaseModel) else None
    return next((found for part in get_args(annotation) if (found := _section_in(part)) is not None), None)


def test_every_key_names_the_test_that_proves_its_effect() -> None:
    assert set(keys()) == EFFECTS.keys()
    root = Path(__file__).resolve().parents[2]
    for key, node in EFFECTS.items():
        file, _, name = node.partition("::")
        text = (root / file).read_text("utf-8")
        assert f"def {name}(" in text, node
        assert key.rpartition(".")[2] in text, key


def test_a_key_of_any_characters_is_told_in_one_line(tmp_path: Path) -> None:
    odd = "\u202e" + "k" * 900
    text = f'"{odd}": 1\nscope: {{"{odd}": "${{NOWHERE}}"}}\ntiers: {{"{odd}": 1, "{odd}": !!binary x}}\n'
    (tmp_path / "spheresync.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as refused:
        load_settings("dog", None, {"HOME": str(tmp_path)}, tmp_path)
    assert len(refused.value.problems) == 4
    assert all(each.isprintable() and len(each) < 1_000 for each in refused.value.problems)
