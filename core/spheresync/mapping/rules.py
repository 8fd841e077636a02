"""Decide by scope and mapping rules of an asset: in scope or not, tier, names, tags; and which rule decided what."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from spheresync.config import ColumnRule, Settings
from spheresync.config.context import ContextTerm
from spheresync.config.promotion_in_force import CONFIGURATION
from spheresync.config.sections import TargetSection
from spheresync.config.settings import MAPPING_VERSION
from spheresync.mapping.bindings import bound_address
from spheresync.mapping.context import NOTHING_SAID, AssetContext, ContextEntries
from spheresync.mapping.matching import applies, applies_to_column
from spheresync.mapping.names import plain_name, rule_key, space_key
from spheresync.mapping.patterns import first_match, literal_prefix, matches
from spheresync.mapping.personal_data.policy import DEFAULT_POLICY, PersonalDataPolicy
from spheresync.model import (
    Address,
    Asset,
    AssetId,
    AssetKind,
    Column,
    Digest,
    JsonValue,
    Labels,
    PersonalDataClass,
    PhysicalName,
    SpaceName,
    TargetKey,
    Tier,
    default_label,
    digest_json,
    label_in,
)

_KEYS = ("tier", "table", "database", "description", "tags", "include", "bind", "queryable")
_DEFAULT_TIERS = {AssetKind.ANALYTIC_MODEL: Tier.CRITICAL, AssetKind.VIEW: Tier.HIGH}


@dataclass(frozen=True)
class FiredRule:
    """A rule that matched; `rule` counts from 1 in its home. `overridden` names keys that a later rule set anew.

    `origin`, its home, is `configuration` or names the promotion.
    """

    rule: int
    sets: Mapping[str, JsonValue]
    overridden: tuple[str, ...] = ()
    origin: str = CONFIGURATION


@dataclass(frozen=True)
class Decision:
    """What the rules say of one asset. Templates are None where the default holds.

    `bind` is the template of the table of others that the asset is bound to; then `database` and `table` name nothing.

    `terms` are what context files say that terms mean, for a target that tells it.

    `queryable`: what a rule says of whether its table can be queried; None where none does.

    `refused` says why the asset is to fail instead of being written, for the personal data that it holds.
    """

    included: bool
    excluded_by: str
    tier: Tier
    database: str | None = None
    table: str | None = None
    description: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    columns: tuple[ColumnRule, ...] = ()
    fired: tuple[FiredRule, ...] = field(default=(), compare=False)
    prefix: str = ""
    marker: str = ""  # this installation's `spheresync.managed-by`
    languages: tuple[str, ...] = ()  # of labels, the one to be preferred first
    personal_data: PersonalDataPolicy = DEFAULT_POLICY
    refused: str = ""
    context: AssetContext = NOTHING_SAID
    bind: str | None = None
    section: TargetSection | None = None  # settings that the target has for itself
    queryable: bool | None = None
    terms: Mapping[str, ContextTerm] = field(default_factory=dict, compare=False)

    @cached_property
    def digest(self) -> Digest:
        """Over everything that changes what a target holds; the tier does not, nor whether it holds anything."""
        columns: list[JsonValue] = [rule.model_dump(mode="json") for rule in self.columns]
        parts: list[object] = [
            MAPPING_VERSION,
            self.marker,
            self.prefix,
            self.database,
            self.table,
            self.description,
            self.tags,
            *self.personal_data.effect,
            *self.context.effect,
            *([["bind", self.bind]] if self.bind is not None else []),
            *([["section", self.section.digest]] if self.section is not None else []),
        ]
        return digest_json([*parts, columns, *self.languages, *self._told_terms])

    @property
    def can_be_queried(self) -> bool:
        """Whether targets that show data have something for it: a table of others counts as queryable."""
        return self.bind is not None if self.queryable is None else self.queryable

    @property
    def _told_terms(self) -> list[JsonValue]:
        """What the terms of its columns mean, where the target tells it."""
        named = sorted({term for entry in self.context.columns for term in entry.terms or () if term in self.terms})
        said = [self.terms[name].model_dump(mode="json") for name in named]
        return [["terms", *said]] if said else []

    def applied(self, asset: Asset) -> Asset:
        """The asset as a target may have it: with what the context says of it, without what the policy keeps out."""
        asset = self.personal_data.applied(asset, self.context.stewards_words(asset.columns))
        owner = self.context.said("owner")
        return asset if owner is None else replace(asset, owner=owner or None)

    def left_out(self, asset: Asset) -> list[str]:
        """Columns that the policy keeps out of targets for the personal data in them."""
        kept = {column.name for column in self.applied(asset).columns}
        return [column.name for column in asset.columns if column.name not in kept]

    def label_of(self, labels: Labels) -> str:
        """The label that readers of a target see."""
        return label_in(labels, self.languages) if self.languages else default_label(labels)

    def database_key(self, asset: AssetId) -> str:
        """What identifies the database: the space, or the name that a rule gives to several spaces together."""
        return rule_key(self.database_name(asset)) if self.database is not None else space_key(asset.space)

    def database_name(self, asset: AssetId, kind: AssetKind = AssetKind.VIEW, label: str = "") -> PhysicalName:
        """The plain name wanted for the database. A rule's template is taken as written, without the prefix."""
        if self.database is None:
            return plain_name(self.prefix + asset.space)
        return plain_name(fill(self.database, asset, kind, label, self.prefix))

    def bound_to(self, asset: AssetId, kind: AssetKind, label: str) -> Address | None:
        """The table of others that the asset is bound to, None where it has one of its own.

        Raises:
            ValueError: the template gives a name that no table can have.
        """
        return None if self.bind is None else bound_address(self.bind, asset, kind, label, self.prefix)

    def table_name(self, asset: AssetId, kind: AssetKind, label: str) -> PhysicalName:
        """The plain name wanted for the table."""
        if self.table is None:
            return plain_name(asset.name)
        return plain_name(fill(self.table, asset, kind, label, self.prefix))


def fill(template: str, asset: AssetId, kind: AssetKind, label: str, prefix: str) -> str:
    """A template with its fields; the templates were checked when the settings were read."""
    values = {"name": asset.name, "space": asset.space, "label": label, "asset": str(asset), "kind": kind}
    return template.format(**values, prefix=prefix)


class MappingRules:
    """Scope and rules, ready to be asked about many assets."""

    def __init__(self, settings: Settings, of: TargetKey | None = None) -> None:
        """For one target and destination, or by default for all together: in scope is what is so in any of them."""
        destination = None if of is None else of.destination
        self._settings = settings
        self._destination = destination
        self._is_of_one = of is not None
        self._section = None if of is None else settings.section_of(of.target)
        self._of_keys: dict[TargetKey, MappingRules] = {}
        keys = [key for key in settings.target_keys if destination in {None, key.destination}]
        self._spaces = tuple(dict.fromkeys(glob for key in keys for glob in key.spaces))
        self._include = settings.scope.include
        self._exclude = settings.scope.exclude
        self._admits_all = self._include == ("*",) and not self._exclude and "*" in self._spaces
        self._rules = settings.mapping.rules
        self._prefix = settings.prefix if destination is None else settings.prefix_in(destination)
        self._marker = settings.installation_marker
        self._languages = settings.language
        self.personal_data = PersonalDataPolicy.of(settings.personal_data)
        self.context = ContextEntries(settings.business_context)
        self._with_context: dict[tuple[AssetKind, tuple[int, ...], tuple[int, ...]], Decision] = {}
        self._plain = {kind: self._decide_by_rules(kind, ()) for kind in AssetKind}
        self._cache: dict[tuple[AssetKind, tuple[int, ...]], Decision] = {}

    @property
    def section(self) -> TargetSection | None:
        """The settings that the one target has for itself which these rules are of."""
        return self._section

    @property
    def names_tables(self) -> bool:
        """Whether any rule gives tables names."""
        return any(rule.set.table is not None for rule in self._rules)

    @classmethod
    def compile(cls, settings: Settings) -> MappingRules:
        return cls(settings)

    def of(self, key: TargetKey) -> MappingRules:
        """The same rules in one target and destination: with its settings, its prefix, for its spaces."""
        if self._is_of_one or not (self._settings.destinations or self._settings.section_of(key.target)):
            return self
        if key not in self._of_keys:
            self._of_keys[key] = MappingRules(self._settings, key)
        return self._of_keys[key]

    def decide(
        self,
        asset: AssetId,
        kind: AssetKind,
        label: str,
        personal_data: Collection[PersonalDataClass] = (),
        *,
        in_all: bool = False,
    ) -> Decision:
        """What scope, rules and policies say of an asset; `personal_data` are the classes that its columns hold, and
        `in_all` whether each of them does.

        Whoever has not read the asset, or asks whether it is to be read, leaves them out.
        """
        decision = self._decide(asset, kind, label)
        if not personal_data or not decision.included:
            return decision
        outcome = self.personal_data.outcome(personal_data, in_all=in_all)
        if outcome.excluded_by:
            return replace(decision, included=False, excluded_by=outcome.excluded_by)
        return replace(decision, refused=outcome.refused) if outcome.refused else decision

    def _decide(self, asset: AssetId, kind: AssetKind, label: str) -> Decision:
        if not self._admits_all:
            outside = self._outside(asset)
            if outside is not None:
                return Decision(False, outside, _DEFAULT_TIERS.get(kind, Tier.MEDIUM), prefix=self._prefix)
        fired: tuple[int, ...] = ()
        if self._rules:
            fired = tuple(n for n, rule in enumerate(self._rules) if applies(rule.match, asset, kind, label))
        said = self.context.matching(asset, kind, label) if self.context else ()
        if not said:
            return self._by_rules(kind, fired)
        key = (kind, fired, said)
        if key not in self._with_context:
            decision = replace(self._by_rules(kind, fired), context=self.context.together(said))
            self._with_context[key] = decision
        return self._with_context[key]

    def _by_rules(self, kind: AssetKind, fired: tuple[int, ...]) -> Decision:
        if not fired:
            return self._plain[kind]
        key = (kind, fired)
        if key not in self._cache:
            self._cache[key] = self._decide_by_rules(kind, fired)
        return self._cache[key]

    def context_of(self, asset: AssetId, kind: AssetKind, label: str) -> AssetContext:
        """What the context files say of an asset, in scope or not; `context.terms` has what its terms mean."""
        return self.context.of(asset, kind, label)

    def default_database(self, space: SpaceName) -> PhysicalName:
        """The plain name of a space's database where no rule says another."""
        return plain_name(self._prefix + space)

    def may_hold(self, space: SpaceName) -> bool:
        """False where the scope alone shows that no asset of the space can be in it."""
        return self.outside_scope(space) is None

    def outside_scope(self, space: SpaceName) -> str | None:
        """What of the scope leaves out whatever the space may hold; None where it may hold assets of the scope."""
        if (why := self._outside_destinations(space)) is not None:
            return why
        start = f"{space}/"
        for glob in self._exclude:
            if glob == "*" or (glob.endswith("*") and matches(glob, start)):
                return f"scope.exclude{self._home_of_scope} has {glob!r}"
        prefixes = (literal_prefix(glob) for glob in self._include)
        if any(start.startswith(prefix) or prefix.startswith(start) for prefix in prefixes):
            return None
        return f"scope.include{self._home_of_scope} names nothing of it"

    @cached_property
    def includes_by_label(self) -> bool:
        """Whether rules leave assets out, or take them in, by their labels."""
        return any(rule.set.include is not None and rule.match.label is not None for rule in self._rules)

    def in_scope(self, asset: AssetId) -> bool:
        """Whether the scope admits an asset, whatever rules say."""
        return self._admits_all or self._outside(asset) is None

    def _outside(self, asset: AssetId) -> str | None:
        name = str(asset)
        if (glob := first_match(self._exclude, name)) is not None:
            return f"scope.exclude{self._home_of_scope} has {glob!r}"
        if first_match(self._include, name) is None:
            return f"scope.include{self._home_of_scope} does not name it"
        return self._outside_destinations(asset.space)

    def _outside_destinations(self, space: SpaceName) -> str | None:
        """Why nothing of a space is written here, None where it is."""
        if first_match(self._spaces, space) is not None:
            return None
        if self._destination is None:
            return f"no destination is for space {space}"
        return f"destination {self._destination} is not for space {space}"

    @property
    def _home_of_scope(self) -> str:
        home = self._settings.home_of_scope
        return "" if home == CONFIGURATION else f" of {home}"

    def _decide_by_rules(self, kind: AssetKind, fired: tuple[int, ...]) -> Decision:
        values: dict[str, Any] = {}
        set_by: dict[str, int] = {}
        overridden: dict[int, list[str]] = {number: [] for number in fired}
        for number in fired:
            for key in _KEYS:
                value = getattr(self._rules[number].set, key)
                if value is None:
                    continue
                if key == "tags":
                    value = {**values.get("tags", {}), **value}
                elif key in set_by:
                    overridden[set_by[key]].append(key)
                values[key], set_by[key] = value, number
        included = values.get("include", True)
        return Decision(
            included=included,
            excluded_by="" if included else f"{self._called(set_by['include'])} says include: false",
            tier=values.get("tier", _DEFAULT_TIERS.get(kind, Tier.MEDIUM)),
            database=values.get("database"),
            table=values.get("table"),
            description=values.get("description"),
            tags=tuple(sorted(values.get("tags", {}).items())),
            bind=values.get("bind"),
            queryable=values.get("queryable"),
            columns=tuple(rule for number in fired for rule in self._rules[number].columns),
            fired=tuple(self._fired(number, overridden[number]) for number in fired),
            prefix=self._prefix,
            marker=self._marker,
            languages=self._languages,
            personal_data=self.personal_data,
            section=self._section,
            terms=self.context.terms if self._section is not None and self._section.tells_terms else {},
        )

    def _fired(self, number: int, overridden: list[str]) -> FiredRule:
        rule = self._rules[number]
        sets: dict[str, JsonValue] = rule.set.model_dump(mode="json", exclude_none=True)
        if rule.columns:
            sets["columns"] = [column.model_dump(mode="json", exclude_none=True) for column in rule.columns]
        at, origin = self._home(number)
        return FiredRule(at, sets, tuple(overridden), origin)

    def _home(self, number: int) -> tuple[int, str]:
        """Number from 1, and home, of a rule."""
        return self._settings.home_of_rule(number + 1)

    def _called(self, number: int) -> str:
        at, origin = self._home(number)
        return f"mapping rule {at}" if origin == CONFIGURATION else f"rule {at} of {origin}"


@dataclass(frozen=True, slots=True)
class ColumnDecision:
    """What column rules say of one column."""

    included: bool = True
    type: str | None = None
    description: str | None = None
    by: tuple[int, ...] = ()  # column rules that matched, counted from 1 over all of the asset


_NOTHING_SAID = ColumnDecision()


def decide_column(rules: tuple[ColumnRule, ...], column: Column) -> ColumnDecision:
    """What the asset's column rules say of a column; a later rule wins, key by key."""
    if not rules:
        return _NOTHING_SAID
    included, kind, description, by = True, None, None, []
    for number, rule in enumerate(rules, start=1):
        if not applies_to_column(rule.match, column):
            continue
        by.append(number)
        included = included if rule.set.include is None else rule.set.include
        kind = rule.set.type or kind
        description = description if rule.set.description is None else rule.set.description
    return ColumnDecision(included, kind, description, tuple(by))
