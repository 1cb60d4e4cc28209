"""An emulated Sent API in a process of its own, as far away as a real one."""

import re
import sqlite3
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import anyio
import httpx
from anyio.streams.text import TextReceiveStream

KEY = "sk_test_emulator"
LATENCY_MS = 50
_SEEDING_SECONDS = 120


@dataclass(frozen=True)
class Emulated:
    """Where it is, and the numbers in its address book, oldest and newest mixed."""

    url: str
    numbers: list[str]

    async def forget(self) -> None:
        """Forget the requests so far."""
        async with httpx.AsyncClient(base_url=self.url) as http:
            await http.delete("/__emulator/requests")

    async def requests(self) -> int:
        """How many requests came since."""
        async with httpx.AsyncClient(base_url=self.url, timeout=60) as http:
            return len((await http.get("/__emulator/requests")).json())

    def sample(self, count: int) -> list[str]:
        """As many contacts as there are, spread over the address book; then numbers of nobody."""
        step = max(1, len(self.numbers) // count)
        contacts = self.numbers[::step][:count]
        return contacts + [f"+1646{5550000 + n}" for n in range(count - len(contacts))]

    def environment(self) -> dict[str, str]:
        """The settings that reach it."""
        return {
            "SENT_API_KEY": KEY,
            "SENT_BASE_URL": self.url,
            "SENT_MCP_REQUESTS_PER_MINUTE": "1000000",
            "SENT_MCP_STATE": "memory:",
        }


@asynccontextmanager
async def emulated(contacts: int) -> AsyncGenerator[Emulated]:
    """An emulator with so many contacts that answers after 50 ms."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "emulator.sqlite"
        command = [sys.executable, "-m", "sent_mcp", "emulator", "--port", "0"]
        command += ["--db", str(database), "--contacts", str(contacts)]
        command += ["--latency-ms", str(LATENCY_MS)]
        async with await anyio.open_process(command, stdout=None) as process:
            try:
                assert process.stderr is not None
                with anyio.fail_after(_SEEDING_SECONDS):
                    url = await _url(TextReceiveStream(process.stderr))
                yield Emulated(url, _numbers(database))
            finally:
                process.terminate()


async def _url(lines: TextReceiveStream) -> str:
    said = ""
    async for part in lines:
        said += part
        found = re.search(r"http://\S+", said)
        if found:
            return found.group()
    raise RuntimeError(f"the emulator did not start: {said}")


def _numbers(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        return [row[0] for row in connection.execute("SELECT format_e164 FROM contacts")]
