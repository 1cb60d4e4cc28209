"""Which of these are on WhatsApp: one call for all, beside one call per number."""

import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.to_thread
import mcp_types as mcp
from mcp import Client

from benchmarks.emulated import KEY, Emulated, emulated
from benchmarks.memory import peak_memory
from benchmarks.results import Row, Unit, compared
from benchmarks.servers import environment
from benchmarks.sizes import Case, Sizes
from benchmarks.tokens import tokens
from sent_mcp.server import build_server
from sent_mcp.settings import load_settings

LATENCY_MS = 50
"""As far away as a real API."""
AT_ONCE = 16
"""How many calls of one number are made at a time: more than any host does."""
MOST_IN_ONE_CALL = 1000
ONE_BY_ONE = f"one call per number, {AT_ONCE} at once"


@dataclass(frozen=True)
class Cost:
    """What one way of asking took."""

    requests: int
    seconds: float
    tokens: int | None = None
    megabytes: float | None = None


def rows(sizes: Sizes) -> Iterator[Row]:
    """Every row of this benchmark."""
    for contacts in dict.fromkeys(case.contacts for case in sizes.cases):
        with emulated(contacts, latency_ms=LATENCY_MS) as api:
            for case in sizes.cases:
                if case.contacts == contacts:
                    yield from _rows(case, api)


def _rows(case: Case, api: Emulated) -> Iterator[Row]:
    numbers = api.sample(case.numbers)
    fits = case.numbers <= MOST_IN_ONE_CALL
    way = "`check_phone_numbers`" if fits else "`sent-mcp check`"
    ours = anyio.run(_in_one_call, api, numbers) if fits else _by_command(api, numbers)
    other = None if case.alone else anyio.run(_one_by_one, api, numbers)
    costs: tuple[tuple[Unit, Callable[[Cost], float | None]], ...] = (
        ("requests", lambda cost: cost.requests),
        ("s", lambda cost: cost.seconds),
        ("tokens", lambda cost: cost.tokens),
        ("MB", lambda cost: cost.megabytes),
    )
    measure = f"{way}, {case.numbers:,} numbers, {case.contacts:,} contacts"
    for unit, of in costs:
        mine, theirs = of(ours), None if other is None else of(other)
        if mine is not None:
            row = compared("check", measure, unit, [mine], [] if theirs is None else [theirs])
            yield row.model_copy(update={"against": ONE_BY_ONE, "headline": case.headline})


async def _in_one_call(api: Emulated, numbers: Sequence[str]) -> Cost:
    async def ask(client: Client) -> int:
        return await _told(client, "check_phone_numbers", {"phone_numbers": [*numbers]})

    return await _asked(api, ask)


async def _one_by_one(api: Emulated, numbers: Sequence[str]) -> Cost:
    async def ask(client: Client) -> int:
        limiter, counts = anyio.CapacityLimiter(AT_ONCE), list[int]()

        async def one(number: str) -> None:
            async with limiter:
                counts.append(
                    await _told(client, "find_contact_by_phone", {"phone_number": number})
                )

        async with anyio.create_task_group() as tasks:
            for number in numbers:
                tasks.start_soon(one, number)
        return sum(counts)

    return await _asked(api, ask)


async def _asked(api: Emulated, ask: Callable[[Client], Awaitable[int]]) -> Cost:
    settings = load_settings(
        [],
        api_key=KEY,
        base_url=api.url,
        state="memory:",
        requests_per_minute=1_000_000,
    )
    async with Client(build_server(settings)) as client:
        # The first call of a process loads what the others have.
        await client.call_tool("find_contact_by_phone", {"phone_number": "+14155550160"})
        await anyio.to_thread.run_sync(api.forget)
        began = time.perf_counter()
        count = await ask(client)
        seconds = time.perf_counter() - began
    return Cost(await anyio.to_thread.run_sync(api.requests), seconds, count)


async def _told(client: Client, tool: str, arguments: dict[str, object]) -> int:
    """The tokens of the answer that a model reads."""
    result = await client.call_tool(tool, arguments)
    text = "\n".join(part.text for part in result.content if isinstance(part, mcp.TextContent))
    if result.is_error:
        raise RuntimeError(text)
    return tokens(text)


def _by_command(api: Emulated, numbers: Sequence[str]) -> Cost:
    api.forget()
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "numbers.txt", Path(folder) / "checked.csv"
        source.write_text("\n".join(numbers), encoding="utf-8")
        command = [sys.executable, "-m", "sent_mcp", "check", str(source), "--out", str(target)]
        began = time.perf_counter()
        megabytes = peak_memory(command, environment(api.environment()))
        seconds = time.perf_counter() - began
        lines = target.read_text(encoding="utf-8").count("\n")
    if lines != len(numbers) + 1:
        raise RuntimeError(f"{lines} lines for {len(numbers)} numbers")
    return Cost(api.requests(), seconds, megabytes=megabytes)
