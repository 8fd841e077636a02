"""How often a process looks for garbage: while it loads nearly never, while it serves often enough to stay small."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from spheresync.runtime.garbage import collect_seldom, collect_while_serving


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_a_server_looks_for_garbage_often_and_not_among_what_it_has_loaded() -> None:
    collect_seldom()
    while_loading = gc.get_threshold()
    collect_while_serving()
    assert gc.get_freeze_count() > 100_000
    assert all(often < seldom for often, seldom in zip(gc.get_threshold(), while_loading, strict=True))
