"""What ends the server besides its input: a signal, and the death of whoever started it."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

GRACE_SECONDS = 2.0
"""How long an approved change may still take after a signal; hosts wait little longer to kill."""
_LOOK_SECONDS = 1.0


class Signals:
    """The first signal calls `stop`; a second one, or two seconds, end the process at once.

    Whatever still holds it then does so in vain: a name that is looked up cannot be given up.
    `abandon` is called right before, in a thread. A signal that whoever started the process has
    ignored stays ignored.
    """

    def __init__(self, stop: Callable[[], None], abandon: Callable[[], None]) -> None:
        self._stop = stop
        self._abandon = abandon
        self._loop = asyncio.get_running_loop()
        self._received: int | None = None
        # A thread, which a blocked event loop does not delay.
        self._grace = threading.Timer(GRACE_SECONDS, self._leave)
        self._grace.daemon = True

    @property
    def exit_code(self) -> int:
        """128 and the number of the signal, as shells have it; 0 without one."""
        return 128 + self._received if self._received else 0

    @contextmanager
    def handled(self) -> Generator[None]:
        """Inside, these are the handlers."""
        both = (signal.SIGINT, signal.SIGTERM)
        former = {each: signal.getsignal(each) for each in both}
        ours = [each for each in both if former[each] not in (signal.SIG_IGN, None)]
        for each in ours:
            self._loop.add_signal_handler(each, self._first, each, ours)
        try:
            yield
        finally:
            for each in ours:
                self._loop.remove_signal_handler(each)
                signal.signal(each, former[each])

    def _first(self, number: int, ours: list[signal.Signals]) -> None:
        self._received = number
        for each in ours:
            self._loop.remove_signal_handler(each)
            signal.signal(each, self._second)
        self._grace.start()
        self._stop()

    def _second(self, number: int, frame: FrameType | None) -> None:
        self._received = number
        # Not here: a signal may interrupt whoever holds a lock that is needed.
        threading.Thread(target=self._leave, daemon=True).start()

    def _leave(self) -> None:
        try:
            self._abandon()
        finally:
            os._exit(self.exit_code)


@contextmanager
def watched(parent: int, orphaned: Callable[[], None]) -> Generator[None]:
    """Inside, `orphaned` is called once when the process has another parent than that.

    The pipe may outlive a host that was killed: others can hold it open.
    """
    loop = asyncio.get_running_loop()
    timer: asyncio.TimerHandle | None = None

    def look() -> None:
        nonlocal timer
        if os.getppid() == parent:
            timer = loop.call_later(_LOOK_SECONDS, look)
        else:
            orphaned()

    look()
    try:
        yield
    finally:
        if timer is not None:
            timer.cancel()
