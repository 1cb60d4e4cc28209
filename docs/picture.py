"""Draws `docs/demo.svg`, the picture in the README: the best part of what `sent-mcp demo` prints.

`python -m docs.picture` writes it anew. Nothing in it is made up: the real command runs, and the
rules below say which of its lines are shown. It is the same from run to run.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.terminal_theme import TerminalTheme
from rich.text import Text

PICTURE = Path(__file__).with_name("demo.svg")
TEMPLATE = Path(__file__).with_name("picture.template.svg")
WIDTH, MARGIN = 76, 2
COMMAND = ("sent-mcp", "demo")
SHOWN = {
    "Is +1 (415) 555-0102 on WhatsApp?": 2,
    "Which of these are on WhatsApp: +1 415 555 0103, 0104, 0160 and 0188?": 5,
    "Send order_confirmation to +1 415 555 0102.": 10,
    "Yes, send it.": 1,
}
"""The turns in the picture, in their order, and how many lines of an answer; the rest is cut."""

_YOU, _ANSWER = "You    ", "       ✓ "
_CUT = "\x1b[2m …\x1b[0m"
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_CHANGING = re.compile(r"cf_[\w-]+|\d{4}-\d\d-\d\dT|-4[0-9a-f]{3}-")
"""Tokens, times and ids made for one run, which would make every picture another."""
_THEME = TerminalTheme(
    (22, 27, 34),
    (230, 237, 243),
    [
        (72, 79, 88),
        (255, 123, 114),
        (63, 185, 80),
        (227, 179, 65),
        (88, 166, 255),
        (188, 140, 255),
        (86, 212, 221),
        (177, 186, 196),
    ],
)


def draw() -> str:
    """Run the demo up to where the picture ends; the picture. Raises ValueError as `chosen`."""
    with subprocess.Popen(
        [sys.executable, "-m", "sent_mcp", *COMMAND[1:]],
        stdout=subprocess.PIPE,
        env=_environment(),
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        try:
            lines = list(_up_to_the_end(process.stdout))
        finally:
            process.terminate()
    return picture(chosen(lines))


def _environment() -> dict[str, str]:
    """A terminal with colours, and no setting of whoever draws."""
    terminal = {"FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": str(WIDTH)}
    given = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("SENT_") and name not in ("NO_COLOR", "COLORTERM")
    }
    return {**given, **terminal, "PYTHONIOENCODING": "utf-8"}


def _up_to_the_end(printed: Iterable[str]) -> Iterator[str]:
    left = set(SHOWN)
    for line in map(str.rstrip, printed):
        question = _question(line)
        if question is not None and not left:
            return
        left.discard(question or "")
        yield line


def chosen(printed: Iterable[str]) -> list[str]:
    """The lines of the picture, with their colours: the command, its heading, and SHOWN.

    Raises ValueError where the demo does not ask what the picture shows, or is answered wrongly.
    """
    heading: list[str] = []
    turns: dict[str, list[str]] = {}
    turn = heading
    for line in printed:
        question = _question(line)
        if question is not None:
            turn = turns[question] = []
        turn.append(line)
    missing = [question for question in SHOWN if question not in turns]
    if missing:
        raise ValueError(f"the demo does not ask what SHOWN has: {missing}")
    lines = [f"\x1b[2m$\x1b[0m {' '.join(COMMAND)}", *heading[: heading.index("")]]
    for question, most in SHOWN.items():
        lines += ["", *_cut([line for line in turns[question] if line], most)]
    return lines


def _question(line: str) -> str | None:
    plain = _plain(line)
    return plain.removeprefix(_YOU) if plain.startswith(_YOU) else None


def _plain(line: str) -> str:
    return _ANSI.sub("", line)


def _cut(turn: Sequence[str], most: int) -> list[str]:
    """What was asked and called, and the first lines of the answer, with a mark at each cut."""
    answers = [n for n, line in enumerate(turn) if _plain(line).startswith(_ANSWER)]
    if not answers:
        raise ValueError(f"the demo has no right answer to {_question(turn[0])!r}")
    begin = answers[0]
    kept: list[str] = []
    for n, line in enumerate(turn):
        if n < begin + most and not _CHANGING.search(line):
            kept.append(line)
        elif not kept[-1].endswith(_CUT):
            kept[-1] += _CUT
    return kept


def picture(lines: Sequence[str]) -> str:
    """The drawing of a terminal with these lines; the same bytes for the same lines."""
    console = Console(
        width=WIDTH + 2 * MARGIN,
        record=True,
        file=StringIO(),
        force_terminal=True,
        color_system="truecolor",
    )
    text = Text("\n").join(map(Text.from_ansi, lines))
    console.print(Padding(text, (1, MARGIN)), no_wrap=True, highlight=False)
    drawn = console.export_svg(
        title=" ".join(COMMAND),
        theme=_THEME,
        code_format=TEMPLATE.read_text(encoding="utf-8"),
        unique_id="demo",
    )
    return "\n".join(line.strip() for line in drawn.splitlines() if line.strip()) + "\n"


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
