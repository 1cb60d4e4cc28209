"""Ctrl-C and SIGTERM as an orderly end of what is under way."""

import signal
import sys
from collections.abc import Awaitable, Callable

import anyio
from anyio.abc import TaskStatus


async def run_until_stopped(work: Callable[[], Awaitable[None]]) -> signal.Signals | None:
    """Run `work`, and cancel it at Ctrl-C or SIGTERM: the signal that did, if one did.

    A signal that whoever started this has ignored (`nohup`) stays ignored.
    """
    stopped: list[signal.Signals] = []
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    heard = [each for each, handler in before.items() if handler is not signal.SIG_IGN]

    async with anyio.create_task_group() as tasks:

        async def listen(*, task_status: TaskStatus[None]) -> None:
            with anyio.open_signal_receiver(*heard) as signals:
                task_status.started()
                async for each in signals:
                    stopped.append(each)
                    tasks.cancel_scope.cancel()

        # Windows has no such receivers; there Ctrl-C just ends the process.
        if heard and sys.platform != "win32":
            await tasks.start(listen)
        await work()
        tasks.cancel_scope.cancel()
    for each in heard:
        # The event loop leaves Python's own handler behind.
        signal.signal(each, before[each])
    return stopped[0] if stopped else None
