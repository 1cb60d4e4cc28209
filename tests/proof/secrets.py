"""Whatever real servers print, keep, export and answer, read for keys, tokens and full numbers.

They log at DEBUG, and everything happens to them: all kinds of calls, faults, hang-ups, wrong keys
and tokens, defects of ours with a key and a number in their traceback, an import that is cut off.
"""

import signal
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio

from tests.collector import collecting, texts_of
from tests.door import KEY
from tests.leaks import Watch, shape
from tests.proof.endurance import lanes_of
from tests.proof.endurance_calls import step
from tests.proof.endurance_clients import UNANSWERED, Caller, WrongError
from tests.proof.endurance_lane import Lane
from tests.proof.endurance_site import TOKENS, Site, opened
from tests.proof.hosts import Json, Reply
from tests.proof.report import Row, Scale
from tests.proof.secrets_servers import cut_off, defect, masking, passthrough, refused, scraped

PART = "secrets"
SECRET = "a-secret-of-the-proof-that-signs-tokens"
TEXTS = (UNANSWERED, " says ", "confirmed")
"""What is in every text that is sent."""
_MOST_TOLD = 12


@dataclass
class Overheard:
    """A client, and every answer it got."""

    caller: Caller
    errors: list[str] = field(default_factory=list[str])
    results: list[str] = field(default_factory=list[str])

    @property
    def has_forms(self) -> bool:
        """See Caller."""
        return self.caller.has_forms

    async def call(self, tool: str, arguments: Json, **more: Any) -> Reply:
        """See Caller."""
        reply = await self.caller.call(tool, arguments, **more)
        kept = self.errors if reply.is_error else self.results
        kept.append(f"{reply.text}\n{reply.data}")
        return reply

    async def leave(self, tool: str, arguments: Json) -> None:
        """See Caller."""
        await self.caller.leave(tool, arguments)


async def run(scale: Scale) -> Sequence[Row]:
    """About 600 or 10,000 calls."""
    with tempfile.TemporaryDirectory() as folder, collecting() as collector:
        home = Path(folder)
        told = {
            "SENT_MCP_LOG_LEVEL": "DEBUG",
            "SENT_MCP_SECRET": SECRET,
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "500",
        }
        async with opened(home, 4, **told) as site:
            wrong, heard = await _driven(site, scale)
            assert site.web is not None
            page = await scraped(site.web, next(iter(TOKENS.values())))
            others = [
                await refused(site, KEY),
                await passthrough(site),
                await masking(site),
                await cut_off(site),
                await defect(home),
            ]
            site.web.signal(signal.SIGTERM)
            await site.web.ended()
        spoken = [pipe.err.decode() for pipe in site.pipes] + [site.web.stderr]
        errors = [said for each in heard for said in each.errors]
        results = [said for each in heard for said in each.results]
        judge = Judge(site)
        return [
            _calls(sum(map(len, (errors, results))), [*wrong, *site.strays]),
            judge.row("stderr at DEBUG", spoken + [each.stderr for each in others]),
            judge.row("audit logs", _audited(home)),
            judge.row("traces", [text for body in collector.bodies for text in texts_of(body)]),
            judge.row("/metrics", [page]),
            judge.row("errors (no key)", errors, numbers=False),
            judge.row("results (no key)", results, numbers=False),
            judge.row("answers with masked numbers", others[2].answers),
            judge.row(
                "wrong keys and tokens", others[0].answers + others[1].answers, numbers=False
            ),
            judge.row("defects in traceback and answer", [*others[4].answers, others[4].stderr]),
            judge.states(site.states, others[3].numbers),
        ]


async def _driven(site: Site, scale: Scale) -> tuple[list[str], list[Overheard]]:
    """Everything a long run does, by sixteen clients; what was wrong, and what they heard."""
    lanes, wrong = await lanes_of(site, scale.seed, 16), list[str]()
    heard = [Overheard(lane.caller) for lane in lanes]

    async def go_on(lane: Lane) -> None:
        until = scale.of(600, 10_000) // len(lanes)
        while lane.calls < until and len(wrong) < _MOST_TOLD:
            try:
                await step(lane)
            except WrongError as error:
                wrong.append(str(error))

    async with anyio.create_task_group() as tasks:
        for lane, each in zip(lanes, heard, strict=True):
            lane.caller = each
            tasks.start_soon(go_on, lane)
    return wrong, heard


def _audited(home: Path) -> list[str]:
    return [each.read_text(encoding="utf-8") for each in sorted(home.glob("audit*"))]


class Judge:
    """Reads texts; knows every secret that the servers were told."""

    def __init__(self, site: Site) -> None:
        self._watch = Watch()
        self._watch.know(site.variables(""))
        self._watch.know({"TOKENS": ",".join(TOKENS.values())})

    def row(self, what: str, texts: Iterable[str], *, numbers: bool = True) -> Row:
        """Lines that were read; of a result a key is looked for, and no number."""
        self._watch.scanned = 0
        for text in texts:
            self._watch.see(what, text, numbers=numbers)
        return _row(what, self._watch.scanned, self._watch.take())

    def states(self, files: Sequence[Path], importing: Sequence[str]) -> Row:
        """State files: no key, no text, and no number but those of the import that can go on."""
        found: list[str] = []
        for file in files:
            kept = file.read_bytes().decode("latin-1")
            self._watch.see(file.name, kept)
            found += [said for said in self._watch.take() if "importing" not in file.name]
            found += [f"{file.name}: {text!r}" for text in TEXTS if text in kept]
            if "importing" in file.name:
                allowed = {number.removeprefix("+") for number in importing}
                leaks = (leak.removeprefix("+") for leak in self._watch.leaks(kept))
                alien = [leak for leak in leaks if leak not in allowed]
                found += [f"{file.name}: {shape(leak)}, not of the import" for leak in alien]
                found += [] if importing[-1] in kept else ["the import kept no number: none ran"]
        kilobytes = sum(file.stat().st_size for file in files) // 1000
        return _row("state files, by kB", kilobytes, found)


def _calls(tried: int, wrong: Sequence[str]) -> Row:
    survived = tried - len(wrong)
    what = "calls behind the rows below"
    return Row(part=PART, what=what, tried=tried, survived=survived, wrong=tuple(wrong))


def _row(what: str, tried: int, found: Sequence[str]) -> Row:
    survived = max(0, tried - len(found))
    told = tuple(dict.fromkeys(found))[:_MOST_TOLD]
    return Row(part=PART, what=what, tried=tried, survived=survived, leaked=len(found), wrong=told)
