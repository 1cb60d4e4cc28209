"""Bytes that no host should send, at the real server's stdin, and what its stdout says to them.

The judge is `fuzz_expected.py`, which knows the protocol and not the server. A second row begins a
process for every few messages, with and without the fast start: both must say the same.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from tests.proof.fuzz_expected import Expected, Id
from tests.proof.fuzz_messages import message, mutated
from tests.proof.report import Row, Scale
from tests.serving.raw import environment, handshake
from tests.serving.wire import DEMO, MODERN

_BATCH = 250
_MOST_SECONDS = 40.0
_LONGEST_LINE = 50_000_000
_META: dict[str, Any] = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
}
_NEVER_SAID = ("Traceback", "INTERNAL: a defect", "<class '", "object at 0x", "pydantic")
_LOGGED = re.compile(r"WARNING mcp\.[\w.]+: [ -~]+")
"""What the SDK says of notifications that it cannot read."""
_OWN = re.compile(r"req_\w+|\d{4}-\d\d-\d\dT[\d:.]+")
_CUT_OFF = (OSError, anyio.EndOfStream, anyio.IncompleteRead, anyio.BrokenResourceError)
_SETTINGS = {"SENT_MCP_REQUESTS_PER_MINUTE": "100000000"}


async def run(scale: Scale) -> Sequence[Row]:
    """Two long conversations, one of each era, and many short ones."""
    count = scale.of(1_000, 50_000)
    random = Random(scale.seed)
    with TemporaryDirectory() as home:
        return [
            await _conversation(random, Path(home), count, None, fast="true"),
            await _conversation(random, Path(home), count, _META, fast="false"),
            await _openings(random, Path(home), scale.of(4, 300)),
        ]


class _Server:
    """A running server: what was written to it is judged by what it answers."""

    def __init__(self, process: Process) -> None:
        assert process.stdout is not None
        self.process = process
        self.stderr = b""
        self.is_silent = False
        self.expected = Expected()
        self.answered: Counter[Id] = Counter()
        self._out = BufferedByteReceiveStream(process.stdout)

    async def answer(self, lines: Sequence[bytes], last: Id) -> list[str]:
        """Say these lines, and hear all their answers; what should not have been said."""
        now, wrong = Expected(), list[str]()
        for line in lines:
            now.line(line)
            self.expected.line(line)
        before = self.answered.copy()
        with anyio.move_on_after(_MOST_SECONDS) as patience:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self.write, b"\n".join(lines) + b"\n")
                while not self.answered[last] or now.missing(self.answered - before):
                    line = await self._out.receive_until(b"\n", _LONGEST_LINE)
                    wrong += self._heard(line)
        if patience.cancelled_caught:
            self.is_silent = True
            wrong += [f"no answer to {each!r:.80}" for each in now.missing(self.answered - before)]
        return wrong

    def _heard(self, line: bytes) -> list[str]:
        answer: dict[str, Any] = json.loads(line)
        if "method" not in answer:
            self.answered[answer["id"]] += 1
        return _defects(line.decode())

    async def write(self, given: bytes) -> None:
        """Write it, however slowly it is read."""
        assert self.process.stdin is not None
        await self.process.stdin.send(given)

    async def ending(self) -> list[str]:
        """Close its stdin; what is wrong with all that was said, and with its end."""
        wrong = [each for line in (await self.rest()).splitlines() for each in self._heard(line)]
        wrong += self.expected.wrong(self.answered)
        code = await self.process.wait()
        logged = self.stderr.decode().splitlines()
        wrong += [f"logs {line:.300}" for line in logged if not _LOGGED.fullmatch(line)]
        return [*wrong, f"ended with {code}"] if code else wrong

    async def rest(self) -> bytes:
        """Close its stdin: everything it still says."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        await self.process.stdin.aclose()
        parts = [self._out.buffer]
        with anyio.fail_after(_MOST_SECONDS):
            parts += [part async for part in self.process.stdout]
        return b"".join(parts)

    async def keep_stderr(self) -> None:
        """Read stderr to its end."""
        assert self.process.stderr is not None
        async for part in self.process.stderr:
            self.stderr += part

    @property
    def kilobytes(self) -> int:
        """The memory it uses now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        (resident,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(resident.split()[1])


def _defects(text: str) -> list[str]:
    return [f"says {each!r}: {text[:300]}" for each in _NEVER_SAID if each in text]


@asynccontextmanager
async def _serving(home: Path, *, fast: str) -> AsyncGenerator[_Server]:
    variables = {**environment(home), **_SETTINGS, "SENT_MCP_FAST_START": fast}
    async with await anyio.open_process([sys.executable, *DEMO], env=variables) as process:
        server = _Server(process)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.keep_stderr)
            try:
                yield server
            finally:
                if process.returncode is None:
                    process.kill()


async def _conversation(
    random: Random, home: Path, count: int, meta: dict[str, Any] | None, *, fast: str
) -> Row:
    what = f"{'2026-07-28' if meta else '2025-11-25'}, fast start {fast}"
    wrong: list[str] = []
    sizes: list[int] = []
    tried = survived = 0
    async with _serving(home, fast=fast) as server:
        try:
            while tried < count:
                begin = b"" if tried or meta else handshake()
                failed = await _batch(random, server, tried + 1, begin, meta)
                sizes.append(server.kilobytes)
                wrong += failed
                tried += _BATCH
                survived += _BATCH - min(_BATCH, len(failed))
                if server.is_silent:
                    break
            wrong += await server.ending()
        except* _CUT_OFF as error:
            wrong.append(f"{error.exceptions} after {tried}: {server.stderr[-500:]!r}")
    growth, figures = _growth(sizes)
    return Row(
        part="framing", what=what, tried=tried, survived=survived, figures=figures,
        leaked=int(growth > _MOST_GROWTH), wrong=tuple(wrong[:10]),
    )  # fmt: skip


_MOST_GROWTH = 0.05
"""Of the last quarter over the second; what the emulator notes of its requests is in it."""


def _growth(sizes: Sequence[int]) -> tuple[float, str]:
    quarter = len(sizes) // 4
    if not quarter:
        return 0.0, ""
    second, last = sizes[quarter : 2 * quarter], sizes[-quarter:]
    before, after = sum(second) / quarter, sum(last) / quarter
    growth = after / before - 1
    return growth, f"{before / 1024:.0f} MB, then {after / 1024:.0f} MB ({growth:+.1%})"


async def _batch(
    random: Random, server: _Server, first: int, begin: bytes, meta: dict[str, Any] | None
) -> list[str]:
    lines = begin.splitlines()
    for number in range(first, first + _BATCH):
        one, other = message(random, number, meta), message(random, number + 1, meta)
        lines += mutated(random, one, other).split(b"\n")
    last = f"last of {first}"
    lines.append(_closing(last, meta))
    return await server.answer(lines, last)


def _closing(last: str, meta: dict[str, Any] | None) -> bytes:
    params = {} if meta is None else {"_meta": meta}
    whole = {"jsonrpc": "2.0", "id": last, "method": "no/such/method", "params": params}
    return json.dumps(whole).encode()


async def _openings(random: Random, home: Path, count: int) -> Row:
    """The first lines of a conversation, which another program may answer."""
    wrong: list[str] = []
    for _ in range(count):
        given = _opening(random)
        answers: list[Counter[str]] = []
        for fast in ("true", "false"):
            async with _serving(home, fast=fast) as server:
                await server.write(given)
                said = await server.rest()
            answers.append(Counter(map(_canonical, said.splitlines())))
            wrong += _defects(said.decode() + server.stderr.decode())
        if answers[0] != answers[1]:
            told = [*(answers[0] - answers[1]), *(answers[1] - answers[0])]
            wrong.append(f"{ascii(given[:300])} is answered in two ways: {str(told)[:600]}")
    what = "openings, with and without fast start"
    survived = count - min(count, len(wrong))
    return Row(part="framing", what=what, tried=count, survived=survived, wrong=tuple(wrong[:10]))


def _opening(random: Random) -> bytes:
    modern = random.random() < 0.5
    meta = _META if modern else None
    lines = [] if modern else [*handshake().splitlines()]
    for number in range(10, 14):
        one, other = message(random, number, meta), message(random, number + 1, meta)
        lines.append(mutated(random, one, other) if random.random() < 0.5 else one)
    if not modern and random.random() < 0.5:
        at = random.randrange(2)
        lines[at] = mutated(random, lines[at], lines[1 - at])
    if random.random() < 0.2:
        random.shuffle(lines)
    return b"\n".join(lines) + b"\n"


def _canonical(line: bytes) -> str:
    # The emulator makes the ids of its requests anew, and a verdict says when it was found.
    return _OWN.sub("", json.dumps(json.loads(line), sort_keys=True))
