"""Texts of the API that carry more than they should, wherever somebody reads them.

What they are is in `untrusted_strings.py`, how an API says them in `untrusted_script.py`, what
must not be read in `untrusted_judge.py`, and what is asked on the way in `fuzz_tour.py`.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from anyio import from_thread, to_thread
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.proof.fuzz_api import Alter, Answer, Place, Script, as_it_is, places, standing
from tests.proof.fuzz_tour import Ids, known_ids, tour, visiting
from tests.proof.report import Row, Scale
from tests.proof.untrusted_judge import faults
from tests.proof.untrusted_script import (
    REFUSALS,
    answering_with,
    refusing_with,
    saying,
    saying_at,
)
from tests.proof.untrusted_strings import HEAD, TEXTS, hostile
from tests.proof.untrusted_terminal import seen


async def run(scale: Scale) -> Sequence[Row]:
    """Known texts, then in single places, then what hypothesis makes of them, then a terminal."""
    random = Random(scale.seed)
    script = Script()
    async with standing(script) as url:
        place = await _place(url, script, random)
        return [
            await _known(place, scale.of(12, len(TEXTS) * 12)),
            await _placed(place, scale.of(12, 800)),
            await _searched(place, scale.of(12, 800), scale.seed),
            await _on_terminals(random, scale.of(4, 160)),
        ]


@dataclass
class _Place:
    """A server before an API that says what it is told to."""

    url: str
    script: Script
    random: Random
    ids: Ids
    places: Sequence[Place] = field(default_factory=list[Place])
    said: int = 0

    async def wrong(self, alter: Alter, *, forms: bool) -> list[str]:
        """What is wrong with anything that is said on one tour."""
        self.script.alter = as_it_is
        era = "2026-07-28" if forms else "legacy"
        # Masking changes what is said; it must not bring anything back.
        masked = self.random.random() < 0.2
        async with visiting(self.url, forms=forms, era=era, mask_phones=masked) as guest:
            self.script.alter = alter
            found: list[str] = []
            async for said in tour(guest, self.ids):
                self.said += 1
                found += [f"{said.what} {said.where}: {fault}" for fault in faults(said)]
        return found


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
    return saying(text), refusing_with(text, status), answering_with(text, status)


async def _known(place: _Place, count: int) -> Row:
    names = [*TEXTS]
    place.random.shuffle(names)

    async def one(index: int) -> list[str]:
        name = names[index % len(names)]
        status = place.random.choice(REFUSALS)
        alter = _ways(HEAD + TEXTS[name], status)[
            index // len(names) % 3 if count > 99 else index % 3
        ]
        found = await place.wrong(alter, forms=index % 2 == 0)
        return [f"{name}: {each}" for each in found]

    return await _row("known texts, everywhere", place, count, one)


async def _placed(place: _Place, count: int) -> Row:
    async def one(index: int) -> list[str]:
        name = place.random.choice([*TEXTS])
        where = place.random.choice(place.places)
        found = await place.wrong(saying_at(where, HEAD + TEXTS[name]), forms=index % 2 == 0)
        return [f"{name} at {where}: {each}" for each in found]

    return await _row("in one place", place, count, one)


async def _row(
    what: str, place: _Place, count: int, one: Callable[[int], Awaitable[list[str]]]
) -> Row:
    place.said, failed, wrong = 0, 0, list[str]()
    for index in range(count):
        found = await one(index)
        failed += bool(found)
        wrong += found
    wrong = [*place.script.broken, *wrong]
    return Row(
        part="untrusted text", what=what, tried=count, survived=count - failed,
        figures=f"{place.said:,} texts read", wrong=tuple(wrong[:10]),
    )  # fmt: skip


async def _searched(place: _Place, count: int, number: int) -> Row:
    """Let hypothesis look for a text that comes through."""
    place.said, tried, wrong = 0, [0], list[str]()

    async def check(text: str) -> list[str]:
        tried[0] += 1
        alter = _ways(text, REFUSALS[tried[0] % len(REFUSALS)])[tried[0] % 3]
        return await place.wrong(alter, forms=tried[0] % 2 == 0)

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
        figures=f"{place.said:,} texts read", wrong=(*place.script.broken[:3], *wrong[:10]),
    )  # fmt: skip


async def _on_terminals(random: Random, count: int) -> Row:
    wrong: list[str] = []
    failed = 0
    start = random.randrange(1_000)
    with TemporaryDirectory() as folder:
        for number in range(start, start + count):
            name = random.choice([*TEXTS])
            found = await seen(HEAD + TEXTS[name], number, number // 3, Path(folder))
            failed += bool(found)
            wrong += [f"{name}: {each}" for each in found]
    return Row(
        part="untrusted text", what="commands on a terminal, logs, audit log", tried=count,
        survived=count - failed, wrong=tuple(wrong[:10]),
    )  # fmt: skip
