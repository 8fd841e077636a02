"""The command line and the server as processes: what they import, how they speak, how they end."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client, StdioServerParameters

from tests.simulators.forked import Forked, fork

ROOT = Path(__file__).resolve().parents[3]
FORKED = "tests.unit.server.fake_cli"
FAKE = [sys.executable, "-m", FORKED]
TIMEOUT = 30  # seconds until a hung process fails its test


def surroundings(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SPHERESYNC_")}
    return {**kept, **more}


def run(*arguments: str, program: list[str] | None = None, **env: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*(program or FAKE), *arguments],
        cwd=ROOT,
        env=surroundings(**env),
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=TIMEOUT,
        check=False,
    )


@contextmanager
def started(*arguments: str, program: str = FORKED, **env: str) -> Iterator[Forked]:
    process = fork(program, arguments, environment=surroundings(**env), folder=ROOT, finalized=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait(TIMEOUT)
        process.close()


@pytest.mark.parametrize("arguments", [["--version"], ["config", "show"], ["assets"], ["preview", "--help"]])
def test_commands_load_neither_mcp_nor_boto3(arguments: list[str]) -> None:
    code = (
        "import sys\n"
        "from tests.unit.server import fake_cli\n"
        "from spheresync_server.cli.main import main\n"
        "fake_cli.install()\n"
        "try:\n    main(sys.argv[1:])\n"
        "except SystemExit as left:\n    assert left.code == 0, left.code\n"
        "print(sorted({'mcp', 'mcp_types', 'boto3', 'botocore', 'moto', 'starlette', 'uvicorn'} & set(sys.modules)))\n"
    )
    done = run(*arguments, program=[sys.executable, "-c", code])
    assert done.stdout.decode().splitlines()[-1] == "[]", done.stderr.decode()


def test_output_is_utf8_whatever_the_locale() -> None:
    for locale in ("C", "POSIX", "de_DE.ISO-8859-1"):
        env = {"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""}
        assert "Aufträge" in run("assets", **env).stdout.decode("utf-8")
        assert json.loads(run("assets", "--json", **env).stdout.decode("utf-8"))["items"][1]["label"] == "Aufträge"


@pytest.mark.parametrize("arguments", [["assets"], ["assets", "--json"], ["audit", "export"], ["--help"]])
def test_a_broken_pipe_is_quiet(arguments: list[str]) -> None:
    with started(*arguments) as process:
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(TIMEOUT) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("json_flag", [False, True])
def test_a_signal_closes_the_state_and_names_the_run(tmp_path: Path, number: signal.Signals, json_flag: bool) -> None:
    closed = tmp_path / "closed"
    slow = json.dumps({"slow": True})
    arguments = ["sync", "--json"] if json_flag else ["sync"]
    with started(*arguments, FAKE_SERVICE=slow, FAKE_CLOSED=str(closed)) as process:
        assert process.stderr.readline() == "waiting\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 128 + number
    assert closed.read_text() == "closed"
    said = json.loads(out)["error"]["message"] if json_flag else err
    assert "run_1" in said and "Traceback" not in err


@pytest.mark.parametrize("json_flag", [False, True])
def test_a_run_whose_id_was_not_answered_yet_is_named_too(json_flag: bool) -> None:
    slow = json.dumps({"slow_start": True})
    with started("sync", *(["--json"] if json_flag else []), FAKE_SERVICE=slow) as process:
        assert process.stderr.readline() == "beginning\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=TIMEOUT)
    said = json.loads(out)["error"]["message"] if json_flag else err
    assert process.returncode == 130 and "Run run_1 is durable" in said
    assert err == "" if json_flag else len(err.splitlines()) == 1 and out == ""


@pytest.mark.parametrize("json_flag", [False, True])
def test_a_second_signal_does_not_wait_for_a_slow_end(json_flag: bool) -> None:
    slow = json.dumps({"slow": True})
    arguments = ["sync", "--json"] if json_flag else ["sync"]
    with started(*arguments, FAKE_SERVICE=slow, FAKE_STUCK="yes") as process:
        assert process.stderr.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        assert process.stderr.readline() == "closing\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=TIMEOUT)
    said = json.loads(out)["error"]["message"] if json_flag else err
    assert process.returncode == 130 and "at once" in said and "durable" in said
    assert "Traceback" not in err and len(err.splitlines()) == (0 if json_flag else 1)


@pytest.mark.anyio
@pytest.mark.parametrize("era", ["auto", "legacy"])
async def test_stdio_carries_the_protocol_only(tmp_path: Path, era: str) -> None:
    closed = tmp_path / "closed"
    server = StdioServerParameters(
        command=sys.executable,
        args=[*FAKE[1:], "serve", "--read-only"],
        cwd=str(ROOT),
        env=surroundings(FAKE_CLOSED=str(closed)),
    )
    async with Client(server, mode=era) as client:
        assert client.server_info is not None and client.server_info.name == "spheresync"
        names = {tool.name for tool in (await client.list_tools()).tools}
        result = await client.call_tool("get_sync_status", {})
    assert "run_sync" not in names and not result.is_error
    assert closed.read_text() == "closed", "the end of stdin ends the server in good order"


@pytest.mark.parametrize(("env", "role_tools"), [("dog", True), ("wolf", False)])
def test_default_role_over_stdio_is_that_of_the_environment(env: str, role_tools: bool) -> None:
    ask = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"},
    }}  # fmt: skip
    with started("serve", "--no-scheduler", "--env", env) as process:
        process.stdin.write(json.dumps(ask) + "\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["result"]["serverInfo"]["name"] == "spheresync"
        process.stdin.write('{"jsonrpc": "2.0", "method": "notifications/initialized"}\n')
        process.stdin.write('{"jsonrpc": "2.0", "id": 2, "method": "tools/list"}\n')
        process.stdin.flush()
        names = {tool["name"] for tool in json.loads(process.stdout.readline())["result"]["tools"]}
        process.stdin.close()
        assert process.wait(TIMEOUT) == 0
    assert ("run_sync" in names) is role_tools


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_stdio_server_that_waits_for_input(tmp_path: Path, number: signal.Signals) -> None:
    closed = tmp_path / "closed"
    ask = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"},
    }}  # fmt: skip
    begun = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    use = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "list_assets", "arguments": {}}}
    with started("serve", FAKE_CLOSED=str(closed)) as process:
        process.stdin.write("".join(json.dumps(each) + "\n" for each in (ask, begun, use)))
        process.stdin.flush()
        assert process.stdout.readline() and process.stdout.readline(), "what uses the state has it opened"
        process.send_signal(number)
        assert process.wait(TIMEOUT) == (0 if number == signal.SIGTERM else 130)
        assert process.stdout.read() == ""
        assert process.stderr.read() == ("" if number == signal.SIGTERM else "spheresync: Ended by SIGINT.\n")
    assert closed.read_text() == "closed"


@contextmanager
def http_server(*arguments: str, **env: str) -> Iterator[tuple[str, Forked]]:
    with started("serve", "--transport", "http", "--port", "0", *arguments, **env) as process:
        announced = process.stderr.readline()
        match = re.search(r"MCP at (http://\S+)/mcp", announced)
        assert match, announced
        yield match[1], process


@pytest.mark.anyio
async def test_http_serves_mcp_and_the_operators_routes(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    with http_server(FAKE_CLOSED=str(closed)) as (base, process):
        for era in ("auto", "legacy"):
            async with Client(f"{base}/mcp", mode=era) as client:
                assert not (await client.call_tool("list_spaces", {})).is_error
        async with httpx2.AsyncClient(base_url=base) as web:
            assert (await web.get("/healthz")).json()["alive"] is True
            ready = await web.get("/readyz")
            metrics = (await web.get("/metrics")).text
            page = await web.get("/")
            foreign = [(await web.get(path, headers={"host": "evil.example"})).status_code for path in
                       ("/", "/healthz", "/metrics", "/readyz", "/mcp")]  # fmt: skip
            origin = await web.post("/mcp", json={}, headers={"origin": "http://evil.example"})
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT) == 0
        assert process.stdout.read() == ""
    assert closed.read_text() == "closed"
    assert ready.status_code == 503 and ready.json()["ready"] is False
    assert ready.json()["problems"] == ["datasphere: has answered nothing u seful"]
    assert 'spheresync_assets{status="synced",tier="critical"} 2.0' in metrics
    assert "<script" not in page.text and "&lt;script&gt;" in page.text and "run_1" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert foreign == [421] * 5 and origin.status_code == 403


HELLO = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
    "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"},
}}  # fmt: skip


@pytest.mark.parametrize("bound", ["127.0.0.1", "127.0.0.2", "LOCALHOST"])
def test_every_loopback_name_is_served_and_no_other(bound: str) -> None:
    accepts = {"accept": "application/json, text/event-stream"}
    with http_server("--host", bound) as (base, _), httpx2.Client(base_url=base, headers=accepts) as web:
        port = base.rpartition(":")[2]

        def asked(**headers: str) -> int:
            return web.post("/mcp", json=HELLO, headers=headers).status_code

        names = ("127.0.0.1", "127.0.0.2", "localhost", "LOCALHOST", "LocalHost", "[::1]")
        served = [name + end for name in names for end in ("", ":80", f":{port}")]
        foreign = [
            *("evil.example", f"evil.example:{port}", "localhost.evil.example", "127.0.0.1.evil.example"),
            *(f"localhost:{port}:evil", "[::1", "localhost@evil.example", "0.0.0.0", "10.0.0.1"),
        ]
        assert asked() == 200
        assert {host: asked(host=host) for host in served} == dict.fromkeys(served, 200)
        assert {host: asked(host=host) for host in foreign} == dict.fromkeys(foreign, 421)
        assert web.get("/healthz", headers={"host": "LOCALHOST"}).status_code == 200
        pages = ["http://localhost", "http://127.0.0.2:6274", "HTTP://LOCALHOST:1"]
        assert {origin: asked(origin=origin) for origin in pages} == dict.fromkeys(pages, 200)
        others = [
            "null",
            "http://evil.example",
            "http://localhost.evil.example",
            "http://localhost@evil.example",
            "file://",
        ]
        assert {origin: asked(origin=origin) for origin in others} == dict.fromkeys(others, 403)


def test_a_signal_ends_an_http_server_that_a_client_still_listens_to() -> None:
    accepts = {"accept": "application/json, text/event-stream"}
    with http_server() as (base, process), httpx2.Client(base_url=base, headers=accepts) as web:
        session = web.post("/mcp", json=HELLO).headers["mcp-session-id"]
        with web.stream("GET", "/mcp", headers={"mcp-session-id": session}) as stream:
            assert stream.status_code == 200
            process.send_signal(signal.SIGTERM)
            assert process.wait(TIMEOUT) == 0
        assert process.stderr.read() == ""


def test_a_taken_port_is_said_plainly() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with started("serve", "--transport", "http", "--port", str(taken.getsockname()[1]), "--json") as process:
            out, _ = process.communicate(timeout=TIMEOUT)
    error: dict[str, Any] = json.loads(out)["error"]
    assert process.returncode == 2 and "cannot be used" in error["message"] and "--port" in error["remedy"]


def test_a_signal_while_the_answer_goes_out_cuts_nothing_off() -> None:
    program = (
        "import os, signal, sys\n"
        "from tests.unit.server import fake_cli\n"
        "from spheresync_server.cli.output import documents\n"
        "from spheresync_server.cli.main import main\n"
        "fake_cli.install()\n"
        "spell = documents.spell\n"
        "def interrupted(value):\n    os.kill(os.getpid(), signal.SIGINT)\n    return spell(value)\n"
        "documents.spell = interrupted\n"
        "main()\n"
    )
    done = run("runs", "--json", program=[sys.executable, "-c", program])
    assert json.loads(done.stdout)["total"] == 1
    assert (done.returncode, done.stderr) == (0, b"")


def test_whoever_asks_a_stdio_server_that_cannot_open_its_state_is_told_why(tmp_path: Path) -> None:
    (tmp_path / "spheresync.db").write_text("no database")
    (tmp_path / "spheresync.db").chmod(0o600)
    ask = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"},
    }}  # fmt: skip
    calls = [
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "get_sync_status", "arguments": {}}},
        {"jsonrpc": "2.0", "id": 3, "method": "resources/read", "params": {"uri": "spheresync://status"}},
        {"jsonrpc": "2.0", "id": 4, "method": "tools/call", "params": {"name": "list_spaces", "arguments": {}}},
    ]
    with started(
        "serve", "--env", "dog", program="spheresync_server.cli.main", SPHERESYNC_STATE_DIR=str(tmp_path)
    ) as process:
        process.stdin.write("".join(json.dumps(each) + "\n" for each in (ask, *calls)))
        process.stdin.flush()
        assert process.wait(TIMEOUT) == 1, "and it ends by itself, while its client still listens"
        answers = {each["id"]: json.dumps(each) for each in map(json.loads, process.stdout.read().splitlines())}
        assert set(answers) == {1, 2, 3, 4}
        assert all("is damaged" in answers[asked] and str(tmp_path) not in answers[asked] for asked in (2, 3, 4))
        assert "is damaged" in process.stderr.read()
