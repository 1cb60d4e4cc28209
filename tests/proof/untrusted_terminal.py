"""The commands before an API that says bad things, on a terminal as a person has it."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import anyio
from anyio import to_thread

from tests.proof.fuzz_api import Script, settings_for, standing
from tests.proof.fuzz_tour import KNOWN
from tests.proof.untrusted_judge import LONGEST_IN_ERRORS, hidden_in, line_faults
from tests.proof.untrusted_script import REFUSALS, answering_with, refusing_with, saying
from tests.proof.untrusted_strings import HEAD
from tests.serving.raw import environment

_SECONDS = 60
_STYLES = re.compile(r"\x1b\[[0-9;]*m")
_PROGRESS = re.compile(r"\x1b\[(?:\?25[lh]|[0-9]*[AK])|\r")
"""What rich draws with."""
_COMMANDS: tuple[tuple[str, ...], ...] = (
    ("call", "get_contact", "contact_id=a"),
    ("call", "list_templates", "--json"),
    ("call", "delete_contact", "contact_id=a"),
    ("check", "numbers.txt"),
    ("check", "numbers.txt", "--format", "csv"),
    ("check", "numbers.txt", "--format", "json"),
    ("doctor",),
    ("doctor", "--json"),
)
AUDITED = 2
"""Which of them makes a change."""


async def seen(text: str, command: int, way: int, folder: Path) -> list[str]:
    """What is wrong with what one command prints and logs before an API that says this text.

    Where nothing of it is shown, that is wrong too: then nothing is proven.
    """
    words = _COMMANDS[command % len(_COMMANDS)]
    status = REFUSALS[way % len(REFUSALS)]
    ways = (saying(text), refusing_with(text, status), answering_with(text, status))
    (folder / "numbers.txt").write_text(f"{KNOWN}\n+14155550199\n", encoding="utf-8")
    log = folder / "audit.jsonl"
    async with standing(Script(ways[way % len(ways)])) as url:
        variables = settings_for(url, SENT_MCP_LOG_LEVEL="DEBUG", SENT_MCP_AUDIT_LOG=str(log))
        with anyio.fail_after(_SECONDS):
            shown = await to_thread.run_sync(_on_a_terminal, words, folder, variables)
    made = command % len(_COMMANDS) == AUDITED
    found = (*_judged(shown, words), *_audited(log, holding=made))
    return [f"{' '.join(words)}: {each}" for each in found]


def _on_a_terminal(words: Sequence[str], folder: Path, variables: dict[str, str]) -> str:
    screen, terminal = pty.openpty()
    command = [sys.executable, "-m", "sent_mcp", *words]
    given = {**environment(folder), "TERM": "xterm-256color", "COLUMNS": "1000", **variables}
    given["PYTHONPATH"] = str(Path(__file__).parents[2])
    with subprocess.Popen(
        command, stdin=terminal, stdout=terminal, stderr=terminal, env=given, cwd=folder
    ):
        os.close(terminal)
        parts: list[bytes] = []
        try:
            while part := os.read(screen, 65_536):
                parts.append(part)
        except OSError:
            # So Linux says that nobody has the other end any more.
            pass
    os.close(screen)
    return b"".join(parts).decode()


def _judged(shown: str, words: Sequence[str]) -> Iterator[str]:
    plain = _PROGRESS.sub("", _STYLES.sub("", shown))
    yield from hidden_in(plain)
    for line in plain.split("\n"):
        if line.lstrip().startswith(HEAD):
            yield f"a line begins with it: {ascii(line[:120])}"
        # In JSON, in CSV and at the end of a line of the log a text ends by itself.
        if not {"--json", "--format"} & {*words} and "DEBUG " not in line:
            yield from line_faults(line, LONGEST_IN_ERRORS)
    if HEAD.lower() not in plain.lower() or "Traceback" in plain:
        yield f"prints {ascii(plain[:500])}"


def _audited(log: Path, *, holding: bool) -> Iterator[str]:
    text = log.read_text(encoding="ascii") if log.exists() else ""
    for line in text.splitlines():
        yield from hidden_in(line)
        if len(line) > 2_000 or not line.startswith("{"):
            yield f"an audit line of {len(line)} characters: {line[:200]}"
    if holding and HEAD not in text:
        yield f"nothing of it in the audit log: {text[:200]}"
    log.unlink(missing_ok=True)
