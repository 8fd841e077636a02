"""Labels of CSN in every language: a text, or a key of the document's `i18n` block."""

from __future__ import annotations

import re
from collections.abc import Mapping

from spheresync.model import JsonValue, Labels
from spheresync.source.datasphere.csn.annotations import Annotations, text_of
from spheresync.source.datasphere.csn.budget import Budget

TEXT_KEY = re.compile(r"\{\s*i18n\s*>\s*([^{}]+?)\s*\}|\{\s*bundle\s*>\s*([^{}]+?)\s*\}")
_SHOWN = 200
MOST_LANGUAGES = 500
"""SAP knows some forty, and the world some hundreds with their regions."""


class Texts:
    """The `i18n` block of one document: language to key to text."""

    def __init__(self, block: JsonValue | Mapping[str, JsonValue]) -> None:
        self._languages: dict[str, Mapping[str, JsonValue]] = {}
        self.missing: dict[str, None] = {}
        """Keys that were asked for and that no language has."""
        languages = block.items() if isinstance(block, Mapping) else ()
        Budget(MOST_LANGUAGES, "It has texts in", "language").spend(len(languages))
        for language, texts in languages:
            if isinstance(texts, dict):
                self._languages[_tag(language)] = texts

    def labels(self, value: JsonValue) -> Labels:
        """A label in every language that has it; a key that no language has gives none and is `missing`."""
        text = text_of(value)
        if not text:
            return ()
        key = TEXT_KEY.fullmatch(text) if text[0] == "{" else None
        if key is None:
            return (("", text),)
        name = key_of(key)
        found = {language: text_of(texts.get(name)) for language, texts in self._languages.items()}
        known = tuple(sorted((language, label) for language, label in found.items() if label))
        if not known:
            self.missing.setdefault(name[:_SHOWN])
        return known

    def has(self, name: str) -> bool:
        """Whether any language has the text of a key."""
        return any(text_of(texts.get(name)) for texts in self._languages.values())

    def of(self, annotations: Annotations) -> Labels:
        """The business name that annotations give; `@Common.Label` and `@title` are what CAP writes for it."""
        for term in ("endusertext.label", "common.label", "title"):
            if term in annotations and (labels := self.labels(annotations[term])):
                return labels
        return ()


def key_of(match: re.Match[str]) -> str:
    """The key in a match of `TEXT_KEY`."""
    return (match.group(1) or match.group(2)).strip()


def _tag(language: str) -> str:
    """A BCP 47 tag, of `de`, `de_DE` or `default`."""
    tag = language.strip().replace("_", "-")
    return "" if tag.lower() in {"", "default"} else tag
