"""Mapping rules as configuration holds them. What they do to an asset is `mapping.rules`."""

from __future__ import annotations

import difflib
import re
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from spheresync.config.globs import few_globs
from spheresync.config.hive_types import parse_hive_type
from spheresync.config.sections import Section
from spheresync.config.templates import ASSET_FIELDS, COLUMN_FIELDS, check_template, split_binding
from spheresync.model import AssetKind, ColumnRole, Tier

_TAG_KEY = re.compile(r"[A-Za-z0-9_.:/=+@-]{1,128}")


def one_or_many(value: object) -> object:
    """One value may stand without brackets."""
    return (value,) if isinstance(value, str | int | float) and not isinstance(value, bool) else value


def _some(patterns: tuple[str, ...]) -> tuple[str, ...]:
    if not patterns:
        raise ValueError("must hold at least one glob; leave the key out to match everything")
    return few_globs(patterns)


def _of_words(words: type[AssetKind] | type[ColumnRole]) -> AfterValidator:
    """Globs over a closed list of words: one that matches none of them is a spelling mistake."""

    def check(patterns: tuple[str, ...]) -> tuple[str, ...]:
        known = [word.value for word in words]
        wrong = [pattern for pattern in patterns if pattern not in known and not ({"*", "?"} & {*pattern})]
        if wrong:
            near = {hit for each in wrong for hit in difflib.get_close_matches(each.casefold(), known, n=1)}
            fix = f"did you mean {', '.join(sorted(near))}?" if near else "use one of them"
            told = ", ".join(repr(each[:40]) for each in wrong[:5])
            raise ValueError(f"{told} {'is' if len(wrong) == 1 else 'are'} none of {', '.join(known)}; {fix}")
        return patterns

    return AfterValidator(check)


def _hive_type(text: str) -> str:
    try:
        return parse_hive_type(text)
    except ValueError as error:
        fix = "" if "; " in str(error) else "; write it as in decimal(18,2), varchar(40) or array<struct<a:int,b:date>>"
        raise ValueError(f"{error}{fix}") from None


Globs: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(one_or_many), AfterValidator(_some)]
AssetTemplate: TypeAlias = Annotated[str, AfterValidator(lambda text: check_template(text, ASSET_FIELDS))]
ColumnTemplate: TypeAlias = Annotated[str, AfterValidator(lambda text: check_template(text, COLUMN_FIELDS))]
HiveType: TypeAlias = Annotated[str, AfterValidator(_hive_type)]


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty; leave the key out for the default")
    return text


NameTemplate: TypeAlias = Annotated[AssetTemplate, AfterValidator(_not_blank)]


def _binding(text: str) -> str:
    split_binding(text)
    return text


BindingTemplate: TypeAlias = Annotated[NameTemplate, AfterValidator(_binding)]


def _check_tags(tags: dict[str, str]) -> dict[str, str]:
    wrong = ", ".join(repr(key[:40]) for key in tags if not _TAG_KEY.fullmatch(key))
    if wrong:
        raise ValueError(f"no name of a tag: {wrong}; write 1 to 128 letters, digits or _ . : / = + @ -")
    return tags


Tags: TypeAlias = Annotated[dict[str, str], AfterValidator(_check_tags)]


class RuleMatch(Section):
    """What a rule is for; every given key must match."""

    space: Globs | None = None
    name: Globs | None = None
    kind: Annotated[Globs, _of_words(AssetKind)] | None = None
    label: Globs | None = None


class RuleSet(Section):
    """What a rule sets; a later rule wins, key by key.

    `bind` names a table that others made (`database.table`), which gets what is known of the asset. `queryable` says
    whether others than readers of metadata get something for it; where nothing is said, a table that others made is.
    """

    tier: Tier | None = None
    table: NameTemplate | None = None
    database: NameTemplate | None = None
    description: AssetTemplate | None = None
    tags: Tags | None = None
    include: bool | None = None
    bind: BindingTemplate | None = None
    queryable: bool | None = None

    @model_validator(mode="after")
    def _names_one_table(self) -> RuleSet:
        beside = [
            f"`{key}`" for key in ("database", "table") if self.bind is not None and getattr(self, key) is not None
        ]
        if beside:
            verb = "names" if len(beside) == 1 else "name"
            raise ValueError(f"{' and '.join(beside)} {verb} nothing beside `bind`, which names both; leave one out")
        return self


class ColumnMatch(Section):
    """Which columns a column rule is for; `type` is the source's (`Edm.String(10)`)."""

    name: Globs | None = None
    label: Globs | None = None
    role: Annotated[Globs, _of_words(ColumnRole)] | None = None
    type: Globs | None = None


class ColumnSet(Section):
    """What a column rule sets."""

    include: bool | None = None
    type: HiveType | None = None
    description: ColumnTemplate | None = None


class ColumnRule(Section):
    """One entry of a rule's `columns`."""

    match: ColumnMatch = Field(default_factory=ColumnMatch)
    set: ColumnSet

    @model_validator(mode="after")
    def _does_something(self) -> ColumnRule:
        if not self.set.model_fields_set:
            raise ValueError("`set` is empty; give include, type or description")
        return self


class Rule(Section):
    """One mapping rule."""

    match: RuleMatch = Field(default_factory=RuleMatch)
    set: RuleSet = Field(default_factory=RuleSet)
    columns: tuple[ColumnRule, ...] = ()

    @model_validator(mode="after")
    def _does_something(self) -> Rule:
        if not self.set.model_fields_set and not self.columns:
            raise ValueError("sets nothing; give it `set` or `columns`")
        return self


class MappingSettings(Section):
    """The mapping rules, in order."""

    rules: tuple[Rule, ...] = ()
