"""`destinations:` of CONTRACT.md: the AWS accounts, Regions and catalogs that targets are written in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, ValidationError, model_validator

from spheresync.config.sections import Section, comma_list
from spheresync.model import (
    DATAZONE,
    DEFAULT_DESTINATION,
    GLUE,
    GLUE_CONTEXT,
    LAKE_FORMATION,
    QUICK_SIGHT,
    Place,
    TargetName,
    counted,
)

MOST_DESTINATIONS = 50
"""Each has clients and connections of its own, and is planned by itself."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,512}", re.ASCII)
_CATALOG = re.compile(r"\d{12}(:[\w./-]{1,200})?", re.ASCII)
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d", re.ASCII)
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
_PREFIX = re.compile(r"[a-z0-9_]{0,64}")
_WHERE = frozenset({"role_arn", "region", "catalog_id", "prefix"})
"""Keys that say which tables it writes."""


def require_prefix(text: str) -> str:
    """Raises ValueError where it cannot begin the name of a database."""
    if not _PREFIX.fullmatch(text):
        raise ValueError("must be at most 64 lower-case letters, digits or underscores, such as dsp_")
    return text


def _role(text: str) -> str:
    if not _ROLE.fullmatch(text):
        raise ValueError("must be the ARN of a role, such as arn:aws:iam::111122223333:role/spheresync")
    return text


def _external_id(text: str) -> str:
    if not _EXTERNAL_ID.fullmatch(text):
        raise ValueError("must be 2 to 1224 letters, digits or _ + = , . @ : / - (what STS takes)")
    return text


def _region(text: str) -> str:
    if not _REGION.fullmatch(text):
        raise ValueError("must be a Region such as eu-central-1")
    return text


def _catalog(text: str) -> str:
    if not _CATALOG.fullmatch(text):
        raise ValueError("must be a catalog's id: the 12 digits of its account, in quotes")
    return text


def _spaces(globs: tuple[str, ...]) -> tuple[str, ...]:
    if not globs:
        raise ValueError('names no space, so that nothing would be written there; leave it out for all, or write "*"')
    if any(not glob for glob in globs):
        raise ValueError("holds an empty glob; remove it")
    return globs


class Destination(Section):
    """One destination; what is None is as it is for all.

    `role_arn` is assumed with `external_id`; without one the credentials of boto3's chain are used. `spaces` are globs.
    """

    role_arn: Annotated[str, AfterValidator(_role)] | None = None
    external_id: Annotated[str, AfterValidator(_external_id)] | None = None
    region: Annotated[str, AfterValidator(_region)] | None = None
    catalog_id: Annotated[str, AfterValidator(_catalog)] | None = None
    prefix: Annotated[str, AfterValidator(require_prefix)] | None = None
    spaces: Annotated[tuple[str, ...], BeforeValidator(comma_list), AfterValidator(_spaces)] = ("*",)
    targets: Annotated[tuple[TargetName, ...], BeforeValidator(comma_list)] | None = None

    @model_validator(mode="after")
    def _external_id_needs_a_role(self) -> Destination:
        if self.external_id is not None and self.role_arn is None:
            raise ValueError("external_id is told when a role is assumed; add role_arn, or remove it")
        return self

    @property
    def account(self) -> str | None:
        """The account of the role, None where credentials are those of boto3's chain."""
        return None if self.role_arn is None else self.role_arn.split(":")[4]

    def located(self, chain: Place) -> Place:
        """Where it is, as far as settings say; `chain` is where boto3's chain leads."""
        return Place(self.region, self.catalog_id or self.account).or_else(chain)

    @property
    def place(self) -> str:
        """The catalog that it is, for people: what is not given is as boto3's chain has it."""
        region = f"Region {self.region}" if self.region else "the Region of this process"
        catalog = self.catalog_id or self.account
        return f"catalog {catalog} in {region}" if catalog else f"the own catalog in {region}"


_DEPENDS_ON = {LAKE_FORMATION: GLUE, QUICK_SIGHT: GLUE, DATAZONE: GLUE, GLUE_CONTEXT: GLUE}
"""Targets that add to the objects of another one."""
ONLY_DEFAULT: Mapping[str, Destination] = {DEFAULT_DESTINATION: Destination()}
"""The destinations where none is configured."""


def destination_faults(
    given: Mapping[object, object], *, prefix: str, targets: Sequence[TargetName] | None, chain: Place
) -> list[str]:
    """What is wrong with the destinations besides the values of single keys; the text of each names its destinations.

    Values that are wrong by themselves are told elsewhere, and keep nothing else from being told.

    Args:
        given: what the settings say of each, by name, checked or not.
        prefix: of all that have none of their own.
        targets: all that are written; None where nobody can say.
        chain: where boto3's chain leads, for those that name no Region or role.
    """
    if len(given) > MOST_DESTINATIONS:
        return [f"names {counted(len(given), 'destination')}, {MOST_DESTINATIONS} at most"]
    faults = [
        f"{str(name)[:40]!r} cannot be its name; give it 1 to 64 letters, digits, _ or -, such as eu"
        for name in given
        if not isinstance(name, str) or not _NAME.fullmatch(name)
    ]
    places: dict[tuple[Place, str], list[str]] = {}
    for name, raw in given.items():
        known, dropped = _known_of(raw)
        if known.targets is not None and targets is not None:
            faults += _of_targets(str(name), known.targets, targets)
        if not dropped & _WHERE:
            own = prefix if known.prefix is None else known.prefix
            places.setdefault((known.located(chain), own), []).append(str(name))
    return faults + [
        f"{' and '.join(names)} lead to the same catalog with the same prefix, so they would write the same tables; "
        "give each its own region, catalog_id or prefix, or leave one of them out"
        for names in places.values()
        if len(names) > 1
    ]


def _known_of(raw: object) -> tuple[Destination, set[str]]:
    """What of a destination can be used, and the keys that cannot."""
    if not isinstance(raw, Mapping):
        return Destination(), {*_WHERE}
    kept, dropped = dict(raw), set[str]()
    while True:
        try:
            return Destination.model_validate(kept), dropped
        except ValidationError as error:
            wrong = {str(each["loc"][0]) for each in error.errors(include_url=False) if each["loc"]} & {*map(str, kept)}
            if not wrong:  # of several keys together
                return Destination(), dropped | _WHERE
            dropped |= wrong
            kept = {key: value for key, value in kept.items() if str(key) not in wrong}


def faults_of_dependence(targets: Sequence[str]) -> list[str]:
    """Which of these targets add to the objects of one that is not among them."""
    return [
        f"{target} is about the tables of {base}; name {base} too"
        for target in dict.fromkeys(targets)
        if (base := _DEPENDS_ON.get(TargetName(target))) is not None and base not in targets
    ]


def _of_targets(name: str, own: Sequence[TargetName], targets: Sequence[TargetName]) -> list[str]:
    if not own:
        return [f"{name}.targets names none; leave it out for all of them"]
    faults = [f"{name}.targets: {fault}" for fault in faults_of_dependence(own)]
    return faults + [
        f"{name}.targets names {target[:40]!r}, and `targets` does not ({', '.join(targets)}); add it there"
        for target in own
        if target not in targets
    ]
