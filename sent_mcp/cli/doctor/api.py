"""Asks Sent once, and tells what the answer says about the way there, the key and the clock."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio

from sent_mcp.cli.doctor.answers import key_check, not_sents
from sent_mcp.cli.doctor.findings import Check, sentence
from sent_mcp.cli.doctor.network import Route, UnreachableError, explained, reach, route_to
from sent_mcp.client.once import Heard, ask_once
from sent_mcp.connecting import connections_to
from sent_mcp.errors import APIConnectionError, SentError
from sent_mcp.settings import Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp

ANSWER_SECONDS = 5.0
MOST_SKEW = 30.0
"""Seconds a clock may be off; after that times that are compared with Sent's mean nothing."""


@dataclass(frozen=True)
class Exchange:
    """What was heard, and when, half way between asking and hearing, by this machine's clock."""

    heard: Heard
    at: float
    took: float


async def api_checks(
    settings: Settings, key: str | None, emulator: "ASGIApp | None"
) -> list[Check]:
    """The way there, the account and the clock. Takes about ten seconds at most, all in all."""
    checks: list[Check] = []
    try:
        if emulator is None:
            route = route_to(settings.base_url)
            checks += _by_proxy(route)
            await reach(route)
        exchange = None if key is None else await _asked(settings, key, emulator)
    except UnreachableError as error:
        checks.append(Check("reachability", "wrong", error.message, error.advice))
        return [*checks, *_unasked("the API cannot be reached")]
    if exchange is None:
        host = urlsplit(settings.base_url).netloc
        said = f"{host} takes connections; nothing was asked without a key."
        return [*checks, Check("reachability", "ok", said), *_unasked("there is no usable key")]
    return [*checks, *_read(settings, exchange, demo=emulator is not None)]


def unasked_checks(why: str) -> list[Check]:
    """The same checks where nothing could be tried."""
    said = f"Whether the API can be reached: {why}."
    return [Check("reachability", "not_checked", said), *_unasked(why)]


def _by_proxy(route: Route) -> Iterator[Check]:
    if route.by_proxy:
        said = f"Requests go through {route} (HTTPS_PROXY or ALL_PROXY)."
        yield Check("proxy", "ok", said)


async def _asked(settings: Settings, key: str, emulator: "ASGIApp | None") -> Exchange:
    connections = connections_to(settings, emulator)
    sender_id = settings.sender_id if settings.api_version == "v1" else None
    try:
        # It loads the HTTP library, which must not count as the API's time.
        connections.open()
        started, mark = time.time(), time.monotonic()
        with anyio.fail_after(ANSWER_SECONDS):
            heard = await ask_once(
                connections, key, profile_id=settings.profile_id, v1_sender_id=sender_id
            )
        took = time.monotonic() - mark
        return Exchange(heard, started + took / 2, took)
    except (TimeoutError, APIConnectionError) as error:
        raise _no_answer(settings, error) from error
    except SentError as error:
        raise UnreachableError(sentence(error.sentence), error.advice) from error
    finally:
        with anyio.CancelScope(shield=True):
            await connections.aclose()


def _no_answer(settings: Settings, error: BaseException) -> UnreachableError:
    if isinstance(error, TimeoutError):
        host = urlsplit(settings.base_url).netloc
        said = f"{host} takes connections, but gave no answer within {ANSWER_SECONDS:g} seconds."
        return UnreachableError(said, "Try again in a minute; if it stays, check SENT_BASE_URL.")
    return explained(error, route_to(settings.base_url))


def _read(settings: Settings, exchange: Exchange, *, demo: bool) -> Iterator[Check]:
    host = urlsplit(settings.base_url).netloc
    problem = not_sents(exchange.heard, host)
    if problem is not None:
        yield problem
        yield from _unasked("what answers there is not the API")
        return
    place = "The embedded emulator answers" if demo else f"{host} answers"
    yield Check("reachability", "ok", f"{place} (in {exchange.took * 1000:.0f} ms).")
    yield key_check(exchange.heard, settings)
    yield _clock_check(exchange)


def _clock_check(exchange: Exchange) -> Check:
    told = exchange.heard.timestamp
    if told is None:
        return Check("clock", "not_checked", "Sent's answer does not tell the time.")
    here = datetime.fromtimestamp(exchange.at, UTC)
    ahead = (here - told).total_seconds()
    if abs(ahead) - exchange.took / 2 <= MOST_SKEW:
        return Check("clock", "ok", f"This machine's clock agrees with Sent's{_about(ahead)}.")
    side = "ahead of" if ahead > 0 else "behind"
    return Check(
        "clock",
        "warning",
        f"This machine's clock is {_span(abs(ahead))} {side} Sent's: scheduled times, approvals"
        " and what was sent in the last 24 hours are reckoned wrongly.",
        "Set this machine's clock by the network (NTP).",
    )


def _about(seconds: float) -> str:
    return "" if abs(seconds) < 1 else f" to {abs(seconds):.0f} seconds"


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.0f} hours"


def _unasked(why: str) -> list[Check]:
    return [
        Check("account", "not_checked", f"Whose key it is: {why}."),
        Check("clock", "not_checked", f"This machine's clock: {why}."),
    ]
