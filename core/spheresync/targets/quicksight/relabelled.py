"""What becomes of analyses where columns of a data set get other labels. Pure.

An analysis knows a column by its label, and QuickSight names none anew in it when the data set does: what uses the
former name shows an error until somebody replaces the field, or shows another column that has this name by then.
"""

from __future__ import annotations

from typing import Final

from spheresync.model import AssetId, FieldChange, Problem, first_of

COLUMN_RENAMED: Final = "column_renamed"
"""Code of the finding that a change set names columns anew which analyses know by their former names."""
_NAMED = 8
_LABEL: Final = ".label"
_REMEDY = (
    "Tell their owners before it is applied: there they replace the missing field (QuickSight, Fields list, Replace "
    "field). To keep the name, change the label back in Datasphere."
)


def relabelled(changes: tuple[FieldChange, ...]) -> dict[str, tuple[str, str]]:
    """The label before and after of columns that stay, by their names in the table."""
    prefix = "columns."
    return {
        change.path[len(prefix) : -len(_LABEL)]: (str(change.before), str(change.after))
        for change in changes
        if change.path.startswith(prefix) and change.path.endswith(_LABEL) and change.before and change.after
    }


def renaming_findings(asset: AssetId, data_set: str, changes: tuple[FieldChange, ...]) -> tuple[Problem, ...]:
    """That changes name columns of a data set anew, if they do."""
    renamed = relabelled(changes)
    if not renamed:
        return ()
    told = first_of([f"{name}: {before} → {after}" for name, (before, after) in sorted(renamed.items())], _NAMED)
    text = f"data set {data_set} names columns anew ({told}); analyses and dashboards that use a former name break"
    taken = sorted({before for before, _ in renamed.values()} & {after for _, after in renamed.values()})
    if taken:
        shows = "shows" if len(taken) == 1 else "show"
        text += f", and of these {first_of(taken, _NAMED)} {shows} another column then"
    return (Problem.of(asset, COLUMN_RENAMED, text, _REMEDY),)
