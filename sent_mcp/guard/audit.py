"""The audit log: one JSON line per change that was asked for, written beside the server's work."""

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from sent_mcp.guard.audit_destinations import PrivateFile, Stderr
from sent_mcp.guard.audit_writer import Writer
from sent_mcp.guard.question import Question
from sent_mcp.masking import mask_keys, mask_log, mask_log_but_ids

STDERR = "-"
LAST_SECONDS = 2.0
CANCELLED = "cancelled"
_ABANDON_SECONDS = 0.5
_log = logging.getLogger("sent_mcp.guard")


@dataclass(frozen=True)
class Entry:
    """One change: who asked for what, how it was confirmed, and what came of it.

    `target` is masked when it is written; `arguments` is an HMAC, hexadecimal. `confirmed`
    is "form", "token", "off", "before" (it goes on with what was confirmed), "not needed" or
    "used before", and None where nobody confirmed.
    """

    caller: str
    tool: str
    target: str
    arguments: str
    confirmed: str | None
    outcome: str
    request_id: str | None = None


@dataclass
class Line:
    """What is known so far of a call that is under way; it is written however the call ends."""

    target: str
    confirmed: str | None = None
    outcome: str = CANCELLED
    request_id: str | None = None

    def about(self, question: Question | None) -> None:
        """Name the target as the question does, once there is one."""
        if question is not None:
            self.target = question.action


class AuditLog:
    """Appends entries to a file for its owner only, to stderr for `-`, or nowhere for None.

    A file above `max_bytes` is renamed, and `kept` older ones stay. Nothing is opened and no thread
    runs before the first entry. What fails is said once, as a warning, until it works again.
    """

    def __init__(
        self,
        destination: Path | str | None,
        *,
        clock: Callable[[], float] = time.time,
        max_bytes: int = 10_000_000,
        kept: int = 5,
    ) -> None:
        self._destination = destination
        self._clock = clock
        self._max_bytes = max_bytes
        self._kept = kept
        self._writer: Writer | None = None
        self._one_at_a_time = threading.Lock()
        self._under_way: set[Callable[[], Entry]] = set()

    @property
    def enabled(self) -> bool:
        """Whether anything is written anywhere."""
        return self._destination is not None

    def write(self, entry: Entry) -> None:
        """Have it written soon. Never waits and never raises: it tells of what is done already."""
        if self._destination is None:
            return
        line = _line(entry, self._clock())
        try:
            with self._one_at_a_time:
                self._writer = self._writer or self._started(self._destination)
                self._writer.put(line)
        except RuntimeError as error:
            # No thread could be started.
            _log.warning("the audit log could not be written (%s)", error)

    @contextmanager
    def about(self, entry: Callable[[], Entry]) -> Generator[None]:
        """Inside, the call is made; at its end, whatever it is, `entry()` is written."""
        self._under_way.add(entry)
        try:
            yield
        finally:
            self._under_way.discard(entry)
            self.write(entry())

    def abandon(self) -> None:
        """The process ends here: write what is known of each call, from any thread.

        What was confirmed may have been done, or may yet be, by a request that is on its way.
        """
        for entry in list(self._under_way):
            known = entry()
            done = replace(known, outcome="outcome_unknown") if known.confirmed else known
            self.write(done)
        self.close(_ABANDON_SECONDS)

    def close(self, seconds: float = LAST_SECONDS) -> None:
        """Wait until all is written, for so long at most; an entry after that opens it again."""
        with self._one_at_a_time:
            writer, self._writer = self._writer, None
        if writer is not None:
            writer.finish(seconds)

    def _started(self, destination: Path | str) -> Writer:
        if destination == STDERR:
            writer = Writer(Stderr())
        else:
            file = os.path.expanduser(destination)
            writer = Writer(PrivateFile(file, self._max_bytes, self._kept))
        writer.start()
        return writer


def _line(entry: Entry, now: float) -> str:
    at = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    fields: dict[str, str | None] = {"time": at, **asdict(entry)}
    # HMACs and ids are left alone: their rows of digits would pass for phone numbers. So are names
    # of callers, where two must not become one.
    fields["caller"] = (mask_log if "+" in entry.caller else mask_keys)(entry.caller)
    fields["outcome"] = mask_log(entry.outcome)
    fields["target"] = mask_log_but_ids(entry.target)
    return json.dumps({name: value for name, value in fields.items() if value is not None})
