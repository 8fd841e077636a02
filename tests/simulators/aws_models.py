"""The models of AWS: botocore reads and parses a file of them anew for each session, and that is most of a client.

The rest of it is to look through the folders of all services for those that there are.
"""

from __future__ import annotations

from functools import cache
from typing import Any

SERVICES = ("glue", "lakeformation", "quicksight", "datazone", "sts")


@cache
def share_models() -> None:
    """From now on sessions of this process, and of its forks, share what was read, as clients of one session do."""
    from botocore.loaders import JSONFileLoader, Loader

    loader, read, list_services = JSONFileLoader(), JSONFileLoader.load_file, Loader.list_available_services
    listed: dict[tuple[str, ...], list[str]] = {}

    @cache
    def kept(path: str) -> Any:
        return read(loader, path)

    def list_once(self: Loader, type_name: str) -> list[str]:
        key = (type_name, *self.search_paths)
        if key not in listed:
            listed[key] = list_services(self, type_name)
        return [*listed[key]]

    Loader.list_available_services = list_once  # type: ignore[method-assign]
    JSONFileLoader.load_file = lambda _, file_path: kept(file_path)  # type: ignore[method-assign]


def read_models() -> None:
    """Have what clients of the simulators need."""
    import boto3.session

    share_models()
    session = boto3.session.Session(region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")
    for service in SERVICES:
        session.client(service)  # type: ignore[call-overload]
