"""Finds out by reading what became of a change whose answer was lost."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

import anyio
from pydantic import JsonValue

from sent_mcp.client.answers import Answer
from sent_mcp.client.retries import SETTLE_SECONDS
from sent_mcp.errors import NotFoundError, OutcomeUnknownError, SentError
from sent_mcp.models.contacts import Contact

Data = TypeVar("Data")
_SLACK = timedelta(seconds=1)


async def answer_again(
    unknown: OutcomeUnknownError, read: Callable[[], Awaitable[Answer[Data]]]
) -> Answer[Data]:
    """What `read` gives within a few seconds; raises `unknown` when it gives nothing."""
    try:
        with anyio.fail_after(SETTLE_SECONDS):
            return await read()
    except (SentError, TimeoutError) as error:
        raise still_unknown(unknown, "") from error


async def is_gone(
    unknown: OutcomeUnknownError, read: Callable[[], Awaitable[Answer[Contact]]]
) -> bool:
    """Whether reading says that there is no such contact; raises `unknown` when it says nothing."""
    try:
        await answer_again(unknown, read)
    except OutcomeUnknownError as error:
        cause = error.__cause__
        if isinstance(cause, NotFoundError) and cause.code == "RESOURCE_001":
            return True
        raise
    return False


def still_unknown(unknown: OutcomeUnknownError, found: str) -> OutcomeUnknownError:
    """The same error, with what reading again showed."""
    return OutcomeUnknownError(
        unknown.cause, found=f"Read again just now: {found}." if found else ""
    )


def is_fresh(contact: Contact, read_at: datetime | None, seconds: float) -> bool:
    """Whether a contact read at `read_at` on Sent's clock was made in the `seconds` before."""
    if contact.created_at is None or read_at is None:
        return False
    return read_at - contact.created_at <= timedelta(seconds=seconds) + _SLACK


def carries(contact: Contact, changes: Mapping[str, JsonValue]) -> bool:
    """Whether a contact has all the wanted values."""
    values = contact.model_dump(mode="json", include=set(changes))
    return values == dict(changes)
