"""For explanations: who else wants the name of a table, and who gets it. Pure.

Who holds a name in the target keeps it; among newcomers the smallest source name by code point gets the plain one, the
others a short hash of their source (CONTRACT.md, What a Glue table holds).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from spheresync.mapping.names import hashed_name, plain_name
from spheresync.mapping.rules import MappingRules
from spheresync.model import Address, AssetId
from spheresync.planning.decisions.renames import is_listed
from spheresync.state.records import AssetRecord, Checkpoint


@dataclass(frozen=True, slots=True)
class ContestedName:
    """`given` is what the asset will be called, as `holder` has the plain name, or will have it."""

    given: Address
    holder: AssetId
    holds_it: bool

    @property
    def message(self) -> str:
        """Why the asset gets another name, as a finding."""
        why = (
            "has that name already"
            if self.holds_it
            else "wants that name too and comes first in the order of code points"
        )
        return f"{self.holder} {why}, so this asset is called {self.given.container}.{self.given.name}"


def rivals_of(
    record: AssetRecord, wanted: Address, records: Iterable[AssetRecord], rules: MappingRules
) -> list[AssetId]:
    """The other assets of the catalog that want the same name; of `records`, those of the same space are enough."""
    named_by_rule = rules.names_tables
    found = []
    for other in records:
        if other.id == record.id or not is_listed(other) or not other.included:
            continue
        if not named_by_rule and plain_name(other.id.name) != wanted.name:
            continue
        decision = other.decided_by(rules)
        about = (other.id, other.kind, other.label)
        if decision.bind is None and Address(decision.database_name(*about), decision.table_name(*about)) == wanted:
            found.append(other.id)
    return found


def contested_name(
    asset: AssetId, wanted: Address, rivals: Sequence[AssetId], checkpoints: Mapping[AssetId, Checkpoint]
) -> ContestedName | None:
    """Who gets a name that a new asset wants; None where it is the asset's own."""
    held = {rival: there for rival in rivals if (there := checkpoints.get(rival)) is not None and there.is_ours}
    holder = next((rival for rival, there in held.items() if there.address == wanted), None)
    first = min((rival for rival in rivals if rival not in held), key=str, default=None)
    given = Address(wanted.container, hashed_name(wanted.name, str(asset)))
    if holder is not None:
        return ContestedName(given, holder, holds_it=True)
    if first is not None and str(first) < str(asset):
        return ContestedName(given, first, holds_it=False)
    return None
