"""The section `glue_context:`: the glossary of Glue's business context that terms are in."""

from __future__ import annotations

from spheresync.config.glossary import GlossarySection


class GlueContext(GlossarySection):
    """`glossary`: where terms are, by its name."""
