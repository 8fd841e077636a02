"""That a change set brings columns to AWS of assets that hold personal data: the reason alone does not say so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from spheresync.model import AssetId, PersonalDataClass, Problem, counted, first_of
from spheresync.state.records import ChangeSetItem
from spheresync.targets.registry import base_of

NEW_PERSONAL_DATA = "new_personal_data"
"""Code of the finding that columns come to an asset in which personal data was found."""
_NAMED = 5
_COLUMN = "columns."


def new_personal_data(
    items: Iterable[ChangeSetItem], classes: Mapping[AssetId, Sequence[PersonalDataClass]]
) -> tuple[Problem, ...]:
    """Updates that add columns to assets of personal data. `classes`: what was found of each asset, all columns."""
    added: dict[AssetId, set[str]] = {}
    for item in items:
        columns = {name for change in item.changes if change.before is None for name in _column(change.path)}
        adds = columns and base_of(item.key) is None  # the names of others follow from those
        if adds and item.action.changes_something and classes.get(item.asset):
            added.setdefault(item.asset, set()).update(columns)
    if not added:
        return ()
    named = [
        f"{asset} ({', '.join(sorted(classes[asset]))}: {first_of(sorted(columns), _NAMED)})"
        for asset, columns in sorted(added.items())
    ]
    gets_columns = "holds personal data and gets columns" if len(added) == 1 else "hold personal data and get columns"
    return (
        Problem(
            "personal data",
            NEW_PERSONAL_DATA,
            f"{counted(len(added), 'asset')} {gets_columns} that were not in AWS: {first_of(named, _NAMED)}",
            "list_assets with pii=any says which columns are of which class; a rule or `personal_data: {policy}` can "
            "leave them out.",
        ),
    )


def _column(path: str) -> tuple[str, ...]:
    """The column that is added where a path names one whole."""
    name = path.removeprefix(_COLUMN)
    return (name,) if path.startswith(_COLUMN) and "." not in name else ()
