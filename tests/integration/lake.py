"""Glue and Lake Formation of one account, for tests that hold on both ways to them: the dog's sessions and HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spheresync.dog.aws import embedded_session_factory
from tests.simulators.glue_process import running_glue

WAYS = ("dog", "simulator")
EVERYONE = "IAM_ALLOWED_PRINCIPALS"
Json = dict[str, Any]


@dataclass(frozen=True)
class Lake:
    """Two clients of one account, and what is asked of them again and again. Databases are `d`, tables `t`."""

    glue: Any
    lf: Any

    def make_table(self, name: str = "t", columns: tuple[str, ...] = ("a", "b"), database: str = "d") -> None:
        storage = {"Columns": [{"Name": column, "Type": "int"} for column in columns]}
        self.glue.create_table(DatabaseName=database, TableInput={"Name": name, "StorageDescriptor": storage})

    def put(self, resource: Json, tags: Mapping[str, str]) -> list[Json]:
        """What failed of putting tags on a resource."""
        failures: list[Json] = self.lf.add_lf_tags_to_resource(Resource=resource, LFTags=pairs(tags))["Failures"]
        return failures

    def remove(self, resource: Json, tags: Mapping[str, str]) -> list[Json]:
        failures: list[Json] = self.lf.remove_lf_tags_from_resource(Resource=resource, LFTags=pairs(tags))["Failures"]
        return failures

    def tags(self, resource: Json, *, assigned: bool = True) -> Json:
        """`database`, `table` and each column with the tags that stand there, where some do."""
        found = self.lf.get_resource_lf_tags(Resource=resource, ShowAssignedLFTags=assigned)
        answer = {
            "database": read_pairs(found.get("LFTagOnDatabase", [])),
            "table": read_pairs(found.get("LFTagsOnTable", [])),
            **{column["Name"]: read_pairs(column["LFTags"]) for column in found.get("LFTagsOnColumns", [])},
        }
        return {name: tags for name, tags in answer.items() if tags}

    def grants(self, resource: Json) -> dict[str, list[str]]:
        """The permissions of each principal on a resource."""
        rows = self.lf.list_permissions(Resource=resource)["PrincipalResourcePermissions"]
        return {row["Principal"]["DataLakePrincipalIdentifier"]: row["Permissions"] for row in rows}


def pairs(tags: Mapping[str, str]) -> list[Json]:
    return [{"TagKey": key, "TagValues": [value]} for key, value in tags.items()]


def read_pairs(rows: list[Json]) -> dict[str, str]:
    assert all(len(row["TagValues"]) == 1 for row in rows)
    return {row["TagKey"]: row["TagValues"][0] for row in rows}


def database(name: str = "d") -> Json:
    return {"Database": {"Name": name}}


def table(name: str = "t", database: str = "d") -> Json:
    return {"Table": {"DatabaseName": database, "Name": name}}


def columns(*names: str) -> Json:
    return {"TableWithColumns": {"DatabaseName": "d", "Name": "t", "ColumnNames": [*names]}}


@contextmanager
def clients_on(way: str, folder: Path) -> Iterator[Callable[[str], Any]]:
    """What makes clients of one account's services."""
    if way == "dog":
        session: Any = embedded_session_factory(folder)()
        yield session.client
        return
    with running_glue() as simulator:
        yield simulator.client_of


@contextmanager
def lake_on(way: str, folder: Path) -> Iterator[Lake]:
    """A lake with database `d` and its table `t` of columns `a` and `b`."""
    with clients_on(way, folder) as client_of:
        yield _furnished(client_of)


def _furnished(client_of: Callable[[str], Any]) -> Lake:
    lake = Lake(client_of("glue"), client_of("lakeformation"))
    lake.glue.create_database(DatabaseInput={"Name": "d"})
    lake.make_table()
    return lake
