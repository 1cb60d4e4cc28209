"""The key: where it goes, when it is read again, and where it never shows."""

import logging

import anyio
import httpx
import pytest

from sent_mcp.client import ApiKey
from sent_mcp.errors import AuthenticationError, SettingsError
from tests.client.wire import CONTACT, KEY, Wire, failed, ok, page

ID = str(CONTACT["id"])
REFUSED = failed(401, "AUTH_002", "Invalid or missing API key")


class Keys:
    """A key file that changes, with a clock."""

    def __init__(self, *values: str) -> None:
        self.values = list(values)
        self.now = 1000.0
        self.reads = 0

    def read(self) -> str:
        self.reads += 1
        value = self.values[0]
        if not value:
            raise SettingsError("the key file is gone", code="KEY_FILE")
        return value

    def key(self) -> ApiKey:
        return ApiKey(self.read, clock=lambda: self.now)


async def test_the_key_the_profile_and_the_product_travel_in_headers() -> None:
    """An empty profile header is left out (API §1)."""
    wire = Wire(ok(CONTACT), ok(CONTACT))
    for profile_id in ("p1", ""):
        client = wire.client(profile_id=profile_id)
        await client.contacts.get(ID)
        await client.aclose()
    first, second = wire.requests
    assert first.headers["x-api-key"] == KEY
    assert first.headers["x-profile-id"] == "p1"
    assert first.headers["user-agent"].startswith("sent-mcp/")
    assert "x-profile-id" not in second.headers


async def test_after_a_refusal_calls_are_answered_here_for_a_minute() -> None:
    """Sent locks a key after ten failures (API §5)."""
    keys = Keys("first")
    wire = Wire(REFUSED, ok(CONTACT))
    client = wire.client(key=keys.key())
    with pytest.raises(AuthenticationError) as asked:
        await client.contacts.get(ID)
    keys.now += 59
    with pytest.raises(AuthenticationError) as local:
        await client.contacts.get(ID)
    assert len(wire.requests) == 1
    keys.now += 2
    await client.contacts.get(ID)
    await client.aclose()
    assert "ten failures" not in str(asked.value)
    assert "locks a key after ten failures; the key is tried again in 1 s." in str(local.value)
    assert (local.value.code, local.value.message) == (asked.value.code, asked.value.message)


async def test_a_changed_key_is_tried_at_once() -> None:
    """The file is read again when Sent refuses what it held."""
    keys = Keys("first")
    wire = Wire(ok(CONTACT), REFUSED, ok(CONTACT))
    client = wire.client(key=keys.key())
    await client.contacts.get(ID)
    keys.values = ["second"]
    await client.contacts.get(ID)
    await client.aclose()
    assert [request.headers["x-api-key"] for request in wire.requests] == [
        "first",
        "first",
        "second",
    ]


async def test_a_change_is_not_repeated_with_another_key() -> None:
    """It may belong to another account, and nobody agreed to that; a new call may use it."""
    keys = Keys("first")
    wire = Wire(ok(CONTACT), REFUSED, ok(CONTACT))
    client = wire.client(key=keys.key())
    await client.contacts.get(ID)
    keys.values = ["second"]
    with pytest.raises(AuthenticationError):
        await client.contacts.update(ID, {"opt_out": True}, idempotency_key="k")
    assert len(wire.requests) == 2
    await client.contacts.get(ID)
    await client.aclose()
    assert wire.requests[-1].headers["x-api-key"] == "second"


async def test_a_changed_key_that_is_refused_too_is_not_read_again_within_a_minute() -> None:
    """However often the file changes."""
    keys = Keys("first")
    wire = Wire(ok(CONTACT), REFUSED, REFUSED)
    client = wire.client(key=keys.key())
    await client.contacts.get(ID)
    keys.values = ["second"]
    with pytest.raises(AuthenticationError):
        await client.contacts.get(ID)
    keys.values = ["third"]
    with pytest.raises(AuthenticationError, match="answered here"):
        await client.contacts.get(ID)
    await client.aclose()
    assert keys.reads == 2


async def test_a_key_file_that_vanished_leaves_the_refusal_standing() -> None:
    """Which is what happened."""
    keys = Keys("first")
    wire = Wire(ok(CONTACT), REFUSED)
    client = wire.client(key=keys.key())
    await client.contacts.get(ID)
    keys.values = [""]
    with pytest.raises(AuthenticationError, match="AUTH_002"):
        await client.contacts.get(ID)
    await client.aclose()


async def test_many_calls_at_once_with_a_wrong_key_fail_at_sent_once() -> None:
    """Ten would lock it."""
    wire = Wire(REFUSED)
    client = wire.client()
    errors: list[AuthenticationError] = []

    async def ask() -> None:
        with pytest.raises(AuthenticationError) as caught:
            await client.contacts.get(ID)
        errors.append(caught.value)

    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(ask)
    await client.aclose()
    assert len(wire.requests) == 1
    assert len(errors) == 20


async def test_many_calls_at_once_with_a_good_key_all_go_out() -> None:
    """The first one's answer lets the others go."""
    wire = Wire(*[ok(page(CONTACT)) for _ in range(20)])
    client = wire.client()
    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(client.contacts.list)
    await client.aclose()
    assert len(wire.requests) == 20


async def test_those_who_waited_for_the_first_try_do_not_wait_for_one_another() -> None:
    """Hundreds of calls at a start must not go out one after the other."""
    key = ApiKey(lambda: KEY)
    begun, all_of_them = 0, anyio.Event()

    async def ask() -> None:
        nonlocal begun
        async with key.lease():
            begun += 1
            if begun == 1:
                return
            if begun == 20:
                all_of_them.set()
            await all_of_them.wait()

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(ask)
    assert begun == 20


async def test_a_key_changed_by_another_call_is_used_without_reading() -> None:
    """Two calls with the old key under way, the first one's refusal brought the new key."""
    keys = Keys("old")
    key = keys.key()
    error = AuthenticationError(401, "No", code="AUTH_002")
    assert key.value() == "old"
    keys.values = ["new"]
    assert key.refused("old", error)
    assert key.refused("old", error)
    assert (key.value(), keys.reads) == ("new", 2)


@pytest.mark.parametrize("code", ["AUTH_003", "HTTP_401"])
async def test_other_refusals_do_not_pause_the_key(code: str) -> None:
    """A proxy's 401 says nothing about it."""
    key = ApiKey(lambda: KEY)
    assert not key.refused(KEY, AuthenticationError(401, "No", code=code))
    assert key.value() == KEY


@pytest.mark.parametrize(
    ("step", "code"),
    [(httpx.Response(401), "AUTH_002"), (httpx.Response(401, html="<h1>Log in</h1>"), "HTTP_401")],
)
async def test_a_401_without_sents_words(step: httpx.Response, code: str) -> None:
    """Empty is how Sent's own is documented (API §3); a page is some proxy's."""
    wire = Wire(step)
    client = wire.client()
    with pytest.raises(AuthenticationError) as caught:
        await client.contacts.get(ID)
    await client.aclose()
    assert caught.value.code == code


async def test_without_a_key_nothing_is_sent() -> None:
    """The error is the one of the settings."""
    wire = Wire()
    client = wire.client(key=Keys("").key())
    with pytest.raises(SettingsError, match="KEY_FILE: the key file is gone"):
        await client.contacts.get(ID)
    with pytest.raises(SettingsError):
        await client.messages.send(to=["+14155551234"], text="Hi", idempotency_key="k")
    await client.aclose()
    assert wire.requests == []


@pytest.mark.parametrize("value", ["", "two words", "schlüssel", "line\nbreak"])
async def test_a_key_no_header_can_hold_is_refused_without_showing_it(value: str) -> None:
    """The HTTP library would quote it in its error."""
    wire = Wire()
    client = wire.client(key=ApiKey(lambda: value))
    with pytest.raises(SettingsError) as caught:
        await client.contacts.get(ID)
    await client.aclose()
    assert caught.value.code == "PLACEHOLDER_KEY"
    assert not value or value not in str(caught.value)


async def test_the_key_shows_in_no_text_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    """Neither do ids and numbers in the log."""
    caplog.set_level(logging.DEBUG, logger="sent_mcp.client")
    key = ApiKey(lambda: KEY)
    wire = Wire(ok(CONTACT, headers={"x-request-id": "req_1"}), *[httpx.ReadError("lost")] * 4)
    client = wire.client(key=key)
    await client.contacts.get(ID)
    with pytest.raises(Exception, match="CONNECTION_ERROR") as caught:
        await client.contacts.get(ID)
    await client.aclose()
    shown = f"{key!r} {key} {vars(client)} {caught.value!r} {caught.value} {caplog.text}"
    assert KEY not in shown
    assert ID not in caplog.text
    assert "GET /v3/contacts/{contact_id} 200" in caplog.text
    assert "req_1" in caplog.text


def test_the_fingerprint_names_the_key_without_giving_it_away() -> None:
    """The same for the same key, in every process."""
    assert ApiKey(lambda: KEY).fingerprint() == ApiKey(lambda: KEY).fingerprint()
    assert ApiKey(lambda: KEY).fingerprint() != ApiKey(lambda: "other").fingerprint()
    assert KEY not in ApiKey(lambda: KEY).fingerprint()
    with pytest.raises(SettingsError):
        ApiKey(lambda: "").fingerprint()
