"""Texts from outside that speak to a language model instead of describing data.

Labels, descriptions and names are written by whoever may model in Datasphere or edit a catalog, and assistants read
them. A text that tells its reader to forget instructions, to play a part or to call a tool describes nothing
(reference: mcp-servers.md 7). What is found here is told, and changes nothing: the text stays what it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from spheresync.model import Asset

_HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e007f]"
)
_BETWEEN = r"(?:\W+\w+){0,4}\W+"
_ORDERS = "instructions?|prompts?|rules|guidelines|messages?|context"
_TOOLS = r"apply\Wchanges|run\Wsync|revert\Wrun|manage\Wschedule|cancel\Wrun|detect\Wdrift|preview\Wchanges"
_BEGINS = r"(?:^|[^\w\s]\s*|\b(?:and|then|please|now|must|just|und|dann|bitte|jetzt|et|puis)\W+)"
"""Where an order may begin: with the text, a clause, or a word that leads to it; `date of release` orders nothing."""
_DO = (
    "apply|approve|confirm|accept|release|delete|drop|remove|revert|undo|retire|pause|resume|stop|cancel|skip|disable|"
    "unlock|sync|write|overwrite|restore|execute|run|ignore|grant|allow|wende|genehmige|bestätige|gib|lösche|entferne|"
    "pausiere|stoppe|starte|führe|erlaube|überspringe|deaktiviere|appliquez?|approuvez?|confirmez?|supprimez?|"
    "arrêtez?|libérez?|ignorez?"
)
_POLITELY = "(?:wenden|genehmigen|bestätigen|geben|löschen|entfernen|pausieren|stoppen|starten|führen|erlauben) sie"
_WHOLE = (
    "all|any|every|each|the|this|that|these|those|pending|alle[nrs]?|jede[nrms]?|den|die|das|diese[nrms]?|sämtliche[nr]?|"
    "tou(?:te)?s|tout|les?|la|ces?|cette"
)
_OURS = (
    r"change\W?sets?|changes|holds?|held|schedules?|tiers?|runs?|syncs?|guards?|assets?|tables?|databases?|deletes?|"
    r"deletions?|drifts?|previews?|approvals?|änderungen|änderungss[aä]tze?|sperren?|zeitpl[aä]ne?|l[aä]ufe?|lauf|"
    r"tabellen?|datenbank(?:en)?|stufen?|löschungen|freigaben?|modifications?|changements|planning|bases?|blocages?"
)
_AGREED = r"approv\w+|agreed|confirmed|consent\w+|authori[sz]ed|accepted|permitted|allowed|signed off"
_AGREED_DE = "genehmigt|zugestimmt|bestätigt|freigegeben|eingewilligt|erlaubt|autorisiert"
_WHO = "user|operator|admin(?:istrator)?|owner|human|person|steward|boss|developer|security team"
_WHO_DE = "benutzer|nutzer|anwender|betreiber|bediener|administrator|admin|mensch|verantwortliche|chef"
_PATTERN = "|".join(
    (
        # what was said before counts no more
        rf"\b(?:ignore|disregard|forget|override|bypass)\b{_BETWEEN}(?:{_ORDERS})\b",
        rf"\b(?:ignorier\w*|vergiss|missachte\w*)\b{_BETWEEN}(?:anweisung\w*|instruktion\w*|regeln|vorgaben)\b",
        rf"\b(?:ignorez?|oubliez?)\b{_BETWEEN}(?:instructions?|consignes)\b",
        # who speaks, or is spoken to
        r"\b(?:system|developer)\s+(?:prompt|message|instructions?)\b",
        r"<\s*/?\s*(?:system|assistant|user|human|tool_call|instructions?|important)\s*>",
        (
            rf"(?:^|[^\w\s]\s*)(?:system|assistant|human|developer|entwickler|assistent)\s*:\s*(?:please\W+|bitte\W+)?"
            rf"(?:(?:{_DO}|{_POLITELY})\s+(?!\d)[^\W\d]+\b(?!\s*$)|(?:i|you|we|ich|du|do not|don't|never|always)\b)"
        ),
        (
            r"\b(?:note|message|instructions?|hinweis|anweisung)\s+(?:to|for|an|für)\s+(?:the\s+|die\s+)?"
            r"(?:ai|ki|llm|assistants?|assistenten?|agents?|models?|chatbot)\b"
        ),
        r"\byou are (?:now |an? )?(?:\w+\s+){0,3}(?:assistant|model|agent|ai|llm|chatbot|admin)\b",
        r"\bnew (?:task|instructions?|orders?)\s*:",
        r"<\s*/\s*\w+\s*>",
        # what this server can do, and to all of it
        rf"\b(?:call|invoke|run|execute|use)\W+(?:the\W+)?(?:tool\W+)?(?:{_TOOLS})\b",
        r"\ballow\Wdeletes\b",
        rf"{_BEGINS}(?:{_DO}|{_POLITELY})\W+(?:everything|alles|tout)\b",
        rf"{_BEGINS}(?:{_DO}|{_POLITELY})\W+(?:{_WHOLE})\W+(?:\w+\W+){{0,2}}(?:{_OURS})\b",
        # what a person is said to have agreed to
        r"\b(?:the )?user (?:wants|asks|asked|has (?:approved|agreed|confirmed|asked))\b",
        rf"\b(?:{_WHO})s?\W+(?:has|have|had|already|explicitly|fully)\W+(?:\w+\W+){{0,2}}(?:{_AGREED})\b",
        rf"\b(?:{_WHO_DE})(?:in)?\W+hat\W+(?:\w+\W+){{0,5}}(?:{_AGREED_DE})\b",
        (
            rf"\b(?:change\W?sets?|(?:this|these|all) (?:changes?|runs?|deletes?|deletions?)|this|it)\W+"
            rf"(?:is|are|was|were|has been|have been)\W+(?:already\W+|fully\W+|pre\W)?(?:{_AGREED})\b"
        ),
        rf"\b(?:diese|alle) (?:änderungen|löschungen)\W+(?:sind|wurden)\W+(?:\w+\W+)?(?:{_AGREED_DE})\b",
        r"\bl\W?utilisat(?:eur|rice)\W+a\W+(?:\w+\W+){0,2}(?:approuvé|confirmé|accepté|autorisé)",
        r"\byou (?:have|were given|are given)\W+(?:[\w']+\W+){0,2}(?:permission|approval|consent|authority)\b",
        r"\byou are (?:authori[sz]ed|allowed|permitted) to\b",
        rf"\b(?:{_DO})\b[^.]{{0,30}}\bwithout (?:asking|(?:any )?(?:confirmation|approval|questions?|review))\b",
        r"\bohne (?:zu fragen|nachzufragen)\b",
        r"\b(?:nothing was written|if they agree)\b",
        r"\b(?:not|don't|never) (?:tell|inform|mention|show|reveal)\b(?:.{0,40}\b(?:user|person|human)\b|\W+it\b)",
    )
)
_SIGNALS = (
    "ignore disregard forget override bypass ignoriere vergiss missachte ignorez oublie oubliez prompt message "
    "instruction ai ki llm assistant agent agents model models chatbot you call invoke run execute use everything "
    "alles tout user agreed confirmed consent authorised accepted permitted allowed signed without ohne nothing "
    "agree not don never genehmigt zugestimmt bestätigt freigegeben eingewilligt erlaubt autorisiert utilisateur "
    "lutilisateur apply approve confirm accept release delete drop remove revert undo retire pause resume stop "
    "cancel skip disable unlock sync write overwrite restore grant allow wende wenden genehmige gib geben lösche "
    "löschen entferne pausiere stoppe stoppen starte starten führe führen erlaube überspringe deaktiviere "
    "applique approuve confirme supprime arrête libére libérez "
)
"""Words of which each pattern needs one, or a mark: `<` or `:`."""
_STEM = 6
_STEMS = frozenset(word[:_STEM] for word in _SIGNALS.split())
_WORD = re.compile(r"\w+")


@lru_cache(maxsize=20_000)
def speaks_to_a_model(text: str) -> bool:
    """Whether a text tells its reader what to do; hidden characters, underscores and compatibility forms hide none."""
    plain = _HIDDEN.sub("", unicodedata.normalize("NFKC", text)).replace("_", " ")
    return may_speak(plain) and said().search(plain) is not None


def may_speak(plain: str) -> bool:
    """Whether any pattern can be in a text: asked first, since trying them all takes a hundred times as long."""
    if "<" in plain or ":" in plain:
        return True
    lowered = plain.lower().replace("i\u0307", "i").replace("\u0131", "i")  # as patterns take these for an `i`
    return not _STEMS.isdisjoint([word[:_STEM] for word in _WORD.findall(lowered)])


@lru_cache(maxsize=1)
def said() -> re.Pattern[str]:
    """All patterns as one, made with the first text that may hold one."""
    return re.compile(_PATTERN, re.IGNORECASE)


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
