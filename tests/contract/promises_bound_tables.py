"""Promises: tables that others made, onto which only what is known of an asset is written."""

from __future__ import annotations

from tests.contract.promise import Promise

_BOUND = "tests/e2e/test_bound_tables.py"
_SOURCE = "CONTRACT.md#Bound tables"

BOUND_TABLES: tuple[Promise, ...] = (
    Promise(
        "glue:bound:written",
        _SOURCE,
        "Only empty texts and parameters under `spheresync.` are written; columns match by name in any case, then "
        "by `spheresync.name`; what has no partner, and a type that differs, is a finding.",
        (f"{_BOUND}::test_the_meaning_of_an_asset_is_written_and_nothing_else_and_a_second_sync_does_nothing",),
    ),
)
