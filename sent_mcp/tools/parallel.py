"""Several look-ups at once, never more than a few."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import anyio

from sent_mcp.errors import SentError
from sent_mcp.tools.registry import Progress

AT_ONCE = 8
Key = TypeVar("Key")
Found = TypeVar("Found")


async def attempted(work: Awaitable[Found]) -> Found | SentError:
    """The outcome of a second step, whose failure must not hide that the first was done."""
    try:
        return await work
    except SentError as error:
        return error


async def look_up_all(
    look_up: Callable[[Key], Awaitable[Found]],
    keys: Sequence[Key],
    progress: Progress,
    what: str,
) -> list[Found]:
    """What `look_up` finds for each key, in order. The first error ends it."""
    found: dict[int, Found] = {}
    limiter = anyio.CapacityLimiter(AT_ONCE)

    async def one(index: int, key: Key) -> None:
        async with limiter:
            found[index] = await look_up(key)
        if len(keys) > 1:
            await progress(len(found), len(keys), what)

    try:
        async with anyio.create_task_group() as tasks:
            for index, key in enumerate(keys):
                tasks.start_soon(one, index, key)
    except ExceptionGroup as group:
        raise group.exceptions[0] from None
    return [found[index] for index in range(len(keys))]
