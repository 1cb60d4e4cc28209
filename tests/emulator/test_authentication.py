"""Keys, profiles, and limits on requests."""

import httpx
import pytest
from sent_dm import AuthenticationError

from sent_mcp.emulator import create_app
from tests.emulator.asking import UNKNOWN_ID, code_of
from tests.emulator.conftest import client_of, sent_of


async def test_without_a_key_nobody_is_authenticated(http: httpx.AsyncClient) -> None:
    async with client_of(create_app(), key=None) as stranger:
        for headers in ({}, {"x-api-key": ""}, {"Authorization": "Bearer sk_test_emulator"}):
            response = await stranger.get("/v3/contacts", headers=headers)
            assert (response.status_code, code_of(response)) == (401, "AUTH_001")


async def test_a_wrong_key_is_refused(http: httpx.AsyncClient) -> None:
    sent = sent_of(http).with_options(api_key="sk_live_other")
    with pytest.raises(AuthenticationError) as refusal:
        await sent.me.retrieve()
    assert "AUTH_002" in str(refusal.value)


async def test_the_key_can_be_chosen() -> None:
    async with client_of(create_app(api_key="sk_test_ours"), key="sk_test_ours") as http:
        assert (await http.get("/v3/me")).status_code == 200


@pytest.mark.parametrize(
    ("profile_id", "status", "code"),
    [("", 400, "VALIDATION_003"), ("x", 400, "VALIDATION_003"), (UNKNOWN_ID, 404, "RESOURCE_004")],
)
async def test_a_profile_that_is_not_ours_is_refused(
    http: httpx.AsyncClient, profile_id: str, status: int, code: str
) -> None:
    response = await http.get("/v3/contacts", headers={"x-profile-id": profile_id})
    assert (response.status_code, code_of(response)) == (status, code)


async def test_the_rate_limit_says_when_to_come_back() -> None:
    async with client_of(create_app(requests_per_minute=2)) as http:
        for _ in range(2):
            assert (await http.get("/v3/me")).status_code == 200
        refused = await http.get("/v3/me")
        assert (refused.status_code, code_of(refused)) == (429, "BUSINESS_002")
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        assert refused.headers["X-RateLimit-Limit"] == "2"
        assert refused.headers["X-RateLimit-Remaining"] == "0"
        assert refused.headers["X-RateLimit-Reset"].isdigit()
        await http.post("/__emulator/clock", json={"advance_seconds": 60})
        assert (await http.get("/v3/me")).status_code == 200


async def test_a_limit_of_nothing_lets_nothing_through() -> None:
    async with client_of(create_app(requests_per_minute=0)) as http:
        assert (await http.get("/v3/me")).status_code == 429


async def test_without_a_limit_there_is_none(http: httpx.AsyncClient) -> None:
    answers = [await http.get("/v3/me") for _ in range(300)]
    assert {answer.status_code for answer in answers} == {200}
    assert "X-RateLimit-Limit" not in answers[0].headers
