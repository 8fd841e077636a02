from __future__ import annotations

import pytest

from tests.unit.source.double import Hands, Tenant


@pytest.fixture
def tenant() -> Tenant:
    return Tenant()


@pytest.fixture
def hands() -> Hands:
    return Hands()
