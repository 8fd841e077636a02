"""The Glue simulator as a subprocess of a test, and the environment in which boto3 finds it."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spheresync.dog.services.logged_parameters import from_json
from tests.simulators.aws_models import share_models
from tests.simulators.datazone_import import run_data_source
from tests.simulators.forked import fork

if TYPE_CHECKING:
    from boto3.session import Session
    from mypy_boto3_glue import GlueClient

ROOT = Path(__file__).resolve().parents[2]
REGION = "eu-central-1"


@dataclass(frozen=True)
class GlueSimulator:
    """A running simulator. `client()` stands for somebody else's hands on the same account."""

    url: str

    @property
    def environment(self) -> Mapping[str, str]:
        """What a process needs for boto3's standard chain to end up here."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",  # no secret: the simulator checks no signature
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def session(self) -> Session:
        """A session for code that takes one; its endpoint comes from the environment."""
        import boto3

        return boto3.session.Session()

    def client(self) -> GlueClient:
        import boto3

        return boto3.client(
            "glue",
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id="other",
            aws_secret_access_key="other",
        )

    def client_of(self, service: str) -> Any:
        """As `client`, of another service that answers here."""
        import boto3

        return boto3.client(
            service,  # type: ignore[call-overload]  # stubs are installed for Glue only
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id="other",
            aws_secret_access_key="other",
        )

    def fault(self, kind: str, operation: str = "*", times: int | None = 1, **more: object) -> None:
        self._ask("POST", "/admin/faults", {"kind": kind, "operation": operation, "times": times, **more})

    def hide(self, database: str, table: str) -> None:
        """Lake Formation lets this table not be seen any more."""
        self.fault("hide", times=None, database=database, table=table)

    def remake(self, database: str, table: str, **members: object) -> None:
        """Somebody drops a table and makes his own of that name; only what is given is in it."""
        hands = self.client()
        hands.delete_table(DatabaseName=database, Name=table)
        hands.create_table(DatabaseName=database, TableInput={"Name": table, **members})  # type: ignore[typeddict-item]  # members of a TableInput

    def heal(self) -> None:
        self._ask("DELETE", "/admin/faults")

    def answer_after(self, milliseconds: float) -> None:
        """Have each call from now on take so long; those under way keep to what was said when they came."""
        self._ask("POST", "/admin/latency", {"milliseconds": milliseconds})

    def reset(self) -> None:
        """Forget calls counted so far; databases and tables stay."""
        self._ask("POST", "/admin/reset")

    def counters(self) -> dict[str, Any]:
        counters: dict[str, Any] = self._ask("GET", "/admin/counters")
        return counters

    def calls(self) -> dict[str, int]:
        calls: dict[str, int] = self.counters()["calls"]
        return calls

    def log(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self._ask("GET", "/admin/log")
        return entries

    def dump(self) -> dict[str, Any]:
        state: dict[str, Any] = self._ask("GET", "/admin/dump")
        return state

    def lakeformation_dump(self) -> dict[str, Any]:
        """What Lake Formation holds: `tags` (values of each key), `assigned`, `permissions`; empty where nobody asked.

        `assigned` has `databases` {name: {key: value}} and `tables` {database: {table: {"tags": ..., "columns": ...}}}.
        """
        state: dict[str, Any] = self.dump().get("lakeformation", {})
        return state

    def quicksight_dump(self) -> dict[str, Any]:
        """What QuickSight holds: `DataSource`, `DataSet`, `Topic`, `TopicV2` and `Folder`; empty where nobody asked.

        Each has {id: {"content": the definition, "permissions": {principal: actions}, "tags": ..., "folders": ids}}.
        """
        state: dict[str, Any] = self.dump().get("quicksight", {})
        return state

    def datazone_dump(self, domain: str = "dzd_x1") -> dict[str, Any]:
        """What a domain of DataZone holds: `glossaries`, `terms`, `form_types`, `asset_types`, `assets` (all revisions
        of each), `listings`, `attributes`, `events` and more, as `datazone/domains.py` names them; empty where nobody
        asked.
        """
        state: Any = from_json(self.dump().get("datazone", {}))
        found: dict[str, Any] = state.get(domain, {})
        return found

    def glue_context_dump(self) -> dict[str, Any]:
        """What Glue's business context holds: `glossaries`, `terms`, `form_types`, `noted`; empty where nobody asked.

        `noted` has by asset, and within it by column ("": the asset itself), `terms` and `attachments`.
        """
        state: Any = from_json(self.dump().get("glue_context", {}))
        found: dict[str, Any] = state
        return found

    def run_data_source(self, *databases: str, domain: str = "dzd_x1", project: str = "p1") -> dict[str, int]:
        """A data source imports the tables of databases into DataZone; how many assets it added, updated and so on."""
        return run_data_source(self.client_of("datazone"), *databases, domain=domain, project=project)

    def dump_of(self, place: str) -> dict[str, Any]:
        """As `dump`, of the catalog of `REGION/ACCOUNT`."""
        state: dict[str, Any] = self._ask("GET", f"/admin/dump?place={place}")
        return state

    def allow_role(self, role_arn: str, external_id: str | None = None, lasts: float = 3600) -> None:
        """Let a role be assumed; its keys last so many seconds."""
        self._ask("POST", "/admin/roles", {"role_arn": role_arn, "external_id": external_id, "lasts": lasts})

    def load(self, dumped: dict[str, Any]) -> None:
        """Have exactly the databases and tables that another one had."""
        self._ask("POST", "/admin/dump", dumped)

    def table(self, database: str, name: str) -> dict[str, Any]:
        """A table as it is now, without counting as a call."""
        live: dict[str, Any] = self.dump()["tables"][database][name]["live"]
        return live

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())


@contextmanager
def running_glue(*, tps: float = 0, burst: float = 0, latency_ms: float = 0) -> Iterator[GlueSimulator]:
    """A simulator in a process of its own, with boto3's environment pointed at it until the block ends."""
    share_models()
    arguments = ("--port", "0", "--tps", str(tps), "--burst", str(burst), "--latency-ms", str(latency_ms))
    with fork("tests.simulators.glue_server", arguments, environment=os.environ, folder=ROOT) as process:
        try:
            simulator = GlueSimulator(json.loads(process.stdout.readline())["url"])
            with _environment(simulator.environment):
                yield simulator
        finally:
            process.terminate()


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in (*wanted, "AWS_PROFILE", "AWS_SESSION_TOKEN")}
    os.environ.pop("AWS_PROFILE", None)
    os.environ.pop("AWS_SESSION_TOKEN", None)
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
