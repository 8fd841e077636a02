"""The search index: every text is a question, the best answers first, every page once, and what is lost comes back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spheresync.errors import SearchIndexLostError, StateError, UsageError
from spheresync.mapping.search.question import Question
from spheresync.model import (
    Asset,
    AssetId,
    AssetKind,
    AssetStatus,
    Column,
    PersonalDataClass,
    SourceType,
    SpaceName,
    TechnicalName,
    Tier,
)
from spheresync.runtime.search_index import fill_index, with_index
from spheresync.state.definitions import encode_asset
from spheresync.state.records import AssetFilter, AssetPlace, AssetRecord, AssetSort
from spheresync.state.sqlite.connection import FILE_NAME
from spheresync.state.sqlite.repositories import search, search_filters
from spheresync.state.sqlite.store import SqliteStore, SqliteTx
from tests.simulators.new_state import lay_new_state

pytestmark = pytest.mark.anyio
AT = "2026-11-24T08:00:00.000000Z"
PATIENT = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
OPERATORS = [
    *('"', "a AND b", "NOT", "a OR", "NEAR(a b, 2)", "words : a", "{a b} : c", "a + b", "^a", "-a", "("),
    *("a*", "*", "?", "[", "\0", "\ue1f0a"),
]
QUESTIONS = st.text(max_size=20) | st.sampled_from(OPERATORS)
NAMES = ("QTY", "ORDER_QTY", "V_QTY_2026", "Menge", "Größe", "GROESSE", "orderQty", "A B/C.D", "SALES", "S")


def made(space: str, name: str, *columns: str, labels: Sequence[tuple[str, str]] = (), description: str = "") -> Asset:
    return Asset(
        id=AssetId(SpaceName(space), TechnicalName(name)),
        kind=AssetKind.VIEW,
        labels=tuple(labels),
        columns=tuple(
            Column(TechnicalName(each), SourceType("cds.String", 10), labels=(("de", f"Spalte {each}"),))
            for each in columns
        ),
        facts=(("description", description),) if description else (),
    )


async def put(store: SqliteStore, *assets: Asset, **fields: object) -> None:
    async def write(tx: SqliteTx) -> None:
        digests = await tx.blobs.put_many([encode_asset(asset) for asset in assets])
        records = [
            replace(
                AssetRecord.first_seen(asset.id, asset.kind, at=AT),
                label=asset.label,
                definition=digest,
                column_count=len(asset.columns),
                parser_version=30_001,
                **fields,  # type: ignore[arg-type]
            )
            for asset, digest in zip(assets, digests, strict=True)
        ]
        await tx.catalog.put_assets(records)

    await store.write(write)


async def found(store: SqliteStore, text: str, **among: object) -> list[str]:
    hits = await store.search.find(Question.of(text), AssetFilter(**among), limit=200)  # type: ignore[arg-type]
    assert hits.total == len(hits.places)
    return [str(place.asset) for place in hits.places]


async def test_what_counts_most_comes_first(store: SqliteStore) -> None:
    await put(
        store,
        made("S", "A_TEXT", description="the qty of it"),
        made("S", "B_LABELLED_COLUMN", "X"),
        made("S", "C_COLUMN_WORD", "ORDER_QTY"),
        made("S", "D_COLUMN", "QTY"),
        made("S", "E_LABEL", labels=(("de", "Qty je Auftrag"),)),
        made("S", "F_QTY"),
        made("S", "G_QTYS"),
        made("S", "QTY"),
        made("S", "Z", "NOTHING"),
    )
    column = Column(TechnicalName("X"), SourceType("cds.String"), labels=(("en", "Qty"),))
    labelled = replace(made("S", "B_LABELLED_COLUMN", "X"), columns=(column,))
    await put(store, labelled)
    assert await found(store, "qty") == [
        f"S/{name}"
        for name in ("QTY", "F_QTY", "G_QTYS", "E_LABEL", "D_COLUMN", "C_COLUMN_WORD", "B_LABELLED_COLUMN", "A_TEXT")
    ]


async def test_assets_that_something_else_names_are_listed_beside_or_among_the_others(store: SqliteStore) -> None:
    await put(store, replace(made("S", "OWNED", "X"), owner="ann"), made("S", "TENDED/É", "X"), made("S", "NEITHER"))
    tended = AssetId(SpaceName("S"), TechnicalName("TENDED/É"))

    async def listed(**among: object) -> list[str]:
        hits = await store.search.listed(AssetFilter(**among))  # type: ignore[arg-type]
        assert hits.total == len(hits.places)
        return [place.asset.name for place in hits.places]

    assert await listed(owner="ann") == ["OWNED"] == await listed(owner="ann", stewarded=())
    assert await listed(owner="ann", stewarded=(tended,)) == ["OWNED", "TENDED/É"]
    assert await listed(owner="...", stewarded=(tended,)) == ["TENDED/É"], "where no owner can be meant"
    assert await listed(owner="ann", stewarded=(tended,), column="Y") == []
    assert await listed(only=(tended,)) == ["TENDED/É"] == await listed(only=(tended,), column="X")
    assert await listed(only=()) == []
    assert await found(store, "tended", owner="ann", stewarded=(tended,)) == ["S/TENDED/É"]


async def test_what_was_not_read_in_time_and_what_holds_nobody_are_listed(store: SqliteStore) -> None:
    read_at = {"OLD": "2026-11-23T08:00:00.000000Z", "NEW": AT, "SLOW": "2026-11-23T08:00:00.000000Z"}
    for name, at in read_at.items():
        tier = Tier.MEDIUM if name == "SLOW" else Tier.HIGH
        await put(store, made("S", name, "X"), read_at=at, tier=tier, personal_data="name" if name == "NEW" else "")
    await put(store, made("S", "LEFT_OUT", "X"), read_at=read_at["OLD"], tier=Tier.HIGH, included=False)

    async def listed(**among: object) -> list[str]:
        hits = await store.search.listed(AssetFilter(**among))  # type: ignore[arg-type]
        assert hits.total == len(hits.places)
        return [place.asset.name for place in hits.places]

    since = ((Tier.HIGH, "2026-11-24T00:00:00.000000Z"), (Tier.MEDIUM, "2026-11-20T00:00:00.000000Z"))
    assert await listed(unread_since=since) == ["OLD"]
    assert await listed(unread_since=since[:1], column="X", kind=AssetKind.VIEW) == ["OLD"]
    assert await listed(unread_since=since, tier=Tier.MEDIUM) == []
    assert await listed(pii="none") == ["LEFT_OUT", "OLD", "SLOW"]
    assert await listed(pii="any") == ["NEW"]


async def test_every_language_every_spelling_and_parts_of_words_in_names_are_found(store: SqliteStore) -> None:
    await put(store, made("S", "V_1", "ZÄHLMENGE", labels=(("", "Orders"), ("de", "Aufträge"), ("fr", "Commandes"))))
    for text in (
        "orders",
        "AUFTRÄGE",
        "auftraege",
        "auftrage",
        "commande",
        "zaehlmenge",
        "zahlmenge",
        "rder",
        "aufträge zähl",
    ):
        assert await found(store, text) == ["S/V_1"], text
    assert await found(store, "aufträge zähl") == ["S/V_1"]
    assert await found(store, "orders nothing") == []


async def test_a_glob_is_one_of_names_and_other_signs_are_themselves(store: SqliteStore) -> None:
    await put(store, made("S", "V_A", "X[1]"), made("S", "V_ÄB", "Y"), made("S", "W", "V_COLUMN"))
    assert await found(store, "V_*") == ["S/V_A", "S/V_ÄB", "S/W"], "names before columns"
    assert await found(store, "*_a*") == ["S/V_A", "S/V_ÄB"]
    assert await found(store, "?_aeb") == ["S/V_ÄB"]
    assert await found(store, "x[1]") == ["S/V_A"]
    assert await found(store, "x[*") == ["S/V_A"]
    assert await found(store, "*[1]") == ["S/V_A"]


@PATIENT
@given(text=QUESTIONS, pattern=QUESTIONS)
async def test_any_text_is_a_question_and_a_filter(store: SqliteStore, text: str, pattern: str) -> None:
    await put(store, *(made("S", name, f"COLUMN_{name}") for name in NAMES))
    if text.strip():
        await found(store, text)
    for among in (AssetFilter(column=pattern), AssetFilter(term=pattern), AssetFilter(owner=pattern)):
        await store.search.listed(among)
    await store.search.similar(text)


BATCHES = st.lists(
    st.dictionaries(st.sampled_from(NAMES[:5]), st.sampled_from(NAMES), min_size=1, max_size=5), min_size=1, max_size=6
)


@PATIENT
@given(batches=BATCHES)
async def test_batches_of_new_and_changed_assets_leave_the_index_that_is_made_at_once(
    batches: list[dict[str, str]],
) -> None:
    """Whichever asset a batch changes beside the new ones, the one that was indexed last among them."""
    last: dict[str, str] = {}
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        for folder in (one, other):
            lay_new_state(Path(folder))
        async with SqliteStore.open(Path(one)) as store, SqliteStore.open(Path(other)) as anew:
            for batch in batches:
                last |= batch
                await put(store, *(made("S", name, column) for name, column in batch.items()))
            await put(anew, *(made("S", name, column) for name, column in last.items()))
            for text in (*NAMES, "*e*"):
                assert await found(store, text) == await found(anew, text)
            assert await store.search.not_indexed() == 0 and await store.search.is_sound()
            for name in NAMES[:5]:
                among = AssetFilter(column=name)
                assert await store.search.listed(among) == await anew.search.listed(among)


async def test_an_index_that_contradicts_itself_keeps_no_asset_from_being_written(store: SqliteStore) -> None:
    await put(store, made("S", "OLD", "QTY"))

    async def contradict(tx: SqliteTx) -> None:
        await tx.search._writer.execute("UPDATE search_rows SET space = 'T', name = 'NEW' WHERE name = 'OLD'")
        await tx.search._writer.execute("UPDATE assets SET search_stale = 1")

    await store.write(contradict)
    await put(store, made("S", "OLD", "QTY"), made("T", "NEW", "PRICE"))
    assert await fill_index(store, 10) == 0
    assert await found(store, "new") == ["T/NEW"]
    assert await found(store, "qty") == ["S/OLD"]


CATALOGS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), max_size=3, unique=True)),
    min_size=1,
    max_size=10,
    unique_by=lambda each: each[0],
)


@PATIENT
@given(
    catalog=CATALOGS,
    text=st.sampled_from([*NAMES, "qty", "o", "q*", "*e*", "order qty", "spalte", "_"]),
    limit=st.integers(1, 4),
    many=st.sampled_from([0, 3_000]),
)
async def test_pages_hold_every_answer_once_and_in_one_order(
    catalog: list[tuple[str, list[str]]], text: str, limit: int, many: int
) -> None:
    question = Question.of(text)
    with TemporaryDirectory() as folder:
        lay_new_state(Path(folder))
        async with SqliteStore.open(Path(folder)) as store:
            await put(store, *(made(space, name, *columns) for space in "AB" for name, columns in catalog))
            await pages_hold_once(store, question, limit, many)


async def pages_hold_once(store: SqliteStore, question: Question, limit: int, many: int) -> None:
    whole = await store.search.find(question, limit=200)
    pages: list[AssetPlace] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "MANY", many)
        while True:
            after = pages[-1] if pages else None
            hits = await store.search.find(question, limit=limit, after=after)
            assert hits.total == whole.total == len(whole.places)
            if not hits.places:
                break
            pages += hits.places
    assert tuple(pages) == whole.places
    assert len({place.asset for place in pages}) == len(pages)
    counted = await store.search.counts(AssetFilter(), question)
    assert sum(each.count for each in counted) == whole.total


async def test_a_place_holds_though_rows_before_it_come_and_go(store: SqliteStore) -> None:
    await put(store, *(made("S", f"V_{number}", "QTY") for number in range(6)))
    first = await store.search.find(Question.of("qty"), limit=3)
    await put(store, made("S", "V_0_NEW", "QTY"), made("S", "V_1"))
    rest = await store.search.find(Question.of("qty"), limit=10, after=first.places[-1])
    assert [place.asset.name for place in rest.places] == ["V_3", "V_4", "V_5"]


async def test_filters_meet_the_question(store: SqliteStore) -> None:
    await put(store, made("A", "V_1", "QTY", "B"), tier=Tier.HIGH, personal_data=(PersonalDataClass.NAME,))
    await put(store, made("B", "V_2", "QTY"), status=AssetStatus.SYNCED)
    assert await found(store, "qty", space="A") == ["A/V_1"]
    assert await found(store, "qty", tier=Tier.HIGH) == ["A/V_1"]
    assert await found(store, "qty", status=AssetStatus.SYNCED) == ["B/V_2"]
    assert await found(store, "qty", min_columns=2) == ["A/V_1"]
    assert await found(store, "qty", pii="any") == ["A/V_1"]
    assert await found(store, "qty", pii=PersonalDataClass.HEALTH) == []
    assert await found(store, "qty", column="b") == ["A/V_1"]
    assert await found(store, "v", column="Q?Y") == ["A/V_1", "B/V_2"]


@pytest.mark.parametrize("sort", [each for each in AssetSort if each is not AssetSort.RELEVANCE])
@pytest.mark.parametrize("descending", [False, True])
async def test_every_order_has_every_asset_once(store: SqliteStore, sort: AssetSort, descending: bool) -> None:
    for number in range(7):
        columns = [f"C{each}" for each in range(number % 3)]
        tier = [Tier.HIGH, None, Tier.CRITICAL][number % 3]
        await put(store, made("S", f"V_{number}", *columns, labels=(("", f"L{number % 2}"),)), tier=tier)
    seen: list[AssetPlace] = []
    while page := await store.search.listed(
        sort=sort, descending=descending, limit=2, after=seen[-1] if seen else None
    ):
        if not page.places:
            break
        assert page.total == 7
        seen += page.places
    assert sorted(place.asset.name for place in seen) == [f"V_{number}" for number in range(7)]
    keys = [place.key for place in seen]
    assert keys == sorted(keys, reverse=descending)


def rows_of(file: Path, table: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()


async def test_what_is_unchanged_writes_nothing_and_what_changed_replaces_what_was(store: SqliteStore) -> None:
    asset = made("S", "V", "QTY", labels=(("", "Orders"),))
    await put(store, asset)
    file = store.folder / FILE_NAME
    before = {table: rows_of(file, table) for table in ("asset_search_data", "search_rows", "asset_search_parts_data")}
    await put(store, asset, status=AssetStatus.SYNCED, tier=Tier.HIGH)
    assert {table: rows_of(file, table) for table in before} == before
    await put(store, made("S", "V", "MENGE", labels=(("", "Aufträge"),)))
    assert (await found(store, "qty"), await found(store, "orders"), await found(store, "menge")) == ([], [], ["S/V"])
    assert len(rows_of(file, "search_rows")) == 1


def make_stale(file: Path) -> None:
    """As a former version left it."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE assets SET search_stale = 1, search_id = NULL")
        connection.execute("DELETE FROM search_rows")
        connection.execute("DELETE FROM search_words")
        connection.execute("DELETE FROM asset_search_parts")
        connection.execute("INSERT INTO asset_search (asset_search) VALUES ('delete-all')")


async def test_what_a_former_version_read_is_indexed_in_batches_and_a_kill_leaves_the_rest(tmp_path: Path) -> None:
    async with SqliteStore.open(tmp_path) as store:
        await put(store, *(made("S", f"V_{number}", "QTY") for number in range(7)))
    make_stale(tmp_path / FILE_NAME)
    async with SqliteStore.open(tmp_path) as store:
        assert await found(store, "qty") == []
        assert await store.search.not_indexed() == 7
        assert await store.write(lambda tx: tx.search.fill(3)) == 3
    async with SqliteStore.open(tmp_path) as store:
        assert (await found(store, "qty"), await store.search.not_indexed()) == ([f"S/V_{n}" for n in range(3)], 4)

        async def killed(tx: SqliteTx) -> None:
            await tx.search.fill(3)
            raise RuntimeError("killed in the middle of a batch")

        with pytest.raises(RuntimeError):
            await store.write(killed)
        assert await store.search.not_indexed() == 4
        assert await fill_index(store, 10) == 0
        assert await found(store, "qty") == [f"S/V_{n}" for n in range(7)]


async def test_a_disk_that_takes_no_index_keeps_nobody_from_what_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with SqliteStore.open(tmp_path) as store:
        await put(store, made("S", "V_1", "QTY"), made("S", "V_2", "QTY"))
        with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection, connection:
            connection.execute("UPDATE assets SET search_stale = 1 WHERE name = 'V_2'")

        async def full(work: object) -> None:
            raise StateError("the disk is full", remedy="Free space.")

        monkeypatch.setattr(store, "write", full)
        hits, left = await with_index(store, lambda: store.search.find(Question.of("qty")))
        assert (hits.total, left) == (2, 1)


def damages() -> Iterator[tuple[str, str]]:
    yield "blocks", "UPDATE asset_search_data SET block = x'ff00ff' WHERE id > 10"
    yield "parts", "UPDATE asset_search_parts_data SET block = x'ff00ff' WHERE id > 10"


@pytest.mark.parametrize(("what", "statement"), list(damages()))
async def test_a_damaged_index_is_made_anew_by_the_next_question(tmp_path: Path, what: str, statement: str) -> None:
    async with SqliteStore.open(tmp_path) as store:
        await put(store, *(made("S", f"V_{number}", "QTY", labels=(("", "Orders"),)) for number in range(5)))
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection, connection:
        connection.execute(statement)
    async with SqliteStore.open(tmp_path) as store:
        with pytest.raises(SearchIndexLostError):
            await store.search.find(Question.of("rders" if what == "parts" else "qty"))
        hits, left = await with_index(store, lambda: store.search.find(Question.of("rders")))
        assert (hits.total, left) == (5, 0)
        assert await found(store, "qty") == [f"S/V_{number}" for number in range(5)]


@pytest.mark.parametrize("table", ["search_rows", "asset_search_parts"])
async def test_rows_that_are_gone_from_the_index_are_named_and_come_back(tmp_path: Path, table: str) -> None:
    async with SqliteStore.open(tmp_path) as store:
        await put(store, *(made("S", f"V_{number}", "QTY") for number in range(3)))
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection, connection:
        connection.execute(f"DELETE FROM {table} WHERE rowid = 2")
    async with SqliteStore.open(tmp_path) as store:
        assert await store.damages() == ("the texts of S/V_1 are not in the search index",)
        await store.clear_lost_rows(everywhere=True)
        assert await fill_index(store, 10) == 0
        assert await store.damages() == ()
        assert await found(store, "qty") == ["S/V_0", "S/V_1", "S/V_2"]


async def test_texts_that_cannot_be_read_do_not_stop_what_is_written(tmp_path: Path) -> None:
    async with SqliteStore.open(tmp_path) as store:
        await put(store, made("S", "V", "QTY"))
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection, connection:
        connection.execute("UPDATE search_rows SET texts = 'qq'")
    async with SqliteStore.open(tmp_path) as store:
        await put(store, made("S", "V", "MENGE"))
        assert await fill_index(store, 10) == 0
        assert (await found(store, "menge"), await found(store, "qty")) == (["S/V"], [])


async def test_a_definition_that_is_lost_is_indexed_by_its_name_and_again_once_it_is_read(store: SqliteStore) -> None:
    asset = made("S", "V", "QTY")
    await put(store, asset)
    with closing(sqlite3.connect(store.folder / FILE_NAME)) as connection, connection:
        connection.execute("DELETE FROM blobs")
    make_stale(store.folder / FILE_NAME)
    assert await fill_index(store, 10) == 0
    assert (await found(store, "v"), await found(store, "qty")) == (["S/V"], [])


async def test_a_glob_that_stands_for_too_many_columns_is_refused(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = count()
    await put(store, *(made("S", f"V_{each}", f"C{next(numbers)}_X") for each in range(5)))
    monkeypatch.setattr(search_filters, "COLUMNS_OF_A_GLOB", 3)
    with pytest.raises(UsageError, match="at most 3 may"):
        await store.search.listed(AssetFilter(column="*_x"))
    assert (await store.search.listed(AssetFilter(column="c*"))).total == 5
    await found(store, "*_x")


async def test_words_that_are_spelled_nearly_so_are_offered(store: SqliteStore) -> None:
    await put(store, made("S", "V", "QUANTITY", "NET_VALUE"))
    assert await store.search.similar("quantty") == ["quantity"]
    assert await store.search.similar("NET_VALU", column=True) == ["net_value"]
    assert await store.search.similar("zzzzzz") == []


VALUE = "4111 1111 1111 1111"


@pytest.mark.parametrize("question", [VALUE, "4111", "1111", "411", "max.muster", "uster"])
async def test_no_value_of_a_person_is_found_by_anybody(store: SqliteStore, question: str) -> None:
    await put(
        store,
        made(
            "S", "CARDS", "A", labels=[("", f"Forecast {VALUE}"), ("de", "max.muster@example.com")], description=VALUE
        ),
    )
    hits = await store.search.find(Question.of(question), AssetFilter(), limit=10)
    assert hits.places == ()
    assert not any("4111" in each or "uster" in each for each in await store.search.similar("4111"))
    named = await store.search.find(Question.of("forecast"), AssetFilter(), limit=10)
    assert len(named.places) == 1


async def test_names_are_never_masked_and_stay_found(store: SqliteStore) -> None:
    await put(store, made("S", "C_4111111111111111", "K_378282246310005"))
    for question in ("C_4111111111111111", "K_378282246310005"):
        assert (await store.search.find(Question.of(question), AssetFilter(), limit=10)).total == 1
