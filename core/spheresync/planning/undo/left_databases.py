"""Databases that the undone run had created and that its undo leaves empty: they stay, and a person is told.

Glue has no conditional DeleteDatabase, and deleting a database deletes every table that stands in it by then: what
somebody makes between our look and our call would go with it (reference: aws-catalogs.md, row DeleteDatabase).
"""

from __future__ import annotations

from collections.abc import Iterable

from spheresync.model import Action, Address, PhysicalName, Place, Problem, RunId, TargetName
from spheresync.observe.incidents import product_error
from spheresync.state.cell_encoding import decode_cell
from spheresync.state.port import Store
from spheresync.state.records import AuditAction, AuditFilter, ChangeSetItem
from spheresync.targets.look_by_name import of_one
from spheresync.targets.protocol import Target

CODE = "database_stays"
_MOST = 1_000


async def left_databases(
    store: Store, target: Target, undone: RunId, items: Iterable[ChangeSetItem]
) -> tuple[PhysicalName, ...]:
    """Their names.

    Raises:
        TargetError: the target as a whole is out.
    """
    going = {item.address for item in items if item.action is Action.DELETE}
    emptied = {address.container for address in going}
    found = sorted(await _created_by(store, undone, target.key.target) & emptied) if emptied else []
    return tuple([database for database in found if await _holds_only(target, database, going)])


async def _created_by(store: Store, run: RunId, target: TargetName) -> set[PhysicalName]:
    """Of this target alone: others name their containers alike, and have objects of their own there."""
    entries, _ = await store.audit.query(AuditFilter(actions=(AuditAction.CREATE_DATABASE,), run_id=run), limit=_MOST)
    created = set()
    for entry in entries:
        if entry.target != target:
            continue
        try:
            detail = decode_cell(entry.detail)
            if detail.get("ours"):
                created.add(PhysicalName(detail["database"]))
        except Exception as error:  # noqa: BLE001 -- isolates this entry
            product_error(error, f"audit entry {entry.seq}")
    return created


async def _holds_only(target: Target, database: PhysicalName, going: set[Address]) -> bool:
    """Whether nothing but tables that the undo deletes is in it now; one that is gone or hidden is not told of."""
    try:
        async for page in target.pages(database):
            if any(live.address not in going for live in page):
                return False
    except Exception as error:  # noqa: BLE001 -- isolates this database
        of_one(error, f"database {database}")
        return False
    return True


def stays(database: PhysicalName, undone: RunId, place: Place | None) -> Problem:
    """The finding about one of them; `place`: where it is, None where there is but one."""
    text = (
        f"run {undone} created this database; it stays, without a table, once the undo has deleted those of the run. "
        "Deleting it would delete what others put there meanwhile, so that is left to a person"
    )
    at = "" if place is None else f" in {place}"
    remedy = f"Where nobody needs it and it is empty: `aws glue delete-database`{at}, with {database} as its name."
    return Problem(f"database {database}{at}", CODE, text, remedy)
