"""Texts of the API that carry more than they should, wherever somebody reads them.

What they are is in `untrusted_strings.py`, how an API says them in `untrusted_script.py`, what
must not be read in `untrusted_judge.py`, and what is asked on the way in `fuzz_tour.py`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from anyio import from_thread, to_thread
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.proof.fuzz_api import Alter, Answer, Place, Script, as_it_is, places, standing
from tests.proof.fuzz_tour import Guest, Ids, Said, known_ids, tour, visiting
from tests.proof.report import Row, Scale
from tests.proof.untrusted_judge import faults, holds
from tests.proof.untrusted_script import (
    REFUSALS,
    answering_with,
    refusing_with,
    saying,
    saying_at,
    telling,
)
from tests.proof.untrusted_strings import HEAD, TEXTS, headed, hostile
from tests.proof.untrusted_terminal import AUDITED, seen

_WAYS = 4
_ALWAYS = ("all quotes",) * 2 * _WAYS + ("a plain instruction",)
"""With what each run begins: the first in every way, and one that may be suggested."""


async def run(scale: Scale) -> Sequence[Row]:
    """Known texts, then in single places, then what hypothesis makes of them, then a terminal."""
    random = Random(scale.seed)
    script = Script()
    async with standing(script) as url:
        place = await _place(url, script, random)
        return [
            await _known(place, scale.of(16, len(_ALWAYS) + len(TEXTS) * 12)),
            await _placed(place, scale.of(12, 800)),
            await _searched(place, scale.of(12, 800), scale.seed),
            await _on_terminals(random, scale.of(4, 160)),
        ]


@dataclass
class _Heard:
    """What was read, where, and in how much of it the text was."""

    said: int = 0
    holding: int = 0
    read: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    held: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    def note(self, said: Said) -> bool:
        """Whether the text is in it."""
        where, is_in = (said.what, said.where), holds(said)
        self.said += 1
        self.read.add(where)
        if is_in:
            self.holding += 1
            self.held.add(where)
        return is_in

    @property
    def figures(self) -> str:
        """How many there were."""
        return f"{self.holding:,} of {self.said:,} texts read hold it"

    def unproven(self) -> list[str]:
        """Where it was read in vain: of such a place nothing is known."""
        return [f"never in {what} {where}" for what, where in sorted(self.read - self.held)]


@dataclass
class _Place:
    """A server before an API that says what it is told to."""

    url: str
    script: Script
    random: Random
    ids: Ids
    places: Sequence[Place] = field(default_factory=list[Place])
    heard: _Heard = field(default_factory=_Heard)

    async def wrong(self, alter: Alter, *, forms: bool) -> list[str] | None:
        """What is wrong with anything that is said on one tour; None where the text never was."""
        self.script.alter = as_it_is
        era = "2026-07-28" if forms else "legacy"
        # Masking changes what is said; it must not bring anything back.
        masked = self.random.random() < 0.2
        async with visiting(self.url, forms=forms, era=era, mask_phones=masked) as guest:
            # The tour before may have opted it in; then there is no question.
            await guest.call("update_contact", {"contact_id": self.ids.opted_out, "opt_out": True})
            self.script.alter = alter
            found: list[str] = []
            holding = 0
            async for said in _everything(guest, self.ids):
                holding += self.heard.note(said)
                found += [f"{said.what} {said.where}: {fault}" for fault in faults(said)]
        return found if holding or found else None


async def _everything(guest: Guest, ids: Ids) -> AsyncIterator[Said]:
    async for said in tour(guest, ids):
        yield said
    for said in await guest.complete(HEAD):
        yield said


async def _place(url: str, script: Script, random: Random) -> _Place:
    known: set[Place] = set()

    def note(answer: Answer) -> Answer:
        texts = (each for each, value in places(answer.value) if isinstance(value, str))
        known.update(texts)
        return answer

    async with visiting(url) as guest:
        ids = await known_ids(guest)
        script.alter = note
        async for _ in tour(guest, ids):
            pass
    return _Place(url, script, random, ids, sorted(known, key=str))


def _ways(text: str, status: int) -> Sequence[Alter]:
    ways = saying(text), telling(text), refusing_with(text, status), answering_with(text, status)
    assert len(ways) == _WAYS
    return ways


async def _known(place: _Place, count: int) -> Row:
    others = [*TEXTS]
    place.random.shuffle(others)

    async def one(index: int) -> list[str] | None:
        later = index - len(_ALWAYS)
        name = _ALWAYS[index] if later < 0 else others[later % len(others)]
        turn = index if later < len(others) else later // len(others)
        status = place.random.choice(REFUSALS)
        alter = _ways(headed(TEXTS[name]), status)[turn % _WAYS]
        found = await place.wrong(alter, forms=turn // _WAYS % 2 == 0)
        return None if found is None else [f"{name}: {each}" for each in found]

    row = await _row("known texts, everywhere", place, count, one)
    return row.model_copy(update={"wrong": (*row.wrong, *place.heard.unproven())})


async def _placed(place: _Place, count: int) -> Row:
    async def one(index: int) -> list[str] | None:
        name = place.random.choice([*TEXTS])
        where = place.random.choice(place.places)
        found = await place.wrong(saying_at(where, headed(TEXTS[name])), forms=index % 2 == 0)
        return None if found is None else [f"{name} at {where}: {each}" for each in found]

    return await _row("in one place", place, count, one)


async def _row(
    what: str, place: _Place, count: int, one: Callable[[int], Awaitable[list[str] | None]]
) -> Row:
    tried, failed, wrong, place.heard = 0, 0, list[str](), _Heard()
    for index in range(4 * count):
        if index >= count and tried:
            break
        found = await one(index)
        tried += found is not None
        failed += bool(found)
        wrong += found or ()
    wrong = [*place.script.broken, *dict.fromkeys(wrong)]
    return Row(
        part="untrusted text", what=what, tried=tried, survived=tried - failed,
        figures=place.heard.figures, wrong=tuple(wrong[:10]),
    )  # fmt: skip


async def _searched(place: _Place, count: int, number: int) -> Row:
    """Let hypothesis look for a text that comes through."""
    place.heard, drawn, tried, wrong = _Heard(), [0], [0], list[str]()

    async def check(text: str) -> list[str]:
        drawn[0] += 1
        alter = _ways(text, REFUSALS[drawn[0] % len(REFUSALS)])[drawn[0] % _WAYS]
        found = await place.wrong(alter, forms=drawn[0] // _WAYS % 2 == 0)
        tried[0] += found is not None
        return found or []

    @seed(number)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(hostile())
    def find(text: str) -> None:
        wrong.extend(f"{ascii(text[:200])}: {each}" for each in from_thread.run(check, text))

    await to_thread.run_sync(find)
    return Row(
        part="untrusted text", what="what hypothesis finds", tried=tried[0],
        survived=tried[0] - min(tried[0], len(wrong)),
        figures=place.heard.figures, wrong=(*place.script.broken[:3], *wrong[:10]),
    )  # fmt: skip


async def _on_terminals(random: Random, count: int) -> Row:
    wrong: list[str] = []
    failed = 0
    start = random.randrange(1_000)
    with TemporaryDirectory() as folder:
        for number in range(start, start + count):
            name = random.choice([*TEXTS]) if number - start else _ALWAYS[0]
            # Only a change is audited, so each run makes one.
            command = number if number - start else AUDITED
            found = await seen(headed(TEXTS[name]), command, number // 3, Path(folder))
            failed += bool(found)
            wrong += [f"{name}: {each}" for each in found]
    return Row(
        part="untrusted text", what="commands on a terminal, logs, audit log", tried=count,
        survived=count - failed, wrong=tuple(wrong[:10]),
    )  # fmt: skip
