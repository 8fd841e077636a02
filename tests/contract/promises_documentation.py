"""Promises: the documentation."""

from __future__ import annotations

from tests.contract.promise import Promise

DOCUMENTATION: tuple[Promise, ...] = (
    Promise(
        "docs:commands",
        "docs/index.md#Spheresync",
        "Every command of a page does what the page shows, or the page says why no test can run it.",
        (
            "tests/e2e/test_documentation.py::test_every_command_of_a_page_does_what_the_page_shows",
            "tests/e2e/test_documentation.py::test_a_page_that_promises_what_is_not_so_fails",
            "tests/unit/docs/test_what_is_not_run.py::test_every_command_in_a_block_is_one",
            "tests/unit/docs/test_what_is_not_run.py::test_every_block_of_settings_is_read",
        ),
    ),
    Promise(
        "docs:reference",
        "docs/reference/index.md#Reference",
        "The reference says what the code says.",
        ("tests/unit/docs/test_reference_pages.py::test_the_pages_are_not_stale",),
    ),
)
