"""Servers killed at random moments of guarded changes (SIGKILL), and started again.

The same request again, and then anew: it is never done twice, the state file is never corrupt, and
nothing that was left behind stands in the way.
"""

import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import anyio

from tests.proof.crashes_actions import KINDS, prepared
from tests.proof.crashes_calls import Log
from tests.proof.crashes_plan import TRACKS, Trial, trials
from tests.proof.crashes_track import Track
from tests.proof.faults_site import emulated
from tests.proof.report import Row, Scale

_LOOKED_UP_SECONDS = 10


async def run(scale: Scale) -> Sequence[Row]:
    """16 or 200 kills."""
    plan = trials(scale.seed, scale.of(16, 200))
    async with AsyncExitStack() as opened:
        home = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        log, tracks = Log(scale.seed), list[Track]()
        for place in range(TRACKS):
            # One each: what arrives there, and what goes wrong there, is nobody else's.
            site = await opened.enter_async_context(emulated(home))
            tracks.append(Track(site, f"state-{place}.sqlite", log))
        await _at_once(tracks, [[_measured(kind, len(plan))] for kind in KINDS])
        await _at_once(tracks, [plan[place::TRACKS] for place in range(TRACKS)])
    return [log.row()]


def _measured(kind: str, number: int) -> Trial:
    """One of each kind that nobody disturbs, to know how long it takes."""
    return Trial(
        number + KINDS.index(kind), kind, "never", 1.0, form=False, twins=False, lost=False
    )


async def _at_once(tracks: list[Track], given: Sequence[Sequence[Trial]]) -> None:
    """Each track does its own, one after the other; all its contacts are made before."""

    async def follow(track: Track, own: Sequence[Trial]) -> None:
        site = track.site
        await site.faults([])
        actions = {each.number: await prepared(site, each.kind, each.number) for each in own}
        # The channels of a new contact come later; an approval would be of another contact then.
        await site.advance(_LOOKED_UP_SECONDS)
        for trial in own:
            await track.play(trial, actions[trial.number])
        await track.leave()

    async with anyio.create_task_group() as tasks:
        for track, own in zip(tracks, given, strict=False):
            tasks.start_soon(follow, track, own)
