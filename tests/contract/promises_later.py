"""Promises of later releases."""

from __future__ import annotations

from tests.contract.promise import LaterPromise

LATER: tuple[LaterPromise, ...] = (
    LaterPromise(
        "mcp:compliance-report",
        "CONTRACT.md#MCP server",
        "compliance_report answers a report.",
        "reports come with a later release",
    ),
    LaterPromise(
        "mcp:dashboard",
        "CONTRACT.md#MCP server",
        "The dashboard is an MCP App, ui://spheresync/dashboard.",
        "the dashboard comes with a later release",
    ),
    LaterPromise(
        "mcp:http:token",
        "CONTRACT.md#MCP server",
        "Over HTTP a bearer token decides the role.",
        "authentication over HTTP comes with a later release",
    ),
    LaterPromise(
        "cli:report",
        "CONTRACT.md#Command line: `spheresync`",
        "report writes a stand-alone report.",
        "it comes with a later release",
    ),
    LaterPromise(
        "cli:worker",
        "CONTRACT.md#Command line: `spheresync`",
        "worker is one worker of a scaled-out installation.",
        "it comes with a later release",
    ),
)
