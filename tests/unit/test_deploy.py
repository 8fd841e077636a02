"""What other programs start the server by: the bundle, the registry's entry, the container."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from spheresync.model.principals import CallerRole
from spheresync_server.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
BUNDLE = json.loads((ROOT / "deploy/mcpb/manifest.json").read_text("utf-8"))
ENTRY = json.loads((ROOT / "deploy/server.json").read_text("utf-8"))
CONTAINER = (ROOT / "deploy/Containerfile").read_text("utf-8")


def require_known(arguments: list[str]) -> None:
    """The command line takes these; `--help` ends it before it does anything."""
    with pytest.raises(SystemExit) as left:
        main([*arguments, "--help"])
    assert left.value.code == 0


def variables_of(environment: dict[str, Any]) -> set[str]:
    return set(environment) - {"SPHERESYNC_ROLE", "SPHERESYNC_STATE_DIR", "SPHERESYNC_ENV", "SPHERESYNC_CONFIG"}


def test_the_bundle_starts_the_wheel_that_is_built() -> None:
    wheel = f"{PROJECT['name']}-{PROJECT['version']}-py3-none-any.whl"
    config = BUNDLE["server"]["mcp_config"]
    assert (BUNDLE["name"], BUNDLE["version"], BUNDLE["license"]) == (
        PROJECT["name"],
        PROJECT["version"],
        PROJECT["license"],
    )
    assert BUNDLE["server"]["entry_point"] == wheel and f"${{__dirname}}/{wheel}" in config["args"][1]
    assert config["args"][2] == "spheresync" and not variables_of(config["env"])
    asked = {f"${{user_config.{name}}}" for name in BUNDLE["user_config"]}
    assert asked == set(re.findall(r"\$\{user_config\.\w+\}", json.dumps(config)))
    require_known([each.replace("${user_config.environment}", "dog") for each in config["args"][3:]])


def test_the_entry_of_the_registry_names_this_package_and_its_arguments() -> None:
    (package,) = ENTRY["packages"]
    assert ENTRY["version"] == package["version"] == PROJECT["version"]
    assert (package["registryType"], package["identifier"]) == ("pypi", PROJECT["name"])
    assert len(ENTRY["description"]) <= 100, "the schema's limit"
    roles = next(each for each in package["environmentVariables"] if each["name"] == "SPHERESYNC_ROLE")
    assert set(roles["choices"]) == set(CallerRole)
    assert not variables_of({each["name"]: "" for each in package["environmentVariables"]})
    command, option = package["packageArguments"]
    for environment in option["choices"]:
        require_known([command["value"], option["name"], environment])


@pytest.mark.parametrize("line", ["ENTRYPOINT", "CMD", "USER 10001", "VOLUME"])
def test_the_container_runs_as_nobody_in_particular_and_keeps_its_state(line: str) -> None:
    assert re.search(rf"^{line}", CONTAINER, re.MULTILINE)
    assert "http" not in CONTAINER, "no address of a registry"
