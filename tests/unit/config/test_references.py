"""What texts of the configuration refer to: variables and files, and what cannot be had of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from spheresync.config import Settings, SettingsSource, load_settings
from spheresync.errors import ConfigurationError

BASE = "datasphere: {{base_url: 'https://t.eu10.hcs.cloud.sap', client_id: a, client_secret: '{secret}'}}\n{more}"


def write(folder: Path, secret: str, more: str = "") -> None:
    (folder / "spheresync.yaml").write_text(BASE.format(secret=secret, more=more), "utf-8")


def load(folder: Path, **environ: str) -> Settings:
    return load_settings("wolf", None, {"SPHERESYNC_STATE_DIR": str(folder / "state"), **environ}, folder)


def secret_of(settings: Settings) -> str:
    return settings.datasphere.client_secret.get_secret_value()


@pytest.mark.parametrize("content", [b"s3cret", b"s3cret\n", b"s3cret\r\n"])
def test_a_file_stands_for_its_text(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret").write_bytes(content)
    write(tmp_path, "${file:secret}")
    assert secret_of(load(tmp_path)) == "s3cret"


def test_paths_start_at_the_configuration_or_at_home(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret", "utf-8")
    for path in (str(tmp_path / "secret"), "./secret", "~/secret"):
        write(tmp_path, f"${{file:{path}}}")
        assert secret_of(load(tmp_path, HOME=str(tmp_path))) == "s3cret"


@pytest.mark.parametrize("spelled", ["${file:secret}", "'${file:secret}'", '"${file:secret}"', "${S}"])
def test_a_reference_may_stand_without_quotes_among_keys_in_braces(tmp_path: Path, spelled: str) -> None:
    (tmp_path / "secret").write_text("s3cret", "utf-8")
    text = BASE.replace("'{secret}'", "{secret}").format(secret=spelled, more="")
    (tmp_path / "spheresync.yaml").write_text(text, "utf-8")
    assert secret_of(load(tmp_path, S="s3cret")) == "s3cret"


def test_a_secret_that_was_replaced_counts_at_once(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("first", "utf-8")
    write(tmp_path, "${file:secret}")
    source = SettingsSource("wolf", None, {"SPHERESYNC_STATE_DIR": str(tmp_path / "state")}, tmp_path)
    before = source.current()
    assert secret_of(before) == "first" and source.current() is before
    (tmp_path / "new").write_text("second", "utf-8")
    (tmp_path / "new").replace(tmp_path / "secret")
    after = source.current()
    assert secret_of(after) == "second" and source.current() is after


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("${file:nowhere}", "cannot be used (No such file or directory)"),
        ("${file:}", "cannot be used (no path is given)"),
        ("${file:empty}", "cannot be used (it is empty)"),
        ("${file:large}", "cannot be used (it is larger than 64 KiB)"),
        ("${file:binary}", "cannot be used (it is no UTF-8)"),
        ("${file:.}", "cannot be used (Is a directory)"),
        ("${file:/dev/zero}", "cannot be used (it is a device, and no regular file)"),
        ("${secretsmanager:prod#key}", "${secretsmanager:…} comes with a later release"),
        ("${ssm:/prod/secret}", "${ssm:…} comes with a later release"),
        ("${keyring:spheresync/me}", "${keyring:…} comes with a later release"),
        ("${vault:x}", "${vault:…} is no reference"),
        ("${NOT_SET}", "the variable NOT_SET is not set"),
    ],
)
def test_what_cannot_be_had_is_told_and_never_taken_for_the_secret(tmp_path: Path, secret: str, said: str) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "large").write_bytes(b"x" * 70_000)
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    write(tmp_path, secret)
    with pytest.raises(ConfigurationError) as raised:
        load(tmp_path)
    (problem,) = raised.value.problems
    assert problem.startswith("spheresync.yaml, line 1: datasphere.client_secret: ") and said in problem


def test_two_dollars_stand_for_the_text_itself(tmp_path: Path) -> None:
    write(tmp_path, "$${file:secret} ${A}")
    assert secret_of(load(tmp_path, A="b")) == "${file:secret} b"


@pytest.mark.parametrize("named", ["spheresync.yaml", "secret", "words.yaml"])
def test_lineage_is_told_to_no_file_that_settings_are_read_from(tmp_path: Path, named: str) -> None:
    (tmp_path / "secret").write_text("s3cret", "utf-8")
    (tmp_path / "words.yaml").write_text("terms: []\n", "utf-8")
    write(tmp_path, "${file:secret}", f"context: [words.yaml]\nlineage: {{openlineage: 'file:{named}'}}\n")
    before = (tmp_path / named).read_bytes()
    with pytest.raises(ConfigurationError, match="is a file that settings are read from; name another one"):
        load(tmp_path)
    assert (tmp_path / named).read_bytes() == before
