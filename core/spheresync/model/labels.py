"""Texts in several languages."""

from __future__ import annotations

from typing import TypeAlias

#: A text in several languages: (BCP 47 tag or "" for the tenant's default, text), sorted by tag.
Labels: TypeAlias = tuple[tuple[str, str], ...]


def default_label(labels: Labels) -> str:
    """The label a reader without a language sees: the default one, else English, else the first."""
    by_language = dict(labels)
    for language in ("", "en"):
        if by_language.get(language):
            return by_language[language]
    return next((text for _, text in labels if text), "")
