"""The messages of the server, as they are written for the client."""

import logging

import mcp_types as mcp
from mcp.shared.message import SessionMessage

from sent_mcp.serving.messages import apology, encoded
from sent_mcp.serving.sinks import Sink
from sent_mcp.serving.stream import Stream
from sent_mcp.serving.unanswered import Unanswered

_log = logging.getLogger("sent_mcp.serving")


class Outgoing(Stream):
    """The SDK's WriteStream without streams and tasks in between: to send is to write a line."""

    def __init__(self, out: Sink, unanswered: Unanswered) -> None:
        self._out = out
        self._unanswered = unanswered

    async def send(self, item: SessionMessage, /) -> None:
        """Write it; what is no answer waits while the client reads slowly.

        Raises anyio.BrokenResourceError when the client reads no more, which the SDK expects.
        """
        if not self._unanswered.goes(item.message):
            return
        self._out.write(_line(item.message))
        # An answer is kept by now, and who waited with it would only be kept as well. How many
        # there can be is decided where requests are read.
        is_answer = isinstance(item.message, mcp.JSONRPCResponse | mcp.JSONRPCError)
        if self._out.is_full and not is_answer:
            await self._out.room()

    async def aclose(self) -> None:
        """Nothing to do: what was sent is written by whoever owns the descriptor."""


def _line(message: mcp.JSONRPCMessage) -> bytes:
    try:
        return encoded(message)
    except ValueError as error:
        # Only its kind: the text would show what the message holds.
        _log.error("A %s cannot be written as JSON: %s", type(message).__name__, error)
        return apology(message)
