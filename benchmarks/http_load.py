"""Clients that each wait for an answer before they ask again, in a process of their own.

`python -m benchmarks.http_load`: what to do on stdin, what was found on stdout, both as JSON. It
loads nothing of the package that it could do without, as it shares the processors with the servers.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field

from benchmarks import http_processes
from benchmarks.http_connection import Connection, connected
from benchmarks.http_questions import Asked
from benchmarks.http_wire import FIRST_NUMBER, LAST_NUMBER, Numbered

_LONGEST_SECONDS = 60
_FEWEST_CALLS = 20
"""Without as many there is no p99: a slow machine takes longer."""


@dataclass(frozen=True)
class Load:
    """So many clients for so many seconds; `server` is the process whose time is counted."""

    asked: Asked
    clients: int
    seconds: float
    server: int


@dataclass(frozen=True)
class Found:
    """The milliseconds of every call that ended in these seconds.

    `client`, `server` and `all` are seconds of processor time of this process, of the server's
    processes, and of everything the benchmark started, the API with them.
    """

    seconds: float
    milliseconds: list[float]
    client: float
    server: float
    all: float


@dataclass
class Window:
    """The time in which calls count: after every client had an answer, until it is closed."""

    clients: int
    answered: int = 0
    warm: asyncio.Event = field(default_factory=asyncio.Event)
    enough: asyncio.Event = field(default_factory=asyncio.Event)
    counting: bool = False
    over: bool = False
    milliseconds: list[float] = field(default_factory=list[float])

    def first(self) -> None:
        """One more client had its first answer."""
        self.answered += 1
        if self.answered == self.clients:
            self.warm.set()

    def add(self, seconds: float) -> None:
        """One more call was answered."""
        if self.counting:
            self.milliseconds.append(seconds * 1000)
            if len(self.milliseconds) == _FEWEST_CALLS:
                self.enough.set()


async def run(load: Load) -> Found:
    """Connect, greet, ask, and say goodbye. Raises WrongAnswerError at the first wrong answer."""
    async with asyncio.timeout(_LONGEST_SECONDS + load.seconds), AsyncExitStack() as stack:
        # One after the other, as clients come: of a burst one worker would take all.
        clients = [
            await stack.enter_async_context(connected(load.asked)) for _ in range(load.clients)
        ]
        window = Window(len(clients))
        async with asyncio.TaskGroup() as tasks:
            for client in clients:
                tasks.create_task(_ask(client, load.asked, window))
            await window.warm.wait()
            return await _watch(window, load)


async def _ask(client: Connection, asked: Asked, window: Window) -> None:
    call, expected = asked.call(client.session), None
    for number in range(FIRST_NUMBER, LAST_NUMBER):
        began = time.perf_counter()
        body = await client.ask(call.with_id(number))
        window.add(time.perf_counter() - began)
        # Most answers differ in their id only: one comparison is cheaper than to read them.
        if expected is None or body != expected.with_id(number):
            asked.check(body, number)
            expected = Numbered.of(body, number)
        if number == FIRST_NUMBER:
            window.first()
        if window.over:
            return


async def _watch(window: Window, load: Load) -> Found:
    before, own, began = http_processes.running(), time.process_time(), time.perf_counter()
    window.counting = True
    await asyncio.sleep(load.seconds)
    await window.enough.wait()
    window.counting, window.over = False, True
    seconds, client = time.perf_counter() - began, time.process_time() - own
    after = http_processes.running()
    server, everything = (
        _taken(http_processes.tree(root, after), before, after)
        for root in (load.server, os.getppid())
    )
    return Found(seconds, window.milliseconds, client, server, everything)


def _taken(
    pids: Sequence[int],
    before: dict[int, http_processes.Process],
    after: dict[int, http_processes.Process],
) -> float:
    return http_processes.seconds(pids, after) - http_processes.seconds(pids, before)


def main() -> None:
    """Do what stdin says."""
    told = json.load(sys.stdin)
    load = Load(asked=Asked(**told.pop("asked")), **told)
    print(json.dumps(asdict(asyncio.run(run(load)))))


if __name__ == "__main__":
    main()
