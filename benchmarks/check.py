"""Which of these are on WhatsApp: one call for all, beside one call per number."""

import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import anyio
import mcp_types as mcp
from mcp import Client

from benchmarks.emulated import KEY, LATENCY_MS, Emulated, emulated
from benchmarks.memory import peak_memory
from benchmarks.tokens import tokens
from sent_mcp.server import build_server
from sent_mcp.settings import load_settings

AT_ONCE = 16
"""How many calls of one number are made at a time: more than any host does."""
MOST_IN_ONE_CALL = 1000


@dataclass(frozen=True)
class Case:
    """So many numbers against an address book of so many contacts; `alone` without comparison."""

    numbers: int
    contacts: int
    alone: bool = False


@dataclass(frozen=True)
class Cost:
    """What one way of asking took."""

    way: str
    requests: int
    seconds: float
    tokens: int | None = None
    megabytes: float | None = None


CASES = (
    Case(500, 500),
    Case(10_000, 500),
    Case(500, 20_000),
    Case(10_000, 20_000),
    Case(500, 200_000),
    Case(10_000, 200_000),
    Case(100_000, 200_000, alone=True),
)
QUICK = (Case(100, 500), Case(1_100, 500))
_HEADER = ("numbers", "contacts", "way", "requests", "seconds", "tokens", "peak MB")


async def run(cases: Sequence[Case]) -> None:
    """Print the table, a row as soon as it is known."""
    print(f"Each answer of the emulated API takes {LATENCY_MS} ms.")
    _row(_HEADER)
    _row(["---"] * len(_HEADER))
    for contacts in dict.fromkeys(case.contacts for case in cases):
        async with emulated(contacts) as api:
            for case in cases:
                if case.contacts == contacts:
                    await _compare(case, api)


async def _compare(case: Case, api: Emulated) -> None:
    numbers = api.sample(case.numbers)
    ways = [_in_one_call if case.numbers <= MOST_IN_ONE_CALL else _by_command]
    for way in ways if case.alone else [*ways, _one_by_one]:
        await api.forget()
        cost = await way(api, numbers)
        told = "-" if cost.tokens is None else str(cost.tokens)
        peak = "-" if cost.megabytes is None else f"{cost.megabytes:.0f}"
        seconds = f"{cost.seconds:.2f}"
        words = [str(case.numbers), str(case.contacts), cost.way, str(cost.requests), seconds]
        _row([*words, told, peak])


async def _in_one_call(api: Emulated, numbers: Sequence[str]) -> Cost:
    async def ask(client: Client) -> int:
        return await _told(client, "check_phone_numbers", {"phone_numbers": [*numbers]})

    return await _asked(api, "check_phone_numbers", ask)


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

    return await _asked(api, f"one call per number, {AT_ONCE} at once", ask)


async def _asked(api: Emulated, way: str, ask: Callable[[Client], Awaitable[int]]) -> Cost:
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
        await api.forget()
        began = time.perf_counter()
        count = await ask(client)
        seconds = time.perf_counter() - began
    return Cost(way, await api.requests(), seconds, count)


async def _told(client: Client, tool: str, arguments: dict[str, object]) -> int:
    """The tokens of the answer that a model reads."""
    result = await client.call_tool(tool, arguments)
    text = "\n".join(part.text for part in result.content if isinstance(part, mcp.TextContent))
    if result.is_error:
        raise RuntimeError(text)
    return tokens(text)


async def _by_command(api: Emulated, numbers: Sequence[str]) -> Cost:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "numbers.txt", Path(folder) / "checked.csv"
        source.write_text("\n".join(numbers), encoding="utf-8")
        command = [sys.executable, "-m", "sent_mcp", "check", str(source), "--out", str(target)]
        began = time.perf_counter()
        megabytes = await peak_memory(command, api.environment())
        seconds = time.perf_counter() - began
        lines = target.read_text(encoding="utf-8").count("\n")
    if lines != len(numbers) + 1:
        raise RuntimeError(f"{lines} lines for {len(numbers)} numbers")
    return Cost("sent-mcp check", await api.requests(), seconds, megabytes=megabytes)


def _row(cells: Sequence[str]) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)
