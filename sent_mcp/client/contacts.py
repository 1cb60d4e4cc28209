"""Contacts: list, look up, create, change, delete (API §3.1 to §3.6)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import anyio
from pydantic import JsonValue

from sent_mcp.client.answers import Answer, Request
from sent_mcp.client.envelope import data_of, maybe_data_of, open_empty
from sent_mcp.client.settling import answer_again, carries, is_fresh, is_gone, still_unknown
from sent_mcp.client.transport import Caller
from sent_mcp.errors import ConflictError, NotFoundError, OutcomeUnknownError
from sent_mcp.models.contacts import Contact, ContactMatch, ContactPage, MessageSummary
from sent_mcp.models.envelope import Envelope

_CONTACT = data_of(Envelope[Contact])
_PAGE = data_of(Envelope[ContactPage])
_MATCH = maybe_data_of(Envelope[ContactMatch | Contact])
_SUMMARY = data_of(Envelope[MessageSummary])
_ALL = "/v3/contacts"
_ONE = "/v3/contacts/{contact_id}"
_NOT_CHANGED = "as far as can be read it was not changed, the contact lacks the wanted values"


@dataclass(frozen=True)
class CreatedContact:
    """A contact that is there now, and whether this call made it."""

    contact: Contact
    created: bool


class Contacts:
    """The address book. Every method raises what `Transport.call` raises."""

    def __init__(self, transport: Caller) -> None:
        self._transport = transport

    async def list(
        self,
        *,
        page: int = 1,
        page_size: int = 20,
        search: str | None = None,
        channel: str | None = None,
    ) -> Answer[ContactPage]:
        """One page, counted from 1, of 1 to 100 contacts; `search` looks for digits (API §3.2)."""
        query = {"page": page, "page_size": page_size, "search": search, "channel": channel}
        return await self._transport.call(Request("GET", _ALL, query=query), _PAGE)

    async def get(self, contact_id: str) -> Answer[Contact]:
        """One contact by id. Raises NotFoundError (RESOURCE_001)."""
        return await self._transport.call(_one("GET", contact_id), _CONTACT)

    async def find_by_phone(self, phone_number: str) -> Answer[Contact | None]:
        """The contact with exactly this E.164 number; None is an answer, no error (API §3.2)."""
        try:
            answer = await self._transport.call(
                Request("GET", _ALL, query={"phone": phone_number}), _MATCH
            )
        except NotFoundError as error:
            if error.code != "RESOURCE_001":
                raise
            return Answer(None, error.request_id, error.timestamp)
        return answer.carrying(_matching(answer.data, phone_number))

    async def create(
        self, phone_number: str, *, sandbox: bool = False, idempotency_key: str
    ) -> Answer[Contact]:
        """Make a contact. Raises ConflictError (RESOURCE_007) when there is one (API §3.1).

        OutcomeUnknownError when there is one after an attempt that may have made it.
        """
        request = Request(
            "POST",
            _ALL,
            body={"phone_number": phone_number},
            idempotency_key=idempotency_key,
            sandbox=sandbox,
            settled_by_reading=True,
        )
        return await self._transport.call(request, _CONTACT)

    async def create_or_find(
        self, phone_number: str, *, sandbox: bool = False, idempotency_key: str
    ) -> Answer[CreatedContact]:
        """Make a contact, or return the one there is.

        A lost answer, or one of an earlier attempt before Sent says that it exists, is settled by
        reading again; OutcomeUnknownError only when that shows no contact either.
        """
        started = anyio.current_time()
        try:
            made = await self.create(phone_number, sandbox=sandbox, idempotency_key=idempotency_key)
        except ConflictError as conflict:
            if conflict.code != "RESOURCE_007":
                raise
            found = await self.find_by_phone(phone_number)
            if found.data is None:
                raise
            return replace(found.carrying(CreatedContact(found.data, False)), sandbox=sandbox)
        except OutcomeUnknownError as unknown:
            if sandbox:
                raise
            return await self._settled(phone_number, unknown, started)
        return made.carrying(CreatedContact(made.data, True))

    async def ensure(
        self, phone_number: str, *, sandbox: bool = False, idempotency_key: str
    ) -> bool:
        """Make sure that there is a contact; whether this call made it. Reads only after doubt.

        Like `create_or_find`, in one request where that knows enough.
        """
        started = anyio.current_time()
        try:
            await self.create(phone_number, sandbox=sandbox, idempotency_key=idempotency_key)
        except ConflictError as conflict:
            if conflict.code != "RESOURCE_007":
                raise
            return False
        except OutcomeUnknownError as unknown:
            if sandbox:
                raise
            return (await self._settled(phone_number, unknown, started)).data.created
        return True

    async def _settled(
        self, phone_number: str, unknown: OutcomeUnknownError, started: float
    ) -> Answer[CreatedContact]:
        found = await answer_again(unknown, lambda: self.find_by_phone(phone_number))
        if found.data is None:
            raise still_unknown(unknown, "there is no contact with this number") from unknown
        fresh = is_fresh(found.data, found.timestamp, anyio.current_time() - started)
        return found.carrying(CreatedContact(found.data, fresh))

    async def update(
        self,
        contact_id: str,
        changes: Mapping[str, JsonValue],
        *,
        sandbox: bool = False,
        idempotency_key: str,
    ) -> Answer[Contact]:
        """Change the named fields, `default_channel` and `opt_out` (API §3.4).

        A lost answer is settled by reading again; OutcomeUnknownError when the contact then lacks
        the wanted values.
        """
        request = replace(
            _one("PATCH", contact_id),
            body=changes,
            idempotency_key=idempotency_key,
            sandbox=sandbox,
            settled_by_reading=True,
        )
        try:
            return await self._transport.call(request, _CONTACT)
        except OutcomeUnknownError as unknown:
            if sandbox:
                raise
            answer = await answer_again(unknown, lambda: self.get(contact_id))
            if carries(answer.data, changes):
                return answer
            raise still_unknown(unknown, _NOT_CHANGED) from unknown

    async def delete(self, contact_id: str) -> Answer[None]:
        """Take a contact out of the address book; its messages stay (API §3.5).

        Raises NotFoundError when it was not there. A lost answer is settled by reading again.
        """
        request = replace(_one("DELETE", contact_id), body={}, settled_by_reading=True)
        try:
            return await self._transport.call(request, open_empty)
        except NotFoundError as error:
            if not (error.after_doubt and error.code == "RESOURCE_001"):
                raise
            return Answer(None, error.request_id, error.timestamp)
        except OutcomeUnknownError as unknown:
            if await is_gone(unknown, lambda: self.get(contact_id)):
                return Answer(None, unknown.request_id)
            raise still_unknown(unknown, "the contact is still there") from unknown

    async def summary(self, contact_id: str) -> Answer[MessageSummary]:
        """What was exchanged with a contact so far, and how well each channel worked (API §3.6)."""
        request = Request("GET", _ONE + "/message-summary", ids={"contact_id": contact_id})
        return await self._transport.call(request, _SUMMARY)


def _one(method: str, contact_id: str) -> Request:
    return Request(method, _ONE, ids={"contact_id": contact_id})


def _matching(found: ContactMatch | Contact | None, phone_number: str) -> Contact | None:
    contacts = found.contacts if isinstance(found, ContactMatch) else found
    candidates = (contacts,) if isinstance(contacts, Contact) else contacts or ()
    return next(
        (contact for contact in candidates if _digits(contact.e164) == _digits(phone_number)), None
    )


def _digits(number: str) -> str:
    return "".join(character for character in number if character.isdigit())
