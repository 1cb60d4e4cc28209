"""The thread that writes the audit log: a slow disk or an unread stderr holds up nobody else."""

import logging
from logging.handlers import QueueHandler, QueueListener
from queue import Queue

MOST_WAITING = 10_000
_log = logging.getLogger("sent_mcp.guard")
_Lines = Queue[logging.LogRecord | None]


class Writer(QueueListener):
    """Writes lines one after the other, and says which it could not, without their content.

    `destination` raises what goes wrong. The same reason is said again only after a success.
    """

    def __init__(self, destination: logging.Handler) -> None:
        self._lines: _Lines = Queue()
        super().__init__(self._lines, destination)
        self._waiting = _Waiting(self._lines)
        self._destination = destination
        self._said: set[str] = set()
        self._lost = 0

    def put(self, line: str) -> None:
        """Have a line written; it is dropped when ten thousand wait already."""
        self._waiting.handle(
            logging.LogRecord("sent_mcp.audit", logging.INFO, "", 0, line, None, None)
        )

    def handle(self, record: logging.LogRecord) -> None:
        """Write one line, in the thread."""
        try:
            super().handle(record)
        except (OSError, ValueError) as error:
            self._say(str(error))
        else:
            self._said.clear()
        self._say_what_was_lost()

    def finish(self, seconds: float) -> None:
        """Stop when nothing waits any more; a write that hangs is left to the process's end."""
        with self._lines.all_tasks_done:
            done = self._lines.all_tasks_done.wait_for(self._is_idle, seconds)
        if done:
            self.stop()
            self._destination.close()

    def _is_idle(self) -> bool:
        return not self._lines.unfinished_tasks

    def _say(self, reason: str) -> None:
        if reason not in self._said:
            self._said.add(reason)
            _log.warning("the audit log could not be written (%s)", reason)

    def _say_what_was_lost(self) -> None:
        lost = self._waiting.lost
        if lost > self._lost:
            _log.warning("the audit log was too slow and lost %d entries", lost - self._lost)
        self._lost = lost


class _Waiting(QueueHandler):
    """The near end of the queue, which does not grow for ever while nothing can be written."""

    def __init__(self, lines: _Lines) -> None:
        super().__init__(lines)
        self._lines = lines
        self.lost = 0

    def enqueue(self, record: logging.LogRecord) -> None:
        if self._lines.qsize() < MOST_WAITING:
            super().enqueue(record)
        else:
            # Only counted here: a warning goes to stderr, which may be just what is stuck.
            self.lost += 1
