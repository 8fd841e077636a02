"""Texts from outside that speak to a language model instead of describing data.

Labels, descriptions and names are written by whoever may model in Datasphere or edit a catalog, and assistants read
them. A text that tells its reader to forget instructions, to play a part or to call a tool describes nothing
(reference: mcp-servers.md 7). What is found here is told, and changes nothing: the text stays what it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from spheresync.model import Asset

_HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e007f]"
)
_BETWEEN = r"(?:\W+\w+){0,4}\W+"
_ORDERS = "instructions?|prompts?|rules|guidelines|messages?|context"
_TOOLS = r"apply\Wchanges|run\Wsync|revert\Wrun|manage\Wschedule|cancel\Wrun|detect\Wdrift|preview\Wchanges"
_SAID = re.compile(
    "|".join(
        (
            rf"\b(?:ignore|disregard|forget|override|bypass)\b{_BETWEEN}(?:{_ORDERS})\b",
            rf"\b(?:ignorier\w*|vergiss|missachte\w*)\b{_BETWEEN}(?:anweisung\w*|instruktion\w*|regeln|vorgaben)\b",
            rf"\b(?:ignorez?|oubliez?)\b{_BETWEEN}(?:instructions?|consignes)\b",
            r"\b(?:system|developer)\s+(?:prompt|message|instructions?)\b",
            r"<\s*/?\s*(?:system|assistant|user|human|tool_call|instructions?|important)\s*>",
            r"^\s*(?:system|assistant|human)\s*:",
            r"\byou are (?:now |an? )?(?:\w+\s+){0,3}(?:assistant|model|agent|ai|llm|chatbot|admin)\b",
            rf"\b(?:call|invoke|run|execute|use)\W+(?:the\W+)?(?:tool\W+)?(?:{_TOOLS})\b",
            r"\ballow\Wdeletes\b",
            r"\bnew (?:task|instructions?|orders?)\s*:",
            r"<\s*/\s*\w+\s*>",
            r"\b(?:the )?user (?:wants|asks|asked|has (?:approved|agreed|confirmed|asked))\b",
            r"\b(?:nothing was written|if they agree)\b",
            r"\b(?:not|don't|never) (?:tell|inform|mention|show|reveal)\b(?:.{0,40}\b(?:user|person|human)\b|\W+it\b)",
        )
    ),
    re.IGNORECASE,
)


def speaks_to_a_model(text: str) -> bool:
    """Whether a text tells its reader what to do; hidden characters, underscores and compatibility forms hide none."""
    plain = _HIDDEN.sub("", unicodedata.normalize("NFKC", text)).replace("_", " ")
    return _SAID.search(plain) is not None


def instructing_texts(asset: Asset) -> Iterator[str]:
    """Where in an asset such texts stand, as findings for people."""
    for where, text in _texts(asset):
        if speaks_to_a_model(text):
            yield (
                f"{where} speaks to whoever reads it instead of describing data; assistants are told not to follow it, "
                "and whoever owns the asset should correct it in Datasphere"
            )


def _texts(asset: Asset) -> Iterator[tuple[str, str]]:
    yield "its name", asset.id.name
    yield "its label", asset.label
    for language, label in asset.labels:
        if label != asset.label:
            yield f"its label ({language})", label
    for column in asset.columns:
        yield f"the name of a column ({column.name})", column.name
        yield f"the label of column {column.name}", column.label
