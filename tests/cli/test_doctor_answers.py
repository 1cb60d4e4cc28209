"""`sent-mcp doctor` on what Sent may say: each refusal in words, and what is no answer of Sent."""

import email.utils
import json
import re
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import httpx
import pytest

from tests.cli.conftest import Shell
from tests.cli.here import Here
from tests.cli.sites import ACCOUNT, JSON, Reply, refused, said, site
from tests.cli.test_doctor import KEY, checks

REFUSALS = {
    "AUTH_001": (401, "Sent saw no key in the request", "a proxy that takes the header"),
    "AUTH_002": (401, "Sent does not know this key", "Do not just try again"),
    "AUTH_003": (403, "may not do this", "API access"),
    "AUTH_004": (403, "lacks a permission", "SENT_PROFILE_ID"),
    "AUTH_005": (403, "the account is not active yet", "Wait until Sent has activated"),
    "AUTH_006": (403, "not verified yet (KYC)", "Hand in the KYC documents"),
    "AUTH_007": (403, "no channel to send on", "Set up a channel"),
    "RESOURCE_004": (404, "no profile has the id in SENT_PROFILE_ID", "unset SENT_PROFILE_ID"),
    "BUSINESS_002": (429, "its rate limit", "what else uses this key"),
    "INTERNAL_001": (500, "Sent failed", "give Sent support the request id"),
    "NEW_123": (418, "Sent refuses the request", ""),
}
REAL_KEY = "sk_test_emulator"
PAGE = b"<html><title>Log in to the guest network</title></html>"


@pytest.fixture
def here(tmp_path: Path) -> Here:
    return Here(tmp_path)


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """An emulator for all tests here; its address."""
    with Shell(tmp_path_factory.mktemp("emulator")).emulator() as address:
        yield address


@pytest.fixture
def emulator(process: str) -> str:
    """The same, without the faults of other tests."""
    control(process, "faults", [])
    return process


def control(address: str, what: str, order: object) -> None:
    """Tell the emulator how to behave."""
    httpx.post(f"{address}/__emulator/{what}", json=order, trust_env=False).raise_for_status()


def answered(here: Here, reply: Reply, **variables: str) -> dict[str, dict[str, str]]:
    """The findings where this is the answer to the one request."""
    with site(reply) as place:
        given = {"SENT_BASE_URL": place.url, "SENT_API_KEY": KEY, **variables}
        found = checks(here.run("doctor", "--json", **given))
    assert len(place.asked) == 1
    return found


@pytest.mark.parametrize("code", REFUSALS)
def test_each_refusal_says_what_it_means_and_what_to_do(here: Here, code: str) -> None:
    status, meaning, advice = REFUSALS[code]
    found = answered(here, refused(status, code, "Words of the API."))
    account = found["account"]
    assert (found["reachability"]["status"], account["status"]) == ("ok", "wrong")
    assert meaning in account["message"]
    assert f'({code}: "Words of the API", request req_1).' in account["message"]
    assert advice in account["advice"]


def test_a_locked_key_is_told_apart_from_a_wrong_one(here: Here) -> None:
    found = answered(here, refused(401, "AUTH_002", "This API key is locked"))
    assert "Sent has locked this key" in found["account"]["message"]
    assert "each failure makes the lock longer" in found["account"]["advice"]


def test_how_long_to_wait_is_repeated(here: Here) -> None:
    found = answered(here, refused(429, "BUSINESS_002", "Slow down", Retry_After="17"))
    assert found["account"]["advice"] == "Wait 17 seconds, as Sent asks, then try again."


@pytest.mark.parametrize(("status", "means"), [(401, "does not know this key"), (403, "may not")])
def test_an_empty_refusal_is_one_too(here: Here, status: int, means: str) -> None:
    """Its pages document no body."""
    assert means in answered(here, Reply(status))["account"]["message"]


def test_a_success_that_says_false_is_a_refusal(here: Here) -> None:
    reply = refused(200, "AUTH_006", "No KYC")
    assert "(KYC)" in answered(here, reply)["account"]["message"]


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(302, b"", {"Location": "https://login.example/x?y"}), "redirects to login.example"),
        (Reply(307), "redirects instead of answering"),
        (Reply(301, b"", {"Location": "http://[::1"}), "redirects instead of answering"),
        (Reply(200, PAGE, {"Content-Type": "text/html"}), "answers with a web page"),
        (Reply(404, PAGE, {"Content-Type": "text/html"}), "answers with a web page"),
        (Reply(502, PAGE, {"Content-Type": "text/html"}), "answers with a web page"),
        (
            Reply(200, b"hello", {"Content-Type": "text/plain"}),
            r'something else \("?text/plain"?\)',
        ),
        (Reply(200, b"[1]", JSON), r'something else \("?application/json"?\)'),
        (Reply(200, b'{"hello": "you"}', JSON), r'something else \("?application/json"?\)'),
        (Reply(200), "answers with nothing at all"),
        (Reply(404), "answers with nothing at all"),
    ],
)
def test_what_is_not_the_api_is_named(here: Here, reply: Reply, words: str) -> None:
    found = answered(here, reply)
    assert found["reachability"]["status"] == "wrong"
    assert re.search(words, found["reachability"]["message"])
    assert f"(status {reply.status})" in found["reachability"]["message"]
    assert found["account"]["status"] == "not_checked"


def test_the_account_is_shown_without_numbers_and_addresses(here: Here) -> None:
    with site(said(ACCOUNT)) as place:
        ran = here.run("doctor", "--json", SENT_BASE_URL=place.url, SENT_API_KEY=KEY)
    message = checks(ran)["account"]["message"]
    assert message.startswith('Sent takes the key: user "Acme of +1415*****88", which can send on')
    assert not re.search(r"\+?1?4155550\d{3}|555 0188|acme\.example", ran.out)


def test_an_account_that_cannot_send_is_usable_with_a_warning(here: Here) -> None:
    channels = {"sms": {"configured": False}, "whatsapp": {"configured": False}}
    found = answered(here, said({**ACCOUNT, "channels": channels}))
    assert found["account"]["status"] == "warning"
    assert "no channel to send on yet" in found["account"]["message"]


def test_a_profile_is_the_account_that_is_shown(here: Here, emulator: str) -> None:
    given = {"SENT_BASE_URL": emulator, "SENT_API_KEY": REAL_KEY}
    answer = httpx.get(f"{emulator}/v3/me", headers={"x-api-key": REAL_KEY}, trust_env=False)
    profile = cast("dict[str, str]", answer.json()["data"]["profiles"][0])
    found = checks(here.run("doctor", "--json", **given, SENT_PROFILE_ID=profile["id"]))
    assert found["account"]["message"].startswith(
        f'Sent takes the key: profile "{profile["name"]}" (SENT_PROFILE_ID)'
    )
    found = checks(here.run("doctor", "--json", **given, SENT_PROFILE_ID="sales"))
    assert "SENT_PROFILE_ID must be a UUID" in found["account"]["message"]


def test_the_legacy_api_is_asked_for_its_shortest_page(here: Here, emulator: str) -> None:
    legacy = {
        "SENT_BASE_URL": emulator,
        "SENT_API_VERSION": "v1",
        "SENT_SENDER_ID": "7ba7b820-9dad-11d1-80b4-00c04fd430c8",
    }
    httpx.delete(f"{emulator}/__emulator/requests", headers=JSON, trust_env=False)
    right = here.run("doctor", "--json", SENT_API_KEY=REAL_KEY, **legacy)
    wrong = here.run("doctor", "--json", SENT_API_KEY=KEY, **legacy)
    asked = httpx.get(f"{emulator}/__emulator/requests", trust_env=False).json()
    assert checks(right)["account"]["message"] == "Sent takes the key and the sender id (v1)."
    assert "does not know this key" in checks(wrong)["account"]["message"]
    assert [(each["path"], each["status"]) for each in asked] == [
        ("/v1/contacts", 200),
        ("/v1/contacts", 401),
    ]


@pytest.mark.parametrize(
    ("told_by", "ahead", "words"),
    [
        ("meta", 20, None),
        ("meta", -20, None),
        ("meta", 40, "40 seconds ahead of"),
        ("Date", 0, None),
        ("Date", -3600, "60 minutes behind"),
    ],
)
def test_a_clock_that_is_off_is_a_warning(
    here: Here, told_by: str, ahead: int, words: str | None
) -> None:
    """Told by the envelope, or else by the header."""
    theirs = datetime.now(UTC) - timedelta(seconds=ahead)
    if told_by == "meta":
        reply = said(ACCOUNT, timestamp=theirs.isoformat())
    else:
        body = said(ACCOUNT).body
        reply = Reply(200, body, {**JSON, "X-Date": email.utils.format_datetime(theirs, True)})
    clock = answered(here, reply)["clock"]
    if words is None:
        assert clock["status"] == "ok"
    else:
        assert clock["status"] == "warning"
        # A busy machine takes some time to ask.
        minutes = words.replace("40 seconds", r"(3[5-9]|4[0-5]) seconds")
        assert re.search(minutes, clock["message"])
        assert "NTP" in clock["advice"]


def test_a_wrong_key_tells_the_time_as_well(here: Here, emulator: str) -> None:
    control(emulator, "clock", {"advance_seconds": 86_400})
    found = checks(here.run("doctor", "--json", SENT_BASE_URL=emulator, SENT_API_KEY=KEY))
    assert found["account"]["status"] == "wrong"
    assert re.search(r"\d+ hours behind", found["clock"]["message"])


def test_an_answer_without_end_is_no_answer(here: Here) -> None:
    found = answered(here, Reply(200, b" " * 11_000_000, JSON))
    assert found["reachability"]["status"] == "wrong"
    assert "larger than 10 MB" in found["reachability"]["message"]


@pytest.mark.parametrize("kind", ["drop_before", "truncate"])
def test_a_connection_that_breaks_is_told(here: Here, emulator: str, kind: str) -> None:
    control(emulator, "faults", [{"match": "GET /v3/me", "kind": kind}])
    given = {"SENT_BASE_URL": emulator, "SENT_API_KEY": REAL_KEY}
    found = checks(here.run("doctor", "--json", **given))
    assert "broke the connection off" in found["reachability"]["message"]


def test_an_answer_that_repeats_the_key_does_not_show_it(here: Here) -> None:
    reply = refused(401, "AUTH_002", f"{KEY} is not known, sk_live_another1 neither")
    with site(reply) as place:
        for form in ((), ("--json",)):
            ran = here.run("doctor", *form, SENT_BASE_URL=place.url, SENT_API_KEY=KEY)
            shown = " ".join((ran.out + ran.err).split())
            assert "[secret] is not known, [secret] neither" in shown
            assert "4f9d2c7b" not in shown


def test_odd_letters_of_an_answer_are_made_visible(here: Here) -> None:
    reply = Reply(403, json.dumps({"error": {"code": "AUTH_003", "message": "\x1b[2Jx"}}).encode())
    assert "\\u{1b}[2Jx" in answered(here, reply)["account"]["message"]


def test_a_slow_answer_is_waited_for(here: Here, emulator: str) -> None:
    """How long it took is told."""
    control(emulator, "faults", [{"match": "GET /v3/me", "kind": "delay", "seconds": 1}])
    given = {"SENT_BASE_URL": emulator, "SENT_API_KEY": REAL_KEY}
    found = checks(here.run("doctor", "--json", **given))
    took = re.search(r"in (\d+) ms", found["reachability"]["message"])
    assert took is not None
    assert int(took[1]) >= 1000
