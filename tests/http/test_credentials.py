"""Who comes in with a token, and how everybody else is refused."""

import hmac
from collections.abc import AsyncGenerator
from pathlib import Path

import anyio
import pytest
from starlette.datastructures import Headers

from sent_mcp.callers import Caller
from sent_mcp.http_settings import load_http_settings
from sent_mcp.http_values import HttpToken
from sent_mcp.serving.http import wrong_keys
from sent_mcp.serving.http.credentials import Denied, TokenCredentials
from tests.door import OFFERED
from tests.http.sites import ANNA, BEN, TOKENS, Running, inside, log_of, reaching, started
from tests.http.wire import ERAS, Answer, Site, message, request

PLAIN = "a-token-of-nobody-in-particular"
WRONG = "a-token-that-nobody-has-given-out"
REALM = 'Bearer realm="sent-mcp"'


@pytest.fixture(scope="module")
async def guarded(
    shared_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Running]:
    """A server for whom knows a token, on every address of this machine."""
    given = {"SENT_MCP_HTTP_TOKENS": f"{TOKENS['SENT_MCP_HTTP_TOKENS']},{PLAIN}"}
    home = tmp_path_factory.mktemp("guarded")
    with started(home, "--host", "0.0.0.0", **reaching(shared_url), **given) as site:
        yield site
    for secret in (ANNA, BEN, PLAIN, WRONG):
        assert secret not in site.stderr
    assert "Traceback" not in site.stderr


def refused(answer: Answer, *, said: bool) -> None:
    """With a challenge; `said`: there was a token, and it is wrong."""
    assert answer.status == 401
    challenge = answer.fields["www-authenticate"]
    assert challenge.startswith(REALM)
    assert ('error="invalid_token"' in challenge) == said
    assert ("error" in challenge) == said
    assert "resource_metadata" not in challenge
    assert answer.error["message"]


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("token", [ANNA, BEN, PLAIN])
async def test_every_token_lets_its_caller_in(guarded: Running, token: str, era: str) -> None:
    """With a name, or without one."""
    listed = await guarded.bearer(token, era).ask("tools/list")
    assert len(listed.result["tools"]) == OFFERED


async def test_the_scheme_is_read_in_any_case(guarded: Running) -> None:
    """RFC 9110, 11.1."""
    client = guarded.client(Authorization=f"bEaReR   {ANNA}")
    assert (await client.ask("tools/list")).result


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer  "},
        {"Authorization": ANNA},
        {"Authorization": f"Basic {ANNA}"},
        {"Authorization": f"Token {ANNA}"},
        {"Authorization": f"Bearer{ANNA}"},
        {"X-Api-Key": ANNA},
        {"Cookie": f"token={ANNA}"},
    ],
)
async def test_without_a_token_nobody_comes_in(guarded: Running, fields: dict[str, str]) -> None:
    """And is told only that one is needed: RFC 6750, 3."""
    for era in ERAS:
        refused(await guarded.client(era, **fields).ask("tools/list"), said=False)


async def test_a_token_in_the_address_is_none(guarded: Running) -> None:
    """Addresses are kept in logs."""
    refused(await guarded.ask(request(b"{}", path=f"/mcp?access_token={ANNA}")), said=False)


@pytest.mark.parametrize(
    "token",
    [WRONG, ANNA[:-1], f"{ANNA}x", ANNA.upper(), f"anna:{ANNA}", f"{ANNA},{BEN}", "*", "x" * 50_000]
    + ["\xe9\xff", "%00", "null"],
)
async def test_with_a_wrong_token_nobody_comes_in(
    home: Path, url: str, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it looks like: nearly right, very long, or no ASCII."""
    monkeypatch.setattr(wrong_keys, "FREE_TRIES", 100)
    http = load_http_settings(auth="tokens", tokens=TOKENS["SENT_MCP_HTTP_TOKENS"])
    async with inside(url, http=http) as site:
        refused(await site.bearer(token).ask("tools/list"), said=True)
    assert await log_of(url) == []


async def test_the_first_of_two_tokens_counts(guarded: Running) -> None:
    """Neither both nor whichever is right."""
    said = b'{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}'
    more = f"Authorization: Bearer {ANNA}\r\n"
    answer = await guarded.ask(request(said, {"Authorization": f"Bearer {WRONG}"}, more=more))
    refused(answer, said=True)


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS", "POST"])
async def test_without_a_token_nothing_else_is_told(guarded: Running, method: str) -> None:
    """Not even what is served there."""
    refused(await guarded.ask(request(b"[", {"Content-Type": "x"}, method=method)), said=False)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_probes_need_no_token(guarded: Running, path: str) -> None:
    """They come from the load balancer."""
    assert (await guarded.get(path)).status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/oauth-protected-resource",
        "/.well-known/oauth-protected-resource/mcp",
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
        "/authorize",
        "/register",
    ],
)
async def test_nobody_is_sent_to_an_authorization_server(guarded: Running, path: str) -> None:
    """There is none; a client that found one would open a browser."""
    assert (await guarded.get(path)).status == 404


async def test_every_token_is_compared_and_each_in_constant_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else the time that a refusal takes would tell how right it is."""
    compared: list[tuple[int, int]] = []
    compare = hmac.compare_digest

    def counted(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return compare(one, other)

    monkeypatch.setattr("sent_mcp.serving.http.credentials.hmac.compare_digest", counted)
    known = TokenCredentials([HttpToken("a", ANNA), HttpToken("b", BEN), HttpToken("c", PLAIN)])
    for token, found in [(ANNA, "a"), (PLAIN, "c"), (WRONG, None), ("x" * 60_000, None)]:
        compared.clear()
        caller = await known.caller(Headers({"Authorization": f"Bearer {token}"}))
        assert (caller.name if isinstance(caller, Caller) else None) == found
        assert isinstance(caller, Caller | Denied)
        assert compared == [(32, 32)] * 3


async def _time(site: Site, token: str) -> tuple[int, float]:
    began = anyio.current_time()
    answer = await site.bearer(token).ask("tools/list")
    return answer.status, anyio.current_time() - began


async def test_wrong_tokens_are_slowed_down_and_right_ones_are_not(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each more than the one before, up to a limit; from the same address."""
    monkeypatch.setattr(wrong_keys, "FIRST_SECONDS", 0.02)
    monkeypatch.setattr(wrong_keys, "LONGEST_SECONDS", 0.3)
    http = load_http_settings(auth="tokens", tokens=TOKENS["SENT_MCP_HTTP_TOKENS"])
    async with inside(url, http=http) as site:
        took = [await _time(site, WRONG) for _ in range(8)]
        assert [status for status, _ in took] == [401] * 8
        assert all(seconds >= 0.3 for _, seconds in took[-1:])
        assert took[-1][1] > 3 * took[0][1]
        right = [await _time(site, ANNA) for _ in range(3)]
        assert {status for status, _ in right} == {200}
        assert min(seconds for _, seconds in right) < took[-1][1] / 2
        # None at all is no guess.
        assert (await site.client().ask("tools/list")).status == 401


async def test_too_many_wrong_tokens_at_once_are_turned_away(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With when to come again; those with a right one come in meanwhile."""
    monkeypatch.setattr(wrong_keys, "FREE_TRIES", 0)
    monkeypatch.setattr(wrong_keys, "FIRST_SECONDS", 0.4)
    monkeypatch.setattr(wrong_keys, "MOST_WAITING", 2)
    http = load_http_settings(auth="tokens", tokens=TOKENS["SENT_MCP_HTTP_TOKENS"])
    answers: list[Answer] = []

    async with inside(url, http=http) as site:

        async def guess() -> None:
            answers.append(await site.bearer(WRONG).ask("tools/list"))

        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(guess)
            await anyio.sleep(0.1)
            assert (await site.bearer(ANNA).ask("tools/list")).status == 200
            assert len([each for each in answers if each.status == 429]) == 3
        assert sorted(each.status for each in answers) == [401, 401, 429, 429, 429]
        for answer in answers[:3]:
            assert int(answer.fields["retry-after"]) >= 1


async def test_who_guesses_for_ever_is_refused_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thousandth wrong token breaks nothing."""
    monkeypatch.setattr(wrong_keys, "LONGEST_SECONDS", 0)
    guessed = wrong_keys.WrongKeys()
    for _ in range(1_200):
        assert await guessed.slow_down("192.0.2.1") is None


async def test_wrong_tokens_are_forgotten_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """And never counted against another address."""
    monkeypatch.setattr(wrong_keys, "MOST_WAITING", 0)
    monkeypatch.setattr(wrong_keys, "FREE_TRIES", 1)
    guessed = wrong_keys.WrongKeys()
    assert [await guessed.slow_down("192.0.2.1") for _ in range(3)] == [None, 1, 1]
    assert await guessed.slow_down("192.0.2.2") is None
    monkeypatch.setattr(wrong_keys, "FORGET_SECONDS", -1)
    assert await guessed.slow_down("192.0.2.1") is None


async def test_addresses_are_remembered_in_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has many must not fill the memory."""
    monkeypatch.setattr(wrong_keys, "FREE_TRIES", 1)
    monkeypatch.setattr(wrong_keys, "MOST_WAITING", 0)
    monkeypatch.setattr(wrong_keys, "MOST_ADDRESSES", 3)
    guessed = wrong_keys.WrongKeys()
    for n in (1, 2, 3, 4):
        assert await guessed.slow_down(f"192.0.2.{n}") is None
    assert await guessed.slow_down("192.0.2.1") is None
    assert await guessed.slow_down("192.0.2.4") == 1


async def test_on_this_machine_alone_no_token_is_needed(site: Running) -> None:
    """One that is brought is not read."""
    assert (await site.client().ask("tools/list")).result
    assert (await site.bearer("whatever").ask("tools/list")).result


async def test_where_there_are_tokens_this_machine_needs_one_too(home: Path, url: str) -> None:
    """Whoever set them means it."""
    with started(home, **reaching(url), **TOKENS) as site:
        refused(await site.client().ask("tools/list"), said=False)
        assert (await site.bearer(ANNA).ask("tools/list")).result
        again = message("tools/list", number=2)
        assert (await site.ask(site.bearer(BEN).bytes_of(again))).json["id"] == 2
