"""Keys over time: new ones are found, removed ones refused, old ones used while nobody answers."""

import logging
from collections.abc import Callable

import anyio
import pytest

from sent_mcp.serving.http import fetched_keys
from tests.http.identity import (
    KEYS,
    NEW,
    OLD,
    OTHER,
    RSA,
    Provider,
    key_set,
    public,
    said_to,
    settings,
    token,
    trusting,
    unknown,
)
from tests.http.sites import inside
from tests.http.wire import Answer, Site

pytestmark = pytest.mark.usefixtures("patient")
Set = Callable[[str, float], None]


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> Set:
    """Sets one of the times; none cools down at first."""
    monkeypatch.setattr(fetched_keys, "COOL_DOWN_SECONDS", 0.0)
    monkeypatch.setattr(fetched_keys, "FIRST_COOL_DOWN_SECONDS", 0.0)

    def put(name: str, seconds: float) -> None:
        monkeypatch.setattr(fetched_keys, name, seconds)

    return put


async def comes_in(site: Site, provider: Provider) -> None:
    """Somebody with a right token; a reading that fails may still be under way."""
    while (answer := await said_to(site, token())).status == 503:
        assert provider.asked < 10
    assert answer.status == 200


async def test_a_provider_that_hangs_stops_nobody_whose_key_is_known(url: str, timed: Set) -> None:
    """Whoever brings unknown ones waits, for the same reading, and is told nobody can say."""
    provider, answers = Provider(), list[Answer]()

    async def junk(number: int) -> None:
        answers.append(await said_to(site, unknown(number)))

    timed("WAIT_SECONDS", 30)
    async with trusting(url, provider) as site:
        assert (await said_to(site, token())).status == 200
        timed("COOL_DOWN_SECONDS", 30)
        provider.open.clear()
        async with anyio.create_task_group() as tasks:
            for number in range(8):
                tasks.start_soon(junk, number)
            await provider.was_asked(2)
            for _ in range(20):
                assert (await said_to(site, token())).status == 200
            assert not answers
            provider.status = 500
            provider.open.set()
        assert [each.status for each in answers] == [503] * 8
        assert all(int(each.fields["retry-after"]) > 20 for each in answers)
        # That was tried just now: nobody waits.
        assert (await said_to(site, unknown())).status == 503
    assert provider.asked == 2


async def test_nobody_waits_for_ever(url: str, timed: Set) -> None:
    """The provider does not answer at all; once it does, its keys are used."""
    provider = Provider()
    provider.open.clear()
    async with trusting(url, provider) as site:
        timed("WAIT_SECONDS", 0.2)
        for bearer in (token(), unknown()):
            assert (await said_to(site, bearer)).status == 503
        timed("WAIT_SECONDS", 30)
        provider.open.set()
        await comes_in(site, provider)


async def test_new_keys_are_found(url: str, timed: Set) -> None:
    """A provider that changes them goes on; the old one is accepted no more once it is gone."""
    provider = Provider()
    timed("WAIT_SECONDS", 30)
    async with trusting(url, provider) as site:
        assert (await said_to(site, token())).status == 200
        provider.body = key_set(NEW)
        assert (await said_to(site, token("new", key=OTHER, algorithm="RS256"))).status == 200
        assert (await said_to(site, token())).status == 401


async def test_new_keys_without_names_are_found(url: str, timed: Set) -> None:
    """No token says that its key is unknown."""
    provider = Provider(key_set(public(None, RSA, "RS256")))
    timed("WAIT_SECONDS", 30)
    async with trusting(url, provider) as site:
        assert (await said_to(site, token(None))).status == 200
        provider.body = key_set(public(None, OTHER, "RS256"))
        assert (await said_to(site, token(None, key=OTHER))).status == 200
        assert (await said_to(site, token(None))).status == 401


async def test_a_key_that_was_removed_is_refused_soon(url: str, timed: Set) -> None:
    """Whether anybody calls in between or not."""
    provider = Provider(key_set(OLD, NEW))
    async with trusting(url, provider) as site:
        timed("FRESH_SECONDS", 0.05)
        assert (await said_to(site, token())).status == 200
        provider.body = key_set(NEW)
        await provider.was_asked(provider.asked + 3)
        assert (await said_to(site, token())).status == 401


async def test_old_keys_are_used_while_the_provider_is_away(
    url: str, timed: Set, caplog: pytest.LogCaptureFixture
) -> None:
    """For an hour. The operator is told, but not with every call."""
    provider = Provider()
    async with trusting(url, provider) as site:
        assert (await said_to(site, token())).status == 200
        provider.status = 500
        timed("FRESH_SECONDS", 0)
        for asked in range(2, 5):
            assert (await said_to(site, token())).status == 200
            await provider.was_asked(asked)
        timed("FRESH_SECONDS", 300)
        assert (await said_to(site, token("rsa", key=OTHER))).status == 401
        assert (await said_to(site, unknown())).status == 503
        timed("KEPT_SECONDS", 0)
        assert (await said_to(site, token())).status == 503
    warned = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
    assert warned == [
        "the keys that sign tokens could not be read ('HTTP status 500');"
        " those read 0 minutes ago are used"
    ]


@pytest.mark.parametrize("port", [1, 99999])
async def test_a_url_where_nobody_listens_is_left_alone_for_some_seconds(
    url: str, timed: Set, port: int
) -> None:
    """Whether somebody may come to listen there, or nobody ever can."""
    timed("FIRST_COOL_DOWN_SECONDS", 5)
    async with inside(url, http=settings(f"http://127.0.0.1:{port}/jwks")) as site:
        for _ in range(2):
            answer = await said_to(site, token())
            assert (answer.status, answer.fields["retry-after"]) == (503, "5")
        assert (await said_to(site, "..")).status == 401


AWAY: dict[str, Callable[[], Provider]] = {
    "an error": lambda: Provider(b"{}", 500),
    "nothing there": lambda: Provider(b"", 404),
    "a redirect to where nobody listens": lambda: Provider(b"", 302),
    "an empty answer": lambda: Provider(b""),
    "a page": lambda: Provider(b"<html>"),
    "a list": lambda: Provider(b"[]"),
    "an object": lambda: Provider(b"{}"),
    "no keys": lambda: Provider(key_set()),
    "keys that are no list": lambda: Provider(b'{"keys": 5}'),
    "no key that is usable": lambda: Provider(key_set({"kty": "odd"})),
    "depth": lambda: Provider(b"[" * 100_000),
    "no text": lambda: Provider(b"\xff"),
    "too much": lambda: Provider(key_set(*KEYS) + b" " * fetched_keys.MOST_BYTES),
    "a reset in the middle": lambda: Provider(breaks=True),
    "bytes that never end": lambda: Provider(drips=True),
}


@pytest.mark.parametrize("how", AWAY)
async def test_while_there_are_no_keys_nobody_is_told_their_token_is_wrong(
    url: str, timed: Set, how: str
) -> None:
    """It may be right: call again. Once there are keys, it is."""
    provider = AWAY[how]()
    if provider.drips:
        timed("WAIT_SECONDS", 0.2)
    async with trusting(url, provider) as site:
        answer = await said_to(site, token())
        assert answer.status == 503
        assert answer.error["message"].startswith("The keys that sign tokens cannot be read now")
        assert "retry-after" in answer.fields
        assert "www-authenticate" not in answer.fields
        assert (await site.get("/readyz")).status == 200
        provider.body, provider.status = key_set(*KEYS), 200
        provider.breaks = provider.drips = False
        timed("WAIT_SECONDS", 30)
        await comes_in(site, provider)
