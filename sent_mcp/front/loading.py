"""The server's modules, imported in a thread while the front answers."""

import gc
import os
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Loading:
    """`load` in a thread of its own; `ready` becomes readable when it is over.

    Nothing is collected meanwhile, and what was loaded is never looked at again by the collector:
    there is nothing to find in it.
    """

    def __init__(self, load: "Callable[[], None]") -> None:
        self.ready, self._done = os.pipe()
        self._load = load
        self._thread: threading.Thread | None = None

    @property
    def began(self) -> bool:
        """Whether it was started."""
        return self._thread is not None

    def start(self) -> None:
        """Begin, if it has not begun."""
        if self._thread is None:
            gc.disable()
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()

    def finish(self) -> None:
        """Wait for the end. What could not be loaded is told by whoever needs it next."""
        self.start()
        assert self._thread is not None
        self._thread.join()
        os.close(self.ready)
        os.close(self._done)
        gc.enable()
        gc.freeze()

    def _run(self) -> None:
        try:
            self._load()
        finally:
            os.write(self._done, b".")
