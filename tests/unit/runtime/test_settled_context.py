"""Classes of personal data that the catalog keeps, where context files are edited while others read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from spheresync.mapping.personal_data import CLASSIFIERS
from spheresync.mapping.rules import MappingRules
from spheresync.model import AssetId, Digest, PersonalDataClass, digest_of
from spheresync.runtime.settled_context import doubt_context, settle_context
from spheresync.state.definitions import encode_asset
from spheresync.state.records import AssetRecord, SettledContext
from spheresync.state.sqlite.store import SqliteStore
from tests.unit.mapping.assets import ORDERS, column
from tests.unit.mapping.test_context import loaded

pytestmark = pytest.mark.anyio
AT = "2026-11-24T08:00:00.000000Z"
BIRTH, HEALTH = PersonalDataClass.BIRTH, PersonalDataClass.HEALTH
PEOPLE = replace(ORDERS, columns=(column("GBDAT"),))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with SqliteStore.open(tmp_path / "state") as opened:
        yield opened


async def known(store: SqliteStore, *, damaged: bool = False) -> None:
    definition = encode_asset(PEOPLE)
    record = replace(
        AssetRecord.first_seen(PEOPLE.id, PEOPLE.kind, at=AT),
        definition=digest_of(definition),
        parser_version=CLASSIFIERS,
        pii_columns=1,
        personal_data=(BIRTH,),
    )
    lost = replace(record, id=AssetId.parse("SALES/LOST"), definition=digest_of(b"lost"))
    other = replace(record, id=AssetId.parse("SALES/OTHER"))
    await store.write(lambda tx: tx.catalog.put_assets([record, *([lost, other] if damaged else [])]))
    await store.write(lambda tx: tx.blobs.put_many([definition]))


def words(folder: Path, personal_class: str) -> MappingRules:
    said = {"match": {"name": "GBDAT"}, "set": {"personal_data": personal_class}}
    return loaded(folder, {"assets": [{"match": {"name": PEOPLE.id.name}, "columns": [said]}]})


async def held(store: SqliteStore) -> tuple[tuple[PersonalDataClass, ...], int]:
    record = await store.catalog.asset(PEOPLE.id)
    assert record is not None
    return record.personal_data, record.pii_columns


async def test_an_older_reading_that_ends_late_is_settled_anew(store: SqliteStore, tmp_path: Path) -> None:
    """Its process went by the words of before, and wrote over what a newer one had settled."""
    await known(store)
    before, after = words(tmp_path, "health"), words(tmp_path, "none")
    await settle_context(store, after)
    assert await held(store) == ((), 0)

    async def late(tx: object) -> None:
        await tx.catalog.put_assets([late_record])  # type: ignore[attr-defined]
        await doubt_context(tx, before)  # type: ignore[arg-type]

    record = await store.catalog.asset(PEOPLE.id)
    assert record is not None
    late_record = replace(record, personal_data=(HEALTH,), pii_columns=1)
    await store.write(late)
    await settle_context(store, after)
    assert await held(store) == ((), 0)


async def test_only_definitions_are_looked_at_of_which_stewards_say_something_else(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await known(store, damaged=True)
    asked: list[int] = []
    get_many = store.blobs.get_many

    async def counting(digests: Iterable[Digest]) -> dict[Digest, bytes]:
        wanted = [*digests]
        asked.append(len(wanted))
        return await get_many(wanted)

    monkeypatch.setattr(store.blobs, "get_many", counting)
    other = {"match": {"name": "OTHER"}, "set": {"domain": "a"}}
    await settle_context(store, loaded(tmp_path, {"assets": [other]}))
    assert asked == []
    await settle_context(store, words(tmp_path, "health"))
    assert (asked, await held(store)) == ([1], ((HEALTH,), 1))
    await settle_context(store, words(tmp_path, "health"))
    assert asked == [1]
    await settle_context(store, loaded(tmp_path, {"assets": [other]}))
    assert (asked, await held(store)) == ([1, 1], ((BIRTH,), 1)), "and of which they say nothing any more"
    await store.write(lambda tx: tx.meta.set("context:settled", "damaged"))
    await settle_context(store, loaded(tmp_path, {"assets": [other]}))
    assert sum(asked) == 5, "all, where nobody knows by which words each is"


async def test_classes_of_a_definition_that_is_not_the_present_one_any_more_are_not_written(
    store: SqliteStore,
) -> None:
    await known(store)
    stale = SettledContext(PEOPLE.id, digest_of(b"another"), (HEALTH,), 7)
    await store.write(lambda tx: tx.catalog.set_context([stale]))
    assert await held(store) == ((BIRTH,), 1)


async def test_a_lost_definition_or_one_of_another_asset_keeps_no_other_from_being_settled(
    store: SqliteStore, tmp_path: Path
) -> None:
    await known(store, damaged=True)
    await settle_context(store, words(tmp_path, "health"))
    assert await held(store) == ((HEALTH,), 1)
