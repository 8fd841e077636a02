"""What must exist in Glue's business context before a table is written: glossary, terms, our form types. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from spheresync.config.glue_context import GlueContext
from spheresync.targets.annotations.terms import required, required_terms
from spheresync.targets.design_values import RequiredObject
from spheresync.targets.glue_context.forms import COLUMN_FORM, TABLE_FORM, schema_of

CREATE_GLOSSARY: Final = "glue:CreateGlossary"
CREATE_TERM: Final = "glue:CreateGlossaryTerm"
PUT_FORM_TYPE: Final = "glue:PutFormType"


def required_objects(section: GlueContext, used: Collection[str]) -> tuple[RequiredObject, ...]:
    """Our form types first, as every table needs them; then the glossary, and terms after the wider ones."""
    forms = [
        required(0, PUT_FORM_TYPE, f"form type {form}", {"name": form, "schema": schema_of(form)})
        for form in (TABLE_FORM, COLUMN_FORM)
    ]
    return (*forms, *required_terms(section, used, create_glossary=CREATE_GLOSSARY, create_term=CREATE_TERM))
