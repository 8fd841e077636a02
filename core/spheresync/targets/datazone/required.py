"""What must exist in DataZone before an asset is written: the glossary, terms, our form type and asset type. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from spheresync.config.datazone import DataZone
from spheresync.model import JsonValue
from spheresync.targets.annotations.terms import required, required_terms
from spheresync.targets.design_values import RequiredObject

CREATE_GLOSSARY: Final = "datazone:CreateGlossary"
CREATE_TERM: Final = "datazone:CreateGlossaryTerm"
CREATE_FORM_TYPE: Final = "datazone:CreateFormType"
CREATE_ASSET_TYPE: Final = "datazone:CreateAssetType"
FORM_TYPE: Final = "SpheresyncForm"
"""The type of our form, and the name under which assets carry it."""
ASSET_TYPE: Final = "SpheresyncTable"
"""The type of assets that we make ourselves."""
PUBLISHED_BY: Final = "publishedBy"
"""The member of our form by which an asset says that we published it: a listing takes no mark."""
FORM_MEMBERS: Final = (
    "managedBy",
    "source",
    "kind",
    "label",
    "table",
    "status",
    "retiredAt",
    "owner",
    "steward",
    "domain",
    "certification",
    "sensitivity",
    "retention",
    "tags",
    "columns",
    "digest",
    "written",
    PUBLISHED_BY,
)


def smithy() -> str:
    """The model of our form type."""
    required = {"managedBy", "source"}
    members = " ".join(f"{'@required ' if name in required else ''}{name}: String" for name in FORM_MEMBERS)
    return f"structure {FORM_TYPE} {{ {members} }}"


def required_objects(section: DataZone, used: Collection[str]) -> tuple[RequiredObject, ...]:
    """In waves: the glossary, terms after the wider ones above them, and the types."""
    here: dict[str, JsonValue] = {"domain": section.domain_id}
    terms = required_terms(section, used, create_glossary=CREATE_GLOSSARY, create_term=CREATE_TERM, of=here)
    last = max((each.wave for each in terms), default=0)
    form_type: Mapping[str, JsonValue] = {"name": FORM_TYPE, "smithy": smithy(), **here}
    return (
        *terms,
        required(last + 1, CREATE_FORM_TYPE, f"form type {FORM_TYPE}", form_type),
        required(last + 2, CREATE_ASSET_TYPE, f"asset type {ASSET_TYPE}", {"name": ASSET_TYPE, **here}),
    )
