"""What a run is asked to do, as it is stored with the run."""

from __future__ import annotations

from dataclasses import dataclass, field

from spheresync.model import JsonValue
from spheresync.runtime.scope import Scope
from spheresync.state.cell_encoding import decode_cell


@dataclass(frozen=True, slots=True)
class RunRequest:
    """Scope and permissions of one run."""

    scope: Scope = field(default_factory=Scope)
    full: bool = False
    allow_deletes: bool = False
    max_deletes: int | None = None
    retry_of: str | None = None  # the run whose failures the scope is
    refresh: bool = True  # False: by what the local catalog holds, which somebody else keeps fresh

    def to_json(self) -> dict[str, JsonValue]:
        return {
            "scope": self.scope.to_json(),
            "full": self.full,
            "allow_deletes": self.allow_deletes,
            "max_deletes": self.max_deletes,
            **({} if self.retry_of is None else {"retry_of": self.retry_of}),
            **({} if self.refresh else {"refresh": False}),
        }

    @classmethod
    def parse(cls, data: bytes) -> RunRequest:
        value = decode_cell(data)
        return cls(
            Scope.from_json(value["scope"]),
            value["full"],
            value["allow_deletes"],
            value["max_deletes"],
            value.get("retry_of"),
            value.get("refresh", True),
        )
