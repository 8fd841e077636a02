"""A URL that leads elsewhere than to what it names is not asked for; nothing else is refused for its dots."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.errors import SourceError, SourceFault
from spheresync.source.transport.origin import Origin

BASE = "https://tenant.eu10.hcs.cloud.sap"
ORIGIN = Origin.parse(BASE, setting="datasphere.base_url")
DOTS = [".", "..", "%2e", "%2E%2e", ".%2E", "%2e."]


@pytest.mark.parametrize("dots", DOTS)
@pytest.mark.parametrize("rest", ["/$metadata", "/", "", "?$top=1"])
def test_a_part_of_dots_is_refused_wherever_it_stands(dots: str, rest: str) -> None:
    for path in (f"/api/relational/S/{dots}{rest}", f"/api/relational/{dots}/A{rest}"):
        with pytest.raises(SourceError) as caught:
            ORIGIN.resolve(BASE + path)
        assert caught.value.fault is SourceFault.WRONG_SHAPE and caught.value.remedy


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_other_name_is_asked_for_by_itself_and_never_another(name: str) -> None:
    served = f"{BASE}/api/relational/S/{quote(name, safe='')}/$metadata"
    if name in {".", ".."}:
        with pytest.raises(SourceError):
            ORIGIN.resolve(served)
    else:
        assert ORIGIN.resolve(served).raw_path.decode() == f"/api/relational/S/{quote(name, safe='')}/$metadata"


def test_a_relative_link_may_climb() -> None:
    asked = f"{BASE}/api/catalog/spaces('S')/assets"
    assert str(ORIGIN.resolve("../../catalog/x?$skip=1", against=asked)).endswith("/api/catalog/x?$skip=1")
    assert ORIGIN.resolve(f"{BASE}/api/x?$skiptoken=a/../b").path == "/api/x"
