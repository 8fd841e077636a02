"""A store on a clock that the test moves, as those of the state have it."""

from __future__ import annotations

from tests.unit.state.conftest import clock, store

__all__ = ["clock", "store"]
