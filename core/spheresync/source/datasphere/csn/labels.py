"""Labels of CSN in every language: a text, or a key of the document's `i18n` block."""

from __future__ import annotations

import re
from collections.abc import Mapping

from spheresync.model import JsonValue, Labels
from spheresync.source.datasphere.csn.annotations import Annotations, text_of
from spheresync.source.datasphere.csn.budget import Budget

_KEY = re.compile(r"\{\s*i18n\s*>\s*([^{}]+?)\s*\}|\{\s*bundle\s*>\s*([^{}]+?)\s*\}")
_SHOWN = 200
MOST_LANGUAGES = 500
"""SAP knows some forty, and the world some hundreds with their regions."""


class Texts:
    """The `i18n` block of one document: language to key to text."""

    def __init__(self, block: JsonValue) -> None:
        self._languages: dict[str, Mapping[str, JsonValue]] = {}
        languages = block.items() if isinstance(block, dict) else ()
        Budget(MOST_LANGUAGES, "It has texts in", "language").spend(len(languages))
        for language, texts in languages:
            if isinstance(texts, dict):
                self._languages[_tag(language)] = texts

    def labels(self, value: JsonValue) -> Labels:
        """A label in every language that has it; a key that no language has is its own text, so that it is seen."""
        text = text_of(value)
        if not text:
            return ()
        key = _KEY.fullmatch(text) if text[0] == "{" else None
        if key is None:
            return (("", text),)
        name = (key.group(1) or key.group(2)).strip()
        found = {language: text_of(texts.get(name)) for language, texts in self._languages.items()}
        known = tuple(sorted((language, label) for language, label in found.items() if label))
        return known or (("", name[:_SHOWN]),)

    def of(self, annotations: Annotations) -> Labels:
        """The business name that annotations give; `@Common.Label` and `@title` are what CAP writes for it."""
        for term in ("endusertext.label", "common.label", "title"):
            if term in annotations and (labels := self.labels(annotations[term])):
                return labels
        return ()


def _tag(language: str) -> str:
    """A BCP 47 tag, of `de`, `de_DE` or `default`."""
    tag = language.strip().replace("_", "-")
    return "" if tag.lower() in {"", "default"} else tag
