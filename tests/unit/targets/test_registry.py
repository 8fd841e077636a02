"""The one list of targets: what it hands out, and what it says of a name that it does not know."""

from __future__ import annotations

import subprocess
import sys

import pytest

from spheresync.errors import UsageError
from spheresync.model import GLUE, TargetName
from spheresync.targets.registry import TARGETS, design_of, registered


@pytest.mark.parametrize("name", TARGETS)
def test_every_target_is_registered_under_its_own_name(name: TargetName) -> None:
    assert registered(name).design.name == name
    assert design_of(name) is registered(name).design


def test_a_target_that_nobody_registered_is_refused_with_the_names_of_those_that_are() -> None:
    with pytest.raises(UsageError) as refused:
        registered(TargetName("teradata"))
    assert GLUE in refused.value.remedy


def test_asking_for_a_design_loads_no_client_library() -> None:
    code = """
import sys
from spheresync.targets.registry import TARGETS, design_of
for name in TARGETS:
    design_of(name)
sys.exit("boto3" in sys.modules or "botocore" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
