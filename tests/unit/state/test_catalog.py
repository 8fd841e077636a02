"""Spaces, assets, blobs, checkpoints and change sets come back as they were put."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spheresync.errors import RefusedError, StateError, UsageError
from spheresync.mapping.search.question import Question
from spheresync.model import (
    DEFAULT_DESTINATION,
    GLUE,
    Action,
    AssetId,
    AssetKind,
    AssetStatus,
    ChangeSetId,
    DestinationName,
    Digest,
    FieldChange,
    Fingerprints,
    PersonalDataClass,
    PhysicalName,
    Problem,
    RunId,
    Severity,
    SpaceName,
    Strategy,
    TargetKey,
    TechnicalName,
    Tier,
    digest_of,
)
from spheresync.state.records import (
    AssetFilter,
    AssetRecord,
    ChangeSetItem,
    ChangeSetRecord,
    Checkpoint,
    CheckpointState,
    FormerTable,
    SpaceRecord,
)
from spheresync.state.sqlite.store import SqliteStore

pytestmark = pytest.mark.anyio
AT = "2026-11-24T08:00:00.000000Z"
PRINTS = Fingerprints(Digest("s"), Digest("c"), Digest("m"))
PROBLEM = Problem("SALES/Bad", "truncated", "broke \ud83d off", "Try again.")


def asset_id(space: str, name: str) -> AssetId:
    return AssetId(SpaceName(space), TechnicalName(name))


def asset(space: str, name: str, **fields: object) -> AssetRecord:
    return replace(AssetRecord.first_seen(asset_id(space, name), AssetKind.VIEW, at=AT), **fields)  # type: ignore[arg-type]


def checkpoint(name: str, **fields: object) -> Checkpoint:
    plain = Checkpoint(
        asset=asset_id("SALES", name),
        target=GLUE,
        destination=DEFAULT_DESTINATION,
        container=PhysicalName("sales"),
        name=PhysicalName(name.lower()),
        body=Digest("b"),
        body_digest=Digest("d"),
        version="7",
        fingerprints=PRINTS,
        mapping=Digest("m"),
        definition=None,
        state=CheckpointState.ACTIVE,
        held=None,
        synced_at=AT,
        run_id=RunId("run_1"),
        fence=1,
    )
    return replace(plain, **fields)  # type: ignore[arg-type]


def item(ordinal: int, **fields: object) -> ChangeSetItem:
    plain = ChangeSetItem(
        ordinal=ordinal,
        asset=asset_id("SALES", f"V_{ordinal}"),
        target=GLUE,
        destination=DEFAULT_DESTINATION,
        action=Action.UPDATE,
        strategy=Strategy.FULL,
        severity=Severity.BREAKING,
        reason="columns changed in Datasphere",
        tier=Tier.HIGH,
        container=PhysicalName("sales"),
        name=PhysicalName(f"v_{ordinal}"),
        changes=(FieldChange("columns.A.type", "int", None), FieldChange("columns.B", None, {"Name": "b"})),
        before=Digest("b"),
        after=Digest("a"),
        after_digest=Digest("ad"),
        expected_version="3",
        expected_digest=Digest("ed"),
        blocked_by=None,
        fingerprints=PRINTS,
        mapping=Digest("m"),
        definition=Digest("def"),
        operations=("glue:GetTable", "glue:UpdateTable"),
    )
    return replace(plain, **fields)  # type: ignore[arg-type]


def change_set(cs: str = "cs_1", **fields: object) -> ChangeSetRecord:
    plain = ChangeSetRecord(
        id=ChangeSetId(cs),
        digest=Digest("d"),
        created_at=AT,
        expires_at=AT,
        actor="anna",
        mapping_digest=Digest("m"),
        scope_digest=Digest("s"),
        request=b'{"spaces":[]}',
        summary={Action.UPDATE: 2, Action.CREATE: 0},
        findings=(PROBLEM,),
        problems=(),
        blocked=1,
        run_id=None,
        tool_version="0.1.0",
        format=1,
    )
    return replace(plain, **fields)  # type: ignore[arg-type]


async def found(store: SqliteStore, query: str, **among: object) -> int:
    """How many assets answer a question."""
    return (await store.search.find(Question.of(query), AssetFilter(**among))).total  # type: ignore[arg-type]


async def test_spaces_and_assets_come_back_as_put(store: SqliteStore) -> None:
    space = SpaceRecord(SpaceName("SALES"), "Vertrieb", AT, False, PROBLEM, True)
    full = asset(
        "SALES",
        "sap.s4/Ä B",
        label="Umsätze",
        tier=Tier.CRITICAL,
        status=AssetStatus.SYNCED,
        entry_digest=Digest("e"),
        raw_digest=Digest("r"),
        parser_version=3,
        definition=Digest("def"),
        fingerprints=PRINTS,
        column_count=12,
        included=False,
        reason="scope.exclude",
        problem=PROBLEM,
        misses=2,
        first_missed_at=AT,
        read_at=AT,
        changed_at=AT,
        pii_columns=1,
        personal_data=(PersonalDataClass.NAME, PersonalDataClass.BIRTH),
    )
    bare = asset("FIN", "Z")
    await store.write(lambda tx: tx.catalog.put_spaces([space]))
    await store.write(lambda tx: tx.catalog.put_assets([full, bare]))
    assert await store.catalog.spaces() == [space]
    assert await store.catalog.assets() == [bare, full]
    assert await store.catalog.assets(SpaceName("FIN")) == [bare]
    assert await store.catalog.asset(full.id) == full
    assert await store.catalog.asset(asset_id("SALES", "nope")) is None
    again = replace(full, label="neu", misses=0)
    await store.write(lambda tx: tx.catalog.put_assets([again]))
    await store.write(lambda tx: tx.catalog.set_statuses([(bare.id, AssetStatus.CONFLICT)]))
    assert await store.catalog.assets() == [replace(bare, status=AssetStatus.CONFLICT), again]
    assert await found(store, "umsätze") == 0, "the search text follows the label"


async def test_half_a_surrogate_pair_in_a_label_does_not_stop_the_rest(store: SqliteStore) -> None:
    await store.write(lambda tx: tx.catalog.put_assets([asset("S", "A", label="x\ud83dy")]))
    assert (await store.catalog.assets())[0].label.startswith("x�")


async def test_pages_filter_and_follow_each_other(store: SqliteStore) -> None:
    records = [
        asset(
            space, f"V_{n:02}", label=f"Größe 100% {n}", tier=Tier.HIGH if n % 2 else None, status=AssetStatus.PENDING
        )
        for space in ("A", "B")
        for n in range(10)
    ]
    await store.write(lambda tx: tx.catalog.put_assets(records))
    seen: list[AssetRecord] = []
    after = None
    while True:
        page, total = await store.catalog.page(tier=Tier.HIGH, limit=3, after=after)
        assert total == 10
        if not page:
            break
        seen += page
        after = page[-1].id
    assert seen == [record for record in records if record.tier is Tier.HIGH]
    assert (await store.catalog.page(space=SpaceName("B"), limit=2))[1] == 10
    assert (await store.catalog.page(kind=AssetKind.TASK_CHAIN))[1] == 0
    assert await found(store, "v_03", status=AssetStatus.PENDING) == 2


@pytest.mark.parametrize(("query", "total"), [("größe", 2), ("GRÖSSE", 2), ("100%", 1), ("%", 1), ("_", 1), ("'", 0)])
async def test_a_query_is_plain_text_whatever_its_case(store: SqliteStore, query: str, total: int) -> None:
    records = [asset("A", "V_1", label="Größe 100%"), asset("A", "W", label="GRÖßE")]
    await store.write(lambda tx: tx.catalog.put_assets(records))
    assert await found(store, query) == total


@pytest.mark.parametrize("label", ["Überträge", "U\u0308bertra\u0308ge"])
@pytest.mark.parametrize("query", ["überträge", "ÜBERTRÄGE", "U\u0308BERTRA\u0308GE", "bertra\u0308ge"])
async def test_a_query_finds_letters_with_marks_however_they_are_put_together(
    store: SqliteStore, label: str, query: str
) -> None:
    await store.write(lambda tx: tx.catalog.put_assets([asset("SALES", "T_1", label=label)]))
    assert await found(store, query) == 1


async def test_counts_by_facet(store: SqliteStore) -> None:
    await store.write(
        lambda tx: tx.catalog.put_assets([asset("A", "1"), asset("A", "2"), asset("A", "3", tier=Tier.HIGH)])
    )
    counts = await store.catalog.counts()
    assert [(c.space, c.kind, c.tier, c.status, c.count) for c in counts] == [
        ("A", AssetKind.VIEW, None, AssetStatus.PENDING, 2),
        ("A", AssetKind.VIEW, Tier.HIGH, AssetStatus.PENDING, 1),
    ]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bodies=st.lists(st.binary(max_size=200), max_size=8))
async def test_blobs_are_kept_once_and_come_back(store: SqliteStore, bodies: list[bytes]) -> None:
    digests = await store.write(lambda tx: tx.blobs.put_many(bodies))
    assert digests == [digest_of(body) for body in bodies]
    assert await store.blobs.get_many([*digests, Digest("absent")]) == dict(zip(digests, bodies, strict=True))
    for digest, body in zip(digests, bodies, strict=True):
        assert await store.blobs.get(digest) == body


async def test_a_blob_that_is_missing_is_an_error(store: SqliteStore) -> None:
    with pytest.raises(StateError):
        await store.blobs.get(Digest("absent"))


async def test_checkpoints_come_back_and_are_counted(store: SqliteStore) -> None:
    active, retired = checkpoint("A"), checkpoint("B", state=CheckpointState.RETIRED, held=Digest("h"), version=None)
    await store.write(lambda tx: tx.checkpoints.put_many([retired, active]))
    assert await store.checkpoints.all(TargetKey(GLUE)) == [active, retired]
    assert await store.checkpoints.get(active.asset, TargetKey(GLUE)) == active
    assert await store.checkpoints.of_asset(retired.asset) == [retired]
    assert await store.checkpoints.count_active(TargetKey(GLUE)) == {"sales": 1}
    bound, gone = checkpoint("C", state=CheckpointState.BOUND), checkpoint("D", state=CheckpointState.TAKEN_BACK)
    await store.write(lambda tx: tx.checkpoints.put_many([bound, gone]))
    assert await store.checkpoints.count_active(TargetKey(GLUE)) == {"sales": 1}, "tables of ours only"
    assert await store.checkpoints.count_in_use(TargetKey(GLUE)) == 2


async def test_change_sets_come_back_in_order(store: SqliteStore) -> None:
    items = [item(1), item(2, changes=(), action=Action.CREATE, tier=None, before=None), item(3)]
    saved = change_set()
    await store.write(lambda tx: tx.change_sets.put(saved, items))
    await store.write(lambda tx: tx.change_sets.put(change_set("cs_2"), [item(1)]))
    await store.write(lambda tx: tx.change_sets.put(change_set("cs_3"), [item(1, action=Action.HELD)]))
    assert await store.change_sets.get(saved.id) == saved
    assert await store.change_sets.all_items(saved.id) == items
    assert await store.change_sets.items(saved.id, after_ordinal=1, limit=1) == [items[1]]
    assert await store.change_sets.items(saved.id, actions={Action.UPDATE}) == [items[0], items[2]]
    assert [found.id for found in await store.change_sets.latest(5)] == ["cs_3", "cs_2", "cs_1"]
    (newest,) = await store.change_sets.open(at=saved.created_at, limit=1)
    assert newest[1].id == "cs_2" and await store.change_sets.count_open(at=saved.created_at) == (2, 1)
    assert [each.id for _, each in await store.change_sets.open(at=saved.created_at, before=newest[0])] == ["cs_1"]
    assert await store.change_sets.open(at="9999") == [], "none that has expired"
    with pytest.raises(UsageError, match="cs_9"):
        await store.change_sets.get(ChangeSetId("cs_9"))


async def test_a_change_set_has_one_run(store: SqliteStore) -> None:
    saved = change_set()
    await store.write(lambda tx: tx.change_sets.put(saved, []))
    for _ in range(2):
        await store.write(lambda tx: tx.change_sets.attach_run(saved.id, RunId("run_1")))
    with pytest.raises(RefusedError, match="run_1"):
        await store.write(lambda tx: tx.change_sets.attach_run(saved.id, RunId("run_2")))
    assert (await store.change_sets.get(saved.id)).run_id == "run_1"


@pytest.mark.parametrize("state", [CheckpointState.ACTIVE, CheckpointState.RETIRED])
async def test_former_tables_come_back_until_they_are_forgotten(store: SqliteStore, state: CheckpointState) -> None:
    left = [FormerTable.left_behind(checkpoint(name, state=state), at=AT) for name in ("A", "B")]
    await store.write(lambda tx: tx.former_tables.put_many(left))
    later = replace(left[0], version=None, retired=True)
    await store.write(lambda tx: tx.former_tables.put_many([later]))
    assert await store.former_tables.all(TargetKey(GLUE)) == [later, left[1]]
    held = left[1].as_checkpoint()
    assert (held.address, held.state, held.body_digest) == (left[1].address, state, left[1].body_digest)
    addresses = [later.address, (PhysicalName("sales"), PhysicalName("unknown"))]
    await store.write(lambda tx: tx.former_tables.remove_many(TargetKey(GLUE), addresses))
    assert await store.former_tables.all(TargetKey(GLUE)) == [left[1]]


@pytest.mark.parametrize("wanted", [0, 1, 450, 1200])
async def test_checkpoints_of_some_assets(store: SqliteStore, wanted: int) -> None:
    """However many: one by one in several statements, or all of them and a choice."""
    known = [checkpoint(f"V_{number}") for number in range(1300)]
    elsewhere = checkpoint("V_0", destination=DestinationName("other"))
    await store.write(lambda tx: tx.checkpoints.put_many([*known, elsewhere]))
    assets = [asset_id("SALES", f"V_{number}") for number in range(wanted)] + [asset_id("SALES", "UNKNOWN")]
    found = await store.checkpoints.of(assets, TargetKey(GLUE))
    assert found == {each.asset: each for each in known[:wanted]}
