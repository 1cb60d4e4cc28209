"""How far `sent-mcp check` is, as a terminal shows it."""

from collections.abc import Awaitable, Callable
from typing import Self

from rich.console import Console
from rich.progress import Progress

OnCount = Callable[[int], Awaitable[None]]


class Bars:
    """A bar for the reading of the file, and one for what is asked; gone at the end."""

    def __init__(self, console: Console, *, shown: bool) -> None:
        self._progress = Progress(console=console, transient=True, disable=not shown)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    @property
    def descriptions(self) -> list[str]:
        """What stands beside each bar."""
        return [task.description for task in self._progress.tasks]

    def reading(self, total: int) -> OnCount:
        """A new bar, and what moves it."""
        bar = self._progress.add_task("Reading", total=total)

        async def advance(completed: int) -> None:
            self._progress.update(bar, completed=completed)

        return advance

    def checking(self, total: int, begun: int, requests: Callable[[], int]) -> OnCount:
        """The same with the requests made: pages with none of the numbers do not move the bar."""
        bar = self._progress.add_task(_asked(requests()), total=total, completed=begun)

        async def advance(completed: int) -> None:
            self._progress.update(bar, completed=completed, description=_asked(requests()))

        return advance


def _asked(requests: int) -> str:
    return f"Checking, {requests:,} request" + "s" * (requests != 1)
