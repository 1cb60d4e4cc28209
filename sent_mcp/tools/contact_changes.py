"""Contacts: create and update. `plan` reads and words the change, `act` makes it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field, JsonValue, model_validator

from sent_mcp.client import new_idempotency_key
from sent_mcp.errors import RefusedError, SentError
from sent_mcp.guard import Question
from sent_mcp.models import Contact
from sent_mcp.quoting import named
from sent_mcp.tools.arguments import Change, Channel, ContactId, PhoneNumber, Texts
from sent_mcp.tools.contact_facts import number
from sent_mcp.tools.contact_questions import UNCHANGED, create_question, update_question
from sent_mcp.tools.parallel import attempted
from sent_mcp.tools.registry import ChangeTool, Offer, SentCall
from sent_mcp.tools.results import ChangeResult, FullContact, full, next_call


class CreateContact(Change):
    """Which number to add."""

    phone_number: PhoneNumber


class UpdateContact(Change):
    """What to change about a contact."""

    contact_id: ContactId
    default_channel: Channel | None = None
    opt_out: Annotated[bool, Field(description="true: no more messages to it")] | None = None
    metadata: Annotated[Texts, Field(description="Names and values")] | None = None

    @model_validator(mode="after")
    def _something(self) -> "UpdateContact":
        if self.default_channel is None and self.opt_out is None and not self.metadata:
            raise ValueError("give default_channel, opt_out or metadata: nothing else can change")
        return self


class ContactChanged(ChangeResult):
    """A contact after a change."""

    contact: FullContact | None = None

    def details(self) -> Iterable[str]:
        """See Result."""
        return self.contact.lines() if self.contact is not None else ()


class ContactUpdated(ContactChanged):
    """A contact after an update, and which fields it changed."""

    changed: list[str] | None = None


@dataclass(frozen=True)
class CreatePlan:
    """A number to add."""

    phone_number: str
    question: Question


@dataclass(frozen=True)
class UpdatePlan:
    """A contact, and only those fields that differ from it."""

    contact: Contact
    changes: Mapping[str, JsonValue]
    metadata: Mapping[str, JsonValue]
    question: Question | None


async def plan_create(call: SentCall, arguments: CreateContact) -> CreatePlan:
    """Nothing to read: Sent says itself when the contact exists."""
    return CreatePlan(arguments.phone_number, create_question(arguments.phone_number))


async def create(call: SentCall, plan: CreatePlan) -> ContactChanged:
    """Add the contact, or return the one there is."""
    if call.dry_run:
        return await _create_dry_run(call, plan)
    answer = await call.client.contacts.create_or_find(
        plan.phone_number, idempotency_key=call.idempotency_key
    )
    made = answer.data
    if not made.created:
        opted_out = "; it has opted out of messages" if made.contact.opt_out else ""
        message = f"Nothing was created: {plan.phone_number} is a contact already{opted_out}."
        return ContactChanged(
            status="exists",
            message=message,
            contact=full(made.contact),
            request_id=answer.request_id,
        )
    return ContactChanged(
        status="created",
        message=f"{plan.phone_number} was created. Its channels are known in about a minute.",
        next=next_call("find_contact_by_phone", phone_number=plan.phone_number),
        contact=full(made.contact),
        request_id=answer.request_id,
    )


async def _create_dry_run(call: SentCall, plan: CreatePlan) -> ContactChanged:
    """Sent's validation does not tell whether the contact exists, so that is looked up."""
    found = (await call.client.contacts.find_by_phone(plan.phone_number)).data
    if found is not None:
        message = f"Nothing was created; {plan.phone_number} is a contact already."
        return ContactChanged(status="dry_run", message=message, contact=full(found))
    await call.client.contacts.create(
        plan.phone_number, sandbox=True, idempotency_key=call.idempotency_key
    )
    return ContactChanged(status="dry_run", message="Nothing was created; Sent would accept it.")


async def plan_update(call: SentCall, arguments: UpdateContact) -> UpdatePlan:
    """Compare with the record as it is now; lifting an opt-out is what must be asked."""
    contact = (await call.client.contacts.get(arguments.contact_id)).data
    wanted = {"default_channel": arguments.default_channel, "opt_out": arguments.opt_out}
    current = {"default_channel": contact.default_channel, "opt_out": contact.opt_out or False}
    changes: dict[str, JsonValue] = {
        name: value
        for name, value in wanted.items()
        if value is not None and value != current[name]
    }
    if changes.get("default_channel") and contact.channels:
        _refuse_missing_channel(contact, str(changes["default_channel"]))
    metadata = arguments.metadata or {}
    return UpdatePlan(contact, changes, dict(metadata), update_question(contact, changes, metadata))


async def update(call: SentCall, plan: UpdatePlan) -> ContactUpdated:
    """Send the fields that differ, then metadata, which Sent does not document (API §15.7)."""
    if call.dry_run:
        return await _update_dry_run(call, plan)
    done, contact = _Changed(), plan.contact
    if plan.changes:
        answer = await call.client.contacts.update(
            contact.id, plan.changes, idempotency_key=call.idempotency_key
        )
        contact, done.request_id = answer.data, answer.request_id
        done.compare(plan.changes, {name: getattr(contact, name) for name in plan.changes})
    if plan.metadata:
        contact = await _store_metadata(call, plan, contact, done)
    return ContactUpdated(
        status="updated" if done.changed else "unchanged",
        message=" ".join([_changed(done.changed), *done.notes]),
        contact=full(contact),
        changed=done.changed,
        request_id=done.request_id,
    )


@dataclass
class _Changed:
    """What an update changed, and what is to be said about the rest."""

    changed: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])
    request_id: str | None = None

    def compare(self, wanted: Mapping[str, JsonValue], found: Mapping[str, JsonValue]) -> None:
        for name, value in wanted.items():
            if found[name] == value:
                self.changed.append(name)
            else:
                self.notes.append(f"Sent accepted the change of {name}, but did not make it.")


async def _store_metadata(
    call: SentCall, plan: UpdatePlan, contact: Contact, done: _Changed
) -> Contact:
    body = {"metadata": dict(plan.metadata)}
    storing = call.client.contacts.update(contact.id, body, idempotency_key=new_idempotency_key())
    answer = await attempted(storing) if done.changed else await storing
    if isinstance(answer, SentError):
        known = "may have been" if answer.maybe_done else "was not"
        done.notes.append(f"The metadata {known} stored ({answer.code}).")
        return contact
    stored = answer.data.metadata or {}
    if all(stored.get(name) == value for name, value in plan.metadata.items()):
        done.changed.append("metadata")
    else:
        done.notes.append("Sent did not store the metadata.")
    return answer.data


async def _update_dry_run(call: SentCall, plan: UpdatePlan) -> ContactUpdated:
    body = {**plan.changes, **({"metadata": dict(plan.metadata)} if plan.metadata else {})}
    if body:
        await call.client.contacts.update(
            plan.contact.id, body, sandbox=True, idempotency_key=call.idempotency_key
        )
    would = f"Sent would accept a change of {', '.join(body)}" if body else "nothing would change"
    would += "; whether it stores metadata is not documented" if plan.metadata else ""
    return ContactUpdated(
        status="dry_run",
        message=f"{UNCHANGED[:-1]}; {would}.",
        contact=full(plan.contact),
        changed=[],
    )


def _refuse_missing_channel(contact: Contact, channel: str) -> None:
    if channel not in contact.channels:
        known = ", ".join(named(name) for name in contact.channels)
        raise RefusedError(
            f"{number(contact)} cannot be reached on {channel}; its channels are {known}",
            code="BUSINESS_007",
        )


def _changed(names: list[str]) -> str:
    if not names:
        return UNCHANGED
    return f"{' and '.join(names)} {'was' if len(names) == 1 else 'were'} changed."


CREATE_CONTACT = ChangeTool(
    Offer(
        "create_contact",
        "Create contact",
        "Add a phone number as a contact. An existing contact is returned as it is.",
        "contacts",
        CreateContact,
        ContactChanged,
        read_only=False,
        destructive=True,
        idempotent=False,
        open_world=True,
    ),
    plan_create,
    create,
)
UPDATE_CONTACT = ChangeTool(
    Offer(
        "update_contact",
        "Update contact",
        "Change a contact's default channel or opt-out. Lifting an opt-out needs the user's"
        " confirmation.",
        "contacts",
        UpdateContact,
        ContactUpdated,
        read_only=False,
        destructive=True,
    ),
    plan_update,
    update,
)
