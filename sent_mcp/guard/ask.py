"""The host of one call: whether it can ask its user, how, and what it brought back.

On 2026-07-28 the question is the answer to the call, and the user's answer comes with the next one
(MCP, multi round-trip requests). Before, the host is asked while the call is open (`elicitation`).
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any

import anyio
import mcp_types as mcp
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError

MODERN = "2026-07-28"
FIELD = "confirm"
INSTANT_SECONDS = 0.7
"""Nobody reads and dismisses a form faster: what is cancelled sooner was never shown."""
CANNOT_DRAW = ("remote_cowork",)
"""Hosts that declare forms and never draw them, by a part of their name or version."""
_PROGRESS_SECONDS = 10.0
_WAITING = "waiting for the user's answer"


class Heard(Enum):
    """What came of a question."""

    YES = "yes"
    NO = "no"
    NOBODY = "nobody answered in time"
    UNABLE = "the host could not ask"


@dataclass(frozen=True)
class Form:
    """A question as a host shows it; `label` stands beside the box to tick."""

    words: str
    label: str

    @property
    def request(self) -> mcp.ElicitRequest:
        """The form as the protocol has it."""
        return mcp.ElicitRequest(
            params=mcp.ElicitRequestFormParams(message=self.words, requested_schema=self.schema)
        )

    @property
    def schema(self) -> mcp.ElicitRequestedSchema:
        """One box, not ticked."""
        box = {
            "type": "boolean",
            "title": f"Yes, {self.label}",
            "description": "Leave it unticked, or decline, to refuse",
            "default": False,
        }
        return {"type": "object", "properties": {FIELD: box}, "required": [FIELD]}


class Host:
    """What one call says about its host. `caller` is who counts as one for limits and approvals."""

    def __init__(
        self,
        context: ServerRequestContext[Any, Any],
        params: mcp.CallToolRequestParams,
        *,
        caller: str = "local",
    ) -> None:
        self.caller = caller
        self.state = params.request_state
        self._answers = params.input_responses or {}
        self._session = context.session
        self._request_id = context.request_id
        self._reached = self._asking = 0.0
        self.keeps_waiting = bool(context.meta and context.meta.get("progress_token") is not None)
        self.asks_between_calls = context.protocol_version >= MODERN

    @property
    def can_ask(self) -> bool:
        """Whether a form would be shown, as far as can be known before trying."""
        capabilities = self._session.client_capabilities
        elicitation = capabilities.elicitation if capabilities else None
        if elicitation is None or (elicitation.form is None and elicitation.url is not None):
            return False
        if any(part in self._name for part in CANNOT_DRAW):
            return False
        return self.asks_between_calls or self._session.can_send_request

    @property
    def cannot_be_reached(self) -> bool:
        """Whether nothing leads back to it while a call is open: over HTTP, before 2026-07-28."""
        return not self.asks_between_calls and not self._session.can_send_request

    @property
    def answer(self) -> mcp.ElicitResult | None:
        """The answer to a form that came with this call."""
        found = self._answers.get(FIELD)
        return found if isinstance(found, mcp.ElicitResult) else None

    async def ask(self, form: Form, seconds: float) -> Heard:
        """Show the form while the call is open; a later answer does nothing."""
        began = anyio.current_time()
        with anyio.move_on_after(seconds):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._keep_waiting)
                heard = await self._asked(form, began)
                tasks.cancel_scope.cancel()
                return heard
        return Heard.NOBODY

    async def report_progress(
        self, progress: float, total: float | None = None, message: str | None = None
    ) -> None:
        """Tell how far the call is; what is no step further is not told (MCP, progress).

        The steps while a question was open came first, and count.
        """
        progress += self._asking
        if progress > self._reached:
            self._reached = progress
            whole = None if total is None else total + self._asking
            await self._session.report_progress(progress, whole, message)

    async def _asked(self, form: Form, began: float) -> Heard:
        try:
            answer = await self._session.elicit_form(form.words, form.schema, self._request_id)
        except MCPError:
            return Heard.UNABLE
        except ValidationError:
            return Heard.NO
        return heard(answer, anyio.current_time() - began)

    async def _keep_waiting(self) -> None:
        while self.keeps_waiting:
            self._reached = self._asking = self._reached + 1
            await self._session.report_progress(self._reached, None, _WAITING)
            await anyio.sleep(_PROGRESS_SECONDS)

    @property
    def _name(self) -> str:
        given = self._session.client_params
        return f"{given.client_info.name}/{given.client_info.version}" if given else ""


def heard(answer: mcp.ElicitResult, seconds: float) -> Heard:
    """What an answer means that took so long: yes is the ticked box and nothing besides."""
    if answer.action == "cancel" and 0 <= seconds < INSTANT_SECONDS:
        return Heard.UNABLE
    content = answer.content or {}
    ticked = answer.action == "accept" and list(content) == [FIELD] and content[FIELD] is True
    return Heard.YES if ticked else Heard.NO
