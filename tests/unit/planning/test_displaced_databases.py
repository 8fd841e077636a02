"""What is said of a database that could not have its name."""

from __future__ import annotations

import pytest

from spheresync.model import PhysicalName
from spheresync.planning.names.displaced_databases import DatabaseNameConflict, findings_of


@pytest.mark.parametrize(
    ("key", "holder", "said"),
    [
        ("rule:hr", "HR", "A mapping rule asks for database hr, but space HR holds it; hr_1 is used instead."),
        ("hr", "rule:hr", "Space hr would have database hr, but a mapping rule asks for it too; hr_1 is used instead."),
        ("H-R", "HR", ""),
    ],
)  # fmt: skip
def test_who_has_the_name_and_what_is_used_instead(key: str, holder: str, said: str) -> None:
    displaced = DatabaseNameConflict(key, PhysicalName("hr"), PhysicalName("hr_1"), holder)
    assert [finding.message for finding in findings_of([displaced, displaced])] == ([said] if said else [])
