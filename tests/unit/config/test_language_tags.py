"""Language tags with `-` or `_` between their parts are the same tags."""

from __future__ import annotations

from pathlib import Path

import pytest

from spheresync.config.settings import Settings
from spheresync.model import label_in


@pytest.mark.parametrize("spelled", ["zh_CN", "zh-CN", "de, zh_CN"])
def test_both_separators_of_a_language_tag_are_taken(spelled: str, tmp_path: Path) -> None:
    assert Settings(state_dir=tmp_path, language=spelled).language[-1] == "zh-CN"


@pytest.mark.parametrize("wanted", ["zh_CN", "zh-CN", "ZH_cn"])
@pytest.mark.parametrize("told", ["zh_CN", "zh-CN", "zh-cn"])
def test_a_label_is_found_by_either_spelling(wanted: str, told: str) -> None:
    assert label_in((("en", "Sales"), ("zh_TW", "other"), (told, "wanted")), (wanted,)) == "wanted"
    assert label_in((("en", "Sales"), (told, "wanted")), ("zh",)) == "wanted"
