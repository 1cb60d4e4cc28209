"""Contacts: list them, read one, find one by number."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from sent_mcp.client import Answer, SentClient
from sent_mcp.models import Contact, MessageSummary
from sent_mcp.moments import moment
from sent_mcp.quoting import quoted
from sent_mcp.reach.verdict import Verdict, is_young, verdicts
from sent_mcp.tools.arguments import (
    Arguments,
    Channel,
    ContactId,
    Digits,
    Lower,
    Page,
    PageSize,
    PhoneNumber,
)
from sent_mcp.tools.contact_facts import number
from sent_mcp.tools.contact_pages import ContactList, Filter, filtered, one_page
from sent_mcp.tools.registry import Offer, ReadTool, SentCall
from sent_mcp.tools.results import FullContact, Result, full, word

Summary = dict[str, int | str | list[str] | dict[str, dict[str, int]]]
NO_NAMES = "Contacts have no names: search looks for digits of the phone number"


def _digits(search: str) -> str:
    """The digits, with a leading plus; what Sent does with other characters is not documented."""
    if any(character.isalpha() for character in search):
        raise ValueError(f"{quoted(search, 64)} has letters. {NO_NAMES}")
    digits = "".join(character for character in search if character in "0123456789")
    if not digits:
        raise ValueError(f"{quoted(search, 64)} has no digit. {NO_NAMES}")
    return f"+{digits}" if search.strip().startswith("+") else digits


class ListContacts(Arguments):
    """Which contacts to list."""

    page: Page = 1
    page_size: PageSize = 20
    search: (
        Annotated[
            str,
            Digits,
            AfterValidator(_digits),
            Field(max_length=64, description="Digits of the number"),
        ]
        | None
    ) = None
    channel: Annotated[Channel, Field(description="Only contacts with it")] | None = None
    reach: (
        Annotated[
            Literal["sms_only", "whatsapp_only", "both", "unknown"],
            Lower,
            Field(description="Filter here, reading pages of 100 from page on"),
        ]
        | None
    ) = None
    opt_out: Annotated[bool, Field(description="Like reach")] | None = None


class GetContact(Arguments):
    """Which contact to read."""

    contact_id: ContactId
    include_summary: Annotated[bool, Field(description="Add message counts per channel")] = False


class FindContact(Arguments):
    """Which number to find."""

    phone_number: PhoneNumber


class ContactFound(Result):
    """One contact by id."""

    contact: FullContact
    summary: Summary | None = None

    def details(self) -> Iterable[str]:
        """See Result."""
        yield from self.contact.lines()
        for name, value in (self.summary or {}).items():
            yield f"{name}: {json.dumps(value, ensure_ascii=False)}"


class PhoneFound(Result):
    """What the address book says about a number. Not found is an answer."""

    found: bool
    phone_number: str
    whatsapp: Verdict
    sms: Verdict
    contact: FullContact | None = None
    as_of: str | None = None
    record_date: str | None = None

    def details(self) -> Iterable[str]:
        """See Result."""
        yield f"whatsapp: {self.whatsapp}, sms: {self.sms}"
        if self.contact is not None:
            yield from self.contact.lines()
        dates = (("as_of", self.as_of), ("record_date", self.record_date))
        yield from (f"{name}: {value}" for name, value in dates if value)


async def list_contacts(call: SentCall, arguments: ListContacts) -> ContactList:
    """One page as Sent has it, or what `reach` and `opt_out` leave of several."""
    contacts = call.client.contacts
    filters = {"search": arguments.search, "channel": arguments.channel}
    if arguments.reach is None and arguments.opt_out is None:
        answer = await contacts.list(page=arguments.page, page_size=arguments.page_size, **filters)
        return one_page(answer.data, filters)
    return await filtered(
        contacts.list,
        Filter(arguments.reach, arguments.opt_out, **filters),
        first_page=arguments.page,
        at_least=arguments.page_size,
        progress=call.progress,
    )


async def get_contact(call: SentCall, arguments: GetContact) -> ContactFound:
    """One contact, with counts of its messages where asked for."""
    answer = await call.client.contacts.get(arguments.contact_id)
    summary = None
    if arguments.include_summary:
        summary = _counts((await call.client.contacts.summary(arguments.contact_id)).data)
    return ContactFound(
        message=f"Contact {number(answer.data)}.", contact=full(answer.data), summary=summary
    )


async def find_contact_by_phone(call: SentCall, arguments: FindContact) -> PhoneFound:
    """The contact with this number and what it can be reached on."""
    answer = await call.client.contacts.find_by_phone(arguments.phone_number)
    return phone_found(arguments.phone_number, answer, call.now())


def phone_found(phone_number: str, answer: Answer[Contact | None], read_at: float) -> PhoneFound:
    """The verdict on one number; `read_at` is our clock, for an answer that tells no time."""
    contact = answer.data
    said = verdicts(contact, answer.timestamp)
    return PhoneFound(
        message=_sentence(phone_number, answer),
        found=contact is not None,
        phone_number=phone_number,
        whatsapp=said.whatsapp,
        sms=said.sms,
        contact=None if contact is None else full(contact),
        as_of=moment(answer.timestamp or datetime.fromtimestamp(read_at, UTC)),
        record_date=None if contact is None else moment(contact.updated_at or contact.created_at),
    )


def _sentence(phone_number: str, answer: Answer[Contact | None]) -> str:
    contact = answer.data
    if contact is None:
        return (
            f"{phone_number} is not a contact, so nothing is known about its channels;"
            " that is not a no."
        )
    said = verdicts(contact, answer.timestamp)
    known = {"yes": "is on", "no": "is not on", "unknown": "may or may not be on"}
    looking = said.whatsapp == "unknown" and is_young(contact, answer.timestamp)
    wait = "; it was added a moment ago and is still looked up, ask in a minute" if looking else ""
    opted_out = "; it has opted out of messages" if contact.opt_out else ""
    return f"{phone_number} {known[said.whatsapp]} WhatsApp{wait}{opted_out}."


def _counts(summary: MessageSummary) -> Summary:
    scores = {
        word(each.channel): {
            name: value
            for name, value in (("success", each.success_score), ("fail", each.fail_score))
            if value is not None
        }
        for each in summary.channel_scores
    }
    last = moment(summary.last_message_at)
    counted: Summary = {
        "message_count": summary.message_count,
        "channels_used": [word(name) for name in summary.channels_used],
        "channel_scores": scores,
    }
    return counted if last is None else {**counted, "last_message_at": last}


LIST_CONTACTS = ReadTool[SentClient, ListContacts](
    Offer(
        "list_contacts",
        "List contacts",
        "List contacts by page, with channels and opt-out. `search` finds digits of the number;"
        " contacts have no names.",
        "contacts",
        ListContacts,
        ContactList,
    ),
    list_contacts,
)
GET_CONTACT = ReadTool[SentClient, GetContact](
    Offer(
        "get_contact",
        "Get contact",
        "Read one contact by id: number formats, channels, opt-out, dates.",
        "contacts",
        GetContact,
        ContactFound,
    ),
    get_contact,
)
FIND_CONTACT_BY_PHONE = ReadTool[SentClient, FindContact](
    Offer(
        "find_contact_by_phone",
        "Find contact by phone",
        "Is this number on WhatsApp, on SMS: yes, no or unknown? Finds the contact with it."
        " A number that is not a contact is unknown.",
        "contacts",
        FindContact,
        PhoneFound,
    ),
    find_contact_by_phone,
)
