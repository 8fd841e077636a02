"""A sealed file: it reads as it was written with its key, and in no other case at all."""

from __future__ import annotations

import base64
import json
import os
import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spheresync.errors import StateError
from spheresync.state.sealed_file import SealedFile

DOCUMENTS = st.dictionaries(st.text(max_size=9), st.one_of(st.text(max_size=99), st.integers(), st.none()), max_size=5)


def sealed(folder: Path, purpose: str = "trial", key: str = "elsewhere/key") -> SealedFile:
    return SealedFile(folder / "sealed.json", folder / key, purpose=purpose)


@settings(max_examples=30)
@given(DOCUMENTS)
def test_a_document_comes_back_and_stands_nowhere_in_the_file(document: dict[str, object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = sealed(Path(folder))
        assert file.read() is None and file.stamp() is None
        file.write({**document, "secret": "refresh-token-of-somebody"})
        first = file.stamp()
        assert sealed(Path(folder)).read() == {**document, "secret": "refresh-token-of-somebody"}
        assert b"refresh-token" not in (Path(folder) / "sealed.json").read_bytes()
        file.write(document)
        assert file.stamp() != first and sealed(Path(folder)).read() == document


def test_only_the_owner_may_read_file_and_key_and_each_writing_is_another(tmp_path: Path) -> None:
    file, old = sealed(tmp_path), os.umask(0)
    try:
        file.write({"a": 1})
    finally:
        os.umask(old)
    made = [tmp_path / "sealed.json", tmp_path / "elsewhere/key"]
    assert [stat.S_IMODE(path.stat().st_mode) for path in made] == [0o600, 0o600]
    assert stat.S_IMODE((tmp_path / "elsewhere").stat().st_mode) == 0o700
    before = made[0].read_bytes()
    file.write({"a": 1})
    assert made[0].read_bytes() != before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "sealed.json"]


@settings(max_examples=40)
@given(st.data())
def test_whatever_is_changed_in_it_is_seen(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file, path = sealed(Path(folder)), Path(folder) / "sealed.json"
        file.write({"a": 1})
        whole = json.loads(path.read_text())
        name = data.draw(st.sampled_from(["nonce", "sealed"]))
        held = bytearray(base64.b64decode(whole[name]))
        held[data.draw(st.integers(0, len(held) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        path.write_text(json.dumps({**whole, name: base64.b64encode(held).decode()}))
        with pytest.raises(StateError, match="damaged"):
            file.read()


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"\xff", b'{"format": 2}', b'{"format": 1, "nonce": "", "sealed": ""}']
)
def test_what_is_no_sealed_file_is_an_error_of_the_state(tmp_path: Path, content: bytes) -> None:
    file = sealed(tmp_path)
    file.write({})
    (tmp_path / "sealed.json").write_bytes(content)
    with pytest.raises(StateError):
        file.read()
    file.write({"a": 1})
    assert file.read() == {"a": 1}


def test_another_purpose_or_another_key_opens_nothing(tmp_path: Path) -> None:
    sealed(tmp_path).write({"a": 1})
    (tmp_path / "other").mkdir()
    sealed(tmp_path / "other").write({})
    with pytest.raises(StateError, match="damaged"):
        sealed(tmp_path, purpose="another").read()
    with pytest.raises(StateError, match="damaged"):
        sealed(tmp_path, key="other/elsewhere/key").read()
    with pytest.raises(StateError, match="is not there"):
        sealed(tmp_path, key="nowhere").read()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602])
def test_a_key_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    file, key = sealed(tmp_path), tmp_path / "elsewhere/key"
    file.write({})
    key.chmod(mode)
    for attempt in (file.read, lambda: file.write({})):
        with pytest.raises(StateError, match="other accounts") as caught:
            attempt()
        assert "chmod 600" in caught.value.remedy


@pytest.mark.parametrize("text", ["", "short", "a" * 44, "!" * 44])
def test_a_key_that_is_none_is_never_written_over(tmp_path: Path, text: str) -> None:
    key = tmp_path / "key"
    key.write_text(text)
    key.chmod(0o600)
    with pytest.raises(StateError, match="32 bytes"):
        sealed(tmp_path, key="key").write({})
    assert key.read_text() == text
