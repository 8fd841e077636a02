"""Context files that are edited while a process runs, over many assets: what is written, asked and shown by it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from spheresync.discovery.shared_discovery import SharedDiscovery
from spheresync.dog.objects import DogColumn, DogObject, DogSpace, Landscape, parse_type
from spheresync.errors import ConfigurationError
from spheresync.execution.run_request import RunRequest
from spheresync.model import (
    Action,
    AssetId,
    AssetKind,
    PersonalDataClass,
    Principal,
    PrincipalKind,
)
from spheresync.runtime.progress import ProgressEvent
from spheresync.runtime.scope import Scope
from spheresync.runtime.settled_context import settle_context
from spheresync.service.catalog.catalog import Catalog
from spheresync.service.catalog.first_discovery import FirstDiscovery
from tests.simulators.fixtures import SMALLER
from tests.simulators.in_process import InProcess, in_process

SURROUNDINGS = SMALLER

pytestmark = pytest.mark.anyio
MANY = 1_000
KNOWN = RunRequest(refresh=False)
VIEWER = Principal(PrincipalKind.USER, "vera", frozenset({"viewer"}))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def landscape(size: int) -> Landscape:
    """Views of two columns, `V_0000` and so on, in a space for each hundred."""
    columns = (
        DogColumn("ID", parse_type("Integer"), "Id", key=True, nullable=False),
        DogColumn("GBDAT", parse_type("String(10)"), "Geburtsdatum"),
    )
    views = [DogObject(AssetKind.VIEW, f"V_{number:04}", f"View {number}", columns) for number in range(size)]
    spaces = (DogSpace(f"S{at}", f"Space {at}", tuple(views[at * 100 : at * 100 + 100])) for at in range(size // 100))
    return Landscape(tuple(spaces))


def say(folder: Path, text: str, file: str = "a.yaml") -> None:
    (folder / "context").mkdir(exist_ok=True)
    (folder / "context" / file).write_text(text, "utf-8")


@pytest.fixture
async def installed(tmp_path: Path) -> AsyncIterator[InProcess]:
    say(tmp_path, "assets: [{match: {space: S0}, set: {domain: Sales}}]\n")
    async with in_process(tmp_path, landscape(200), config="context: context/*.yaml\n") as installed:
        await installed.sync()
        yield installed


async def test_of_a_thousand_assets_a_change_touches_those_that_it_is_about(tmp_path: Path) -> None:
    everything = "assets:\n  - {match: {name: V_*}, set: {owner: a@example.com}}\n"
    say(tmp_path, everything)
    async with in_process(tmp_path, landscape(MANY), config="context: context/*.yaml\n") as installed:
        assert (await installed.sync()).counts[Action.CREATE] == MANY
        for entry, touched in (
            ("{match: {space: S3, name: V_03?1}, set: {owner: b@example.com}}", 10),
            ("{match: {space: S3, name: V_03?1}, set: {owner: c@example.com}}", 10),
            ("{match: {name: V_0777}, set: {tags: {layer: gold}, terms: [Revenue]}}", 11),  # the ten others go back
            ("{match: {name: V_0777}, set: {terms: [Revenue], tags: {layer: gold}}}", 0),  # the same in other words
            ("{match: {name: V_0777}, set: {terms: [Revenue], tags: {layer: gold}, owner: a@example.com}}", 0),
            ("{columns: [{match: {name: NOWHERE}, set: {personal_data: none}}]}", 1),
        ):
            say(tmp_path, f"{everything}  - {entry}\n")
            ended = await installed.sync(KNOWN)
            counts = {word: count for word, count in ended.counts.items() if count}
            expected = {Action.METADATA_ONLY: touched, Action.UNCHANGED: MANY - touched}
            assert counts == {word: count for word, count in expected.items() if count}, entry
            assert sum(installed.glue.calls.values()) <= 2 * touched, "one read and one write of each, and no more"
            assert ended.usage.get("datasphere_requests", 0) == 0


async def test_a_running_process_takes_up_edited_new_and_broken_files(installed: InProcess, tmp_path: Path) -> None:
    context, asset = installed.context, AssetId.parse("S0/V_0001")

    def said() -> dict[str, str]:
        return dict(context.mapping.context_of(asset, AssetKind.VIEW, "").fields)

    assert said() == {"domain": "Sales"}
    first = context.mapping
    assert context.mapping is first, "nothing has moved"
    say(tmp_path, "assets: [{match: {space: S0}, set: {domain: Finance}}]\n")
    assert said() == {"domain": "Finance"}
    say(tmp_path, "assets: [{set: {owner: a@example.com}}]\n", "b.yaml")
    assert said() == {"owner": "a@example.com", "domain": "Finance"}
    say(tmp_path, "assets: [{set: {ownr: a@example.com}}]\n", "b.yaml")
    assert said() == {"owner": "a@example.com", "domain": "Finance"}, "the last good ones stay in force"
    assert context.settings_problem is not None and "context/b.yaml, line 1" in context.settings_problem.message
    with pytest.raises(ConfigurationError, match=r"context/b\.yaml, line 1: assets\.0\.set\.ownr"):
        context.require_good_settings()
    (tmp_path / "context" / "b.yaml").unlink()
    assert said() == {"domain": "Finance"}
    assert context.settings_problem is None
    (tmp_path / "context" / "a.yaml").unlink()
    assert context.settings_problem is not None and "names no file" in context.settings_problem.message


async def test_what_the_catalog_keeps_of_personal_data_follows_stewards(installed: InProcess, tmp_path: Path) -> None:
    store = installed.store

    async def classes() -> dict[str, tuple[PersonalDataClass, ...]]:
        await settle_context(store, installed.context.mapping)
        return {str(each.id): each.personal_data for each in await store.catalog.assets()}

    found = await classes()
    assert set(found.values()) == {(PersonalDataClass.BIRTH,)}
    entry = "{match: {name: V_0001}, columns: [{match: {name: GBDAT}, set: {personal_data: %s}}]}"
    say(tmp_path, f"assets: [{entry % 'none'}]\n")
    assert await classes() == {**found, "S0/V_0001": ()}
    say(tmp_path, f"assets: [{entry % 'health'}]\n")
    assert await classes() == {**found, "S0/V_0001": (PersonalDataClass.HEALTH,)}
    installed.serve(landscape(100))
    await installed.sync(RunRequest(full=True))
    assert (await classes())["S0/V_0001"] == (PersonalDataClass.HEALTH,), "a reading goes by the same words"
    say(tmp_path, "assets: []\n")
    assert await classes() == found


async def test_assets_are_found_by_the_terms_and_owners_that_context_files_say_now(
    installed: InProcess, tmp_path: Path
) -> None:
    catalog = Catalog(installed.context, FirstDiscovery(installed.context))

    async def found(**asked: str) -> list[str]:
        return [row.asset for row in (await catalog.list_assets(VIEWER, **asked)).items]

    term_of_a_column = "{match: {name: ID}, set: {terms: [Net revenue]}}"
    assert await found(term="Revenue") == await found(owner="a@example.com") == []
    for entry, terms in (
        ("{match: {name: V_0001}, set: {owner: a@example.com, terms: [Net revenue]}}", ""),
        (
            f"{{match: {{name: V_0001}}, set: {{owner: a@example.com}}, columns: [{term_of_a_column}]}}",
            "",
        ),
        (
            "{match: {name: V_0001}, set: {owner: a@example.com, terms: [Sale]}}",
            "{name: Sale, synonyms: [Net revenue]}",
        ),
    ):
        say(tmp_path, f"assets: [{entry}]\nterms: [{terms}]\n")
        assert await found(term="net REVENUE") == await found(owner="a@example.com") == ["S0/V_0001"], entry
        (row,) = (await catalog.list_assets(VIEWER, query="revenue")).items
        assert [(match.field, match.text) for match in row.matched or ()] == [("term", "Net revenue")]
    installed.serve(landscape(100))
    await installed.sync(RunRequest(full=True))
    assert await found(term="revenue") == ["S0/V_0001"], "a reading writes the same into the index"
    say(tmp_path, "assets: [{match: {name: V_0001}, set: {domain: Sales}}]\n")
    assert await found(term="revenue") == await found(owner="a@example.com") == []


async def test_words_that_change_while_a_reading_goes_by_those_of_before_are_not_lost(
    installed: InProcess, tmp_path: Path
) -> None:
    """As where another process takes the file up while this one reads on."""
    context, store = installed.context, installed.store
    edited = False

    async def edit(event: ProgressEvent) -> None:
        nonlocal edited
        if event.phase == "reading" and not edited:
            edited = True
            say(tmp_path, "assets: [{columns: [{match: {name: GBDAT}, set: {personal_data: none}}]}]\n")
            await settle_context(store, context.mapping)

    async with context.providers.in_use() as before:
        await SharedDiscovery(context).discover(Scope(), full=True, since="9", progress=edit, using=before)
    assert edited
    await settle_context(store, context.mapping)
    assert {each.personal_data for each in await store.catalog.assets()} == {()}
