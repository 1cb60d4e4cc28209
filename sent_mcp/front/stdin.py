"""Reads what a host sends and answers what it can, until the server is loaded.

It never waits for a slow reader: what cannot be written at once is left to the server, too.
"""

import os
import select
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sent_mcp.front.conversation import Conversation
    from sent_mcp.front.loading import Loading

_CHUNK = 65_536
_AT_FIRST = 0.01
"""Seconds before loading begins, which would slow the first answers."""


class Stdin:
    """What came so far: `unread` is what nobody has looked at, `answered` says whether any was.

    `unwritten` is the rest of an answer that did not fit into the pipe.
    """

    __slots__ = ("_conversation", "answered", "ended", "unread", "unwritten")

    def __init__(self, conversation: "Conversation") -> None:
        self._conversation = conversation
        self.answered = False
        self.ended = False
        self.unread = b""
        self.unwritten = b""

    def converse(self, loading: "Loading") -> None:
        """Answer lines until one is not for the front, stdin ends, or the server is loaded.

        Raises ConnectionError when nobody reads the answers.
        """
        load_at = time.monotonic() + _AT_FIRST
        while self._answer_lines() and not self.ended:
            wait = None if loading.began else max(0.0, load_at - time.monotonic())
            readable, _, _ = select.select([0, loading.ready], [], [], wait)
            if loading.ready in readable:
                return
            if 0 in readable:
                self._read()
            else:
                loading.start()

    def _read(self) -> None:
        try:
            chunk = os.read(0, _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            # A socket that was reset, for example: nothing more will come.
            chunk = b""
        self.unread += chunk
        self.ended = not chunk

    def _answer_lines(self) -> bool:
        """Answer the whole lines there are; whether to go on."""
        while b"\n" in self.unread:
            line, _, rest = self.unread.partition(b"\n")
            reply = self._conversation.reply(line + b"\n")
            if reply is None:
                return False
            self.unread = rest
            self.answered = True
            self.unwritten = _rest(reply)
            if self.unwritten:
                return False
        return len(self.unread) < _CHUNK


def _rest(reply: bytes) -> bytes:
    """What of it could not be written without waiting."""
    while reply and select.select([], [1], [], 0)[1]:
        try:
            # A pipe that can be written takes so much without blocking (POSIX, PIPE_BUF).
            reply = reply[os.write(1, reply[: select.PIPE_BUF]) :]
        except BlockingIOError:
            break
        except ConnectionError:
            raise
        except OSError:
            # The server's own transport says what is wrong with stdout.
            break
    return reply
