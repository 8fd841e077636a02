"""As of when it is known what AWS holds: synced or unchanged says only what was written last. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from spheresync.model import counted, to_the_second
from spheresync.runtime.scope import Scope
from spheresync.state.cell_encoding import decode_cell
from spheresync.state.records import AssetRecord, Checkpoint, DriftLook

_EVERYTHING = Scope()
_LOOK = "`spheresync drift` looks"
_IN_THE_RUN = "What is unchanged was compared with AWS in this run (full)."


def as_of_looks(looks: Sequence[DriftLook], scope: Scope = _EVERYTHING) -> str:
    """When all of a scope was looked at in AWS last, and a part of AWS since.

    Args:
        looks: those on record, newest first.
        scope: what is spoken of.
    """
    whole = next((look for look in looks if look.compared and _scope(look).covers(scope)), None)
    newest = next((look for look in looks if look.compared), None)
    if newest is None:
        return f"AWS was never looked at for drift, so what others did there is not known: {_LOOK}."
    if whole is None:
        said = f"AWS was never looked at for drift as a whole, only {_part(newest)}"
    else:
        said = f"AWS was last looked at for drift at {to_the_second(whole.at)}"
        said = f"{said}, {_part(newest)}" if newest is not whole and newest.at > whole.at else said
    return f"{said}; what others did there since is not known: {_LOOK}."


def unchanged_as_of(looks: Sequence[DriftLook], scope: Scope, *, full: bool = False) -> str:
    """What `unchanged` means in a count: that nothing differs from what was written last, in AWS or not."""
    return _IN_THE_RUN if full else f"Unchanged means as it was written last. {as_of_looks(looks, scope)}"


def asset_as_of(record: AssetRecord, checkpoints: Sequence[Checkpoint], looks: Sequence[DriftLook]) -> str | None:
    """When the objects of an asset were written and looked at last; None where there are none."""
    there = [each for each in checkpoints if each.is_there]
    if not there:
        return None
    written = max(each.synced_at for each in there)
    looked = next((look.at for look in looks if _took_in(look, record, there)), None)
    said = f"Written at {to_the_second(written)}"
    if looked is None or looked < written:
        return f"{said}; AWS was not looked at since, so what others did there is not known: {_LOOK}."
    return f"{said}, last looked at in AWS at {to_the_second(looked)}; what others did there since is not known."


def _took_in(look: DriftLook, record: AssetRecord, checkpoints: Sequence[Checkpoint]) -> bool:
    """Whether a look compared the asset in each of its targets, as far as its scope and its problems tell."""
    scope = _scope(look)
    if not (scope.wants(record.id, record.tier) and all(scope.wants_key(each.key) for each in checkpoints)):
        return False
    return not look.not_compared


def _part(look: DriftLook) -> str:
    return f"a part of it ({counted(look.compared, 'object')}) at {to_the_second(look.at)}"


def _scope(look: DriftLook) -> Scope:
    return Scope.from_json(decode_cell(look.scope))
