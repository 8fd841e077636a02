"""How Sphinx builds these pages: `make docs`, offline, every warning an error."""

from __future__ import annotations

import re

from sphinx.application import Sphinx

from spheresync import __version__

project = "Spheresync"
version = release = __version__
copyright = "the authors of Spheresync, Apache-2.0"  # noqa: A001 -- Sphinx reads this name

extensions = ["myst_parser"]
myst_enable_extensions = ["attrs_block"]
myst_heading_anchors = 3
exclude_patterns = ["generator", "_build"]
nitpicky = True

html_theme = "furo"
html_title = f"Spheresync {__version__}"
html_static_path = ["_static"]
html_css_files = ["not_run.css"]

_NOT_RUN = re.compile(r"^( *)```(\w+) not-run: (.+)$", re.MULTILINE)


def tell_what_is_not_run(_app: Sphinx, _page: str, source: list[str]) -> None:
    """A reader has to see which commands no test has run, and why."""
    source[0] = _NOT_RUN.sub(r"\1{.not-run}\n\1Checked, and not run by the tests: \3.\n\n\1```\2", source[0])


def setup(app: Sphinx) -> None:
    """Sphinx calls this by its name."""
    app.connect("source-read", tell_what_is_not_run)
