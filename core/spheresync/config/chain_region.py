"""The Region that boto3's standard chain gives this process, found without boto3: asking AWS is not needed for it.

Of the two variables AWS_REGION is read first, as the door to AWS does; then the profile in use, whose keys may stand in
either file (boto3 reads both, the configuration first).
"""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from pathlib import Path

_FILES = (("AWS_CONFIG_FILE", ".aws/config"), ("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"))


def region_of_chain(environ: Mapping[str, str]) -> str | None:
    """The Region, None where nothing gives one or the files cannot be read."""
    if region := environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION"):
        return region
    profile = environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE") or "default"
    for variable, usual in _FILES:
        file = environ.get(variable) or str(Path(environ.get("HOME") or Path("~").expanduser()) / usual)
        if region := _region_in(file, profile):
            return region
    return None


def _region_in(file: str, profile: str) -> str | None:
    parsed = configparser.RawConfigParser(strict=False)
    try:
        parsed.read(Path(file).expanduser(), "utf-8")
    except (configparser.Error, OSError, ValueError, RuntimeError):
        return None  # whoever makes a session says what is wrong with it
    for section in (f"profile {profile}", profile):
        if region := parsed.get(section, "region", fallback="").strip():
            return region
    return None
