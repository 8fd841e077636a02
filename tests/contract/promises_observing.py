"""Promises: what operators see of it."""

from __future__ import annotations

from tests.contract.promise import Promise

OBSERVING: tuple[Promise, ...] = (
    Promise(
        "observe:logs:json",
        "README.md#Watch it",
        "Logs are one line each on stderr, as JSON where SPHERESYNC_LOG says so, with run and asset, and no secret.",
        (
            "tests/e2e/test_observing.py::test_json_logs_tell_the_run_and_the_asset_and_no_secret",
            "tests/e2e/test_observing.py::test_a_style_of_logs_that_does_not_exist_is_a_configuration_error",
            "tests/unit/observe/test_logs.py::test_no_line_holds_a_secret_or_an_address",
            "tests/unit/observe/test_logs.py::test_whatever_is_logged_is_one_line",
        ),
    ),
)
