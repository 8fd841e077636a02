"""Texts in several languages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

#: A text in several languages: (BCP 47 tag or "" for the tenant's default, text), sorted by tag.
Labels: TypeAlias = tuple[tuple[str, str], ...]


def default_label(labels: Labels) -> str:
    """The label a reader without a language sees: the default one, else English, else the first."""
    if len(labels) == 1:  # as nearly all are that $metadata holds
        return labels[0][1]
    by_language = dict(labels)
    for language in ("", "en"):
        if by_language.get(language):
            return by_language[language]
    return next((text for _, text in labels if text), "")


def label_in(labels: Labels, languages: Sequence[str]) -> str:
    """The label in the first of these languages that has one, else the default label.

    `de` is also found as `de-AT`, and `de-AT` as `de`; a language that is spelled exactly so comes first. `_` is taken
    for the `-` of a tag, on both sides.
    """
    if len(labels) > 1 or (labels and labels[0][0]):
        by_tag = {_tag(tag): text for tag, text in labels if text}
        for language in languages:
            wanted = _tag(language)
            primary = wanted.partition("-")[0]
            near = (text for tag, text in by_tag.items() if tag.partition("-")[0] == primary)
            if text := by_tag.get(wanted) or by_tag.get(primary) or next(near, ""):
                return text
    return default_label(labels)


def _tag(language: str) -> str:
    """A BCP 47 tag for comparison."""
    return language.replace("_", "-").lower()
