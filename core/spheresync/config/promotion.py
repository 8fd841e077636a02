"""The promotion file: scope and rules that a change set was made with, on their way to the next environment.

One JSON document whose digest covers all of it, so that what was looked at in one environment is what counts in the
next. It names no person but who exported it, and nothing that belongs to one environment: prefix, marker, host.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from spheresync.model import Action, AssetId, AssetKind, Digest, JsonValue, Tier, canonical_json, digest_of
from spheresync.model.json_document import read_json
from spheresync.regular_files import FileStamp, read_regular

FORMAT = 1
MARK = "spheresync_promotion"
MAX_BYTES = 67_108_864
_DIGEST_BYTES = 32
_MEMBERS = frozenset(
    {MARK, "program", "origin", "change_set", "exported_at", "exported_by", "scope", "mapping", "assets"}
)
_REPEAT = "export it again with `spheresync promote`"


class PromotionFault(ValueError):  # noqa: N818 -- a finding about a file, told with others
    """Raised when a file cannot be used as a promotion; the text says why and what to do."""


class PromotedColumn(NamedTuple):
    """A column as the source has it, and what it becomes; None where a rule leaves it out."""

    name: str
    type: str
    physical: str | None = None
    physical_type: str | None = None


@dataclass(frozen=True, slots=True)
class PromotedAsset:
    """An asset of the change set where that was made: what was to become of it, and how it looked.

    `structure` is the fingerprint of its columns, `definition` that of all of it; None where it was never read.
    `database` and `table` are the names that the rules want, without any prefix; None where it was out of scope.
    """

    asset: AssetId
    action: Action
    kind: AssetKind | None = None
    tier: Tier | None = None
    structure: Digest | None = None
    definition: Digest | None = None
    database: str | None = None
    table: str | None = None
    description: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    columns: tuple[PromotedColumn, ...] = ()


@dataclass(frozen=True, slots=True)
class Promotion:
    """What a promotion file says. `scope` and `rules` are as configuration holds them, still unchecked."""

    program: str
    environment: str
    installation: str | None
    change_set: str
    change_set_digest: str
    exported_at: str
    exported_by: str
    scope: Mapping[str, JsonValue]
    rules: tuple[JsonValue, ...]
    assets: tuple[PromotedAsset, ...]

    @property
    def document(self) -> dict[str, JsonValue]:
        """The document without its digest."""
        return {
            MARK: FORMAT,
            "program": self.program,
            "origin": {"environment": self.environment, "installation": self.installation},
            "change_set": {"id": self.change_set, "digest": self.change_set_digest},
            "exported_at": self.exported_at,
            "exported_by": self.exported_by,
            "scope": dict(self.scope),
            "mapping": {"rules": [*self.rules]},
            "assets": [_spell_asset(asset) for asset in self.assets],
        }

    @property
    def digest(self) -> Digest:
        """Over everything that the file says."""
        return _digest(self.document)

    @property
    def origin(self) -> str:
        """Where it came from, for people."""
        return self.environment if self.installation is None else f"{self.installation} ({self.environment})"

    def spell(self) -> bytes:
        """The file: JSON that people can read and compare, an asset a line."""
        document = self.document
        members = [f"{_text(MARK)}: {FORMAT}", f'"digest": {_text(_digest(document))}']
        for key, value in document.items():
            if key == "assets":
                lines = ",\n".join(f"    {_text(asset)}" for asset in _items(value))
                members.append(f'"assets": [\n{lines}\n  ]' if lines else '"assets": []')
            elif key != MARK:
                members.append(f"{_text(key)}: {_text(value, indent=2)}")
        text = "{\n" + ",\n".join(f"  {member}" for member in members) + "\n}\n"
        return text.encode("utf-8")


@dataclass(frozen=True, slots=True)
class PromotionFile:
    """A promotion that was read. `stamp` tells whether the file is still the one that was read."""

    path: Path
    promotion: Promotion
    digest: Digest
    stamp: FileStamp


def read_promotion(path: Path) -> PromotionFile:
    """Read a promotion file and hold it to its digest.

    Raises:
        PromotionFault: it cannot be read, is none, is of a newer program, or was edited.
    """
    try:
        data, stamp = read_regular(path, MAX_BYTES)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise PromotionFault(f"{_shown(path)} cannot be read ({reason}); check the path and its permissions") from error
    if len(data) > MAX_BYTES:
        raise PromotionFault(f"{path.name} is larger than {MAX_BYTES} bytes; this is no promotion file")
    promotion, digest = parse_promotion(data, path.name)
    return PromotionFile(path, promotion, digest, stamp)


def _shown(path: Path) -> str:
    """A file's name as a message may hold it: not too long, and without what turns a line of text around."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in path.name[:100])


def parse_promotion(data: bytes, name: str) -> tuple[Promotion, Digest]:
    """What the bytes of a file say, and its digest, which fits.

    Raises:
        PromotionFault: as `read_promotion`.
    """
    no_promotion = f"{name} is no promotion file; name one that `spheresync promote` wrote"
    try:
        document = read_json(data.decode("utf-8-sig"), largest=MAX_BYTES, most_values=MAX_BYTES)
    except ValueError as error:
        raise PromotionFault(f"{no_promotion}, whole and unedited") from error
    if not isinstance(document, dict) or MARK not in document:
        raise PromotionFault(no_promotion)
    if document[MARK] != FORMAT:
        raise PromotionFault(
            f"{name} has format {str(document[MARK])[:20]}, and this program reads format {FORMAT}; use the version of "
            "the program that wrote it in both environments"
        )
    claimed = document.pop("digest", None)
    digest = _digest(document)
    if claimed != digest:
        raise PromotionFault(
            f"{name} was edited since it was exported, or is not whole: its digest does not fit; {_REPEAT}. What is to "
            "be otherwise here belongs into `mapping.rules` of this configuration, which win over promoted ones"
        )
    try:
        promotion = _read(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise PromotionFault(f"{no_promotion} with this version of the program ({error})") from error
    return promotion, digest


def _digest(document: Mapping[str, JsonValue]) -> Digest:
    return digest_of(canonical_json(document), size=_DIGEST_BYTES)


def _text(value: JsonValue, indent: int | None = None) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=indent).replace("\n", "\n  ")
    # Half a character, which JSON can spell and UTF-8 cannot.
    return "".join(f"\\u{ord(char):04x}" if "\ud800" <= char <= "\udfff" else char for char in text)


def _items(value: JsonValue) -> list[JsonValue]:
    assert isinstance(value, list)
    return value


def _spell_asset(promoted: PromotedAsset) -> dict[str, JsonValue]:
    spelled: dict[str, JsonValue] = {
        "asset": str(promoted.asset),
        "id": promoted.asset.to_json(),
        "action": promoted.action,
        "kind": promoted.kind,
        "tier": promoted.tier,
        "structure": promoted.structure,
        "definition": promoted.definition,
        "database": promoted.database,
        "table": promoted.table,
        "description": promoted.description,
        "tags": dict(promoted.tags),
        "columns": [[*column] if column.physical is not None else [*column[:2]] for column in promoted.columns],
    }
    return {key: value for key, value in spelled.items() if value not in (None, {}, [])}


def _read(document: Mapping[str, Any]) -> Promotion:
    if unknown := document.keys() - _MEMBERS:
        raise ValueError(f"{', '.join(sorted(unknown))[:100]} is nothing that this program knows")
    origin, change_set = document["origin"], document["change_set"]
    return Promotion(
        program=document["program"],
        environment=origin["environment"],
        installation=origin["installation"],
        change_set=change_set["id"],
        change_set_digest=change_set["digest"],
        exported_at=document["exported_at"],
        exported_by=document["exported_by"],
        scope=dict(document["scope"]),
        rules=tuple(document["mapping"]["rules"]),
        assets=tuple(_read_asset(each) for each in document["assets"]),
    )


def _read_asset(spelled: Mapping[str, Any]) -> PromotedAsset:
    kind, tier = spelled.get("kind"), spelled.get("tier")
    return PromotedAsset(
        asset=AssetId.from_json(spelled.get("id", spelled["asset"])),  # without id: from a former version
        action=Action(spelled["action"]),
        kind=None if kind is None else AssetKind(kind),
        tier=None if tier is None else Tier(tier),
        structure=spelled.get("structure"),
        definition=spelled.get("definition"),
        database=spelled.get("database"),
        table=spelled.get("table"),
        description=spelled.get("description"),
        tags=tuple(sorted(spelled.get("tags", {}).items())),
        columns=tuple(PromotedColumn(*each) for each in spelled.get("columns", ())),
    )
