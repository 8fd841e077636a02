"""What the work of this task is about, so that whatever is logged or traced below can say so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_RUN: ContextVar[str | None] = ContextVar("spheresync_run", default=None)
_ASSET: ContextVar[str | None] = ContextVar("spheresync_asset", default=None)


@contextmanager
def about(*, run: str | None = None, asset: str | None = None) -> Iterator[None]:
    """From here to the end of the block the work is about this run or asset; what is not given stays as it is."""
    given = [(variable, value) for variable, value in ((_RUN, run), (_ASSET, asset)) if value is not None]
    tokens = [(variable, variable.set(value)) for variable, value in given]
    try:
        yield
    finally:
        for variable, token in reversed(tokens):
            variable.reset(token)


def subjects() -> dict[str, str]:
    """The run and the asset of the present work, where there are such."""
    found = {"run": _RUN.get(), "asset": _ASSET.get()}
    return {name: value for name, value in found.items() if value is not None}
