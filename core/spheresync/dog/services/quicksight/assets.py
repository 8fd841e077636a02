"""What all things of QuickSight have: ids and ARNs, times, permissions, tags, and folders that hold them.

UNVERIFIED on AWS: that ids of data sources and data sets follow the pattern that the model has for members of folders
(it documents 96 characters for data sets); that parameters which the model refuses come back as
InvalidParameterValueException and no ValidationException; the order of listings. Members that this double does not know
are refused, not ignored.
"""

from __future__ import annotations

import re
from abc import ABC
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import ClassVar, cast

from spheresync.dog.services.double import Call, Double, Place
from spheresync.dog.services.glue_catalog import GlueCatalog
from spheresync.dog.services.logged_parameters import as_json, from_json
from spheresync.dog.services.quicksight.kinds import Kind, invalid
from spheresync.dog.services.quicksight.permissions import Permissions, changed, granted, rows
from spheresync.dog.services.wire import Json, ServiceError

MOST_TAGS = 50
_MOST_IN_ID = 96
_ID = re.compile(r"[A-Za-z0-9_\-]+")
_ARN = re.compile(r"arn:aws:quicksight:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):(?P<kind>\w+)/(?P<id>[^/]+)")
_PAGE = 100


@dataclass(slots=True)
class Asset:
    """One thing; `content` is its definition, as calls give it."""

    id: str
    arn: str
    created: datetime
    updated: datetime
    content: Json
    permissions: Permissions = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)
    """The ids of those that hold it."""

    @property
    def times(self) -> Json:
        return {"CreatedTime": self.created, "LastUpdatedTime": self.updated}


class Assets(Double, ABC):
    """Keeps them; the operations come with what builds on it."""

    invalid: ClassVar[str] = "InvalidParameterValueException"

    def __init__(self, place: Place, catalog: GlueCatalog) -> None:
        super().__init__(place, catalog)
        self._assets: dict[Kind, dict[str, Asset]] = {kind: {} for kind in Kind}

    def dump(self) -> Json:
        kept = {
            kind.value: {own_id: asdict(asset) for own_id, asset in assets.items()}
            for kind, assets in self._assets.items()
        }
        return cast("Json", as_json(kept))

    def load(self, dumped: Json) -> None:
        kept = cast("dict[str, dict[str, Json]]", from_json(dumped))
        self._assets = {
            kind: {own_id: Asset(**asset) for own_id, asset in kept.get(kind.value, {}).items()} for kind in Kind
        }

    def page(self, member: str, rows: Sequence[Json], call: Call, default: int = _PAGE) -> Json:
        try:
            return self._answer(call, **super().page(member, rows, call, default))
        except ServiceError as error:
            raise ServiceError("InvalidNextTokenException", error.message) from None

    def _asked(self, call: Call, *known: str) -> Json:
        """The parameters of a call on the caller's own account, which may have the members `known` beside ids."""
        account = call.parameters.get("AwsAccountId", self.place.account)
        if account != self.place.account:
            raise ServiceError("AccessDeniedException", f"The caller may not use account {account}.")
        usual = {"AwsAccountId", "MaxResults", "NextToken", *(kind.id_member for kind in Kind)}
        if unknown := sorted(call.parameters.keys() - usual - set(known)):
            raise invalid(f"The double of QuickSight does not know {', '.join(unknown)} of {call.operation}.")
        return call.parameters

    @staticmethod
    def _answer(call: Call, **members: object) -> Json:
        return {"Status": 200, "RequestId": call.new_id("request", 32), **members}

    def _all(self, kind: Kind) -> list[Asset]:
        return [asset for _, asset in sorted(self._assets[kind].items())]

    def _named(self, kind: Kind, call: Call) -> Asset:
        """The one that a call is on."""
        return self._found((kind,), call.parameters[kind.id_member])

    def _by_arn(self, arn: str, *kinds: Kind) -> Asset:
        """The one of an ARN, which has to be of one of `kinds`."""
        read = _ARN.fullmatch(arn)
        fitting = [kind for kind in kinds if read is not None and kind.word == read["kind"]]
        if read is None or not fitting or (read["account"], read["region"]) != (self.place.account, self.place.region):
            words = " or ".join(dict.fromkeys(kind.word for kind in kinds))
            raise invalid(f"{arn} is not the ARN of a {words} of this account and Region.")
        return self._found(fitting, read["id"])

    def _found(self, kinds: Sequence[Kind], own_id: str) -> Asset:
        """The one of an id, which is of one of `kinds`."""
        for kind in kinds:
            if own_id in self._assets[kind]:
                return self._assets[kind][own_id]
        raise kinds[0].absent(own_id)

    def _new(self, kind: Kind, call: Call) -> Asset:
        """One that a call makes, with all that calls say of any kind; `_keep` has to follow, when all is checked."""
        asked = call.parameters
        own_id = asked[kind.id_member]
        if kind in {Kind.DATA_SOURCE, Kind.DATA_SET} and (len(own_id) > _MOST_IN_ID or not _ID.fullmatch(own_id)):
            raise invalid(f"{kind.id_member} must have 1 to {_MOST_IN_ID} letters, digits, - and _; is {own_id!a}.")
        if not own_id:
            raise invalid(f"{kind.id_member} must not be empty.")
        if any(own_id in self._assets[each] for each in Kind if each.word == kind.word):
            raise kind.exists(own_id)
        folders = [self._by_arn(arn, Kind.FOLDER).id for arn in asked.get("FolderArns", [])]
        return Asset(
            own_id,
            kind.arn(self.place, own_id),
            call.at,
            call.at,
            {},
            granted(kind, asked.get("Permissions", []), self.place),
            with_tags({}, asked.get("Tags", [])),
            folders,
        )

    def _keep(self, kind: Kind, asset: Asset) -> None:
        self._assets[kind][asset.id] = asset

    def _change(self, asset: Asset, content: Json, call: Call) -> None:
        """Replace the whole definition."""
        asset.content = content
        asset.updated = call.at

    def _delete(self, kind: Kind, call: Call) -> Asset:
        self._asked(call)
        gone = self._named(kind, call)
        del self._assets[kind][gone.id]
        return gone

    def _permissions(self, kind: Kind, call: Call) -> Json:
        self._asked(call)
        return self._answer(call, **self._permitted(kind, call))

    def _change_permissions(self, kind: Kind, call: Call) -> Json:
        asked = self._asked(call, "GrantPermissions", "RevokePermissions")
        asset = self._named(kind, call)
        grants, revokes = asked.get("GrantPermissions", []), asked.get("RevokePermissions", [])
        asset.permissions = changed(kind, asset.permissions, grants, revokes, self.place)
        return self._answer(call, **self._permitted(kind, call))

    def _permitted(self, kind: Kind, call: Call) -> Json:
        asset = self._named(kind, call)
        return {kind.arn_member: asset.arn, kind.id_member: asset.id, "Permissions": rows(asset.permissions)}


def with_tags(tags: dict[str, str], more: Iterable[Json]) -> dict[str, str]:
    """UNVERIFIED: how a key that is named twice, or is AWS's own, is refused."""
    added: dict[str, str] = {}
    for tag in more:
        if tag["Key"] in added or tag["Key"].lower().startswith("aws:"):
            raise invalid(f"The tag key {tag['Key']} is named twice, or is reserved.")
        added[tag["Key"]] = tag["Value"]
    if len(tags | added) > MOST_TAGS:
        raise ServiceError("LimitExceededException", f"A resource has at most {MOST_TAGS} tags.")
    return tags | added


def only_member(described: Json, refusal: str) -> tuple[str, Json]:
    """The one member that a variant type has.

    Raises:
        ServiceError: it has none, or several; `refusal` says so.
    """
    if len(described) != 1:
        raise invalid(refusal)
    ((name, value),) = described.items()
    return name, value


def without(described: Json, *members: str) -> Json:
    """All but these members."""
    return {member: value for member, value in described.items() if member not in members}


def some_of(described: Json, *members: str) -> Json:
    """Those of these members that there are."""
    return {member: described[member] for member in members if member in described}
