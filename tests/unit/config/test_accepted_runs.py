"""What validation accepts runs: every key with every odd value is refused in words, or can be worked with."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
import yaml

from spheresync.config import Settings, load_settings
from spheresync.errors import ConfigurationError, StateError
from spheresync.mapping.rules import MappingRules, decide_column
from spheresync.model import AssetId, AssetKind, Tier, isoformat
from spheresync.runtime.shared_sign_in import sign_in_state
from spheresync.schedule.due import in_window, next_due, next_in_window
from spheresync.schedule.due_jobs import _AHEAD, _LISTING_SHARE
from spheresync.service.sign_in.authorization_request import ReturnedCode, new_request, read_callback
from spheresync.service.sign_in.loopback_listener import with_port
from spheresync.source.datasphere.source import DatasphereSource
from spheresync.source.transport.http import Login, TenantHttp
from spheresync.source.transport.request_budget import UnlimitedBudget
from spheresync.source.transport.signed_in import NotSignedIn
from spheresync.state.sqlite.files.writable_folder import require_writable
from tests.unit.config.test_every_setting_counts import leaves
from tests.unit.mapping.assets import column

MOMENTS = [datetime(2026, 3, 29, tzinfo=UTC) + n * timedelta(hours=7, minutes=29) for n in range(60)]
ASSETS = [AssetId.parse("SALES/V_ORDERS"), AssetId.parse("a b/Ä/\u202e")]
LARGEST = 2**63 - 1
"""What the state can hold in one column."""

ANY: tuple[Any, ...] = (
    *(0, 1, -1, 0.5, 1e-300, 1e308, float("inf"), float("nan"), 2**63, 10**400, "1_0", "٣"),
    *(True, None, "", "on", "~", "*", "a" * 3_000, "Ä", "\u202e", "a\nb"),
    *("\0", "a\0b", "\ud800", "{", "{name!r}", "${", "[a", "\\", "a/b", "/", "//"),
    *([], [""], ["SALES/*", 5], {}, {"a": {"b": "c"}}),
)
LENGTHS = (
    "0s",
    "1s",
    "3650d",
    "3651d",
    "10000000d",
    "-5m",
    "1:30",
    "1h30m",
    "1.5h",
    "90",
    "٥m",
    "1 d",
    "1D",
    "315360000s",
)
WINDOWS = (
    "00:00-00:00",
    "00:00-24:00",
    "24:00-00:00",
    "20:00-24:00",
    "23:59-00:00",
    "0:00-5:00",
    "25:00-26:00",
    "٠١:٠٠-٠٥:٠٠",
)
ZONES = (
    "UTC",
    "utc",
    "GMT",
    "Europe/Berlin",
    "europe/berlin",
    "Europe",
    "Mars/Olympus",
    "localtime",
    "right/UTC",
    "+02:00",
    "EST5EDT",
)
DAYS = ("0001-01-01", "9999-12-31", "2026-02-29", "2026-W01-1", "20260101", "31.01.2027")
URLS = (
    "https://acme.eu10.hcs.cloud.sap",
    "https://acme.eu10.hcs.cloud.sap:443/",
    "HTTPS://ACME.example.com/a/b/",
    "https://acme.example.com:0",
    "https://acme.example.com:65536",
    "https://bücher.example",
    "https://999.1.1.1",
    "https://[::1]:8443",
    "https://[v1.x]",
    "https://[fe80::1%25eth0]",
    "https://a..b",
    "https://exa%mple.com",
    "https://example.com/a b",
    "https://example.com/ä",
    "https://example.com/%zz",
    "https://example.com/" + "a" * 5_000,
    "http://127.0.0.1:8001",
    "http://localhost",
    "file:///etc/passwd",
)
WORDS = ("critical", "view", "local_*", "decimal(18,0)", "glue", "deletes", "report", "apply", "bear", "guard", "slack")
RECEIVERS = ("arn:aws:sns:eu-central-1:123456789012:ops", "arn:aws:sns:-:123456789012:x", "ops@example.com", "a@b")
#: What is odd in one kind of key, by how the key ends.
ODD: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(("interval", "freshness", "grace", "sweep", "expires", "runs", "change_sets"), LENGTHS),
    "give_up_after": LENGTHS,
    "window": WINDOWS,
    "timezone": ZONES,
    "client_expires": DAYS,
    **dict.fromkeys(("base_url", "token_url", "authorization_url", "redirect_uri", "webhook"), URLS),
    **dict.fromkeys(("sns", "from", "to"), RECEIVERS),
}

BASE: dict[str, Any] = {
    "env": "wolf",
    "datasphere": {"base_url": "https://acme.eu10.hcs.cloud.sap", "client_id": "c", "client_secret": "long-enough"},
}
#: What else a key of a list needs beside it.
AROUND: dict[str, dict[str, Any]] = {
    "alerts": {"webhook": "https://example.com/hook"},
    "alerts.email": {"from": "ops@example.com", "to": ["team@example.com"]},
    "mapping.rules": {"set": {"include": True}},
    "mapping.rules.columns": {"set": {"include": True}},
}
_OF_A_PERSON = frozenset({"authorization_url", "redirect_uri", "sign_in_key"})
_LISTS = frozenset({"alerts", "mapping.rules", "mapping.rules.columns"})


def document(key: str, value: Any) -> dict[str, Any]:
    """A configuration in which one key has one value, and everything else is good."""
    *above, last = key.split(".")
    interactive = {"sign_in": "interactive"} if last in _OF_A_PERSON else {}
    node: dict[str, Any] = {**BASE, "datasphere": {**BASE["datasphere"], **interactive}}
    whole, path = node, ""
    for part in above:
        path = f"{path}.{part}".lstrip(".")
        inner = {**AROUND.get(path, {}), **(node.get(part) if isinstance(node.get(part), dict) else {})}
        if path == "alerts" and (key.startswith("alerts.email") or last == "sns"):
            inner = {}
        node[part] = [inner] if path in _LISTS else inner
        node = inner
    node[last] = value
    return whole


def accepted(folder: Path, key: str) -> Iterator[tuple[Any, Settings]]:
    """Each odd value that is accepted of a key; what is refused is told with its key or file, and without the value."""
    file = folder / "spheresync.yaml"
    for value in (*ANY, *ODD.get(key.rpartition(".")[2], WORDS)):
        text = yaml.safe_dump(document(key, value), allow_unicode=True)
        file.write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            yield value, load_settings(None, file, {"HOME": str(folder)}, folder)
        except ConfigurationError as error:
            assert error.problems, (key, value)
            assert all(problem.isprintable() and len(problem) < 1_000 for problem in error.problems), error.problems


#: Tiers are alike, so one stands for the three.
KEYS = [leaf.key for leaf in leaves() if not leaf.key.startswith(("tiers.high", "tiers.medium"))]


@pytest.mark.parametrize("key", KEYS)
def test_what_is_accepted_of_a_key_can_be_worked_with(tmp_path: Path, key: str) -> None:
    for value, settings in accepted(tmp_path, key):
        try:
            work_with(settings, MOMENTS if key.startswith("tiers") else MOMENTS[:2])
        except Exception as error:
            raise AssertionError(f"{key}: {value!r:.200} is accepted, and then {error!r:.300}") from error


def work_with(settings: Settings, moments: Sequence[datetime]) -> None:
    """What a process does with its settings, as far as no connection is needed."""
    schedule(settings, moments)
    lengths(settings)
    mapping = MappingRules.compile(settings)
    for asset in ASSETS:
        decision = mapping.decide(asset, AssetKind.VIEW, "Orders {x}")
        decision.database_name(asset, AssetKind.VIEW, "Orders {x}")
        decision.table_name(asset, AssetKind.VIEW, "Orders {x}")
        decide_column(decision.columns, column("QTY", "Edm.Int32"))
    assert settings.mapping_digest and settings.scope_digest and settings.installation_marker
    json.dumps(settings.redacted(), ensure_ascii=False).encode()
    for channel in settings.alerts:
        assert channel.name
        if channel.webhook is not None:
            httpx2.Request("POST", channel.webhook.get_secret_value())
    if settings.env != "dog":
        datasphere = settings.datasphere
        login = Login(datasphere.client_id, datasphere.client_secret.get_secret_value(), datasphere.token_url or None)
        patience = datasphere.give_up_after.total_seconds()
        DatasphereSource(TenantHttp(datasphere.base_url, login, budget=UnlimitedBudget(), give_up_after=patience))
        if datasphere.is_interactive:
            request = new_request(datasphere.authorization_url, datasphere.client_id, datasphere.redirect_uri)
            path = urlsplit(datasphere.redirect_uri).path or "/"
            assert read_callback(f"{path}?code=a&state={request.state}", request) == ReturnedCode("a")
            assert with_port(datasphere.redirect_uri, 9) and isinstance(sign_in_state(settings), NotSignedIn)
    try:
        require_writable(settings.state_dir)
        settings.state_dir.mkdir(parents=True, exist_ok=True)
    except (OSError, StateError):
        pass  # said in words by whoever opens it


def schedule(settings: Settings, moments: Sequence[datetime]) -> None:
    for tier in Tier:
        configured = settings.tiers.of(tier)
        for asset, moment in zip(cycle(ASSETS), moments, strict=False):
            due = next_due(asset, moment, configured)
            assert due > moment and in_window(due, configured)
            assert in_window(moment, configured) or next_in_window(asset, moment, configured) > moment
            isoformat(due)
        assert (configured.freshness or configured.interval) > timedelta()
    per_minute = settings.datasphere.max_requests_per_minute
    assert 0 <= int(_AHEAD * per_minute) <= LARGEST
    assert timedelta(minutes=1_000_000 / (_LISTING_SHARE * per_minute)) > timedelta()
    assert 1 <= settings.scheduler.workers <= 64
    limit = settings.limits.glue_calls_per_second
    assert limit is None or 0 < 1 / limit <= 10


def lengths(settings: Settings) -> None:
    now = MOMENTS[0]
    retention = settings.retention
    for length in (retention.runs, retention.idle_runs, retention.change_sets, settings.deletion.grace):
        isoformat(now - length)
    isoformat(now + settings.change_sets.expires)
    isoformat(now - settings.drift.sweep)
    assert 1 <= settings.deletion.misses <= LARGEST
    if settings.datasphere.client_expires is not None:
        assert datetime.combine(settings.datasphere.client_expires, datetime.min.time(), UTC) - now
