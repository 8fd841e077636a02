"""The context file of dog: all of it is about something, and it is that of dog alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from spheresync.config import load_settings
from spheresync.config.context import ContextEntry
from spheresync.config.embedded_context import embedded_context
from spheresync.dog.landscape import retailer_landscape
from spheresync.mapping.matching import applies
from spheresync.mapping.patterns import first_match
from spheresync.model import AssetId, SpaceName, TechnicalName

CONTEXT = embedded_context()
ASSETS = {
    AssetId(SpaceName(space.name), TechnicalName(each.name)): each
    for space in retailer_landscape().spaces
    for each in space.objects
}


@pytest.mark.parametrize("entry", CONTEXT.entries, ids=lambda entry: entry.place())
def test_every_entry_is_about_assets_and_columns_that_there_are(entry: ContextEntry) -> None:
    found = [each for asset, each in ASSETS.items() if applies(entry.match, asset, each.kind, each.label)]
    assert found
    for column in entry.columns:
        for glob in column.match.name or ():
            assert any(first_match((glob,), each.name) for asset in found for each in asset.columns), glob


def test_its_terms_are_all_defined() -> None:
    used = {name for entry in CONTEXT.entries for name in entry.set.terms or ()}
    used |= {name for entry in CONTEXT.entries for column in entry.columns for name in column.set.terms or ()}
    used |= {term.broader for term in CONTEXT.terms.values() if term.broader is not None}
    assert used == CONTEXT.terms.keys()


def test_it_is_that_of_dog_where_no_other_is_named(tmp_path: Path) -> None:
    variables = {"HOME": str(tmp_path)}
    assert load_settings("dog", None, variables, tmp_path).business_context == CONTEXT
    (tmp_path / "spheresync.yaml").write_text("context: a.yaml\n")
    (tmp_path / "a.yaml").write_text("assets: [{set: {owner: a}}]\n")
    assert len(load_settings("dog", None, variables, tmp_path).business_context.entries) == 1
    (tmp_path / "spheresync.yaml").write_text(
        "datasphere: {base_url: https://acme.eu10.hcs.cloud.sap, client_id: c, client_secret: s}\n"
    )
    assert not load_settings("wolf", None, variables, tmp_path).business_context.entries
