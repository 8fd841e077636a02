"""What was used, as a line for people: only what there was, with the right number of each word."""

from __future__ import annotations

import pytest

from spheresync_server.cli.output.usage_line import usage_line


@pytest.mark.parametrize(
    ("usage", "line"),
    [
        ({}, ""),
        ({"aws_calls": 0, "aws_bytes": 0, "aws_calls_saved": 0, "datasphere_requests": 0}, ""),
        (
            {"aws_calls": 1, "aws_bytes": 6802, "datasphere_requests": 77, "datasphere_bytes": 330492},
            "Used: 77 requests to Datasphere (330,492 bytes read); 1 call to AWS (6,802 bytes sent).",
        ),
        (
            {"aws_calls": 0, "datasphere_requests": 1, "datasphere_bytes": 8},
            "Used: 1 request to Datasphere (8 bytes read); no call to AWS.",
        ),
        (
            {"datasphere_requests_saved": 101, "aws_calls_saved": 1},
            "Spared: 101 requests to Datasphere; 1 call to AWS.",
        ),
        ({"aws_calls_saved": 24, "aws_bytes_saved": 37346}, "Spared: 24 calls to AWS (37,346 bytes)."),
        (
            {"aws_calls": 2, "aws_bytes": 9, "aws_retries": 1, "aws_throttled": 1, "aws_calls_saved": 1},
            "Used: 2 calls to AWS (9 bytes sent), 1 repeated, 1 throttled. Spared: 1 call to AWS.",
        ),
    ],
)
def test_only_what_there_was_is_told(usage: dict[str, int], line: str) -> None:
    assert usage_line(usage) == line
