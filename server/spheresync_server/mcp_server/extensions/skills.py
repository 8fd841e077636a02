"""The skills extension: the prompt files once more, as skills that an agent finds and loads by itself.

A skill is one resource, its SKILL.md, made of the same file as the prompt of that name; arguments become a list of what
the agent has to know first (`io.modelcontextprotocol/skills`, SEP-2640; the Agent Skills specification).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from mcp import MCPError
from mcp.server.context import HandlerResult
from mcp.server.extension import Extension, MethodBinding
from mcp.server.mcpserver.resources import TextResource
from mcp.types import INVALID_PARAMS, RequestParams

from spheresync.model.principals import CallerRole
from spheresync_server.json_texts import Json
from spheresync_server.mcp_server.extensions.tasks import RequestContext
from spheresync_server.prompt_files import PromptFile, load_prompts
from spheresync_server.server_context import ServerContext
from spheresync_server.untrusted import visible

SKILLS = "io.modelcontextprotocol/skills"
_UNCHANGED_MS = 3_600_000
"""Skills come with the program and change only with it."""


@dataclass(frozen=True, slots=True)
class Skill:
    """One skill: its front matter and the text of its only file."""

    name: str
    description: str
    body: str

    @classmethod
    def of_prompt(cls, prompt: PromptFile) -> Skill:
        body = prompt.body
        for field in prompt.head.arguments:
            body = body.replace("{{" + field.name + "}}", f"<{field.name}>")
        needs = [
            f"- `<{field.name}>`: {field.description}{'' if field.required else ' (may be left out)'}"
            for field in prompt.head.arguments
        ]
        before = ["Ask for what you do not know of this:", "", *needs, ""] if needs else []
        return cls(prompt.name, prompt.head.description, "\n".join([f"# {prompt.head.title}", "", *before, body, ""]))

    @property
    def uri(self) -> str:
        return f"skill://spheresync/{self.name}/SKILL.md"

    @property
    def front_matter(self) -> dict[str, Json]:
        return {"name": self.name, "description": self.description}

    @property
    def text(self) -> str:
        import yaml

        return f"---\n{yaml.safe_dump(self.front_matter, sort_keys=False, allow_unicode=True)}---\n{self.body}"

    def entry(self) -> dict[str, Json]:
        """As `skills/list` and `skills/get` say it."""
        content = self.text.encode()
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        return {
            "uri": self.uri,
            "frontmatter": self.front_matter,
            "resources": [{"uri": self.uri, "digest": digest, "size": len(content)}],
        }


class ListSkillsParams(RequestParams):
    cursor: str | None = None


class GetSkillParams(RequestParams):
    uri: str


class SkillsExtension(Extension):
    """Serves `skills/list` and `skills/get`; the files are resources like any other, which the server adds."""

    identifier = SKILLS

    def __init__(self, server_context: ServerContext) -> None:
        self._server_context = server_context

    @cached_property
    def _skills(self) -> dict[str, Skill]:
        return {skill.uri: skill for skill in map(Skill.of_prompt, load_prompts())}

    def files(self) -> Iterable[TextResource]:
        """The file of each skill."""
        for skill in self._skills.values():
            yield TextResource(
                uri=skill.uri,
                name=skill.name,
                description=skill.description,
                mime_type="text/markdown",
                text=skill.text,
            )

    def methods(self) -> Sequence[MethodBinding]:
        return (
            MethodBinding("skills/list", ListSkillsParams, self._list),
            MethodBinding("skills/get", GetSkillParams, self._get),
        )

    async def _list(self, _ctx: RequestContext, _params: ListSkillsParams) -> HandlerResult:
        return {"skills": [skill.entry() for skill in self._open().values()], **_cached()}

    async def _get(self, _ctx: RequestContext, params: GetSkillParams) -> HandlerResult:
        skill = self._open().get(params.uri)
        if skill is None:
            raise MCPError(INVALID_PARAMS, f"There is no skill {visible(params.uri)!r}. skills/list names them.")
        return {"skill": skill.entry(), **_cached()}

    def _open(self) -> dict[str, Skill]:
        """The skills, for whoever may call the tools that they name."""
        return self._skills if self._server_context.allows(CallerRole.VIEWER) else {}


def _cached() -> dict[str, Json]:
    return {"resultType": "complete", "ttlMs": _UNCHANGED_MS, "cacheScope": "public"}
