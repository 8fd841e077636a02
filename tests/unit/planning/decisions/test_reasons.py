"""Why an item is planned, by which fingerprints moved."""

from __future__ import annotations

import pytest

from spheresync.model import Digest, Fingerprints
from spheresync.planning.decisions.items import _moved

BEFORE = Fingerprints(Digest("s"), Digest("c"), Digest("m"))


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (("s2", "c", "m"), "columns"),
        (("s2", "c2", "m2"), "columns and what is said of them"),
        (("s2", "c", "m2"), "columns and what is said of them"),
        (("s", "c2", "m2"), "semantics and labels"),
        (("s", "c", "m2"), "labels"),
    ],
)
def test_a_column_that_went_is_not_told_as_other_labels_too(after: tuple[str, str, str], said: str) -> None:
    assert " and ".join(_moved(BEFORE, Fingerprints(*map(Digest, after)))) == said
