"""Whether a container takes new objects is asked for every object, and looked at once."""

from __future__ import annotations

from typing import Any

import pytest

from spheresync.model import PhysicalName
from spheresync.planning.names.closed_containers import ClosedContainers


def test_nothing_waits_for_what_is_known_of_a_container() -> None:
    """A turn of the event loop for each of ten thousand tables adds up."""
    finance, nothing = PhysicalName("finance"), object()
    store: Any = nothing
    target: Any = nothing
    closed = ClosedContainers(store, target, "marker", open_now=[finance])
    with pytest.raises(StopIteration) as answered:
        closed.why(finance).send(None)
    assert answered.value.value is None
