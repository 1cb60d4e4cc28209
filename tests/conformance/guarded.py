"""Those tools of the suite that are tools as the product makes them: its registry and its guard."""

from dataclasses import dataclass

import anyio

from sent_mcp.client import SentClient
from sent_mcp.errors import RefusedError
from sent_mcp.guard import Question
from sent_mcp.tools.arguments import Arguments, Change
from sent_mcp.tools.registry import ChangeTool, Offer, ReadTool, SentCall, Tool
from sent_mcp.tools.results import ChangeResult, Result

PAUSE_SECONDS = 0.05
"""Between two notifications, as the suite asks for."""


def _offer(name: str) -> Offer[Arguments, Result]:
    return Offer(name, name, "A tool of the conformance suite.", "contacts", Arguments, Result)


async def _simple(call: SentCall, arguments: Arguments) -> Result:
    return Result(message="This is a simple text response for testing.")


async def _fail(call: SentCall, arguments: Arguments) -> Result:
    raise RefusedError("This tool intentionally returns an error for testing")


async def _progress(call: SentCall, arguments: Arguments) -> Result:
    for step in (1, 50, 100):
        await call.progress(step, 100, f"Completed step {step} of 100")
        await anyio.sleep(PAUSE_SECONDS)
    return Result(message="All steps are completed.")


@dataclass(frozen=True)
class _Plan:
    question: Question


async def _ask(call: SentCall, arguments: Change) -> _Plan:
    return _Plan(Question("do it", ("Please confirm.",), "Nothing was done."))


async def _act(call: SentCall, plan: _Plan) -> ChangeResult:
    return ChangeResult(status="done", message="It was done.")


def _guarded(name: str) -> ChangeTool[Change, _Plan]:
    words = "A guarded tool of the conformance suite."
    offer = Offer(name, name, words, "contacts", Change, ChangeResult, read_only=False)
    return ChangeTool(offer, _ask, _act)


REGISTERED: tuple[Tool[SentClient], ...] = (
    ReadTool(_offer("test_simple_text"), _simple),
    ReadTool(_offer("test_error_handling"), _fail),
    ReadTool(_offer("test_tool_with_progress"), _progress),
    _guarded("test_streaming_elicitation"),
    _guarded("test_input_required_result_tampered_state"),
)
