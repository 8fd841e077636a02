"""The effective settings as one frozen tree. CONTRACT.md fixes its keys."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, ValidationInfo, field_validator

from spheresync.config.alerts import AlertChannel
from spheresync.config.context import NO_CONTEXT, BusinessContext
from spheresync.config.datazone import DataZone, Publish
from spheresync.config.destinations import (
    ONLY_DEFAULT,
    Destination,
    faults_of_dependence,
    require_prefix,
)
from spheresync.config.embedded_context import embedded_context
from spheresync.config.glue_context import GlueContext
from spheresync.config.lakeformation import LakeFormation
from spheresync.config.lineage import Lineage
from spheresync.config.paths import SettingPath, require_path
from spheresync.config.personal_data import PersonalData, PersonalDataAction
from spheresync.config.promotion_in_force import CONFIGURATION, PromotionInForce
from spheresync.config.quicksight import QuickSight
from spheresync.config.rules import MappingSettings
from spheresync.config.sections import (
    Approvals,
    ChangeSets,
    Datasphere,
    Deletion,
    DriftPolicies,
    Retention,
    Scheduler,
    Scope,
    Section,
    TargetSection,
    Tiers,
    comma_list,
)
from spheresync.config.tenant import host_of, installation_name
from spheresync.model import (
    DATAZONE,
    DATAZONE_PUBLISHING,
    GLUE_CONTEXT,
    LAKE_FORMATION,
    QUICK_SIGHT,
    DestinationName,
    Digest,
    Environment,
    JsonValue,
    Place,
    TargetKey,
    TargetName,
    digest_json,
)
from spheresync.model.json_document import read_own_json
from spheresync.model.words import TRIAL
from spheresync.regular_files import FileStamp

SUPPORTED_TARGETS = ("glue", "lakeformation", "quicksight", "datazone", "glue_context")
DOG_HOST = "dog"
"""The tenant host of the dog environment, whose tenant is embedded."""
DOG_ACCOUNT = "123456789012"
"""The account of the embedded AWS, which has one catalog for all Regions."""
MAPPING_VERSION = 4
"""Raised with every change of what the same asset and rules make of a target object."""

_INSTALLATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+=@-]{0,99}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


def _installation(text: str) -> str:
    if not _INSTALLATION.fullmatch(text):
        raise ValueError("must be 1 to 100 letters, digits or . _ + = @ - and start with a letter or digit")
    return text


def _languages(tags: tuple[str, ...]) -> tuple[str, ...]:
    """BCP 47 tags; `zh_CN` is how POSIX and Java spell `zh-CN`."""
    tags = tuple(tag.replace("_", "-") for tag in tags)
    odd = [tag for tag in tags if not _LANGUAGE.fullmatch(tag)]
    if odd:
        raise ValueError(f"{odd[0][:40]!r} is no language tag; write de, en-US, or a list such as [de, en]")
    return tuple(dict.fromkeys(tags))


def _targets(names: tuple[str, ...]) -> tuple[TargetName, ...]:
    if not names:
        raise ValueError("must name at least one target; write [glue]")
    faults = [fault for name in dict.fromkeys(names) if (fault := _fault_of_target(name))]
    faults += faults_of_dependence(names)
    if faults:
        raise ValueError("; ".join(faults))
    return tuple(TargetName(name) for name in dict.fromkeys(names))


def _fault_of_target(name: str) -> str:
    if name in SUPPORTED_TARGETS:
        return ""
    near = difflib.get_close_matches(name.casefold(), SUPPORTED_TARGETS, n=1)
    fix = f"did you mean {near[0]}?" if near else f"there are {', '.join(SUPPORTED_TARGETS)}"
    return f"{name[:40]!r} is no target; {fix}"


def _file_globs(globs: tuple[str, ...]) -> tuple[str, ...]:
    if "" in globs:
        raise ValueError("holds an empty name; remove it")
    for glob in globs:
        if "**" in glob:
            raise ValueError("holds **, which is not supported; name each level of folders, as in context/*/*.yaml")
        require_path(Path(glob))
    return tuple(dict.fromkeys(globs))


class Limits(Section):
    """Caps on what is asked of AWS, where the pace would else follow what AWS takes, and on calls of MCP tools.

    Calls are counted for each caller and server process: all of them, and apart from that those that change something.
    """

    glue_calls_per_second: Annotated[float, Field(ge=0.1, le=10_000)] | None = None
    tool_calls_per_minute: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    changing_calls_per_minute: Annotated[int, Field(ge=1, le=1_000_000)] | None = 600


class Settings(Section):
    """All settings, effective and checked. Make one with `load_settings`."""

    env: Environment = Environment.DOG
    installation: Annotated[str, AfterValidator(_installation)] | None = None
    state_dir: SettingPath
    prefix: Annotated[str, AfterValidator(require_prefix)] = ""
    language: Annotated[tuple[str, ...], BeforeValidator(comma_list), AfterValidator(_languages)] = ()
    targets: Annotated[tuple[str, ...], BeforeValidator(comma_list), AfterValidator(_targets)] = ("glue",)
    destinations: dict[str, Destination] = Field(default_factory=dict)
    datasphere: Datasphere = Datasphere()
    scope: Scope = Scope()
    mapping: MappingSettings = MappingSettings()
    context: Annotated[tuple[str, ...], BeforeValidator(comma_list), AfterValidator(_file_globs)] = ()
    promotion: SettingPath | None = None
    scheduler: Scheduler = Scheduler()
    tiers: Tiers = Tiers()
    deletion: Deletion = Deletion()
    drift: DriftPolicies = DriftPolicies()
    change_sets: ChangeSets = ChangeSets()
    approvals: Approvals = Approvals()
    retention: Retention = Retention()
    personal_data: PersonalData = PersonalData()
    limits: Limits = Limits()
    alerts: tuple[AlertChannel, ...] = ()
    lineage: Lineage = Lineage()
    lakeformation: LakeFormation = LakeFormation()
    quicksight: Annotated[QuickSight, Field(validate_default=True)] = QuickSight()
    datazone: Annotated[DataZone, Field(validate_default=True)] = DataZone()
    glue_context: GlueContext = GlueContext()

    _origins: dict[str, str] = PrivateAttr(default_factory=dict)
    _promoted: PromotionInForce | None = PrivateAttr(default=None)
    _tried_rules: int = PrivateAttr(default=0)
    _tried_scope: bool = PrivateAttr(default=False)
    _files: Mapping[Path, FileStamp] = PrivateAttr(default_factory=dict)
    _business_context: BusinessContext | None = PrivateAttr(default=NO_CONTEXT)
    _chain: Place = PrivateAttr(default=Place())
    _kept_name: str | None = PrivateAttr(default=None)

    @field_validator("quicksight")
    @classmethod
    def _quicksight_is_complete(cls, section: QuickSight, info: ValidationInfo) -> QuickSight:
        return section.required() if QUICK_SIGHT in info.data.get("targets", ()) else section

    @field_validator("datazone")
    @classmethod
    def _datazone_says_where(cls, section: DataZone, info: ValidationInfo) -> DataZone:
        missing = [key for key in ("domain_id", "project_id") if getattr(section, key) is None]
        if missing and DATAZONE in (info.data.get("targets") or ()):
            raise ValueError(f"needs {' and '.join(missing)}, since `targets` names datazone")
        return section

    def with_origins(self, origins: Mapping[str, str], promoted: PromotionInForce | None = None) -> Settings:
        """These settings, knowing from where each value came: key path to file name or environment variable."""
        self._origins.update(origins)
        self._promoted = promoted
        return self

    def with_tried(self, *, rules: int, scope: bool) -> Settings:
        """These settings, knowing that so many rules at their end, or the scope, are only tried."""
        self._tried_rules, self._tried_scope = rules, scope
        return self

    def with_context(self, context: BusinessContext | None) -> Settings:
        """These settings with what the files hold that `context` names; None: with that of the dog environment."""
        self._business_context = context
        return self

    def with_files(self, files: Mapping[Path, FileStamp]) -> Settings:
        """These settings, knowing which files stand for values of them, as those were when they were read."""
        self._files = files
        return self

    def with_chain(self, place: Place) -> Settings:
        """These settings, knowing where boto3's chain leads: there are destinations that name no place."""
        self._chain = place
        return self

    def with_kept_name(self, name: str | None) -> Settings:
        """These settings, under the name that was derived when something was first written; None: nothing was."""
        self._kept_name = name
        return self

    @property
    def files(self) -> Mapping[Path, FileStamp]:
        """The files that stand for values (`${file:PATH}`), as they were when they were read."""
        return self._files

    @property
    def business_context(self) -> BusinessContext:
        """What the files that `context` names say."""
        return embedded_context() if self._business_context is None else self._business_context

    @property
    def promoted(self) -> PromotionInForce | None:
        """The promotion that `promotion` names; its rules and, as the case may be, its scope are in these settings."""
        return self._promoted

    @property
    def home_of_scope(self) -> str:
        """From where the scope is."""
        if self._tried_scope:
            return TRIAL
        return self._promoted.name if self._promoted is not None and self._promoted.scope else CONFIGURATION

    def home_of_rule(self, number: int) -> tuple[int, str]:
        """Number and home of a mapping rule among all, counted from 1: it counts from 1 where it was written."""
        of_trial = number - (len(self.mapping.rules) - self._tried_rules)
        if of_trial > 0:
            return of_trial, TRIAL
        return (number, CONFIGURATION) if self._promoted is None else self._promoted.name_of_rule(number)

    @property
    def tenant_host(self) -> str:
        """The host of the tenant, without a port; `dog` in dog."""
        return DOG_HOST if self.env.is_embedded else host_of(self.datasphere.base_url)

    @property
    def installation_name(self) -> str:
        """The configured name, else one derived from tenant host and prefix: once, so that another prefix keeps it."""
        return self.installation or self._kept_name or installation_name(self.tenant_host, self.prefix)

    @property
    def installation_marker(self) -> str:
        """What `spheresync.managed-by` holds on everything this installation made."""
        return f"spheresync:{self.installation_name}"

    @property
    def target_keys(self) -> tuple[TargetKey, ...]:
        """The targets in force, each with its destination; every other part of the program asks here."""
        return tuple(
            TargetKey(TargetName(target), DestinationName(name), destination.spaces)
            for name, destination in self.places.items()
            for target in self._with_publishing
            if destination.targets is None or _configured_as(target) in destination.targets
        )

    @property
    def _with_publishing(self) -> tuple[str, ...]:
        """The targets, and publishing in DataZone, which has items of its own, where it is on."""
        publishes = DATAZONE in self.targets and self.datazone.publish is not Publish.NEVER
        return (*self.targets, DATAZONE_PUBLISHING) if publishes else self.targets

    @property
    def places(self) -> Mapping[str, Destination]:
        """The destinations in force, by name."""
        return self.destinations or ONLY_DEFAULT

    def section_of(self, target: TargetName) -> TargetSection | None:
        """The settings that a target has for itself, None where it has none."""
        sections = {
            LAKE_FORMATION: self.lakeformation,
            QUICK_SIGHT: self.quicksight,
            DATAZONE: self._datazone_with_terms,
            GLUE_CONTEXT: self._glue_context_with_terms,
        }
        return sections.get(target)

    @cached_property
    def _datazone_with_terms(self) -> DataZone:
        return self.datazone.with_terms(self.business_context.terms)

    @cached_property
    def _glue_context_with_terms(self) -> GlueContext:
        return self.glue_context.with_terms(self.business_context.terms)

    def place_of(self, destination: DestinationName) -> Place:
        """Where a destination is, as far as that is known without asking AWS; nothing of one that is not in force."""
        return self.places[destination].located(self._chain) if destination in self.places else Place()

    def prefix_in(self, destination: DestinationName) -> str:
        """How the names of databases begin in a destination."""
        own = self.places[destination].prefix if destination in self.places else None
        return self.prefix if own is None else own

    def apart_in(self, destination: DestinationName) -> tuple[str, ...]:
        """What tells the objects of a destination from those of others in the same account and Region.

        Its name does not: anybody may change that, and what stands there stays the same.
        """
        place = self.places.get(destination, Destination())
        foreign = place.catalog_id not in {None, place.account or self.quicksight.account_id}
        return (self.prefix_in(destination), *([str(place.catalog_id)] if foreign else []))

    @cached_property
    def mapping_digest(self) -> Digest:
        """Over all that decides what the same asset becomes in a target; tiers and scope are no part of it."""
        rules = []
        for rule in self.mapping.rules:
            spelled = rule.model_dump(mode="json", exclude_none=True)
            effect = {key: value for key, value in spelled["set"].items() if key not in {"tier", "include"}}
            if effect or rule.columns:
                rules.append([spelled["match"], effect, spelled["columns"]])
        left_out = self.personal_data.classes(PersonalDataAction.EXCLUDE_COLUMN)
        personal_data = [self.personal_data.mask, left_out]
        words = self.business_context
        context = [["context", words.digest]] if words.entries or words.terms else []
        places = {name: [each.place, each.prefix] for name, each in self.destinations.items()}
        of_places = [["destinations", places]] if places else []
        sections = [section.digest for target in self.targets if (section := self.section_of(TargetName(target)))]
        said = [MAPPING_VERSION, self.installation_marker, self.prefix, rules, personal_data, *self.language]
        return digest_json([*said, *context, *of_places, *([["sections", *sections]] if sections else [])])

    @cached_property
    def scope_digest(self) -> Digest:
        """Over all that decides which assets are in scope."""
        rules = [
            [rule.match.model_dump(mode="json", exclude_none=True), rule.set.include]
            for rule in self.mapping.rules
            if rule.set.include is not None
        ]
        actions = (PersonalDataAction.EXCLUDE_ASSET, PersonalDataAction.REFUSE)
        personal = [self.personal_data.classes(action) for action in actions]
        stewards = self.business_context.stewards_digest
        held = [*personal, *([stewards] if stewards else [])] if any(personal) else []
        spaces = {str(key): key.spaces for key in self.target_keys} if self.destinations else None
        return digest_json([self.scope.include, self.scope.exclude, rules, *held, *([spaces] if spaces else [])])

    def secrets(self) -> tuple[str, ...]:
        """Every value that no log may hold."""
        webhooks = [secret for channel in self.alerts for secret in channel.secrets]
        return (self.datasphere.client_secret.get_secret_value(), self.lineage.token.get_secret_value(), *webhooks)

    def redacted(self) -> dict[str, JsonValue]:
        """Effective settings for people, secrets as `***`.

        Returns:
            `settings` (the tree) and `sources`: key path to `default`, `derived`, a file's name or the name of an
            environment variable. Where there is a promotion, `promotion` says what it is and what of it counts.
        """
        tree: dict[str, JsonValue] = read_own_json(self.model_dump_json(exclude_none=True, by_alias=True))
        tree["installation"] = self.installation_name
        datasphere = tree["datasphere"]
        assert isinstance(datasphere, dict)
        datasphere["client_secret"] = "***" if self.datasphere.client_secret.get_secret_value() else ""
        lineage = tree["lineage"]
        assert isinstance(lineage, dict)
        lineage["token"] = "***" if self.lineage.token.get_secret_value() else ""
        tree["alerts"] = [_without_webhook(channel) for channel in self.alerts]
        sources: dict[str, JsonValue] = {path: self.origin_of(path) for path in _leaves(tree)}
        if self._promoted is None:
            return {"settings": tree, "sources": sources}
        if self._promoted.rules:
            own = sources.get("mapping.rules", "default")
            first = f"{self._promoted.source} (rules 1 to {self._promoted.rules})"
            more = len(self.mapping.rules) > self._promoted.rules
            sources["mapping.rules"] = f"{first}, then {own}" if more else first
        return {"settings": tree, "sources": sources, "promotion": self._promoted.to_json()}

    def origin_of(self, path: str) -> str:
        """From where the value of a key came: `default`, `derived`, a file's name or an environment variable."""
        if path == "installation" and self.installation is None:
            return "derived"
        while path:
            if path in self._origins:
                return self._origins[path]
            path = path.rpartition(".")[0]
        return "default"


def _configured_as(target: str) -> str:
    """The name under which `targets` switches a target on."""
    return DATAZONE if target == DATAZONE_PUBLISHING else target


def _without_webhook(channel: AlertChannel) -> dict[str, JsonValue]:
    shown: dict[str, JsonValue] = read_own_json(channel.model_dump_json(exclude_none=True, by_alias=True))
    return shown | {"webhook": "***"} if channel.webhook is not None else shown


def _leaves(tree: JsonValue, path: str = "") -> list[str]:
    """Key paths of all values; a list is one value."""
    if not isinstance(tree, dict):
        return [path]
    return [leaf for key, value in tree.items() for leaf in _leaves(value, f"{path}.{key}".lstrip("."))]
