"""One server as a subprocess, spoken to line by line over its pipes, with as little as possible.

POSIX only. An answer's time is taken when its line is there, before anything looks into it.
"""

import itertools
import json
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import BaseModel, JsonValue

from benchmarks.servers import ROOT, Server, environment

HANDSHAKE, MODERN = "2025-11-25", "2026-07-28"
VERSIONS = (HANDSHAKE, MODERN)
_CLIENT: JsonValue = {"name": "benchmark", "version": "1"}
_LONGEST_SECONDS = 300
_CHUNK = 65_536


@dataclass(frozen=True)
class Answer:
    """A result, when its line was there by `time.perf_counter`, and the seconds it took."""

    result: dict[str, JsonValue]
    at: float
    seconds: float


class Message(BaseModel):
    """A line from a server."""

    id: int | None = None
    result: dict[str, JsonValue] | None = None
    error: dict[str, JsonValue] | None = None


class EndedError(RuntimeError):
    """The process is gone before its time, or with an error."""


class Conversation:
    """A running server. `began` is the moment before it was started."""

    def __init__(
        self, server: Server, process: subprocess.Popen[bytes], began: float, version: str
    ) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.began = began
        self._server = server
        self._process = process
        self._stdin, self._stdout = process.stdin, process.stdout
        self._version = version
        self._ids = itertools.count(1)
        self._unread = bytearray()

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._process.pid

    def open(self) -> None:
        """Greet, as this version of the protocol has it."""
        if self._version == MODERN:
            self.ask("server/discover", {})
            return
        self.ask(
            "initialize",
            {"protocolVersion": self._version, "capabilities": {}, "clientInfo": _CLIENT},
        )
        self._write({"method": "notifications/initialized"})

    def list_tools(self) -> Answer:
        """`tools/list`."""
        return self.ask("tools/list", {})

    def call(self, tool: str, arguments: Mapping[str, JsonValue]) -> Answer:
        """`tools/call`."""
        return self.ask("tools/call", {"name": tool, "arguments": dict(arguments)})

    def ask(self, method: str, params: Mapping[str, JsonValue]) -> Answer:
        """One request, and its answer."""
        number, line = self._request(method, params)
        began = time.perf_counter()
        self._send(line)
        while True:
            told = self._line()
            at = time.perf_counter()
            message = Message.model_validate_json(told)
            if message.id == number:
                return Answer(self._result(message), at, at - began)

    def call_many(
        self, tool: str, arguments: Mapping[str, JsonValue], *, count: int, outstanding: int
    ) -> tuple[float, list[dict[str, JsonValue]]]:
        """So many calls, always so many of them unanswered; the seconds, and every result."""
        params: dict[str, JsonValue] = {"name": tool, "arguments": dict(arguments)}
        asked = [self._request("tools/call", params) for _ in range(count)]
        waiting = iter(line for _, line in asked)
        told: list[bytes] = []
        began = time.perf_counter()
        for line in itertools.islice(waiting, outstanding):
            self._send(line)
        while len(told) < count:
            told.append(self._line())
            self._send(next(waiting, b""))
        seconds = time.perf_counter() - began
        return seconds, self._results([number for number, _ in asked], told)

    def close(self) -> float:
        """Close stdin; the seconds until the process was gone. EndedError if it failed."""
        began = time.perf_counter()
        self._stdin.close()
        code = self._process.wait()
        seconds = time.perf_counter() - began
        if code:
            raise EndedError(f"{self._server.name} ended with {code}")
        return seconds

    def _request(self, method: str, params: Mapping[str, JsonValue]) -> tuple[int, bytes]:
        number = next(self._ids)
        meta: dict[str, JsonValue] = {
            "io.modelcontextprotocol/protocolVersion": self._version,
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": _CLIENT,
        }
        given: dict[str, JsonValue] = dict(params)
        if self._version == MODERN:
            given["_meta"] = meta
        return number, _encoded({"id": number, "method": method, "params": given})

    def _results(self, numbers: Sequence[int], told: Sequence[bytes]) -> list[dict[str, JsonValue]]:
        messages = [Message.model_validate_json(line) for line in told]
        if sorted(message.id or 0 for message in messages) != sorted(numbers):
            raise RuntimeError(f"{self._server.name} said something else than one answer each")
        return [self._result(message) for message in messages]

    def _result(self, message: Message) -> dict[str, JsonValue]:
        if message.result is None:
            raise RuntimeError(f"{self._server.name} answered an error: {message.error}")
        return message.result

    def _write(self, message: dict[str, JsonValue]) -> None:
        self._send(_encoded(message))

    def _send(self, line: bytes) -> None:
        try:
            while line:
                line = line[os.write(self._stdin.fileno(), line) :]
        except BrokenPipeError as error:
            raise EndedError(f"{self._server.name} ended") from error

    def _line(self) -> bytes:
        searched = 0
        while (end := self._unread.find(b"\n", searched)) < 0:
            searched = len(self._unread)
            part = os.read(self._stdout.fileno(), _CHUNK)
            if not part:
                raise EndedError(f"{self._server.name} ended")
            self._unread += part
        line = bytes(self._unread[:end])
        del self._unread[: end + 1]
        return line


@contextmanager
def started(
    server: Server, settings: Mapping[str, str], version: str = HANDSHAKE
) -> Generator[Conversation]:
    """A server in a process of its own, and its end. Raises what it said where it failed."""
    environ = environment(settings)
    with tempfile.TemporaryFile() as stderr:
        began = time.perf_counter()
        process = subprocess.Popen(
            server.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            bufsize=0,
            cwd=ROOT,
            env=environ,
        )
        try:
            with process, _watched(process):
                conversation = Conversation(server, process, began, version)
                yield conversation
                conversation.close()
        except EndedError as error:
            stderr.seek(0)
            said = stderr.read().decode(errors="replace")
            raise RuntimeError(f"{error}: {said}") from error


@contextmanager
def _watched(process: subprocess.Popen[bytes]) -> Generator[None]:
    # Reads that block take no time of their own, and a server that never answers is killed.
    watchdog = threading.Timer(_LONGEST_SECONDS, process.kill)
    watchdog.start()
    try:
        yield
    except BaseException:
        process.kill()
        raise
    finally:
        watchdog.cancel()


def _encoded(message: dict[str, JsonValue]) -> bytes:
    return json.dumps({"jsonrpc": "2.0", **message}, separators=(",", ":")).encode() + b"\n"
