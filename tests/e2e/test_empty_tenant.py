"""A tenant that answers and lists no space: each command says the cause, and none sends the user in a circle."""

from __future__ import annotations

import pytest

from tests.simulators.fixtures import Surroundings
from tests.simulators.installation import Installation


@pytest.fixture
def surroundings() -> Surroundings:
    return Surroundings(spaces=0)


def test_every_command_says_the_cause_and_the_remedy_that_doctor_says(installation: Installation) -> None:
    (remedy,) = [
        each["remedy"] for each in installation.ask("doctor", code=1)["items"] if "no space" in each["message"]
    ]
    discovered = installation.ask("discover")
    preview, stored = installation.ask("preview", "--exit-code"), installation.ask("preview", "--no-refresh")
    run, status = installation.ask("sync"), installation.ask("status")
    assert (discovered["state"], run["state"]) == ("done", "done")
    for findings in (
        discovered["findings"],
        preview["findings"],
        stored["findings"],
        run["findings"],
        status["problems"],
    ):
        (told,) = [each for each in findings if each["code"] == "no_space"]
        assert told["remedy"].startswith(remedy) and "lists no space" in told["message"]
        assert all(each["code"] != "never_read" for each in findings)
    assert preview["read_at"] is not None
    for command in ("discover", "preview", "assets"):
        said = installation.run(command).out
        assert "no space" in said and "spheresync preview" not in said and "spheresync discover" not in said
