"""What a target should hold, and what it does hold."""

from __future__ import annotations

from dataclasses import dataclass, field

from spheresync.model.json_values import Digest, JsonValue
from spheresync.model.names import Address, PhysicalName


@dataclass(frozen=True, slots=True)
class DesiredObject:
    """What a target should hold of an asset.

    `container` and `name` address it (Glue: database and table). `body` is the target's own request shape as
    canonical JSON; `digest` is over `body` without the digest itself. Plan, run and state treat it as opaque.
    """

    container: PhysicalName
    name: PhysicalName
    body: bytes
    digest: Digest

    @property
    def address(self) -> Address:
        return Address(self.container, self.name)


@dataclass(frozen=True, slots=True)
class LiveObject:
    """What a target holds under a name. `owner`/`source` are our markers, None where there are none.

    `unwritable` names a part of it that no update could write back as it is, None where all could be.
    `bound_by` is that of an installation which wrote only what it knows onto an object that others made.

    `changed_at` is when the target says it was last written, `created_by` who it says made it. `read_at` is when it was
    read here, in seconds of `time.monotonic`.
    """

    container: PhysicalName
    name: PhysicalName
    version: str | None
    body: bytes
    owner: str | None
    source: str | None
    digest: Digest | None  # the digest our marker claims
    intact: bool  # our fields still have that digest
    changed_at: str | None = None
    created_by: str | None = None
    read_at: float = field(default=0.0, compare=False)
    bound_by: str | None = None
    unwritable: str | None = None

    @property
    def address(self) -> Address:
        return Address(self.container, self.name)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs, addressed as in `columns.AMOUNT.type` or `parameters.spheresync.label`."""

    path: str
    before: JsonValue
    after: JsonValue
