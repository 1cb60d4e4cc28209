"""Contacts: what is asked before one is created or its opt-out is changed."""

from collections.abc import Mapping

from pydantic import JsonValue

from sent_mcp.guard import Question
from sent_mcp.models import Contact
from sent_mcp.moments import moment
from sent_mcp.quoting import named, quoted
from sent_mcp.tools.contact_facts import bound, facts, label, number

UNCHANGED = "Nothing was changed."
MANY = "Ten contacts were created or opted out within ten minutes already, so each is asked about."


def create_question(phone_number: str) -> Question:
    """For a new contact; asked only when there were many already."""
    return Question(
        action=f"create {phone_number}",
        lines=(f"Create the contact {phone_number}?", MANY),
        undone="Nothing was created.",
        metered=1,
    )


def update_question(
    contact: Contact, changes: Mapping[str, JsonValue], metadata: Mapping[str, str]
) -> Question | None:
    """For a change of the opt-out; nothing else of a contact needs to be asked."""
    if "opt_out" not in changes:
        return None
    asked = _opt_out if changes["opt_out"] else _opt_in
    return asked(contact, _also(changes, metadata))


def _also(changes: Mapping[str, JsonValue], metadata: Mapping[str, str]) -> tuple[str, ...]:
    also = {name: str(value) for name, value in changes.items() if name != "opt_out"}
    also |= {f"metadata {named(name)}": value for name, value in metadata.items()}
    # What is agreed to is the whole value.
    return tuple(f"Also: {name} = {quoted(value, None)}" for name, value in also.items())


def _opt_out(contact: Contact, also: tuple[str, ...]) -> Question:
    return Question(
        action=f"opt out {label(contact)}",
        lines=(
            f"Stop all messages to {number(contact)} (id {named(contact.id)})?",
            *facts(contact),
            MANY,
            *also,
        ),
        undone=UNCHANGED,
        bound=bound(contact),
        metered=1,
    )


def _opt_in(contact: Contact, also: tuple[str, ...]) -> Question:
    changed = moment(contact.updated_at or contact.created_at) or "at an unknown time"
    return Question(
        action=f"opt in {label(contact)}",
        lines=(
            f"Allow messages to {number(contact)} (id {named(contact.id)}) again?",
            *facts(contact),
            f"It has opted out; its record last changed {changed}. Only the person can consent.",
            *also,
        ),
        undone=UNCHANGED,
        bound=bound(contact),
    )
