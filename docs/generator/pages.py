"""All pages of the reference, by the names of their files."""

from __future__ import annotations

from collections.abc import Mapping

from docs.generator.commands_page import commands_page
from docs.generator.errors_page import errors_page, exit_codes_page
from docs.generator.glue_parameters_page import glue_parameters_page
from docs.generator.records_pages import actions_page, metrics_page
from docs.generator.settings_pages import context_files_page, rules_page, settings_page
from docs.generator.tools_page import tools_page


def reference_pages() -> Mapping[str, str]:
    """The text of each page, the same for the same code."""
    return {
        "settings": settings_page(),
        "rules": rules_page(),
        "context-files": context_files_page(),
        "commands": commands_page(),
        "exit-codes": exit_codes_page(),
        "errors": errors_page(),
        "tools": tools_page(),
        "glue-parameters": glue_parameters_page(),
        "actions": actions_page(),
        "metrics": metrics_page(),
    }
