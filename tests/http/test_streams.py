"""One answer or a stream: who is told of progress, and who gets plain JSON."""

import json
from typing import Any

import pytest

from tests.door import SEEDED
from tests.http.calls import SEVERAL, check
from tests.http.sites import Running
from tests.http.wire import ERAS, message, request

both_eras = pytest.mark.parametrize("era", ERAS)


@both_eras
async def test_without_a_progress_token_the_answer_is_json(site: Running, era: str) -> None:
    """Even where more than one request is made behind it, and a stream would be taken."""
    params = check()
    del params["_meta"]
    answer = await site.client(era).ask("tools/call", params)
    assert answer.result["structuredContent"]["counts"]["input"] == len(SEVERAL)


@both_eras
@pytest.mark.parametrize("token", ["p1", 7, 0, ""])
async def test_with_a_progress_token_it_is_a_stream(site: Running, era: str, token: Any) -> None:
    """Progress, and then the answer, with which the stream ends."""
    answer = await site.client(era).ask("tools/call", check(token))
    assert answer.status == 200
    assert answer.fields["x-accel-buffering"] == "no"
    *told, last = answer.events
    steps = [each["params"] for each in told]
    assert {each["method"] for each in told} == {"notifications/progress"}
    assert {json.dumps(each["progressToken"]) for each in steps} == {json.dumps(token)}
    assert [each["progress"] for each in steps] == sorted({each["progress"] for each in steps})
    assert last["id"] == 1
    assert last["result"]["structuredContent"]["counts"]["input"] == len(SEVERAL)


@both_eras
async def test_a_stream_begins_only_where_there_is_something_to_tell(
    site: Running, era: str
) -> None:
    """A short call is one answer, whatever the client could take."""
    params = {
        "name": "find_contact_by_phone",
        "arguments": {"phone_number": SEEDED},
        "_meta": {"progressToken": 1},
    }
    assert (await site.client(era).ask("tools/call", params)).result["structuredContent"]["found"]


@both_eras
@pytest.mark.parametrize("token", [True, None, 1.5, ["p"], {"p": 1}])
async def test_what_is_no_progress_token_asks_for_no_stream(
    site: Running, era: str, token: object
) -> None:
    """It is ignored, or refused by the era's schema; never sent back."""
    answer = await site.client(era).ask("tools/call", check(token))
    assert answer.fields["content-type"] == "application/json"


@both_eras
@pytest.mark.parametrize("accept", ["application/json", "application/*", "Application/JSON;q=0.9"])
async def test_a_client_that_takes_only_json_gets_json(
    site: Running, era: str, accept: str
) -> None:
    """Without the progress, which it cannot read."""
    client = site.client(era, Accept=accept)
    answer = await client.ask("tools/call", check())
    assert answer.result["structuredContent"]["counts"]["input"] == len(SEVERAL)


@pytest.mark.parametrize("accept", ["", "*/*", "text/event-stream, */*;q=0.1"])
async def test_a_client_that_takes_anything_may_get_a_stream(site: Running, accept: str) -> None:
    """No field at all says the same."""
    answer = await site.client(Accept=accept).ask("tools/call", check())
    assert len(answer.events) > 1


async def test_a_field_in_two_lines_is_one(site: Running) -> None:
    """HTTP, 5.2: they mean what they would mean with a comma between them."""
    said = json.dumps(message("tools/call", check())).encode()
    accept = "Accept: text/event-stream\r\nAccept: application/json\r\n"
    answer = await site.ask(request(said, {"Accept": ""}, more=accept))
    assert len(answer.events) > 1
