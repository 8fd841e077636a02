"""Glue and DataZone of one account, for tests that hold on both ways to them: the dog's sessions and HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from spheresync.dog.aws import embedded_session_factory
from tests.simulators.datazone_import import run_data_source
from tests.simulators.glue_process import running_glue

DOMAIN = "dzd_x1"
PROJECT = "p1"
ARN = "arn:aws:glue:eu-central-1:123456789012:table/d/t"
SMITHY = "structure SapForm { @required object: String  rows: Integer }"
GLUE_TYPE = "amazon.datazone.GlueTableAssetType"
Json = dict[str, Any]


@dataclass(frozen=True)
class Zone:
    """Two clients of one account. Glue has a database `d` and its table `t`."""

    glue: Any
    dz: Any

    def do(self, method: str, **parameters: Any) -> Json:
        """A call in the first domain."""
        answer: Json = getattr(self.dz, method)(domainIdentifier=DOMAIN, **parameters)
        return answer

    def glossary(self, name: str = "SAP", **more: Any) -> str:
        return str(self.do("create_glossary", name=name, owningProjectIdentifier=PROJECT, **more)["id"])

    def term(self, glossary: str, name: str, **more: Any) -> str:
        return str(self.do("create_glossary_term", glossaryIdentifier=glossary, name=name, **more)["id"])

    def form_type(self, smithy: str = SMITHY, name: str = "SapForm", **more: Any) -> str:
        """Its revision."""
        owner = {"owningProjectIdentifier": PROJECT}
        return str(self.do("create_form_type", name=name, model={"smithy": smithy}, **owner, **more)["revision"])

    def asset_type(self, **forms: Json) -> str:
        owner = {"owningProjectIdentifier": PROJECT}
        return str(self.do("create_asset_type", name="SapAsset", formsInput=forms, **owner)["revision"])

    def asset(self, name: str = "one", **more: Any) -> str:
        """A custom asset; its type is there after `asset_type`."""
        whose = {"owningProjectIdentifier": PROJECT, "typeIdentifier": "SapAsset"}
        return str(self.do("create_asset", name=name, **{**whose, **more})["id"])

    def imported(self) -> Json:
        """The asset of table `t` after a run of its data source."""
        run_data_source(self.dz, "d")
        found = self.do("search", searchScope="ASSET", searchText="t")["items"]
        (item,) = [each["assetItem"] for each in found if each["assetItem"].get("externalIdentifier") == ARN]
        return self.do("get_asset", identifier=item["identifier"])

    def publish(self, asset: str, action: str = "PUBLISH", **more: Any) -> Json:
        return self.do("create_listing_change_set", entityIdentifier=asset, entityType="ASSET", action=action, **more)

    def change_table(self, *columns: str) -> None:
        storage = {"Columns": [{"Name": name, "Type": "int"} for name in columns]}
        self.glue.update_table(DatabaseName="d", TableInput={"Name": "t", "StorageDescriptor": storage})


def form(name: str, content: Json, **more: str) -> Json:
    return {"formName": name, "content": json.dumps(content), **more}


def sent_again(asset: Json) -> list[Json]:
    """The forms of an asset as a revision takes them."""
    return [
        {"formName": each["formName"], "typeIdentifier": each["typeName"], "content": each["content"]}
        for each in asset["formsOutput"]
    ]


def refusal(call: Callable[[], object]) -> str:
    """The code by which a call is refused."""
    with pytest.raises(ClientError) as refused:
        call()
    assert refused.value.response["Error"]["Message"]
    return str(refused.value.response["Error"]["Code"])


@contextmanager
def zone_on(way: str, folder: Path) -> Iterator[Zone]:
    """A zone with database `d` and its table `t` of columns `a` and `b`."""
    if way == "dog":
        session: Any = embedded_session_factory(folder)()
        yield _furnished(session.client)
        return
    with running_glue() as simulator:
        yield _furnished(simulator.client_of)


def _furnished(client_of: Callable[[str], Any]) -> Zone:
    zone = Zone(client_of("glue"), client_of("datazone"))
    zone.glue.create_database(DatabaseInput={"Name": "d"})
    storage = {"Columns": [{"Name": name, "Type": "int", "Comment": name} for name in "ab"]}
    zone.glue.create_table(DatabaseName="d", TableInput={"Name": "T", "StorageDescriptor": storage})
    return zone
