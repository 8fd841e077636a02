"""SAP Datasphere keeps what any source promises: the real connector over the embedded tenant."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import pytest

from spheresync.dog.edits import set_label
from spheresync.dog.objects import DogColumn, DogObject, DogSpace, Landscape, parse_type
from spheresync.dog.tenant import DOG_BASE_URL, DOG_TOKEN_URL, DogTenant
from spheresync.model import AssetId, AssetKind, SpaceName, TechnicalName
from spheresync.source.datasphere.source import DatasphereSource
from spheresync.source.transport.http import Login, TenantHttp
from spheresync.source.transport.request_budget import UnlimitedBudget
from tests.contract.source_promises import SourcePromises, World
from tests.simulators.landscape_edits import remove_asset
from tests.simulators.memory_content import MemoryContent
from tests.unit.source.double import Hands

pytestmark = pytest.mark.anyio
PAGE = 4
SIZES = {SpaceName("LONG"): 6, SpaceName("SHORT"): 3}


def landscape() -> Landscape:
    column = DogColumn("A", parse_type("Edm.Int32"))
    return Landscape(
        tuple(
            DogSpace(
                space,
                f"Space {space}",
                tuple(DogObject(AssetKind.VIEW, f"V{n}", f"View {n}", (column,)) for n in range(size)),
            )
            for space, size in SIZES.items()
        )
    )


class TestDatasphere(SourcePromises):
    @pytest.fixture
    async def world(self) -> AsyncIterator[World]:
        tenant = DogTenant(content=MemoryContent(landscape()), page_size=PAGE)
        login = Login(tenant.sign_in.client_id, tenant.sign_in.client_secret, DOG_TOKEN_URL)

        def broken(**faults: object) -> None:
            tenant.faults = replace(tenant.faults, **faults)  # type: ignore[arg-type]  # names of its fields

        source = DatasphereSource(
            TenantHttp(
                DOG_BASE_URL,
                login,
                budget=UnlimitedBudget(),
                clock=Hands().clock(),
                transport=httpx2.ASGITransport(app=tenant),
            )
        )
        async with source:
            yield World(
                source=source,
                holds={
                    space: frozenset(AssetId(space, TechnicalName(f"V{n}")) for n in range(size))
                    for space, size in SIZES.items()
                },
                long=SpaceName("LONG"),
                short=SpaceName("SHORT"),
                break_all=lambda: broken(error_storm=True),
                break_listing=lambda space: broken(unavailable_spaces=frozenset({str(space)})),
                break_second_pages=lambda: broken(failing_page=2),
                break_definition=lambda asset: broken(wrong_shape_matching=f"{asset.space}/{asset.name}/$metadata"),
                remove=lambda asset: tenant.edit(remove_asset(asset.space, asset.name)) and None,
                relabel=lambda asset: tenant.edit(set_label(asset.space, asset.name, "Another label")) and None,
            )
