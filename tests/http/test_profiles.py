"""A profile is one account, however its id is written; what is no UUID is left as it is."""

from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest

from sent_mcp.emulator.account import PROFILES
from sent_mcp.http_settings import load_http_settings
from sent_mcp.settings import load_settings
from tests.door import KEY, SEEDED
from tests.http.sites import Inside, inside, log_of
from tests.http.test_passthrough import WRONG, Seen, site_of

PROFILE, OTHER = PROFILES
SPELLINGS = [PROFILE.upper(), f"{{{PROFILE}}}", PROFILE.replace("-", "")]
HELLO = {"to": [SEEDED], "text": "Hello", "channels": ["sms"]}
spelled = pytest.mark.parametrize("spelling", SPELLINGS)


@pytest.fixture
async def site(url: str) -> AsyncGenerator[Inside]:
    """Everybody brings a key; nobody is asked, and two messages a day may go out."""
    http = load_http_settings(auth="passthrough")
    async with inside(url, http=http, confirm="off", messages_per_day=2, call_timeout=3) as site:
        yield site


async def faults(url: str, *faults: object) -> None:
    """Replace all faults."""
    async with httpx.AsyncClient(base_url=url) as http:
        assert (await http.post("/__emulator/faults", json=faults)).is_success


async def keys(url: str) -> list[object]:
    """The idempotency key of each send that has reached the emulator."""
    return [each["idempotency_key"] for each in await log_of(url) if each["method"] == "POST"]


@spelled
async def test_a_send_whose_answer_was_lost_is_known_in_every_spelling(
    site: Inside, url: str, spelling: str
) -> None:
    """It goes out under the key it had, so that Sent sends it once."""
    await faults(url, {"match": "POST /v3/messages", "times": 9, "kind": "garbage"})
    lost = await site.bearer(KEY, X_Profile_Id=PROFILE).call("send_message", **HELLO)
    assert lost["status"] == "outcome_unknown"
    await faults(url)
    again = await site.bearer(KEY, X_Profile_Id=spelling).call("send_message", **HELLO)
    assert (again["status"], again["replayed"]) == ("accepted", True)
    assert len(set(await keys(url))) == 1


@spelled
async def test_its_daily_limit_is_counted_once(site: Inside, spelling: str) -> None:
    """Of which another profile has its own."""
    for each, text in ((PROFILE, "One"), (spelling, "Two")):
        client = site.bearer(KEY, X_Profile_Id=each)
        sent = await client.call("send_message", **{**HELLO, "text": text})
        assert sent["status"] == "accepted"
    for each in (PROFILE, spelling):
        client = site.bearer(KEY, X_Profile_Id=each)
        assert "DAILY_LIMIT" in await client.refused("send_message", **{**HELLO, "text": "Three"})
    other = site.bearer(KEY, X_Profile_Id=OTHER)
    assert (await other.call("send_message", **HELLO))["status"] == "accepted"


@spelled
async def test_a_token_counts_in_every_spelling(url: str, spelling: str) -> None:
    """It was given out for the same account."""
    async with inside(url, http=load_http_settings(auth="passthrough")) as site:
        asked = await site.bearer(KEY, X_Profile_Id=spelling).call("send_message", **HELLO)
        given = {**HELLO, "confirmation_token": asked["confirmation_token"]}
        sent = await site.bearer(KEY, X_Profile_Id=PROFILE).call("send_message", **given)
        assert sent["status"] == "accepted"


async def test_what_is_no_uuid_is_for_sent_to_judge(home: Path) -> None:
    """It gets it as it came, and says why."""
    seen = Seen()
    async with site_of(home, seen) as (site, _):
        for profile in ("not-a-uuid", "Profile-7", "{ABC}"):
            refused = await site.bearer(KEY, X_Profile_Id=profile).refused("list_contacts")
            assert "VALIDATION" in refused
            assert seen.fields[-1]["x-profile-id"] == profile


async def test_two_different_keys_are_a_question_and_not_a_choice(site: Inside, url: str) -> None:
    """Neither of them is tried."""
    answer = await site.bearer(KEY, X_Api_Key=WRONG).ask("tools/list")
    assert answer.refused == (400, -32600)
    assert "two keys" in answer.error["message"]
    assert KEY not in answer.error["message"]
    assert await log_of(url) == []


@spelled
def test_the_operators_profile_has_one_spelling(
    monkeypatch: pytest.MonkeyPatch, spelling: str
) -> None:
    """Replicas whose operators write it in two ways share everything."""
    monkeypatch.setenv("SENT_PROFILE_ID", spelling)
    assert load_settings([]).profile_id == PROFILE
    assert load_settings([], profile_id="Profile-7").profile_id == "Profile-7"
