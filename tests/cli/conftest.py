"""The commands as a person or a script runs them: real processes, in a home of their own."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.leaks import WATCH

_SECONDS = 60


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be one JSON value."""
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, str]:
        """The error that `--json` printed, alone on standard output."""
        assert set(self.json) == {"error"}
        error = self.json["error"]
        assert set(error) == {"code", "message"}
        return error


@dataclass(frozen=True)
class Shell:
    """Runs `sent-mcp`, 80 columns wide, without any setting of the developer's."""

    home: Path

    def run(self, *words: str, stdin: str = "", **variables: str) -> Ran:
        """Run to the end."""
        done = subprocess.run(
            [*COMMAND, *words],
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            env=self.environment(**variables),
            timeout=_SECONDS,
            check=False,
        )
        WATCH.see("the output of a command", done.stdout + done.stderr, numbers=False)
        return Ran(done.returncode, done.stdout, done.stderr)

    @contextmanager
    def start(self, *words: str, **variables: str) -> Generator["subprocess.Popen[str]"]:
        """Start and go on; killed at the end if it still runs."""
        pipe = subprocess.PIPE
        environment = self.environment(**variables)
        with subprocess.Popen(
            [*COMMAND, *words], stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    @contextmanager
    def emulator(self, *words: str) -> Generator[str]:
        """`sent-mcp emulator` on a free port; its address."""
        with self.start("emulator", "--port", "0", *words) as process:
            yield address_of(process)
            process.terminate()
            process.wait(_SECONDS)

    def environment(self, **variables: str) -> dict[str, str]:
        """What a process gets; the measuring of coverage must know its way there."""
        passed = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
        WATCH.know(variables)
        home = {"HOME": str(self.home), "XDG_STATE_HOME": str(self.home / "state")}
        return {"PATH": os.environ["PATH"], "COLUMNS": "80", **home, **passed, **variables}


COMMAND = [sys.executable, "-m", "sent_mcp"]


def address_of(emulator: "subprocess.Popen[str]") -> str:
    """Wait for the line that says where the emulator is."""
    assert emulator.stderr is not None
    line = emulator.stderr.readline()
    assert line.startswith("The emulated Sent API is at http://"), line + emulator.stderr.read()
    return line.split()[-1]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
def own_logging() -> Generator[None]:
    """A command sets up logging for its process; run in that of the tests, it is undone."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
