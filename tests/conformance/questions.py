"""Tools and a prompt that ask the client before they answer, in both ways: by retry, and by a request of their own."""

from __future__ import annotations

import json
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.prompts.base import UserMessage
from mcp.types import (
    CreateMessageRequest,
    CreateMessageRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequest,
    InputRequiredResult,
    ListRootsRequest,
    SamplingMessage,
    TextContent,
)
from pydantic import BaseModel, Field


def form(message: str, field: str, kind: str = "string") -> ElicitRequest:
    """A question with one field."""
    schema = {"type": "object", "properties": {field: {"type": kind}}, "required": [field]}
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))


def sample(text: str) -> CreateMessageRequest:
    message = SamplingMessage(role="user", content=TextContent(type="text", text=text))
    return CreateMessageRequest(params=CreateMessageRequestParams(messages=[message], max_tokens=100))


def said(ctx: Context, key: str, field: str) -> str:
    """What the client answered to a form, or that it answered none."""
    answer = (ctx.input_responses or {}).get(key)
    return str(answer.content.get(field, "?")) if isinstance(answer, ElicitResult) and answer.content else "?"


def answered(ctx: Context, *keys: str) -> bool:
    return set(keys) <= set(ctx.input_responses or {})


NAME = "What is your name?"


def add_questions(server: MCPServer[Any]) -> None:
    """Register what asks."""
    _add_single_rounds(server)
    _add_states(server)
    _add_requests_of_before(server)


def _add_single_rounds(server: MCPServer[Any]) -> None:
    @server.tool()
    async def test_input_required_result_elicitation(ctx: Context) -> str | InputRequiredResult:
        """Asks for a name."""
        if answered(ctx, "user_name"):
            return f"Hello, {said(ctx, 'user_name', 'name')}!"
        return InputRequiredResult(input_requests={"user_name": form(NAME, "name")})

    @server.tool()
    async def test_input_required_result_sampling(ctx: Context) -> str | InputRequiredResult:
        """Asks the model."""
        if answered(ctx, "capital_question"):
            return "The model has answered."
        return InputRequiredResult(input_requests={"capital_question": sample("What is the capital of France?")})

    @server.tool()
    async def test_input_required_result_list_roots(ctx: Context) -> str | InputRequiredResult:
        """Asks for roots."""
        if answered(ctx, "client_roots"):
            return "The client named its roots."
        return InputRequiredResult(input_requests={"client_roots": ListRootsRequest()})

    @server.tool()
    async def test_input_required_result_multiple_inputs(ctx: Context) -> str | InputRequiredResult:
        """Asks for three things at once."""
        if answered(ctx, "user_name", "greeting", "client_roots"):
            return "All inputs received."
        requests: dict[str, InputRequest] = {
            "user_name": form(NAME, "name"),
            "greeting": sample("Generate a greeting"),
            "client_roots": ListRootsRequest(),
        }
        return InputRequiredResult(input_requests=requests, request_state="three")

    @server.tool()
    async def test_input_required_result_capabilities(ctx: Context) -> InputRequiredResult:
        """Asks only what the client can answer."""
        capabilities = ctx.client_capabilities
        requests: dict[str, InputRequest] = {}
        if capabilities is None or capabilities.sampling is not None:
            requests["sample"] = sample("Say hello")
        if capabilities is None or capabilities.elicitation is not None:
            requests["ask"] = form(NAME, "name")
        return InputRequiredResult(input_requests=requests, request_state="by capability")

    @server.prompt()
    async def test_input_required_result_prompt(ctx: Context) -> list[UserMessage] | InputRequiredResult:
        """A prompt that asks for its context."""
        if answered(ctx, "user_context"):
            return [UserMessage(f"Use the following context: {said(ctx, 'user_context', 'context')}")]
        question = form("What context should the prompt use?", "context")
        return InputRequiredResult(input_requests={"user_context": question})


def _add_states(server: MCPServer[Any]) -> None:
    """What carries a state from one round to the next."""

    @server.tool()
    async def test_input_required_result_request_state(ctx: Context) -> str | InputRequiredResult:
        """One round with a state."""
        if answered(ctx, "confirm") and ctx.request_state == "state of the first round":
            return "state-ok: confirmation received"
        return InputRequiredResult(
            input_requests={"confirm": form("Please confirm", "ok", "boolean")},
            request_state="state of the first round",
        )

    @server.tool()
    async def test_input_required_result_tampered_state(ctx: Context) -> str | InputRequiredResult:
        """A state that somebody alters never arrives here."""
        if ctx.request_state is not None:
            return f"state-ok: {ctx.request_state}"
        return InputRequiredResult(
            input_requests={"confirm": form("Please confirm", "ok", "boolean")}, request_state="round-1"
        )

    @server.tool()
    async def test_input_required_result_multi_round(ctx: Context) -> str | InputRequiredResult:
        """Two questions, one after the other."""
        state = json.loads(ctx.request_state) if ctx.request_state else {"round": 0}
        if state["round"] == 2 and answered(ctx, "step2"):
            return f"{state['name']} likes {said(ctx, 'step2', 'color')}."
        if state["round"] == 1 and answered(ctx, "step1"):
            return InputRequiredResult(
                input_requests={"step2": form("Step 2: What is your favorite color?", "color")},
                request_state=json.dumps({"round": 2, "name": said(ctx, "step1", "name")}),
            )
        return InputRequiredResult(
            input_requests={"step1": form(f"Step 1: {NAME}", "name")}, request_state=json.dumps({"round": 1})
        )


class Response(BaseModel):
    response: str = Field(description="User's response")


class Defaults(BaseModel):
    """Each primitive type with a default."""

    name: str = Field(default="John Doe")
    age: int = Field(default=30)
    score: float = Field(default=95.5)
    status: str = Field(default="active", json_schema_extra={"enum": ["active", "inactive", "pending"]})
    verified: bool = Field(default=True)


def titled(**titles: str) -> list[dict[str, str]]:
    return [{"const": value, "title": title} for value, title in titles.items()]


_WORDS = ["active", "inactive", "pending"]
_LEVELS = titled(low="Low Priority", medium="Medium Priority", high="High Priority")
_WORK = titled(feature="New Feature", bug="Bug Fix", docs="Documentation")
_OPTIONS = ["option1", "option2", "option3"]
_OPTION_NAMES = ["Option One", "Option Two", "Option Three"]


class Enums(BaseModel):
    """Each way of spelling an enum."""

    untitledSingle: str = Field(json_schema_extra={"enum": [*_WORDS]})  # noqa: N815 -- the suite's names
    titledSingle: str = Field(json_schema_extra={"oneOf": [*_LEVELS]})  # noqa: N815
    untitledMulti: list[str] = Field(  # noqa: N815
        json_schema_extra={"items": {"type": "string", "enum": ["read", "write", "execute"]}}
    )
    titledMulti: list[str] = Field(json_schema_extra={"items": {"anyOf": [*_WORK]}})  # noqa: N815
    legacyEnum: str = Field(json_schema_extra={"enum": [*_OPTIONS], "enumNames": [*_OPTION_NAMES]})  # noqa: N815


def _add_requests_of_before(server: MCPServer[Any]) -> None:
    """What asks with a request of the server's own, as before 2026-07-28."""

    async def asked(ctx: Context, message: str, schema: type[BaseModel], title: str) -> str:
        result = await ctx.elicit(message=message, schema=schema)
        content = result.data.model_dump_json() if result.action == "accept" else "{}"
        return f"{title}: action={result.action}, content={content}"

    @server.tool()
    async def test_elicitation(message: str, ctx: Context) -> str:
        """Asks for a text."""
        return await asked(ctx, message, Response, "User response")

    @server.tool()
    async def test_elicitation_sep1034_defaults(ctx: Context) -> str:
        """Asks with defaults."""
        return await asked(ctx, "Please provide user information", Defaults, "Elicitation result")

    @server.tool()
    async def test_elicitation_sep1330_enums(ctx: Context) -> str:
        """Asks with enums."""
        return await asked(ctx, "Please choose", Enums, "Elicitation completed")

    @server.tool()
    async def test_sampling(prompt: str, ctx: Context) -> str:
        """Asks the model of the client."""
        message = SamplingMessage(role="user", content=TextContent(type="text", text=prompt))
        result = await ctx.session.create_message(messages=[message], max_tokens=100, related_request_id=ctx.request_id)
        text = result.content.text if isinstance(result.content, TextContent) else "no text"
        return f"LLM response: {text}"
