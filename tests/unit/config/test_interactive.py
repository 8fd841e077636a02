"""Settings of an interactive sign-in: what follows from the tenant, and every problem at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.config import Settings, load_settings
from spheresync.config.tenant import check_redirect_uri, derive_authorization_url, derive_token_url
from spheresync.errors import ConfigurationError

TENANT = """
env: wolf
datasphere:
  base_url: https://acme.eu10.hcs.cloud.sap
  client_id: sb-client!b1|client!b2
"""


def load(folder: Path, text: str, **environ: str) -> Settings:
    (folder / "spheresync.yaml").write_text(text, encoding="utf-8")
    return load_settings(None, None, {"HOME": str(folder / "home"), **environ}, folder)


def problems(folder: Path, text: str, **environ: str) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        load(folder, text, **environ)
    return caught.value.problems


def test_addresses_and_the_place_of_the_key_follow_and_no_secret_is_needed(tmp_path: Path) -> None:
    datasphere = load(tmp_path, f"{TENANT}  sign_in: interactive\n").datasphere
    host = "https://acme.authentication.eu10.hana.ondemand.com"
    assert (datasphere.token_url, datasphere.authorization_url) == (f"{host}/oauth/token", f"{host}/oauth/authorize")
    assert datasphere.redirect_uri == "http://localhost:8080"
    assert datasphere.sign_in_key == tmp_path / "home/.config/spheresync/sign-in.key"
    elsewhere = load(tmp_path, f"{TENANT}  sign_in: interactive\n", XDG_CONFIG_HOME="/etc/xdg").datasphere
    assert elsewhere.sign_in_key == Path("/etc/xdg/spheresync/sign-in.key")


@pytest.mark.parametrize(
    ("written", "meant"), [("keys/one", "keys/one"), ("~/one", "home/one"), ("/dev/shm/one", "/dev/shm/one")]
)
def test_a_key_of_the_file_starts_at_its_folder(tmp_path: Path, written: str, meant: str) -> None:
    settings = load(tmp_path, f"{TENANT}  sign_in: interactive\n  sign_in_key: {written}\n")
    assert settings.datasphere.sign_in_key == tmp_path / meant


def test_the_sign_in_page_follows_from_a_token_url_that_is_given(tmp_path: Path) -> None:
    given_url = "http://127.0.0.1:5000/oauth/token"
    text = "env: wolf\ndatasphere: {base_url: 'http://127.0.0.1:5000', client_id: c, sign_in: interactive}\n"
    environ = {"SPHERESYNC_DATASPHERE__TOKEN_URL": given_url}
    assert load(tmp_path, text, **environ).datasphere.authorization_url == "http://127.0.0.1:5000/oauth/authorize"
    environ["SPHERESYNC_DATASPHERE__TOKEN_URL"] = "http://127.0.0.1:5000/t"
    assert "datasphere.authorization_url: cannot be derived" in problems(tmp_path, text, **environ)[0]


def test_a_technical_user_still_needs_a_secret(tmp_path: Path) -> None:
    assert "client_secret: needed in wolf" in problems(tmp_path, TENANT)[0]


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    text = f"""{TENANT}  sign_in: interactive
  authorization_url: https://acme.example/oauth/authorize
  redirect_uri: https://acme.example/callback
"""
    found = problems(tmp_path, text)
    assert [problem.split(": ")[1] for problem in found] == ["datasphere.authorization_url", "datasphere.redirect_uri"]
    assert "at SAP" in found[0] and found[1].startswith("spheresync.yaml, line 8") and "this machine" in found[1]
    plain = problems(tmp_path, f"{TENANT}  sign_in: interactive\n  authorization_url: http://acme.example/a\n")
    assert any("plain http" in problem for problem in plain)


def test_a_kind_of_sign_in_that_there_is_not_names_those_there_are(tmp_path: Path) -> None:
    found = problems(tmp_path, f"{TENANT}  client_secret: x\n  sign_in: interactiv\n")
    assert "technical_user" in found[0] and "interactive" in found[0]


def test_what_only_an_interactive_sign_in_has_is_refused_elsewhere(tmp_path: Path) -> None:
    text = f"{TENANT}  client_secret: x\n  redirect_uri: http://localhost:9\n"
    found = problems(tmp_path, text, SPHERESYNC_DATASPHERE__SIGN_IN_KEY="k")
    assert found[0].startswith("spheresync.yaml, line 7: datasphere.redirect_uri: counts with")
    assert found[1].startswith("SPHERESYNC_DATASPHERE__SIGN_IN_KEY: datasphere.sign_in_key: counts with")


@pytest.mark.parametrize(
    "text",
    [
        "http://localhost",
        "http://localhost:0",
        "https://localhost:8080",
        "http://example.com:8080",
        "http://127.0.0.1.example.com:80",
        "http://me@localhost:8080",
        "http://localhost:8080/?a=b",
        "http://localhost:8080#a",
        "http://localhost:8080/ä",
        "http://localhost:99999",
        "http://[::1:8080",
        "localhost:8080",
        "",
    ],
)
def test_a_redirect_uri_leads_to_a_port_of_this_machine(text: str) -> None:
    with pytest.raises(ValueError, match=r"write it as it is registered"):
        check_redirect_uri(text)


@pytest.mark.parametrize("text", ["http://localhost:8080", "http://127.0.0.1:1/", "http://[::1]:65535/a/b"])
def test_a_redirect_uri_stays_as_it_is_to_the_letter(text: str) -> None:
    assert check_redirect_uri(f" {text} ") == text


@given(st.from_regex(r"[a-z0-9-]{1,20}\.[a-z0-9-]{1,8}", fullmatch=True))
def test_the_sign_in_page_is_where_tokens_are(name: str) -> None:
    token_url = derive_token_url(f"https://{name}.hcs.cloud.sap")
    assert token_url is not None
    assert derive_authorization_url(token_url) == token_url.replace("/oauth/token", "/oauth/authorize")
