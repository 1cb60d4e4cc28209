"""Everybody brings a Sent key of their own, and acts with that and nothing of the operator's."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from sent_mcp.emulator import create_app
from sent_mcp.emulator.account import PROFILES
from sent_mcp.http_settings import load_http_settings
from tests.cli.conftest import Shell
from tests.door import KEY, OFFERED, SEEDED, served
from tests.http.sites import Running, changes_of, inside, lines_of, log_of, reaching, started
from tests.http.wire import ERAS, MODERN, Client, request

OPERATORS = "sk_live_of_the_operator_4f9d2c7be1a8"
WRONG = "sk_live_that_sent_does_not_know_0001"
SECOND = "sk_test_of_a_second_account_0002"
PROFILE, OTHER_PROFILE = PROFILES
both_eras = pytest.mark.parametrize("era", ERAS)
FLAGS = ("--auth", "passthrough")


class Seen:
    """An emulator in front of which the fields of each request are kept.

    It knows two keys, of two accounts that have the same contacts.
    """

    def __init__(self) -> None:
        self.fields: list[Mapping[str, str]] = []
        self._apps: dict[str, ASGIApp] = {SECOND: create_app(api_key=SECOND)}

    def before(self, app: ASGIApp) -> ASGIApp:
        """The emulator of the first account, and what is seen of its requests."""

        async def watching(scope: Scope, receive: Receive, send: Send) -> None:
            fields = {name.decode(): value.decode() for name, value in scope["headers"]}
            if not scope["path"].startswith("/__emulator/"):
                self.fields.append(fields)
            await self._apps.get(fields.get("x-api-key", ""), app)(scope, receive, send)

        return watching

    def values(self, name: str) -> set[str | None]:
        """What was sent in this field."""
        return {each.get(name) for each in self.fields}


@asynccontextmanager
async def site_of(home: Path, seen: Seen, **more: str) -> AsyncGenerator[tuple[Running, str]]:
    """A server in a process of its own, which has a key itself, and the emulator behind it."""
    app = create_app()
    app.add_middleware(_Before, seen=seen)
    async with served(app) as url:
        variables = {**reaching(url, home / "state.sqlite"), "SENT_API_KEY": OPERATORS, **more}
        with started(home, *FLAGS, **variables) as site:
            yield site, url
        for secret in (KEY, WRONG, SECOND, OPERATORS, SEEDED):
            assert secret not in site.stderr
        assert "Traceback" not in site.stderr


class _Before:
    def __init__(self, app: ASGIApp, seen: Seen) -> None:
        self._app = seen.before(app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


async def contact_of(client: Client) -> str:
    found = await client.call("find_contact_by_phone", phone_number=SEEDED)
    return found["contact"]["id"]


async def test_a_callers_key_is_used_and_nothing_of_the_operators(home: Path) -> None:
    """As a bearer token or as x-api-key; who brings two different ones is asked which."""
    seen = Seen()
    mine = {"SENT_PROFILE_ID": OTHER_PROFILE, "SENT_SENDER_ID": "sender-of-the-operator"}
    async with site_of(home, seen, **mine) as (site, _):
        for client in (
            site.bearer(KEY),
            site.bearer(KEY, MODERN),
            site.client(X_Api_Key=KEY),
            site.client(MODERN, X_Api_Key=KEY),
            site.bearer(KEY, X_Api_Key=KEY),
        ):
            assert (await client.call("find_contact_by_phone", phone_number=SEEDED))["found"]
        unclear = await site.bearer(KEY, X_Api_Key=WRONG).ask("tools/list")
        assert (unclear.status, "two keys" in unclear.error["message"]) == (400, True)
        assert "SENT_API_KEY is not used" in site.stderr
        assert "SENT_PROFILE_ID is not used" in site.stderr
    assert seen.values("x-api-key") == {KEY}
    assert seen.values("x-profile-id") == {None}
    assert seen.values("x-sender-id") == {None}
    assert OPERATORS not in str(seen.fields)
    assert "authorization" not in seen.values("authorization")


async def test_a_profile_reaches_sent_as_it_came(home: Path) -> None:
    """And counts for one request only; an empty one is none."""
    seen = Seen()
    async with site_of(home, seen) as (site, _):
        for profile in (PROFILE, "", OTHER_PROFILE):
            client = site.bearer(KEY, X_Profile_Id=profile)
            assert await client.call("list_contacts")
            assert seen.fields[-1].get("x-profile-id") == (profile or None)
        raw = site.bearer(KEY).call_bytes("list_contacts")
        empty = raw.replace(b"\r\n\r\n", b"\r\nX-Profile-Id: \r\n\r\n", 1)
        assert (await site.ask(empty)).result["structuredContent"]
        assert seen.fields[-1].get("x-profile-id") is None
        unknown = site.bearer(KEY, X_Profile_Id="00000000-0000-4000-8000-000000000000")
        assert "RESOURCE_004" in await unknown.refused("list_contacts")


@pytest.mark.parametrize("auth", ["open", "tokens"])
async def test_elsewhere_a_profile_of_a_request_is_ignored(home: Path, auth: str) -> None:
    """The operator's counts, whose key it is."""
    seen = Seen()
    app = create_app()
    app.add_middleware(_Before, seen=seen)
    token = "a-token-that-is-long-enough-for-it"
    given = {"auth": "tokens", "tokens": token} if auth == "tokens" else {}
    async with (
        served(app) as url,
        inside(url, http=load_http_settings(**given), profile_id=PROFILE) as site,
    ):
        for brought in (OTHER_PROFILE, "not a uuid", "x" * 1_000):
            client = site.bearer(token, X_Profile_Id=brought, X_Api_Key=WRONG)
            assert await client.call("list_contacts")
    assert seen.values("x-profile-id") == {PROFILE}
    assert seen.values("x-api-key") == {KEY}


@both_eras
async def test_a_wrong_key_connects_and_lists_and_its_calls_say_so(home: Path, era: str) -> None:
    """Only Sent knows whether it is right; it is not asked before there is a call."""
    seen = Seen()
    async with site_of(home, seen) as (site, _):
        wrong = site.bearer(WRONG, era)
        assert len((await wrong.ask("tools/list")).result["tools"]) == OFFERED
        assert seen.fields == []
        assert "AUTH_002" in await wrong.refused("list_contacts")
        # The next is answered here: Sent locks a key after ten.
        count = len(seen.fields)
        assert "AUTH_002" in await wrong.refused("list_contacts")
        assert len(seen.fields) == count
        assert (await site.bearer(KEY, era).call("list_contacts"))["contacts"]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": f"Basic {KEY}"},
        {"X-Profile-Id": PROFILE},
    ],
)
async def test_without_a_key_nobody_comes_in(url: str, fields: dict[str, str]) -> None:
    """Not with the operator's either."""
    async with inside(url, http=load_http_settings(auth="passthrough")) as site:
        answer = await site.client(**fields).ask("tools/list")
    assert answer.status == 401
    assert answer.fields["www-authenticate"] == 'Bearer realm="sent-mcp"'


@pytest.mark.parametrize(
    "fields",
    [
        {"Authorization": "Bearer two words"},
        {"Authorization": f"Bearer {'x' * 513}"},
        {"Authorization": "Bearer k\xe9y"},
        {"X-Api-Key": "k\xe9y"},
        {"X-Api-Key": "two words"},
        {"Authorization": f"Bearer {KEY}", "X-Profile-Id": "two words"},
        {"Authorization": f"Bearer {KEY}", "X-Profile-Id": "x" * 513},
    ],
)
async def test_what_no_header_to_sent_can_carry_is_refused(
    url: str, fields: dict[str, str]
) -> None:
    """Before anything is made of it."""
    async with inside(url, http=load_http_settings(auth="passthrough")) as site:
        answer = await site.client(**fields).ask("tools/list")
    assert answer.status == 401
    assert 'error="invalid_token"' in answer.fields["www-authenticate"]


async def test_an_approval_is_worth_nothing_with_another_key_or_profile(home: Path) -> None:
    """The same contact, the same words, another account."""
    seen = Seen()
    async with site_of(home, seen) as (site, url):
        mine = site.bearer(KEY)
        contact_id = await contact_of(mine)
        asked = await mine.call("delete_contact", contact_id=contact_id)
        given = {"contact_id": contact_id, "confirmation_token": asked["confirmation_token"]}
        assert await contact_of(site.bearer(SECOND)) == contact_id
        for other in (site.bearer(SECOND), site.bearer(KEY, X_Profile_Id=PROFILE)):
            result = (
                await other.ask("tools/call", {"name": "delete_contact", "arguments": given})
            ).result
            assert result.get("structuredContent", {}).get("status") in (None, "token_rejected")
        assert await changes_of(url) == []
        assert (await mine.call("delete_contact", **given))["status"] == "deleted"
        assert await contact_of(site.bearer(SECOND)) == contact_id


async def test_the_audit_log_tells_keys_apart_without_showing_them(home: Path) -> None:
    """A fingerprint stands for who brought it."""
    seen, audit = Seen(), home / "audit.jsonl"
    async with site_of(home, seen, SENT_MCP_AUDIT_LOG=str(audit)) as (site, _):
        for client in (site.bearer(KEY), site.client(X_Api_Key=KEY), site.bearer(SECOND)):
            await client.call("delete_contact", contact_id=await contact_of(client))
        lines = await lines_of(audit, 3)
    one, same, other = (line["caller"] for line in lines)
    assert one == same != other
    assert one.startswith("key-")
    assert KEY not in str(lines)


async def test_one_keys_budget_is_not_anothers(url: str) -> None:
    """The one is used up, of which the other notices nothing."""
    http = load_http_settings(auth="passthrough")
    async with inside(url, http=http, requests_per_minute=4, call_timeout=2) as site:
        mine = site.bearer(KEY)
        for _ in range(4):
            said = (await mine.ask("tools/call", {"name": "list_contacts"})).result
            if said.get("isError"):
                break
        assert "BUDGET_EXHAUSTED" in await mine.refused("list_contacts")
        assert 1 <= len(await log_of(url)) <= 4
        assert "AUTH_002" in await site.bearer(WRONG).refused("list_contacts")


def test_it_is_refused_for_v1(home: Path) -> None:
    """A v1 key goes with a sender id, which is the operator's."""
    flags = ("serve", "--transport", "http", *FLAGS)
    ran = Shell(home).run(*flags, SENT_API_VERSION="v1", SENT_SENDER_ID="s", SENT_API_KEY=KEY)
    assert (ran.code, ran.out) == (2, "")
    assert "--auth passthrough needs v3" in ran.err
    assert KEY not in ran.err


async def test_nobody_else_is_asked_for_a_key(url: str) -> None:
    """Probes are open, a request for nothing is not."""
    async with inside(url, http=load_http_settings(auth="passthrough")) as site:
        assert (await site.get("/healthz")).status == 200
        assert (await site.get("/readyz")).json == {"status": "ready", "state": "ok"}
        assert (await site.ask(request(b"{}"))).status == 401
