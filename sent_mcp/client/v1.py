"""The legacy read API, v1 (API §1.3): two headers, no envelope, pages from 0, problem details."""

from collections.abc import Callable
from typing import TypeVar

from pydantic import ValidationError

from sent_mcp.client.answers import Answer, RawAnswer, Request
from sent_mcp.client.envelope import is_success, unreadable
from sent_mcp.client.refusals import bare_refusal
from sent_mcp.client.transport import Transport
from sent_mcp.errors import APIStatusError, NotFoundError
from sent_mcp.models.contacts import Contact, ContactPage
from sent_mcp.models.v1 import V1Contact, V1ContactPage, V1Problem
from sent_mcp.models.wire import WireModel

Shape = TypeVar("Shape", bound=WireModel)
Data = TypeVar("Data")


class V1Contacts:
    """The two reads v1 has. Every method raises what `Transport.call` raises."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(self, *, page: int = 1, page_size: int = 20) -> Answer[ContactPage]:
        """One page, counted from 1 here and from 0 on the wire."""
        request = Request("GET", "/v1/contacts", query={"page": page - 1, "pageSize": page_size})
        return await self._transport.call(request, v1_opener(V1ContactPage, V1ContactPage.to_page))

    async def find_by_phone(self, phone_number: str) -> Answer[Contact | None]:
        """The contact with this number, or None, which v1 says with an empty 404."""
        request = Request("GET", "/v1/contacts/phone", query={"phoneNumber": phone_number})
        try:
            answer = await self._transport.call(request, v1_opener(V1Contact, V1Contact.to_contact))
        except NotFoundError as error:
            if error.code != "RESOURCE_001":
                raise
            return Answer(None, error.request_id)
        same = answer.data.e164.lstrip("+") == phone_number.lstrip("+")
        return Answer(answer.data if same else None, answer.request_id)


def v1_opener(
    shape: type[Shape], convert: Callable[[Shape], Data]
) -> Callable[[RawAnswer], Answer[Data]]:
    """An opener for answers of v1; they are handed on as what `convert` makes of them."""

    def open_answer(raw: RawAnswer) -> Answer[Data]:
        if not is_success(raw):
            raise _refusal(raw)
        try:
            value = shape.model_validate_json(raw.body)
        except ValidationError as error:
            raise unreadable(raw, error) from error
        return Answer(convert(value), raw.request_id())

    return open_answer


def _refusal(raw: RawAnswer) -> APIStatusError:
    try:
        problem = V1Problem.model_validate_json(raw.body)
    except ValidationError:
        problem = V1Problem()
    error = bare_refusal(raw, problem.detail or problem.title, problem.errors)
    if raw.status == 404 and (not raw.body or "problem" in raw.content_type):
        error.code = "RESOURCE_001"
    return error
