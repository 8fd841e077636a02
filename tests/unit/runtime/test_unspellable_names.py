"""Whatever spaces and assets are called: the others are synced as ever, and what cannot be is told and kept out."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spheresync.discovery.shared_discovery import SharedDiscovery
from spheresync.dog.objects import DogColumn, DogObject, DogSpace, Landscape, parse_type
from spheresync.errors import UsageError
from spheresync.execution.run_request import RunRequest
from spheresync.model import UNSPELLABLE, AssetId, AssetKind, RunState, SpaceName
from spheresync.runtime.scope import Scope, require_found
from spheresync.runtime.unspellable_names import MOST_TOLD, unspellable_spaces
from spheresync.service.health.status import sync_status
from tests.simulators.in_process import InProcess, in_process

pytestmark = pytest.mark.anyio

HALF = "\ud83d"
STRANGE = [
    *("A/B", "/", "A/", "//", "GOOD/ONE", "GOOD/", "/ONE", "", " ", ".", "..", HALF, f"a{HALF}b", "\udc00\ud800"),
    *("\x00", "a\x00b", "\x01\x1b[31m", "\u202eX", "\ufeff", "\ufffe", "𝔘𐍈", "é", "e\u0301", "good", "Good", " GOOD"),
    *("A%2FB", "A%B", "a'b\"c", "rule:x", "rule::x", "spaces('X')", "x" * 300, "ﷺ" * 60, "[1]", '["GOOD","ONE"]'),
]
NAMES = st.sampled_from(STRANGE) | st.text(st.characters(), max_size=8)  # half characters are among them
GOOD = ("GOOD/ONE", "GOOD/TWO", "OTHER/A/B")


def spells_nothing(name: str, *, of_space: bool = False) -> bool:
    return not name or (of_space and "/" in name) or any(0xD800 <= ord(character) < 0xE000 for character in name)


def view(name: str) -> DogObject:
    column = DogColumn("ID", parse_type("Int32"), "Id", key=True, nullable=False)
    return DogObject(AssetKind.VIEW, name, "A view", (column,))


def tenant(spaces: dict[str, list[str]], beside: list[str], *, gone: bool = False) -> Landscape:
    """The good spaces, strange `spaces` with their assets, and strange assets `beside` the good ones."""
    strange = [DogSpace(name, "Strange", tuple(map(view, assets))) for name, assets in spaces.items()]
    good = DogSpace("GOOD", "Good", tuple(map(view, ["ONE", *beside, "TWO", *([] if gone else ["GONE"])])))
    return Landscape((*strange[:1], good, DogSpace("OTHER", "Other", (view("A/B"),)), *strange[1:]))


@settings(max_examples=20)
@example(spaces={"A/B": ["X"]}, beside=[])
@example(spaces={"GOOD/ONE": ["X"], "GOOD/": ["NE"], "": ["X"], HALF: ["X"]}, beside=[HALF, f"a{HALF}b"])
@example(spaces={"rule:x": ["X"], "..": [".."], ".": ["X"]}, beside=["one", "..", "\x00"])
@example(spaces={"x" * 70_000: ["X"], "z" * 9_000: ["X"]}, beside=["y" * 70_000])
@given(
    spaces=st.dictionaries(
        NAMES.filter(lambda name: name not in {"GOOD", "OTHER"}), st.lists(NAMES, max_size=3, unique=True), max_size=4
    ),
    beside=st.lists(NAMES.filter(lambda name: name not in {"ONE", "TWO", "GONE"}), max_size=3, unique=True),
)
async def test_whatever_names_there_are_the_others_are_synced_as_ever(
    spaces: dict[str, list[str]], beside: list[str]
) -> None:
    kept_out = {name for name in spaces if spells_nothing(name, of_space=True)}
    listed = {"GOOD": beside} | {space: assets for space, assets in spaces.items() if space not in kept_out}
    odd = [asset for assets in listed.values() for asset in assets if asset and spells_nothing(asset)]
    with tempfile.TemporaryDirectory() as folder:
        async with in_process(Path(folder), tenant(spaces, beside)) as installation:
            catalog = installation.store.catalog
            first = await installation.sync()
            tables = installation.tables
            assert {*GOOD, "GOOD/GONE"} <= tables.keys()
            assert first.counts["create"] == len(tables) == len(set(tables.values()))
            assert [problem.code for problem in first.problems].count(UNSPELLABLE) == len(kept_out) + len(odd)
            assert (first.state is RunState.PARTLY_FAILED) == bool(first.problems)
            for record in await catalog.assets():
                assert str(record.id) in tables or record.problem is not None, "written, or told why not"
                assert record.id.space in {*listed, "OTHER"} and not spells_nothing(record.id.name)

            installation.serve(tenant(spaces, beside, gone=True))
            again = await installation.sync()
            assert installation.glue.calls == {}, "what nobody changed costs nothing"
            assert [(each.subject, each.code) for each in again.problems] == [
                (each.subject, each.code) for each in first.problems
            ]
            assert again.counts["unchanged"] >= len(GOOD)
            gone = await catalog.asset(AssetId.parse("GOOD/GONE"))
            assert gone is not None and gone.misses == ("" not in beside), "the others' listing is whole"

            installation.serve(tenant({}, [], gone=True))
            after = await installation.sync()
            assert (after.state, after.problems) == (RunState.DONE, ())
            assert installation.glue.calls == {}
            assert await unspellable_spaces(installation.store, lambda _: True) == ()


@pytest.fixture
async def odd(tmp_path: Path) -> AsyncIterator[InProcess]:
    """An installation whose tenant has a space and an asset that are kept out."""
    async with in_process(tmp_path, tenant({"A/B": ["X"], HALF: ["X"]}, [HALF])) as installation:
        yield installation


async def test_what_is_kept_out_is_told_with_the_reason_and_what_to_do(odd: InProcess) -> None:
    run = await odd.sync()
    assert [(problem.subject, problem.asset) for problem in run.problems] == [
        ("A/B", None), ("\\ud83d", None), ("GOOD/\\ud83d", None),
    ]  # fmt: skip
    assert "slash" in run.problems[0].message and "half a character" in run.problems[1].message
    assert all("Rename it in Datasphere" in problem.remedy for problem in run.problems)


async def test_a_space_is_no_asset_that_is_spelled_alike(tmp_path: Path) -> None:
    async with in_process(tmp_path, tenant({}, [])) as installation:
        assert (await installation.sync()).state is RunState.DONE
        installation.serve(tenant({"GOOD/ONE": ["X"]}, []))
        run = await installation.sync()
        assert (run.counts["failed"], run.counts["unchanged"]) == (1, 4), "the asset GOOD/ONE is not what failed"
        assert [problem.subject for problem in run.problems] == ["GOOD/ONE"]


async def test_who_asks_for_something_else_hears_nothing_of_it(odd: InProcess) -> None:
    for scope in (Scope(spaces=frozenset({SpaceName("OTHER")})), Scope(assets=frozenset({AssetId.parse("GOOD/ONE")}))):
        run = await odd.sync(RunRequest(scope))
        assert (run.state, run.problems) == (RunState.DONE, ())
    space = next(each for each in await odd.store.catalog.spaces() if each.name == "GOOD")
    assert space.problem is not None and space.problem.code == UNSPELLABLE and space.complete


async def test_the_status_tells_it_between_two_listings(odd: InProcess) -> None:
    await SharedDiscovery(odd.context).list_catalog()
    status = await sync_status(odd.context)
    assert [finding.subject for finding in status.problems] == ["GOOD/\\ud83d", "A/B", "\\ud83d"]
    odd.serve(tenant({}, []))
    await SharedDiscovery(odd.context).list_catalog()
    assert (await sync_status(odd.context)).problems == []


async def test_who_names_such_a_space_hears_why_it_is_not_there(odd: InProcess) -> None:
    await SharedDiscovery(odd.context).list_catalog()
    with pytest.raises(
        UsageError, match=r"space 'A/B' is kept out with all its assets: the name holds a slash.*Rename"
    ):
        await require_found(odd.store, Scope(spaces=frozenset({SpaceName("A/B")})))


async def test_a_scope_that_leaves_it_out_keeps_it_quiet(tmp_path: Path) -> None:
    (tmp_path / "spheresync.yaml").write_text('scope: {exclude: ["A/B/*"]}\n', "utf-8")
    async with in_process(tmp_path, tenant({"A/B": ["X"]}, [])) as installation:
        assert (await installation.sync()).state is RunState.DONE
        assert (await sync_status(installation.context)).problems == []


async def test_a_connection_test_names_the_spaces_that_are_kept_out(odd: InProcess) -> None:
    checks = await (await odd.context.providers.current.source()).check(lambda _: True)
    bad = {check.connection: check.message for check in checks if not check.ok}
    assert bad.keys() == {"datasphere space A/B", "datasphere space \\ud83d"}
    assert "slash" in bad["datasphere space A/B"]


async def test_a_space_is_no_database_of_a_rule_that_is_spelled_alike(tmp_path: Path) -> None:
    rule = "mapping: {rules: [{match: {space: GOOD}, set: {database: x}}]}\n"
    (tmp_path / "spheresync.yaml").write_text(rule, "utf-8")
    async with in_process(tmp_path, tenant({"rule:x": ["Y"], "rule::x": ["Y"]}, [])) as installation:
        await installation.sync()
        found = {source: database for source, (database, _) in installation.tables.items()}
        assert {found["GOOD/ONE"], found["GOOD/TWO"]} == {"x"}
        assert len({found["GOOD/ONE"], found["rule:x/Y"], found["rule::x/Y"], found["OTHER/A/B"]}) == 4
        await installation.sync()
        assert installation.glue.calls == {}


async def test_a_thousand_such_names_are_told_by_their_number(tmp_path: Path) -> None:
    spaces: dict[str, list[str]] = {f"A/{number:04d}": [] for number in range(1_000)}
    odd = [f"{number:04d}{HALF}" for number in range(1_000)]
    async with in_process(tmp_path, tenant(spaces, odd)) as installation:
        run = await installation.sync()
        assert len(run.problems) == 2 * (MOST_TOLD + 1)
        assert [problem.message for problem in run.problems if "more" in problem.message] == [
            "900 more are kept out for their names"
        ] * 2
        assert run.counts["create"] == 4
