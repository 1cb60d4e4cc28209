"""Who a message goes to: numbers and contact ids resolved, limits kept, opt-outs taken out."""

from collections.abc import Sequence
from dataclasses import dataclass

from sent_mcp.errors import RefusedError, about
from sent_mcp.models import Contact
from sent_mcp.phone import is_e164, region_of
from sent_mcp.tools.arguments import is_contact_id
from sent_mcp.tools.parallel import look_up_all
from sent_mcp.tools.registry import Limits, SentCall


@dataclass(frozen=True)
class Addressee:
    """A number, and the contact it belongs to, if any."""

    phone_number: str
    contact: Contact | None

    @property
    def opted_out(self) -> bool:
        """Whether nothing may be sent to it."""
        return self.contact is not None and self.contact.opt_out is True


async def resolve(call: SentCall, to: Sequence[str], channels: int) -> list[Addressee]:
    """Every recipient once, with its record as it is now.

    Raises RefusedError for one that is not allowed, and too many; for those that are given as
    numbers before anything is asked of Sent.
    """
    ids = [each for each in to if is_contact_id(each)]
    numbers = [each for each in to if not is_contact_id(each)]
    refuse_not_allowed(numbers, call.limits)
    refuse_too_many(len(to), channels, call.limits)
    by_id = await _look_up(call, ids)
    refuse_not_allowed([each.phone_number for each in by_id], call.limits)
    known = {each.phone_number: each for each in by_id}
    left = [number for number in numbers if number not in known]
    found = await _look_up(call, left)
    return list({each.phone_number: each for each in (*by_id, *found)}.values())


def refuse_not_allowed(numbers: Sequence[str], limits: Limits) -> None:
    """Raises RefusedError for numbers outside SENT_MCP_ALLOWED_RECIPIENTS."""
    outside = [number for number in numbers if not _allowed(number, limits.allowed_recipients)]
    if outside:
        rules = ", ".join(limits.allowed_recipients)
        raise RefusedError(
            f"sending to {' '.join(outside[:5])}{' …' if len(outside) > 5 else ''} is not allowed"
            f" here (SENT_MCP_ALLOWED_RECIPIENTS: {rules})",
            code="NOT_ALLOWED",
        )


def refuse_too_many(recipients: int, channels: int, limits: Limits) -> None:
    """Raises RefusedError above SENT_MCP_MAX_RECIPIENTS messages."""
    messages = recipients * channels
    if messages > limits.max_recipients:
        raise RefusedError(
            f"these are {messages} messages (recipients × channels: {recipients} × {channels}),"
            f" and one send may have {limits.max_recipients} (SENT_MCP_MAX_RECIPIENTS); send to"
            " fewer",
        )


def _allowed(number: str, rules: Sequence[str]) -> bool:
    if not rules:
        return True
    for rule in rules:
        if rule.endswith("*") and number.startswith(rule[:-1]):
            return True
        if number == rule or (not rule.startswith("+") and region_of(number) == rule):
            return True
    return False


async def _look_up(call: SentCall, keys: Sequence[str]) -> list[Addressee]:
    return await look_up_all(
        lambda key: _recipient(call, key), keys, call.progress, "recipients looked up"
    )


async def _recipient(call: SentCall, key: str) -> Addressee:
    if is_contact_id(key):
        with about(key):
            contact = (await call.client.contacts.get(key)).data
        if not is_e164(contact.e164):
            raise RefusedError(f"the number of the contact {key} cannot be read")
        return Addressee(contact.e164, contact)
    return Addressee(key, (await call.client.contacts.find_by_phone(key)).data)
