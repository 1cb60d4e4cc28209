"""Those tools of the suite that ask for more than a yes, in rounds of 2026-07-28.

The product asks for one box in a form, and its guard is judged by the tools in `guarded`. These ask
for what the suite wants; the guard still seals their states and knows whether a host has forms.
"""

from collections.abc import Sequence
from typing import Any

import mcp_types as mcp

from sent_mcp.guard import token as tokens
from sent_mcp.guard.ask import Host
from sent_mcp.guard.token import new_approval_id
from tests.conformance.contents import Answer, Context, Fixture, text

_SECRET = b"of this run of the suite and of no other"


def form(message: str, field: str, kind: str = "string") -> mcp.ElicitRequest:
    """A form with one field."""
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {field: {"type": kind}},
        "required": [field],
    }
    params = mcp.ElicitRequestFormParams(message=message, requested_schema=schema)
    return mcp.ElicitRequest(params=params)


def _sampling(question: str) -> mcp.CreateMessageRequest:
    said = mcp.SamplingMessage(role="user", content=mcp.TextContent(text=question))
    return mcp.CreateMessageRequest(
        params=mcp.CreateMessageRequestParams(messages=[said], max_tokens=100)
    )


def accepted(answers: mcp.InputResponses | None, key: str, field: str) -> str | None:
    """What stands in one field of a form that was accepted."""
    found = (answers or {}).get(key)
    if not isinstance(found, mcp.ElicitResult) or found.action != "accept":
        return None
    value = (found.content or {}).get(field)
    return None if value is None else str(value)


_NAME, _CONTEXT = form("What is your name?", "name"), form("Which context?", "context")
_CONFIRM = form("Please confirm", "ok", "boolean")
_COLOR = form("Step 2: What is your favorite color?", "color")
_CAPITAL, _GREETING = _sampling("What is the capital of France?"), _sampling("Generate a greeting")
_ROOTS = mcp.ListRootsRequest()


def _state(tool: str, step: str) -> str:
    return tokens.seal(_SECRET, new_approval_id(), [tool, step])


def _is_at(params: mcp.CallToolRequestParams, step: str) -> bool:
    state = params.request_state or ""
    return tokens.unseal(_SECRET, state, [params.name, step]) is not None


async def _elicitation(context: Context, params: mcp.CallToolRequestParams) -> Answer:
    name = accepted(params.input_responses, "user_name", "name")
    if name is None:
        return mcp.InputRequiredResult(input_requests={"user_name": _NAME})
    return text(f"Hello, {name}!")


async def _sampled(context: Context, params: mcp.CallToolRequestParams) -> Answer:
    found = (params.input_responses or {}).get("capital_question")
    if not isinstance(found, mcp.CreateMessageResult):
        return mcp.InputRequiredResult(input_requests={"capital_question": _CAPITAL})
    return text(f"{found.model} said something.")


async def _list_roots(context: Context, params: mcp.CallToolRequestParams) -> Answer:
    found = (params.input_responses or {}).get("client_roots")
    if not isinstance(found, mcp.ListRootsResult):
        return mcp.InputRequiredResult(input_requests={"client_roots": _ROOTS})
    return text(", ".join(str(root.uri) for root in found.roots))


async def _request_state(context: Context, params: mcp.CallToolRequestParams) -> Answer:
    if _is_at(params, "asked") and accepted(params.input_responses, "confirm", "ok"):
        return text("state-ok")
    state = _state(params.name, "asked")
    return mcp.InputRequiredResult(input_requests={"confirm": _CONFIRM}, request_state=state)


async def _several(context: Context, params: mcp.CallToolRequestParams) -> Answer:
    wanted: mcp.InputRequests = {"user_name": _NAME, "greeting": _GREETING, "client_roots": _ROOTS}
    if _is_at(params, "asked") and set(wanted) <= set(params.input_responses or {}):
        return text("All three were answered.")
    state = _state(params.name, "asked")
    return mcp.InputRequiredResult(input_requests=wanted, request_state=state)


async def _steps(context: Context, params: mcp.CallToolRequestParams) -> Answer:
    if _is_at(params, "second") and accepted(params.input_responses, "step2", "color"):
        return text("Both steps are done.")
    step, key, asked = "first", "step1", _NAME
    if _is_at(params, "first") and accepted(params.input_responses, "step1", "name"):
        step, key, asked = "second", "step2", _COLOR
    state = _state(params.name, step)
    return mcp.InputRequiredResult(input_requests={key: asked}, request_state=state)


async def _capabilities(context: Context, params: mcp.CallToolRequestParams) -> Answer:
    capabilities = context.session.client_capabilities
    wanted: mcp.InputRequests = {}
    if Host(context, params).can_ask:
        wanted["user_name"] = _NAME
    if capabilities is not None and capabilities.sampling is not None:
        wanted["greeting"] = _GREETING
    return mcp.InputRequiredResult(input_requests=wanted) if wanted else text("Nobody to ask.")


async def prompt(
    context: Context, params: mcp.GetPromptRequestParams
) -> mcp.GetPromptResult | mcp.InputRequiredResult:
    """A prompt that needs an answer first."""
    said = accepted(params.input_responses, "user_context", "context")
    if said is None:
        return mcp.InputRequiredResult(input_requests={"user_context": _CONTEXT})
    message = mcp.PromptMessage(role="user", content=mcp.TextContent(text=said))
    return mcp.GetPromptResult(messages=[message])


_ROUNDS = {
    "elicitation": _elicitation,
    "sampling": _sampled,
    "list_roots": _list_roots,
    "request_state": _request_state,
    "multiple_inputs": _several,
    "multi_round": _steps,
    "capabilities": _capabilities,
}
ROUNDS: Sequence[Fixture] = [
    Fixture(f"test_input_required_result_{name}", answer) for name, answer in _ROUNDS.items()
]
