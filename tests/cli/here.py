"""`install` and `doctor` in the process of the tests: files, sockets and the parser are real.

A process of its own costs half a second before it does anything. What shows only there (exit codes,
terminals, pipes, folders to start from) is tested with `Shell`.
"""

import logging
import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import partial
from io import StringIO
from pathlib import Path

import anyio
import pytest

from sent_mcp.cli.app import app
from sent_mcp.cli.doctor.printing import print_report
from sent_mcp.cli.doctor.run import examine
from sent_mcp.cli.outcome import print_json
from tests.cli.conftest import Ran, Shell
from tests.leaks import WATCH


@dataclass(frozen=True)
class Here:
    """Runs commands like a `Shell` in the same home, with the same variables and no others."""

    home: Path

    def run(self, *words: str, **variables: str) -> Ran:
        """Run to the end."""
        out, err = StringIO(), StringIO()
        environment = Shell(self.home).environment(**variables)
        with _variables(environment), redirect_stdout(out), redirect_stderr(err):
            code = _doctor(words) if words[0] == "doctor" else _code(words)
        WATCH.see("the output of a command", out.getvalue() + err.getvalue(), numbers=False)
        return Ran(code, out.getvalue(), err.getvalue())


def _code(words: tuple[str, ...]) -> int:
    with pytest.raises(SystemExit) as end:
        app(list(words), prog_name="sent-mcp")
    assert isinstance(end.value.code, int)
    return end.value.code


def _doctor(words: tuple[str, ...]) -> int:
    # The command itself ends the process from inside the loop.
    assert set(words[1:]) <= {"--demo", "--json"}
    report = anyio.run(partial(examine, os.environ, demo="--demo" in words))
    if "--json" in words:
        print_json(report.json)
    else:
        print_report(report)
    return report.exit_code


@contextmanager
def _variables(given: Mapping[str, str]) -> Generator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            patch.delenv(name)
        for name, value in given.items():
            patch.setenv(name, value)
        # As the command has it; what another test has left writes to a file that is closed by now.
        patch.setattr(logging.getLogger(), "handlers", [logging.NullHandler()])
        yield
