"""Reading Sent's envelope, also when it is not quite what is documented."""

import httpx
import pytest
from pydantic import JsonValue

from sent_mcp.errors import APIStatusError, UnreadableAnswerError
from tests.client.wire import Wire, failed, page


async def test_success_false_in_a_200_is_the_error_its_code_belongs_to() -> None:
    """Official integrations check it themselves (API §1.1)."""
    for code, status in [("RESOURCE_007", 409), ("BUSINESS_002", 429), ("UNHEARD_OF", 200)]:
        wire = Wire(*[failed(200, code)] * 4)
        client = wire.client()
        with pytest.raises(APIStatusError) as caught:
            await client.contacts.list()
        await client.aclose()
        assert (caught.value.code, caught.value.status) == (code, status)


async def test_success_false_counts_whatever_the_data_looks_like() -> None:
    """The data of an error is not worth an error of its own."""
    body = {"success": False, "data": {"contacts": 5}, "error": {"code": "RESOURCE_001"}}
    wire = Wire(httpx.Response(200, json=body))
    client = wire.client()
    assert (await client.contacts.find_by_phone("+14155551234")).data is None
    await client.aclose()


@pytest.mark.parametrize("count", [10**4000, -(10**20)])
async def test_a_count_beyond_all_counting_is_an_error_that_names_it(count: int) -> None:
    """No arithmetic is done with it."""
    wire = Wire(httpx.Response(200, json={"success": True, "data": page(total_count=count)}))
    client = wire.client()
    with pytest.raises(UnreadableAnswerError, match=r"data\.pagination\.total_count"):
        await client.contacts.list()
    await client.aclose()


async def test_an_endless_price_is_an_error_that_names_it() -> None:
    """1e999 is JSON, and no JSON could tell of it."""
    body = b'{"success": true, "data": {"id": "a", "status": "SENT", "price": 1e999}}'
    wire = Wire(httpx.Response(200, content=body))
    client = wire.client()
    with pytest.raises(UnreadableAnswerError, match=r"data\.price"):
        await client.messages.find("a")
    await client.aclose()


async def test_details_that_are_no_text_are_told_as_json() -> None:
    """Whatever language this is written in."""
    error = {"code": "VALIDATION_001", "details": {"to": [{"none": None}], "a": True}}
    wire = Wire(httpx.Response(400, json={"success": False, "error": error}))
    client = wire.client()
    with pytest.raises(APIStatusError) as caught:
        await client.contacts.list()
    await client.aclose()
    assert caught.value.details == {"to": ['{"none": null}'], "a": ["true"]}


async def test_a_page_stays_readable_when_optional_things_are_missing_or_null() -> None:
    """Unknown fields and values are no error either."""
    thin: JsonValue = {
        "id": "a",
        "phone_number": "+14155551234",
        "default_channel": "pigeon",
        "new": [1],
    }
    data = page(thin, total_count=None, has_more=None)
    wire = Wire(httpx.Response(200, json={"success": True, "data": data, "extra": 1}))
    client = wire.client()
    answer = await client.contacts.list()
    await client.aclose()
    contact = answer.data.contacts[0]
    assert (contact.channels, contact.e164, contact.opt_out) == ((), "+14155551234", None)
    assert (answer.data.pagination.total_count, answer.data.pagination.has_more) == (0, False)
    assert (answer.request_id, answer.timestamp) == (None, None)
