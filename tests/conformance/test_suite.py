"""What the table says of a run of the suite: here a program speaks that has the suite's words."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conformance.packages import Judges
from tests.conformance.suite import REQUIRED, judged
from tests.conformance.verdicts import Verdict

REVISION = "2026-07-28"
SERVER, BESIDES = ("ping", "tools-list"), ("tasks-lifecycle", "caching")
PASSED = ("✓ ping: 2 passed, 0 failed", "✓ tools-list: 113 passed, 0 failed")
BASELINE = "Baseline check passed: all failures are expected."
OTHERS = ("✗ tasks-lifecycle: 1 passed, 8 failed", "✓ caching: 0 passed, 0 failed")
TOTAL = "Total: 116 passed, 8 failed"


@pytest.fixture
def said_by(tmp_path: Path) -> "SaidBy":
    """The verdicts on a run in which these lines are said."""
    return SaidBy(tmp_path)


class SaidBy:
    """A folder with a program in the place of the suite's."""

    def __init__(self, folder: Path) -> None:
        self._judges = Judges(folder, folder)
        self._program = folder / "node_modules" / ".bin" / "conformance"
        self._program.parent.mkdir(parents=True)
        listed = {
            "server": SERVER,
            "not_scored": [
                *({"scenario": name, "leg": "server"} for name in BESIDES),
                {"scenario": "auth/dpop", "leg": "client"},
            ],
        }
        package = self._judges.package("@modelcontextprotocol/conformance") / "requirements"
        package.mkdir(parents=True)
        (package / f"{REVISION}.yaml").write_text(json.dumps(listed), encoding="utf-8")

    def __call__(self, lines: Sequence[str], exit_code: int = 0) -> list[Verdict]:
        """The verdicts."""
        said = "\n".join(("", "=== SUMMARY ===", *lines, "", BASELINE, ""))
        self._program.write_text(f"#!/bin/sh\ncat <<'EOF'\n{said}\nEOF\nexit {exit_code}\n")
        self._program.chmod(0o755)
        return judged(self._judges, REVISION, "http://127.0.0.1:1")


def test_a_run_that_is_counted_in_full_has_nothing_unexplained(said_by: SaidBy) -> None:
    """What is not scored may fail where a reason is given, and may have no check at all."""
    required, others = said_by((*PASSED, *OTHERS, TOTAL))
    assert (required.passed, required.failed, required.unexplained) == (115, 0, ())
    assert (others.passed, others.failed, others.explained, others.unexplained) == (1, 8, 8, ())


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("Total: 0 passed, 0 failed",), "ping: nothing was told"),
        (("Total:",), f"0 required checks passed, of {REQUIRED[REVISION]}"),
        ((*PASSED[1:], *OTHERS, TOTAL), "ping: nothing was told"),
        ((*PASSED, *OTHERS[1:], TOTAL), "tasks-lifecycle: nothing was told"),
        (
            (*PASSED, *OTHERS, "✓ more of it: 1 passed, 0 failed", "Total: 117 passed, 8 failed"),
            "116 and 8 checks were read, the suite counts [('117', '8')]",
        ),
        (
            ("✓ ping: 1 passed, 0 failed", *PASSED[1:], *OTHERS, "Total: 115 passed, 8 failed"),
            "114 required checks passed, of 115",
        ),
        (
            ("✓ ping: 0 passed, 0 failed", *PASSED[1:], *OTHERS, "Total: 114 passed, 8 failed"),
            "ping: 0 passed, 0 failed, and no reason is given",
        ),
        (
            ("✗ ping: 2 passed, 1 failed", *PASSED[1:], *OTHERS, "Total: 116 passed, 9 failed"),
            "ping: 2 passed, 1 failed, and no reason is given",
        ),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_what_was_not_counted_is_told_though_the_suite_ends_well(
    said_by: SaidBy, lines: Sequence[str], told: str
) -> None:
    """In words; each line of them fails the run."""
    assert told in said_by(lines)[0].unexplained


def test_what_the_suite_calls_unexpected_is_told(said_by: SaidBy) -> None:
    """And so is an end that says nothing."""
    unexpected = (*PASSED, *OTHERS, TOTAL, "", "Unexpected failures:", "  ✗ ping")
    assert said_by(unexpected, exit_code=1)[0].unexplained == ("  ✗ ping",)
    assert "no answer" in said_by((), exit_code=1)[0].unexplained
