"""Contacts: delete one. `plan` reads it and words the question, `act` deletes it."""

from collections.abc import Iterable
from dataclasses import dataclass

from sent_mcp.guard import Question
from sent_mcp.models import Contact
from sent_mcp.quoting import cell, named, quoted
from sent_mcp.tools.arguments import Change, ContactId
from sent_mcp.tools.contact_facts import bound, facts, label, number
from sent_mcp.tools.registry import ChangeTool, Offer, SentCall
from sent_mcp.tools.results import ChangeResult, word


class DeleteContact(Change):
    """Which contact to delete."""

    contact_id: ContactId


class ContactDeleted(ChangeResult):
    """The id of a contact that was, or would be, deleted."""

    contact_id: str | None = None

    def details(self) -> Iterable[str]:
        """See Result."""
        return (f"id: {cell(self.contact_id)}",) if self.contact_id else ()


@dataclass(frozen=True)
class DeletePlan:
    """A contact to delete."""

    contact: Contact
    question: Question


async def plan_delete(call: SentCall, arguments: DeleteContact) -> DeletePlan:
    """Read the contact, so that the question shows who it is."""
    contact = (await call.client.contacts.get(arguments.contact_id)).data
    question = Question(
        action=f"delete {label(contact)}",
        lines=(
            f"Delete the contact {number(contact)} (id {named(contact.id)})?",
            *facts(contact),
            "Its record of consent is lost with it. Messages already sent keep their records.",
            f"To stop messages and keep the record: update_contact(contact_id="
            f"{quoted(contact.id, 120)}, opt_out=true).",
        ),
        undone="Nothing was deleted.",
        bound=bound(contact),
    )
    return DeletePlan(contact, question)


async def delete(call: SentCall, plan: DeletePlan) -> ContactDeleted:
    """Delete the contact. A dry run sends no DELETE, whose body a proxy may drop."""
    contact_id = word(plan.contact.id)
    if call.dry_run:
        message = f"Nothing was deleted; {number(plan.contact)} is there and would be."
        return ContactDeleted(status="dry_run", message=message, contact_id=contact_id)
    answer = await call.client.contacts.delete(plan.contact.id)
    return ContactDeleted(
        status="deleted",
        message=f"The contact {number(plan.contact)} was deleted, its consent record with it.",
        contact_id=contact_id,
        request_id=answer.request_id,
    )


DELETE_CONTACT = ChangeTool(
    Offer(
        "delete_contact",
        "Delete contact",
        "Delete a contact and its consent record. Needs the user's confirmation.",
        "contacts",
        DeleteContact,
        ContactDeleted,
        read_only=False,
        destructive=True,
    ),
    plan_delete,
    delete,
)
