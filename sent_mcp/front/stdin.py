"""Reads what a host sends and answers what it can, until the server is loaded."""

import os
import select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sent_mcp.front.conversation import Conversation
    from sent_mcp.front.loading import Loading

_CHUNK = 65_536
_AT_FIRST = 0.01
"""Seconds a host's first lines are waited for before loading begins: it would slow the answers."""


class Stdin:
    """What came so far: `unread` is what nobody has looked at, `answered` says whether any was."""

    __slots__ = ("_conversation", "answered", "ended", "unread")

    def __init__(self, conversation: "Conversation") -> None:
        self._conversation = conversation
        self.answered = False
        self.ended = False
        self.unread = b""

    def converse(self, loading: "Loading") -> None:
        """Answer lines until one is not for the front, stdin ends, or the server is loaded.

        Raises BrokenPipeError when nobody reads the answers.
        """
        while self._answer_lines() and not self.ended:
            wait = None if loading.began else _AT_FIRST
            readable, _, _ = select.select([0, loading.ready], [], [], wait)
            if loading.ready in readable:
                return
            if 0 in readable:
                chunk = os.read(0, _CHUNK)
                self.unread += chunk
                self.ended = not chunk
            else:
                loading.start()

    def _answer_lines(self) -> bool:
        """Answer the whole lines there are; whether to go on."""
        while b"\n" in self.unread:
            line, _, rest = self.unread.partition(b"\n")
            reply = self._conversation.reply(line + b"\n")
            if reply is None:
                return False
            self.unread = rest
            self.answered = True
            _write(reply)
        return len(self.unread) < _CHUNK


def _write(reply: bytes) -> None:
    while reply:
        reply = reply[os.write(1, reply) :]
