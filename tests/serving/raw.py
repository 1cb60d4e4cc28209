"""The server in a process of its own, spoken to in bytes: also what no client would ever send."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import IO, Any

from tests.leaks import WATCH
from tests.serving.wire import DEMO, Message

_SECONDS = 60
PIPE = subprocess.PIPE
Channel = int | IO[bytes]


def line(method: str, number: object = None, **params: Any) -> bytes:
    """A message; with a number it is a request."""
    message: Message = {"jsonrpc": "2.0", "method": method, "params": params}
    return json.dumps(message if number is None else {**message, "id": number}).encode() + b"\n"


def handshake() -> bytes:
    """What a client of the legacy era begins with; its request has the id 0."""
    client = {"name": "test", "version": "1"}
    version = "2025-11-25"
    begin = line("initialize", 0, protocolVersion=version, capabilities={}, clientInfo=client)
    return begin + line("notifications/initialized")


WHOLE = line("no/such/method", "whole")
"""Only the whole server refuses it: what answers while that is loading then has handed over."""


def call(number: object, tool: str, **arguments: Any) -> bytes:
    """A call of a tool."""
    return line("tools/call", number, name=tool, arguments=arguments)


def find(number: object) -> bytes:
    """A call that is answered from the demo's address book."""
    return call(number, "find_contact_by_phone", phone_number="+14155550102")


def messages(written: bytes) -> list[Message]:
    """What a server wrote: nothing but JSON-RPC, one message a line, each with its end."""
    assert written[-1:] in (b"", b"\n")
    found = [json.loads(each) for each in written.splitlines()]
    assert all(each["jsonrpc"] == "2.0" for each in found)
    return found


def by_id(found: Sequence[Message]) -> dict[Any, Message]:
    """The answers by their ids, each of which is answered once."""
    answers = [each for each in found if "id" in each and "method" not in each]
    keyed = {each["id"]: each for each in answers}
    assert len(keyed) == len(answers), "an id was answered twice"
    return keyed


class Server:
    """A running server. What it does not do within a minute fails the test."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process

    def say(self, *lines: bytes) -> None:
        """Write these bytes at once."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"".join(lines))
        self.process.stdin.flush()

    def hear(self) -> Message:
        """The next message."""
        assert self.process.stdout is not None
        (message,) = messages(self.process.stdout.readline())
        return message

    def open(self) -> None:
        """Begin, and wait until the whole server is there."""
        self.say(handshake(), WHOLE)
        assert self.hear()["id"] == 0
        assert self.hear()["error"]["code"] == -32601

    def end(self) -> tuple[int, list[Message], str]:
        """Close its stdin: the exit code, what it still wrote, and all of stderr."""
        out, err = self.process.communicate()
        said = (err or b"").decode()
        WATCH.see("stderr", said)
        return self.process.returncode, messages(out or b""), said

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)


def environment(home: Path) -> dict[str, str]:
    """A home of its own, and buffers as they usually are."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return {**kept, "HOME": str(home), "XDG_STATE_HOME": str(home)}


@contextmanager
def running(
    home: Path,
    arguments: Sequence[str] = DEMO,
    *,
    stdin: Channel = PIPE,
    stdout: Channel = PIPE,
    variables: Mapping[str, str] | None = None,
) -> Generator[Server]:
    """A server whose channels are pipes unless something else is given."""
    WATCH.know(variables or {})
    with subprocess.Popen(
        [sys.executable, *arguments],
        stdin=stdin,
        stdout=stdout,
        stderr=PIPE,
        env={**environment(home), **(variables or {})},
    ) as process:
        timer = Timer(_SECONDS, process.kill)
        timer.start()
        try:
            yield Server(process)
        finally:
            timer.cancel()
            process.kill()


def told(home: Path, given: bytes, arguments: Sequence[str] = DEMO) -> list[Message]:
    """Everything a server answers to these bytes; it must end well and in silence."""
    with running(home, arguments) as server:
        out, err = server.process.communicate(given)
    assert (server.process.returncode, err) == (0, b"")
    return messages(out)


def peak_bytes(pid: int) -> int:
    """The most memory the process ever had."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    (peak,) = (each for each in status.splitlines() if each.startswith("VmHWM"))
    return int(peak.split()[1]) * 1024
