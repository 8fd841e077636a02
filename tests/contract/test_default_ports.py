"""The port that a server takes when none is given."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from tests.contract.conftest import MakeInstallation


@pytest.mark.parametrize(("env", "port"), [("dog", 8000), ("wolf", 5000)])
def test_a_server_over_http_says_its_default_port(make_installation: MakeInstallation, env: str, port: int) -> None:
    installation = make_installation()
    installation.env = env
    with closing(socket.socket()) as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", port))
            taken.listen()
        except OSError:
            pass  # somebody else has it: just as good
        error = installation.ask("serve", "--transport", "http", code=2)["error"]
    assert f":{port}" in error["message"] or f" {port}" in error["message"]
