"""What the client still waits for, and what is still asked of it."""

from collections.abc import Callable

import mcp_types as mcp
from mcp.shared.message import ServerMessageMetadata, SessionMessage

from sent_mcp.serving.messages import error_for

_GONE = "The client has closed the connection, so it cannot answer."


class Unanswered:
    """Both directions of one connection; `changed` is called when there may be less to wait for.

    Requests are counted rather than kept by their ids, which a client may use twice. While
    `is_replaying`, the client has the answers already.
    """

    def __init__(self) -> None:
        self.calls = 0
        self.is_replaying = True
        self.changed: Callable[[], None] | None = None
        self._questions: dict[mcp.RequestId, None] = {}
        # A request that was cancelled is never answered; the SDK says so by this alone.
        self._metadata = ServerMessageMetadata(on_request_unanswered=self._settled_silently)

    def came(self, message: mcp.JSONRPCMessage) -> SessionMessage:
        """Note what the client sent; the message as the SDK takes it."""
        if isinstance(message, mcp.JSONRPCRequest):
            self.calls += 1
            return SessionMessage(message, self._metadata)
        if isinstance(message, mcp.JSONRPCResponse | mcp.JSONRPCError) and message.id is not None:
            self._questions.pop(message.id, None)
        return SessionMessage(message)

    def goes(self, message: mcp.JSONRPCMessage) -> bool:
        """Note what the server sends; whether the client does not have it already."""
        if isinstance(message, mcp.JSONRPCResponse | mcp.JSONRPCError):
            self._settled()
            return not self.is_replaying
        if isinstance(message, mcp.JSONRPCRequest):
            self._questions[message.id] = None
            self._tell()
        elif message.method == "notifications/cancelled":
            self._questions.pop((message.params or {}).get("requestId", 0), None)
        return True

    def closed_question(self) -> SessionMessage | None:
        """An error in place of an answer that can never come; None when nothing is asked."""
        if not self._questions:
            return None
        question = next(iter(self._questions))
        del self._questions[question]
        return SessionMessage(error_for(question, mcp.CONNECTION_CLOSED, _GONE))

    async def _settled_silently(self) -> None:
        self._settled()

    def _settled(self) -> None:
        self.calls -= 1
        self._tell()

    def _tell(self) -> None:
        if self.changed is not None:
            self.changed()
