"""What the SDK asks of a stream besides its messages."""

from types import TracebackType
from typing import Self


class Stream:
    """Left as a context, it is closed."""

    async def aclose(self) -> None:
        """Do nothing more."""
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        await self.aclose()
