"""One emulator, servers over pipes and over HTTP before it, and where they keep what they keep."""

import os
import re
import signal
import sqlite3
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import httpx

from sent_mcp.state.store import PURGED_SECONDS
from tests.door import KEY
from tests.http.sites import Running, started
from tests.proof.endurance_calls import faults
from tests.proof.endurance_clients import Caller, Pipe, Web, piped
from tests.proof.endurance_process import children
from tests.serving.wire import MODERN

HANDSHAKE = "2025-11-25"
KINDS = [(era, forms) for era in (HANDSHAKE, MODERN) for forms in (False, True)]
"""The hosts there are: of which era, and whether they show forms."""
PLENTY = "100000000"
WORKERS = 2
TOKENS = {f"caller{place}": f"the-long-token-of-caller-{place}-{place}" for place in range(4)}
_TERMINATED = 128 + signal.SIGTERM
_OLDER = (
    "UPDATE sends SET at = at - ?",
    "UPDATE messages SET at = at - ?",
    "UPDATE used SET at = at - ?",
    "UPDATE approvals SET asked_at = asked_at - ?1, expires_at = expires_at - ?1",
)


@dataclass
class Site:
    """Everything that runs."""

    home: Path
    url: str
    more: Mapping[str, str]
    pipes: list[Pipe] = field(default_factory=list[Pipe])
    web: Running | None = None
    workers: Sequence[int] = ()
    ended: list[str] = field(default_factory=list[str])

    @property
    def strays(self) -> list[str]:
        """What no client asked for: answers, and ends of servers. Complete once all is closed."""
        return [*(said for pipe in self.pipes for said in pipe.stray), *self.ended]

    @property
    def processes(self) -> dict[str, int]:
        """Every process of the servers, by what it is."""
        found = {f"pipe {place}": pipe.process.pid for place, pipe in enumerate(self.pipes)}
        if self.web is not None:
            found["workers' parent"] = self.web.process.pid
            workers = children(self.web.process.pid)
            found |= {f"worker {place}": pid for place, pid in enumerate(workers)}
        return found

    @property
    def states(self) -> list[Path]:
        """The state files."""
        return sorted(self.home.glob("state-*.sqlite"))

    def kept_bytes(self) -> dict[str, int]:
        """How large each of them is, its journal included."""
        return {
            each.name: sum(part.stat().st_size for part in self.home.glob(f"{each.name}*"))
            for each in self.states
        }

    def pass_a_month(self) -> None:
        """Whatever was kept is as if it were older than anything is kept."""
        for state in self.states:
            with closing(sqlite3.connect(state, timeout=30)) as database, database:
                for statement in _OLDER:
                    database.execute(statement, (PURGED_SECONDS + 1,))

    def environment(self, state: str) -> dict[str, str]:
        """Settings under which nothing but the client stops a long run."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("SENT_", "OTEL_"))
        }
        return {**kept, "XDG_STATE_HOME": str(self.home), **self.variables(state)}

    def variables(self, state: str) -> dict[str, str]:
        """The same, without what every process gets."""
        return {
            "SENT_API_KEY": KEY,
            "SENT_BASE_URL": self.url,
            "SENT_MCP_STATE": str(self.home / f"state-{state}.sqlite"),
            "SENT_MCP_AUDIT_LOG": str(self.home / f"audit-{state}.log"),
            "SENT_MCP_CALL_TIMEOUT": "20",
            "SENT_MCP_ASK_TIMEOUT": "4",
            "SENT_MCP_REQUESTS_PER_MINUTE": PLENTY,
            "SENT_MCP_MESSAGES_PER_MINUTE": PLENTY,
            "SENT_MCP_MESSAGES_PER_DAY": PLENTY,
            **self.more,
        }


@asynccontextmanager
async def opened(home: Path, pipes: int, **more: str) -> AsyncGenerator[Site]:
    """The emulator, so many servers over pipes, four on a state file, and two workers over HTTP.

    `more` are settings of all servers.
    """
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(_emulated(home, more))
        for place in range(pipes):
            era, forms = KINDS[place % len(KINDS)]
            given = site.environment(f"pipes-{place // len(KINDS)}")
            site.pipes.append(
                await stack.enter_async_context(piped(home, era, given, has_forms=forms))
            )
        tokens = ",".join(f"{name}:{token}" for name, token in TOKENS.items())
        given = {**site.variables("web"), "SENT_MCP_HTTP_TOKENS": tokens}
        site.web = stack.enter_context(started(home, "--workers", str(WORKERS), **given))
        site.workers = await _workers_of(site.web)
        yield site
        site.ended += await _end(site.web, site.workers)


def callers(site: Site, count: int) -> list[Caller]:
    """So many clients: half of them on pipes, in turns, half over HTTP, of every kind."""
    assert site.web is not None
    found: list[Caller] = [site.pipes[place % len(site.pipes)] for place in range(count // 2)]
    for place in range(count - len(found)):
        era = HANDSHAKE if place % 2 else MODERN
        token = [*TOKENS.values()][place % len(TOKENS)]
        # Over HTTP nobody who speaks the older version can be asked.
        found.append(Web(site.web.bearer(token, era), has_forms=era == MODERN and place % 4 == 0))
    return found


async def _workers_of(web: Running) -> Sequence[int]:
    with anyio.fail_after(30):
        while len(found := children(web.process.pid)) < WORKERS:  # noqa: ASYNC110  # in /proc
            await anyio.sleep(0.05)
    return found


async def _end(web: Running, workers: Sequence[int]) -> list[str]:
    """What was wrong with how these ended, or end now."""
    wrong: list[str] = []
    if web.process.poll() is None:
        lost = len({*workers} - {*children(web.process.pid)})
        wrong += [f"{lost} of {WORKERS} workers ended by themselves"] if lost else []
        web.signal(signal.SIGTERM)
    code = await web.ended()
    return [*wrong, *([f"the workers' parent ended with {code}"] if code != _TERMINATED else [])]


@asynccontextmanager
async def _emulated(home: Path, more: Mapping[str, str]) -> AsyncGenerator[Site]:
    command = [sys.executable, "-m", "sent_mcp", "emulator", "--port", "0"]
    async with await anyio.open_process(command, stdout=None) as process:
        try:
            assert process.stderr is not None
            said = b""
            while not (found := re.search(rb"at (http://\S+)\n", said)):
                said += await process.stderr.receive()
            url = found[1].decode()
            async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
                answer = await http.post("/__emulator/faults", json=faults())
                assert answer.is_success, answer.text
            yield Site(home, url, more)
        finally:
            process.kill()
