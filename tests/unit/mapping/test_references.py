"""Names of other objects are made whole by the spaces that are known."""

from __future__ import annotations

import pytest

from spheresync.mapping.references import referred
from spheresync.model import OUTSIDE, SpaceName

SPACES = {SpaceName("FIN"), SpaceName("FIN.EU"), SpaceName("SALES")}


@pytest.mark.parametrize(
    ("name", "whole"),
    [
        ("Orders", "SALES/Orders"),
        ("FIN.Orders", "FIN/Orders"),
        ("FIN.EU.Orders", "FIN.EU/Orders"),
        ("FIN.US.Orders", "FIN/US.Orders"),
        ("SAP.TIME.M_TIME_DIMENSION", "SALES/SAP.TIME.M_TIME_DIMENSION"),
        ("FIN.", "SALES/FIN."),
        (f"{OUTSIDE}S3/bucket.x", f"{OUTSIDE}S3/bucket.x"),
    ],
)
def test_the_longest_known_space_decides(name: str, whole: str) -> None:
    assert referred(name, SpaceName("SALES"), SPACES) == whole
