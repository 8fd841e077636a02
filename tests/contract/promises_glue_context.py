"""What is promised of Glue's business context as a target, and the tests that hold it."""

from __future__ import annotations

from tests.contract.promise import Promise

_CONTEXT = "tests/e2e/test_glue_context.py"
_SOURCE = "CONTRACT.md#Other targets"

GLUE_CONTEXT: tuple[Promise, ...] = (
    Promise(
        "glue_context:terms",
        _SOURCE,
        "Attachments and terms on tables and on their columns; what is as it was takes no call.",
        (f"{_CONTEXT}::test_tables_and_columns_get_attachments_and_terms_and_a_second_sync_does_nothing",),
    ),
)
