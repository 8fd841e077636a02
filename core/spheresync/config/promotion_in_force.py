"""A promotion that the settings name, and what of it counts in them."""

from __future__ import annotations

from dataclasses import dataclass

from spheresync.config.promotion import PromotionFile
from spheresync.model import Digest, JsonValue

CONFIGURATION = "configuration"
"""Home of rules that were written here."""


@dataclass(frozen=True, slots=True)
class PromotionInForce:
    """`rules`: so many rules at the beginning are promoted ones; `scope`: so is the scope."""

    file: PromotionFile
    rules: int
    scope: bool

    @property
    def digest(self) -> Digest:
        return self.file.digest

    @property
    def name(self) -> str:
        """How people tell it from others: the file, and where it came from."""
        return f"promotion {self.file.path.name} of {self.file.promotion.origin}"

    @property
    def source(self) -> str:
        """From where its values come, as settings name their sources."""
        return f"promotion {self.file.path.name}"

    def name_of_rule(self, number: int) -> tuple[int, str]:
        """Number and home of a rule among all: counted from 1 within the promotion or the configuration."""
        if number <= self.rules:
            return number, self.name
        return number - self.rules, CONFIGURATION

    def to_json(self) -> dict[str, JsonValue]:
        """What `config show` says of it."""
        promotion = self.file.promotion
        return {
            "file": str(self.file.path),
            "digest": self.digest,
            "environment": promotion.environment,
            "installation": promotion.installation,
            "change_set": promotion.change_set,
            "exported_at": promotion.exported_at,
            "exported_by": promotion.exported_by,
            "rules": self.rules,
            "scope": self.scope,
            "assets": len(promotion.assets),
        }
