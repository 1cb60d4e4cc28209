"""The conformance suite: one run for each revision of the protocol, against the mounted server."""

import re
import subprocess
import sys
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import yaml

from tests.conformance.packages import Judges
from tests.conformance.verdicts import Verdict

REVISIONS = ("2025-11-25", "2026-07-28")
_PACKAGE = "@modelcontextprotocol/conformance"
_SECONDS = 120
_SCENARIO = re.compile(r"^. ([\w-]+): (\d+) passed, (\d+) failed$", re.M)
_ENTRY = re.compile(r"^  - (?P<failure>[\w:-]+) # (?P<reason>.+)$", re.M)
_TOTAL = re.compile(r"^Total: (\d+) passed, (\d+) failed$", re.M)
_COLOR = re.compile(r"\x1b\[\d+m")
REQUIRED = {"2025-11-25": 51, "2026-07-28": 115}
"""How many of the required checks pass; of 2025-11-25 the others are explained."""
Counts = Mapping[str, tuple[int, int]]


@contextmanager
def mounted_server() -> Generator[str]:
    """A server with the suite's fixtures in a process of its own: its address."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.conformance.server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def expected(revision: str) -> Path:
    """The file of failures that are explained."""
    return Path(__file__).with_name(f"expected-{revision}.yml")


def explained(revision: str) -> Mapping[str, str]:
    """Each failure that is expected, with its reason. Raises ValueError for one without."""
    text = expected(revision).read_text(encoding="utf-8")
    reasons = {found["failure"]: found["reason"] for found in _ENTRY.finditer(text)}
    listed = cast("list[str]", yaml.safe_load(text)["server"])
    if [*reasons] != listed:
        raise ValueError(f"{expected(revision).name}: each entry needs a reason on its line")
    return reasons


def judged(judges: Judges, revision: str, url: str) -> list[Verdict]:
    """What is required by a revision, and what the suite runs besides without scoring it."""
    flags = ["--requirements", revision, "--expected-failures", str(expected(revision))]
    done = judges.run("conformance", "server", "--url", url, *flags, seconds=_SECONDS)
    said = _COLOR.sub("", done.stdout)
    counts = {name: (int(good), int(bad)) for name, good, bad in _SCENARIO.findall(said)}
    scored, besides = _scenarios(judges, revision)
    required = {name: each for name, each in counts.items() if name not in besides}
    others = {name: each for name, each in counts.items() if name in besides}
    reasons = {each.partition(":")[0] for each in explained(revision)}
    wrong = (
        *_unexplained(said, done.returncode, done.stderr),
        *_uncounted(said, counts, scored | besides),
        *_too_few(required, scored - reasons, REQUIRED[revision]),
    )
    code = str(done.returncode)
    return [
        _verdict(f"{revision}, required", required, reasons, code, wrong),
        _verdict(f"{revision}, not scored", others, reasons, code, ()),
    ]


def _verdict(
    what: str, counts: Counts, reasons: set[str], exit_code: str, wrong: tuple[str, ...]
) -> Verdict:
    good, bad = (sum(each[n] for each in counts.values()) for n in (0, 1))
    known = sum(failed for name, (_, failed) in counts.items() if name in reasons)
    return Verdict("conformance", what, good, bad, exit_code, known, wrong)


def _unexplained(said: str, exit_code: int, stderr: str) -> tuple[str, ...]:
    """Failures that were not expected (✗), and those that were and did not come (✓)."""
    _, _, judgement = said.rpartition("\nTotal: ")
    if exit_code == 0 and judgement:
        return ()
    return tuple(re.findall(r"^  [✗✓] .+$", judgement, re.M)) or (stderr.strip() or "no answer",)


def _uncounted(said: str, counts: Counts, scenarios: set[str]) -> Iterator[str]:
    """What the suite should have told, and what it told of more than is read here."""
    yield from (f"{name}: nothing was told" for name in sorted(scenarios - set(counts)))
    told = _TOTAL.findall(said)
    read = tuple(str(sum(each[n] for each in counts.values())) for n in (0, 1))
    if told != [read]:
        yield f"{' and '.join(read)} checks were read, the suite counts {told}"


def _too_few(required: Counts, unexplained: set[str], wanted: int) -> Iterator[str]:
    """Required scenarios without a check, and fewer good ones in all than there must be."""
    for name in sorted(unexplained & set(required)):
        good, bad = required[name]
        if bad or not good:
            yield f"{name}: {good} passed, {bad} failed, and no reason is given"
    passed = sum(good for good, _ in required.values())
    if passed < wanted:
        yield f"{passed} required checks passed, of {wanted}"


def _scenarios(judges: Judges, revision: str) -> tuple[set[str], set[str]]:
    """Those for servers: what is required, and what is run besides."""
    file = judges.package(_PACKAGE) / "requirements" / f"{revision}.yaml"
    listed: dict[str, list[Any]] = yaml.safe_load(file.read_text(encoding="utf-8"))
    besides = {each["scenario"] for each in listed["not_scored"] if each["leg"] == "server"}
    return set(listed["server"]), besides
