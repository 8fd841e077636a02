"""The models of AWS: botocore reads and parses a file of them anew for each session, and that is most of a client."""

from __future__ import annotations

from functools import cache
from typing import Any

SERVICES = ("glue", "lakeformation", "quicksight", "datazone", "sts")


@cache
def share_models() -> None:
    """From now on sessions of this process, and of its forks, share what was read, as clients of one session do."""
    from botocore.loaders import JSONFileLoader

    loader, read = JSONFileLoader(), JSONFileLoader.load_file

    @cache
    def kept(path: str) -> Any:
        return read(loader, path)

    JSONFileLoader.load_file = lambda _, file_path: kept(file_path)  # type: ignore[method-assign]


def read_models() -> None:
    """Have what clients of the simulators need."""
    import boto3.session

    share_models()
    session = boto3.session.Session(region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")
    for service in SERVICES:
        session.client(service)  # type: ignore[call-overload]
