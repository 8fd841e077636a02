"""Edits of a generated tenant, as modellers make them in the course of a day."""

from __future__ import annotations

from typing import Any

from tests.simulators.running_tenant import RunningTenant


def change_one_in_a_hundred(tenant: RunningTenant, assets: int, spaces: int, *, edition: int) -> int:
    """Change every hundredth asset in one fact each, by turns label, column label and column type.

    Args:
        tenant: of `assets` generated assets over `spaces`.
        assets: in the whole tenant.
        spaces: over which they are spread evenly.
        edition: other values for another one, so that the same tenant can be changed again.

    Returns:
        How many assets changed.
    """
    edits = [_edit(place, assets // spaces, edition) for place in range(0, assets, 100)]
    tenant.admin(edits=edits)
    return len(edits)


def _edit(place: int, in_space: int, edition: int) -> dict[str, Any]:
    space, asset = divmod(place, in_space)
    what = {"space": f"SPACE_{space:03d}", "asset": f"ASSET_{asset:05d}"}
    match place // 100 % 3:
        case 0:
            return {"op": "set_label", **what, "label": f"Asset {asset}, edition {edition}"}
        case 1:
            return {"op": "set_column_label", **what, "column": "COL_003", "label": f"Column 3, edition {edition}"}
        case _:
            return {"op": "set_column_type", **what, "column": "COL_005", "type": f"String({20 + edition})"}
