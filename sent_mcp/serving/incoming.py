"""The messages of the client, as the SDK's server reads them."""

import asyncio
from collections import deque
from typing import Self

import anyio
from mcp.shared.message import SessionMessage

from sent_mcp.front import Opening
from sent_mcp.serving.lines import Lines
from sent_mcp.serving.messages import RefusedError, parsed
from sent_mcp.serving.sinks import Sink
from sent_mcp.serving.sources import source
from sent_mcp.serving.stream import Stream
from sent_mcp.serving.unanswered import Unanswered

DRAIN_SECONDS = 10.0
"""How long calls may go on after the end of input."""


class Incoming(Stream):
    """The SDK's ReadStream without streams and tasks in between: to receive is to parse a line.

    A line that is no message is answered here and not handed on. After the end of input it goes on
    until every call has been answered, since the SDK cancels what is open when its stream ends.
    """

    def __init__(self, fd: int, out: Sink, unanswered: Unanswered, opening: Opening) -> None:
        self._out = out
        self._unanswered = unanswered
        self._opening: Opening | None = opening
        self._cutter = Lines()
        self._lines = deque(self._cutter.cut(opening.replayed))
        self._source = source(fd, self._take)
        self._ended = self._stopped = False
        self._waiting: asyncio.Future[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        # Called while waiting depends on it only: during the replay, and after the end of input.
        unanswered.changed = self._wake

    def end(self) -> None:
        """Nothing more will come: what is asked is answered, what the client is asked given up."""
        if self._opening is not None:
            self._opening.ended = True
        elif not self._ended:
            self._ended = True
            self._lines += self._cutter.cut(b"\n")
            self._deadline = asyncio.get_running_loop().call_later(DRAIN_SECONDS, self.stop)
            self._unanswered.changed = self._wake
            self._wake()

    def stop(self) -> None:
        """End at once; the SDK then cancels what is open."""
        self._stopped = True
        self._out.stop_waiting()
        self._wake()

    async def receive(self) -> SessionMessage:
        """The next message. Raises anyio.EndOfStream."""
        while not self._stopped:
            message = await (self._read(self._lines.popleft()) if self._lines else self._idle())
            if message is not None:
                return message
        raise anyio.EndOfStream

    def _take(self, chunk: bytes) -> None:
        if chunk:
            self._lines += self._cutter.cut(chunk)
            self._wake()
        else:
            self.end()

    async def _read(self, line: bytes | None) -> SessionMessage | None:
        """The message in it, if there is one; it may wait until answers have been read."""
        if line is not None and not line.strip(b" \t\r"):
            return None
        try:
            message = self._unanswered.came(parsed(line))
        except RefusedError as refused:
            await self._refuse(refused.line)
            return None
        if self._out.is_overfull:
            await self._out.room()
        return message

    async def _refuse(self, line: bytes) -> None:
        try:
            self._out.write(line)
        except anyio.BrokenResourceError:
            return
        if self._out.is_full:
            await self._out.room()

    async def _idle(self) -> SessionMessage | None:
        """Without lines: what stands in for an answer that cannot come, or None after a change."""
        if self._ended:
            stand_in = self._unanswered.closed_question()
            self._stopped = stand_in is None and not self._unanswered.calls
            if stand_in is not None or self._stopped:
                return stand_in
        elif self._opening is None:
            self._source.ask()
        elif not self._unanswered.calls:
            self._leave_opening(self._opening)
            return None
        await self._change()
        return None

    def _leave_opening(self, opening: Opening) -> None:
        """What was replayed has been heard; the rest is for nobody else."""
        self._opening = None
        self._unanswered.is_replaying = False
        self._unanswered.changed = None
        self._lines += self._cutter.cut(opening.unread)
        if opening.ended:
            self.end()

    async def _change(self) -> None:
        self._waiting = asyncio.get_running_loop().create_future()
        try:
            await self._waiting
        finally:
            self._waiting = None

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        """Read nothing more."""
        self._stopped = True
        self._source.close()
        if self._deadline is not None:
            self._deadline.cancel()
