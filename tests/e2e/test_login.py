"""Signing in with a browser, from the command line to the tables in Glue, and every way in which it goes wrong."""

from __future__ import annotations

import json
import os
import re
import stat
import sys
from pathlib import Path

import httpx2
import pytest

from spheresync.dog.authorization import PERSON, PUBLIC_CLIENT, PersonsClient
from tests.contract.test_assistants import call, connect
from tests.e2e.test_alerts import channel, receiver, told
from tests.e2e.test_observing import address_of
from tests.e2e.test_safety import writes
from tests.e2e.test_schedule import AT_ONCE, serving, synced_count, until
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.listener import Listener
from tests.simulators.persons_browser import begin, interactive, sign_in, visit
from tests.simulators.running_tenant import RunningTenant

__all__ = ["receiver"]

TOKEN = re.compile(r"dog\.\d+\.\d{9,}\.[0-9a-f]{16}")


@pytest.fixture
def person(installation: Installation, tmp_path: Path) -> Installation:
    return interactive(installation, tmp_path)


def test_a_person_signs_in_and_the_tenant_is_read(
    person: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    ended = sign_in(person)
    assert (ended.code, PERSON in ended.out) == (0, False) and "k…@dog.example is signed in to 127.0.0.1" in ended.out
    assert person.ask("status")["ledger"]["datasphere_requests"] == 1
    assert person.ask("sync")["counts"]["create"] == 30
    assert person.ask("sync")["counts"]["unchanged"] == 30
    doctor = person.ask("doctor")
    assert doctor["ok"] and any("k…@dog.example is signed in" in item["message"] for item in doctor["items"])
    assert tenant.stats().counts["token"] == 1  # for all of them together
    assert person.ask("status")["health"] == "ok"


def test_a_public_client_needs_no_secret(installation: Installation, tmp_path: Path) -> None:
    person = interactive(installation, tmp_path, PUBLIC_CLIENT)
    assert sign_in(person).code == 0 and person.ask("discover")["state"] == "done"


def test_the_document_is_one_and_the_status_tells_who_and_since_when(person: Installation) -> None:
    assert person.ask("login", "--status", code=1)["signed_in"] is False
    made = json.loads(sign_in(person, "--json").out)
    assert made["signed_in"] and made["user"] == "k…@dog.example" and made["since"].endswith("Z")
    assert person.ask("login", "--status") == made


def test_the_page_says_how_it_ended_and_the_listener_is_gone_then(person: Installation) -> None:
    signing_in = begin(person)
    assert signing_in.redirect_uri.startswith("http://localhost:")
    callback = signing_in.callback()
    page = visit(callback)
    assert page.status == 200 and "You can close this window" in page.text
    assert signing_in.end().code == 0
    with pytest.raises(OSError):
        visit(callback)


def test_a_strange_answer_ends_nothing_and_the_right_one_still_counts(
    person: Installation, tenant: RunningTenant
) -> None:
    signing_in = begin(person)
    wrong = re.sub(r"state=[^&]+", "state=guessed", signing_in.callback())
    refused = visit(wrong)
    assert refused.status == 400 and "does not belong" in refused.text
    assert visit(f"{signing_in.redirect_uri}/favicon.ico").status == 404
    assert "token" not in tenant.stats().counts
    assert visit(signing_in.address).status == 200
    assert signing_in.end().code == 0


def test_a_browser_is_opened_where_there_is_one_and_touches_no_stream(person: Installation, tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text(
        f"#!{sys.executable}\nimport sys, urllib.request\nprint('NOISE')\nurllib.request.urlopen(sys.argv[1]).read()\n"
    )
    browser.chmod(0o755)
    person.extra["BROWSER"] = f"{browser} %s"
    ended = person.run("login", "--port", "0", "--json")
    assert ended.code == 0 and ended.json["signed_in"] and "A browser opens" in ended.err
    assert "NOISE" not in ended.out + ended.err


def test_without_a_desktop_no_browser_is_tried_and_standard_input_is_left_alone(person: Installation) -> None:
    process = person.start("login", "--port", "0", "--wait", "1s")
    process.stdin.write("y\n")
    out, err = process.communicate(timeout=60)
    assert process.wait() == 1 and out == "" and "Open this address to sign in" in err


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ({"sign_in_denied": True}, "access_denied: The person said no. To <b>everything</b>."),
        ({"token_page": True}, "a web page instead of data"),
        ({"token_outage": True}, "answered 503"),
    ],
)
def test_whatever_goes_wrong_is_told_and_changes_nothing(
    person: Installation, tenant: RunningTenant, faults: dict[str, bool], said: str
) -> None:
    before = json.loads(sign_in(person, "--json").out)
    tenant.set_faults(**faults)
    signing_in = begin(person, "--json")
    page = visit(signing_in.address)
    ended = signing_in.end()
    assert (ended.code, ended.json["error"]["code"]) == (1, "source") and said in ended.json["error"]["message"]
    assert "not signed in" in page.text and "said no" not in page.text
    assert person.ask("login", "--status") == before
    tenant.set_faults()
    assert person.ask("discover")["state"] == "done"
    outcomes = [(row["action"], row["outcome"]) for row in person.ask("audit", "query")["items"]]
    assert outcomes[:2] == [("login", "failed"), ("login", "done")]


def test_a_code_of_somebody_else_is_worth_nothing(person: Installation) -> None:
    """PKCE: whoever saw a code on its way cannot have it redeemed, for it was not asked for with his verifier."""
    seen, own = begin(person), begin(person)
    code = re.search(r"code=([^&]+)", seen.callback())
    assert code is not None
    visit(re.sub(r"code=[^&]+", f"code={code[1]}", own.callback()))
    ended = own.end()
    assert ended.code == 1 and "invalid_grant" in ended.err and "good once" in ended.err
    seen.process.kill()
    seen.end()


def test_nobody_came_back_in_time(person: Installation) -> None:
    ended = person.run("login", "--no-browser", "--port", "0", "--wait", "1s")
    assert ended.code == 1 and "within 1 s" in ended.err and "redirect URI" in ended.err


def test_a_port_that_is_taken_and_other_mistakes_are_usage_errors(person: Installation, tenant: RunningTenant) -> None:
    taken = person.ask("login", "--port", str(tenant.port), code=2)["error"]
    assert "cannot be listened on" in taken["message"] and "another port" in taken["remedy"]
    assert "unit" in person.ask("login", "--wait", "5", code=2)["error"]["message"]
    assert "do not go together" in person.ask("login", "--status", "--logout", code=2)["error"]["message"]
    person.extra["SPHERESYNC_ROLE"] = "operator"
    assert person.ask("login", code=3)["error"]["code"] == "permission"


def test_where_nobody_signs_in_the_command_says_what_to_set(installation: Installation, tmp_path: Path) -> None:
    assert "sign_in: interactive" in installation.ask("login", code=2)["error"]["remedy"]
    dog = Installation(tmp_path / "dog", {}, env="dog")
    assert "inside of this program" in dog.ask("login", code=2)["error"]["message"]


def test_the_registered_redirect_uri_is_used_to_the_letter(person: Installation, tenant_port: int) -> None:
    """The default port may be in use here, so another is configured; its path is asked for exactly."""
    with httpx2.Client() as client:
        free = begin(person)
        configured = f"{free.redirect_uri}/back/here"
        free.process.kill()
        free.end()
        person.extra["SPHERESYNC_DATASPHERE__REDIRECT_URI"] = configured
        process = person.start("login", "--no-browser")
        address = next(line for line in process.stderr if "oauth/authorize" in line).strip()
        back = client.get(address).headers["location"]
        assert back.startswith(f"{configured}?")
        assert client.get(back.replace("/back/here", "/back")).status_code == 404
        assert client.get(back).status_code == 200
        process.communicate(timeout=60)
        assert process.wait() == 0


def test_the_sign_in_page_is_where_the_settings_say(person: Installation, tenant: RunningTenant) -> None:
    person.extra["SPHERESYNC_DATASPHERE__AUTHORIZATION_URL"] = f"http://localhost:{tenant.port}/oauth/authorize"
    signing_in = begin(person)
    assert signing_in.address.startswith(f"http://localhost:{tenant.port}/oauth/authorize?")
    assert visit(signing_in.address).status == 200 and signing_in.end().code == 0


def test_no_output_no_log_and_no_state_holds_a_secret(
    person: Installation, tenant: RunningTenant, tmp_path: Path
) -> None:
    signing_in = begin(person, "--verbose")
    callback = signing_in.callback()
    visit(callback)
    ended = [signing_in.end(), person.run("sync", "--verbose")]
    tenant.set_faults(revoked_tokens=1)
    ended += [person.run("sync", "--verbose", "--full"), person.run("config", "show"), person.run("audit", "export")]
    assert [each.code for each in ended] == [0, 0, 0, 0, 0]
    state = b"".join(path.read_bytes() for path in person.state_dir.rglob("*") if path.is_file()).decode("latin-1")
    code = re.search(r"code=([^&]+)", callback)
    assert code is not None
    for text in (*(each.out + each.err for each in ended), state):
        assert not TOKEN.search(text) and PERSON not in text and code[1] not in text
        assert person.environment["SPHERESYNC_DATASPHERE__CLIENT_SECRET"] not in text
    key = tmp_path / "config/spheresync/sign-in.key"
    for path in (key, person.state_dir / "sign-in.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert key.read_text().strip() not in state


def test_a_backup_holds_no_sign_in_and_a_restore_leaves_it(person: Installation, tmp_path: Path) -> None:
    sign_in(person)
    person.ask("sync")
    person.ask("backup", str(tmp_path / "copy"))
    assert b"sign-in" not in (tmp_path / "copy").read_bytes() and sign_in(person).code == 0
    person.ask("restore", str(tmp_path / "copy"), "--yes")
    assert person.ask("login", "--status")["signed_in"] and person.ask("sync")["state"] == "done"
    refused = person.ask("backup", str(person.state_dir / "sign-in.json"), "--force", code=2)["error"]
    assert "is the state itself" in refused["message"]


def test_who_signs_out_is_out_for_a_server_too(person: Installation, glue: GlueSimulator) -> None:
    person.extra |= AT_ONCE
    assert person.ask("login", "--logout")["signed_in"] is False  # nobody was
    sign_in(person)
    with serving(person) as server:
        base = address_of(server)
        until(lambda: synced_count(person) == 30, "the first sync")
        assert httpx2.get(f"{base}/readyz").status_code == 200
        out = person.ask("login", "--logout")
        assert not out["signed_in"] and "somebody signed out" in out["message"]
        refused = httpx2.get(f"{base}/readyz")
        assert refused.status_code == 503 and "spheresync login" in refused.json()["checks"]["sign-in"]["reason"]
    assert [row["action"] for row in person.ask("audit", "query", "--action", "logout")["items"]] == ["logout"]


def test_a_server_lives_without_a_sign_in_and_goes_on_by_itself_after_one(
    person: Installation, glue: GlueSimulator
) -> None:
    """Tiers that are due once a day: what was refused does not wait for their next turn."""
    day = {f"SPHERESYNC_TIERS__{tier}__INTERVAL": "1d" for tier in ("CRITICAL", "HIGH", "MEDIUM")}
    person.extra |= {**AT_ONCE, **day}
    with serving(person) as server:
        base = address_of(server)
        until(lambda: person.ask("status")["scheduler"]["set_aside"], "that the listing is set aside")
        assert httpx2.get(f"{base}/readyz").status_code == 503 and httpx2.get(f"{base}/healthz").status_code == 200
        status = person.ask("status")
        told = [each for each in status["problems"] if "spheresync login" in each["remedy"]]
        assert [each["code"] for each in told] == ["not_signed_in"]
        assert writes(glue) == {}
        assert sign_in(person).code == 0
        until(lambda: synced_count(person) == 30, "the first sync")
        assert httpx2.get(f"{base}/readyz").status_code == 200
        assert [each for each in person.ask("status")["problems"] if "login" in each["remedy"]] == []


def test_a_sign_in_that_was_revoked_changes_nothing_and_says_what_to_do(
    person: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    person.extra["SPHERESYNC_DELETION__MISSES"] = "1"
    sign_in(person)
    person.ask("sync")
    glue.reset()
    tenant.set_faults(revoked_tokens=1, revoked_sign_ins=True)
    for command in ("sync", "preview", "discover"):
        ended = person.run(command)
        assert ended.code == 1 and "spheresync login" in ended.out + ended.err
    assert writes(glue) == {}
    status = person.ask("status")
    assert status["health"] == "degraded" and "revoked" in status["problems"][0]["message"]
    doctor = person.ask("doctor", code=1)
    assert any(not item["ok"] and "spheresync login" in item["remedy"] for item in doctor["items"])
    assert person.ask("login", "--status", code=1)["remedy"].startswith("Run `spheresync login`")
    asked = tenant.stats().counts["token"]
    person.run("sync")
    assert tenant.stats().counts["token"] == asked  # what is known is not asked again
    tenant.set_faults(revoked_tokens=1)
    assert sign_in(person).code == 0
    assert person.ask("sync")["counts"]["unchanged"] == 30
    assert person.ask("status")["health"] == "ok"


def test_people_are_told_that_nobody_is_signed_in_and_when_somebody_is(
    person: Installation, receiver: Listener
) -> None:
    person.config = channel(receiver, on=["credentials"])
    for _ in range(2):
        assert person.run("sync").code == 1
    assert told(receiver) == [("credentials", "began")] and b"spheresync login" in receiver.posts[0].body
    sign_in(person)
    person.ask("sync")
    assert told(receiver) == [("credentials", "began"), ("credentials", "over")]


@pytest.mark.parametrize("setting", ["CLIENT_ID", "TOKEN_URL"])
def test_a_refresh_token_is_sent_to_nobody_but_who_gave_it(
    person: Installation, tenant: RunningTenant, setting: str
) -> None:
    sign_in(person)
    tenant.clear_stats()
    elsewhere = {"CLIENT_ID": PUBLIC_CLIENT.client_id, "TOKEN_URL": f"http://localhost:{tenant.port}/oauth/token"}
    person.extra[f"SPHERESYNC_DATASPHERE__{setting}"] = elsewhere[setting]
    failure = person.ask("sync", code=1)["failures"][0]
    assert "another tenant, client or token server" in failure["reason"] and "spheresync login" in failure["remedy"]
    assert tenant.stats().total == 0
    del person.extra[f"SPHERESYNC_DATASPHERE__{setting}"]
    assert person.ask("sync")["state"] == "done"


def test_a_key_that_is_gone_or_open_is_told_and_a_new_sign_in_makes_one(person: Installation, tmp_path: Path) -> None:
    person.extra["SPHERESYNC_DATASPHERE__SIGN_IN_KEY"] = str(tmp_path / "elsewhere/key")
    sign_in(person)
    key = tmp_path / "elsewhere/key"
    key.chmod(0o644)
    assert "chmod 600" in person.ask("sync", code=1)["failures"][0]["remedy"]
    key.unlink()
    assert "is not there" in person.ask("sync", code=1)["failures"][0]["reason"]
    assert sign_in(person).code == 0 and person.ask("sync")["state"] == "done"
    assert os.access(key, os.R_OK)


@pytest.mark.anyio
async def test_no_answer_to_an_assistant_names_the_place_of_the_key(person: Installation, tmp_path: Path) -> None:
    key = tmp_path / "canary-of-mine/key"
    person.extra |= {"SPHERESYNC_DATASPHERE__SIGN_IN_KEY": str(key), "SPHERESYNC_ROLE": "operator"}
    key.parent.mkdir()
    key.write_text("no key")
    async with connect(person) as client:
        told = [str(await client.read_resource("spheresync://config"))]
        told += [str(await call(client, name)) for name in ("get_sync_status", "test_connections")]
        key.unlink()
        (person.state_dir / "sign-in.json").write_bytes(b"{}")
        told += [str(await call(client, name)) for name in ("get_sync_status", "test_connections")]
    assert [answer for answer in told if "canary" in answer] == []
    assert "the key file of the sign-in" in told[0] and "the key file of the sign-in, is not there" in told[3]
    assert "Ask whoever runs this installation to sign in" in told[3]


def test_a_technical_user_asks_and_keeps_nothing_of_it(installation: Installation, tmp_path: Path) -> None:
    assert installation.ask("sync")["state"] == "done"
    assert not (installation.state_dir / "sign-in.json").exists()
    wrong = interactive(installation, tmp_path, PersonsClient(PUBLIC_CLIENT.client_id, "no-such-secret"))
    signing_in = begin(wrong)
    visit(signing_in.address)
    ended = signing_in.end()
    assert ended.code == 1 and "refused the client (401 unauthorized)" in ended.err and "client_id" in ended.err
