"""Other names of an asset: what it was called before, what it is called by now, and what it may be by now."""

from __future__ import annotations

from dataclasses import dataclass

from spheresync.mapping.search.question import Question
from spheresync.model import AssetId, TargetKey
from spheresync.planning.decisions.renames import likely_renames
from spheresync.planning.names.rename_notes import former_names
from spheresync.runtime.search_index import with_index
from spheresync.state.port import Store
from spheresync.state.records import AssetFilter, AssetRecord

_MOST = 5
"""Assets of a name that are looked at: the search has those that are called so before all others."""


@dataclass(frozen=True, slots=True)
class OtherNames:
    """Each None where there is none; `may_be` is a guess."""

    former: AssetId | None
    latter: AssetId | None
    may_be: AssetId | None = None

    def told(self) -> dict[str, str]:
        """As fields of an answer; only those that there are."""
        names = {"renamed_from": self.former, "renamed_to": self.latter, "may_be_renamed_to": self.may_be}
        return {field: str(name) for field, name in names.items() if name is not None}

    def explained(self, table: str) -> list[str]:
        """In words; `table` is that of the asset, or was."""
        found = []
        if self.former is not None:
            found.append(f"only the case of its name changed, from {self.former}, so table {table} stayed its own")
        if self.latter is not None:
            found.append(f"only the case of its name changed; {self.latter} has its table {table} now")
        if self.may_be is not None:
            found.append(
                f"it may be {self.may_be} by now, which appeared when it vanished and has the same columns; Datasphere "
                f"tells nothing that proves it, so table {table} goes as that of any asset does that is gone"
            )
        return found


async def differing_by_case(store: Store, asset: AssetId) -> list[str]:
    """Other assets of the space whose names differ by case only, so that one is easily taken for the other."""
    question = Question.of(asset.name)
    hits, _ = await with_index(store, lambda: store.search.find(question, AssetFilter(space=asset.space), limit=_MOST))
    found = [place.asset for place in hits.places]
    return [str(each) for each in found if each != asset and each.name.casefold() == asset.name.casefold()]


async def other_names(store: Store, record: AssetRecord, held_in: TargetKey | None = None) -> OtherNames:
    """The names that an asset is known to have had or to have.

    Args:
        store: the state.
        record: the asset.
        held_in: a target; where it holds the table of an asset that is gone, the name is guessed that it may have now.
    """
    former = await former_names(store, record.id.space)
    if not record.misses:
        return OtherNames(former.get(record.id), None)
    latter = next((new for new, old in former.items() if old == record.id), None)
    checkpoint = await store.checkpoints.get(record.id, held_in) if held_in is not None and latter is None else None
    if checkpoint is None or not checkpoint.is_there:
        return OtherNames(None, latter)
    known = await store.catalog.assets()
    likely = likely_renames(known, {each.id for each in known if each.misses})
    return OtherNames(None, None, likely.latter.get(record.id))
