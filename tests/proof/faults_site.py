"""The emulator in a process of its own, its controls, and what servers before it are told."""

import os
import re
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import httpx
from anyio.abc import Process

from tests.door import KEY

Json = dict[str, Any]
CALL_SECONDS = 3.0
"""What a call may take (SENT_MCP_CALL_TIMEOUT), so that hanging faults end soon."""


@dataclass
class Site:
    """A served emulator. `ahead` is how far its clock was moved."""

    url: str
    http: httpx.AsyncClient
    home: Path
    ahead: float = 0.0
    _messages: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])

    @property
    def now(self) -> float:
        """The emulator's time."""
        return time.time() + self.ahead

    def environment(self, state: str, **more: str) -> dict[str, str]:
        """For a server that reaches this emulator and keeps its state in that file."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("SENT_", "OTEL_"))
        }
        return {
            **kept,
            "XDG_STATE_HOME": str(self.home),
            "SENT_API_KEY": KEY,
            "SENT_BASE_URL": self.url,
            "SENT_MCP_STATE": str(self.home / state),
            "SENT_MCP_CALL_TIMEOUT": f"{CALL_SECONDS:g}",
            "SENT_MCP_TOOLSETS": "contacts,messages,templates,lookup",
            "SENT_MCP_REQUESTS_PER_MINUTE": "1000000",
            "SENT_MCP_MESSAGES_PER_MINUTE": "1000000",
            "SENT_MCP_MESSAGES_PER_DAY": "1000000",
            **more,
        }

    async def faults(self, faults: Sequence[Json]) -> None:
        """Replace all of them."""
        answer = await self.http.post("/__emulator/faults", json=[*faults])
        assert answer.is_success, answer.text

    async def advance(self, seconds: float) -> None:
        """Move its clock."""
        answer = await self.http.post("/__emulator/clock", json={"advance_seconds": seconds})
        assert answer.is_success, answer.text
        self.ahead += seconds

    async def log(self) -> list[Json]:
        """Every API request since it was forgotten."""
        return (await self.http.get("/__emulator/requests")).json()

    async def forget(self) -> None:
        """Forget the log."""
        await self.http.delete("/__emulator/requests")

    async def contacts(self, search: str) -> dict[str, Json]:
        """Its own records whose number has these digits, by number."""
        found: dict[str, Json] = {}
        for page in range(1, 1000):
            query: dict[str, str | int] = {"search": search, "page": page, "page_size": 100}
            data = (await self._get("/v3/contacts", query))["contacts"]
            found |= {each["phone_number"]: each for each in data}
            if len(data) < 100:
                break
        return found

    async def messages(self) -> dict[str, tuple[str, str]]:
        """Every message in its own records, by id: to whom and what; the old ones from memory."""
        for page in range(1, 10_000):
            query: dict[str, str | int] = {"page": page, "page_size": 100}
            data = (await self._get("/v3/conversations", query))["messages"]
            fresh = {
                each["id"]: (each["phone"], each["message_body"]["content"])
                for each in data
                if each["id"] not in self._messages
            }
            self._messages |= fresh
            if len(data) < 100 or not fresh:
                break
        return self._messages

    async def create(self, number: str) -> None:
        """Somebody else makes a contact."""
        answer = await self.http.post("/v3/contacts", json={"phone_number": number})
        assert answer.status_code == 201, answer.text

    async def _get(self, path: str, query: dict[str, str | int]) -> Json:
        answer = await self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]


@asynccontextmanager
async def emulated(home: Path) -> AsyncGenerator[Site]:
    """The emulator on a free port."""
    command = [sys.executable, "-m", "sent_mcp", "emulator", "--port", "0"]
    async with await anyio.open_process(command, stdout=None) as process:
        try:
            url = await _address(process)
            key = {"x-api-key": KEY}
            async with (
                httpx.AsyncClient(base_url=url, headers=key, timeout=60, trust_env=False) as http,
                anyio.create_task_group() as tasks,
            ):
                tasks.start_soon(_drain, process)
                yield Site(url, http, home)
                tasks.cancel_scope.cancel()
        finally:
            process.kill()


async def _address(process: Process) -> str:
    assert process.stderr is not None
    said = b""
    with anyio.fail_after(60):
        while not (found := re.search(rb"at (http://\S+)\n", said)):
            said += await process.stderr.receive()
    return found[1].decode()


async def _drain(process: Process) -> None:
    assert process.stderr is not None
    async for _ in process.stderr:
        pass
