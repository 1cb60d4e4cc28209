"""An emulated Sent API in a process of its own."""

import re
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx

from benchmarks.servers import ROOT

KEY = "sk_test_emulator"
_SEEDING_SECONDS = 120


@dataclass(frozen=True)
class Emulated:
    """Where it is, and the numbers in its address book, oldest and newest mixed."""

    url: str
    numbers: list[str]

    def forget(self) -> None:
        """Forget the requests so far."""
        httpx.delete(f"{self.url}/__emulator/requests")

    def requests(self) -> int:
        """How many requests came since."""
        return len(httpx.get(f"{self.url}/__emulator/requests", timeout=60).json())

    def sample(self, count: int) -> list[str]:
        """As many contacts as there are, spread over the address book; then numbers of nobody."""
        step = max(1, len(self.numbers) // count)
        contacts = self.numbers[::step][:count]
        return contacts + [f"+1646{5550000 + n}" for n in range(count - len(contacts))]

    def environment(self) -> dict[str, str]:
        """The settings that reach it; the reference server knows the first two."""
        return {
            "SENT_API_KEY": KEY,
            "SENT_BASE_URL": self.url,
            "SENT_MCP_REQUESTS_PER_MINUTE": "1000000",
            "SENT_MCP_STATE": "memory:",
        }


@contextmanager
def emulated(contacts: int, *, latency_ms: int = 0) -> Generator[Emulated]:
    """An emulator with so many contacts, each of whose answers takes so long."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "emulator.sqlite"
        command = [sys.executable, "-m", "sent_mcp", "emulator", "--port", "0"]
        command += ["--db", str(database), "--contacts", str(contacts)]
        command += ["--latency-ms", str(latency_ms)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, cwd=ROOT, text=True) as process:
            try:
                assert process.stderr is not None
                yield Emulated(_url(process, process.stderr), _numbers(database))
            finally:
                process.terminate()


def _url(process: subprocess.Popen[str], lines: IO[str]) -> str:
    watchdog = threading.Timer(_SEEDING_SECONDS, process.kill)
    watchdog.start()
    try:
        said = ""
        for line in lines:
            said += line
            found = re.search(r"http://\S+", line)
            if found:
                return found.group()
    finally:
        watchdog.cancel()
    raise RuntimeError(f"the emulator did not start: {said}")


def _numbers(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        return [row[0] for row in connection.execute("SELECT format_e164 FROM contacts")]
