"""MCP prompts as Markdown files: a front matter of YAML, then the text with `{{argument}}` where a value goes.

They are read when somebody first asks for one, as a client asks for tools before all else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from spheresync_server.untrusted import clean_line

_FENCE = "---\n"


class PromptField(BaseModel):
    """An argument of a prompt; `complete` names what its values are, for argument completion."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    description: str
    required: bool = False
    complete: str | None = None


class PromptHead(BaseModel):
    """The front matter of a prompt file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    description: str
    arguments: tuple[PromptField, ...] = Field(default=())


@dataclass(frozen=True, slots=True)
class PromptFile:
    """One prompt; its name is the file's."""

    name: str
    head: PromptHead
    body: str

    def render(self, values: Mapping[str, str]) -> str:
        """The text with its arguments filled in; one that was not given reads as `(not given)`."""
        text = self.body
        for field in self.head.arguments:
            given = clean_line(values.get(field.name) or "(not given)")
            text = text.replace("{{" + field.name + "}}", given)
        return text


def parse_prompt(name: str, text: str) -> PromptFile:
    """Read one file.

    Raises:
        ValueError: it has no front matter, or that is malformed.
    """
    import yaml

    if not text.startswith(_FENCE):
        raise ValueError(f"prompt {name} does not begin with a front matter")
    head, fence, body = text.removeprefix(_FENCE).partition(f"\n{_FENCE}")
    if not fence:
        raise ValueError(f"the front matter of prompt {name} does not end")
    return PromptFile(name, PromptHead.model_validate(yaml.safe_load(head)), body.strip())


def _folder() -> Traversable:
    """In a wheel the prompts lie inside the package; in an editable install in the repository's own folder."""
    packaged = files("spheresync_server") / "prompts"
    if packaged.is_dir():
        return packaged
    return Path(__file__).resolve().parents[2] / "prompts"


@cache
def load_prompts() -> tuple[PromptFile, ...]:
    """Every prompt, by name."""
    documents = sorted((file for file in _folder().iterdir() if file.name.endswith(".md")), key=lambda file: file.name)
    return tuple(parse_prompt(file.name.removesuffix(".md"), file.read_text(encoding="utf-8")) for file in documents)
