"""The changes a lane makes: what each call is, and what its answer and the model must then be."""

import uuid
from collections.abc import Sequence
from typing import Any

from tests.proof.faults_asking import go_through
from tests.proof.faults_judge import judge
from tests.proof.faults_lane import Attempt, Lane
from tests.proof.faults_plan import Step
from tests.proof.hosts import Reply
from tests.proof.model import Person, Span, State, Wrong

Json = dict[str, Any]
_NOBODY = uuid.UUID("6f6b1f0e-3c1c-4a53-9d7e-2d0f4f0b9a11")
_FRESH_SECONDS = 1.5
"""How new a contact may be that counts as made by a call whose answer was lost."""


async def change(lane: Lane, step: Step) -> None:
    """Make the change of one step, or settle first the one in doubt. Raises Wrong, LostError."""
    attempt = attempt_of(lane, step)
    again = lane.frozen(attempt.people)
    if again is None and any(person.frozen for person in attempt.people):
        return
    await make(lane, step, again or attempt)


async def make(lane: Lane, step: Step, attempt: Attempt) -> None:
    """Through the guard, and judged."""
    judge(await go_through(lane, step, attempt))


def attempt_of(lane: Lane, step: Step) -> Attempt:
    """The change of a step, as the model is now."""
    person = lane.person(step.person)
    match step.kind:
        case "create":
            return creation(person)
        case "delete":
            return deletion(lane, person)
        case "lift":
            return lifting(lane, person)
        case "stop":
            return update(person, opt_out=True, metered=(0, 1))
        case _:
            return update(person, default=step.random.choice(("sms", "whatsapp")))


def id_of(person: Person) -> str:
    """Its id, or one that nobody has."""
    return person.id or str(uuid.uuid5(_NOBODY, person.number))


def creation(person: Person) -> Attempt:
    """Add a number."""

    def done(reply: Reply, span: Span) -> None:
        contact, status = reply.data["contact"], reply.status
        if status == "exists":
            person.narrow(lambda each: each.exists, reply.text)
        elif status == "created":
            recent = person.may_exist and person.ages(span)[0] < _FRESH_SECONDS
            if not recent:
                person.narrow(lambda each: not each.exists, reply.text)
            attempt.counted = 1
        else:
            raise Wrong(f"a creation that is {status}: {reply.text}")
        person.change(attempt.made, span, settles=attempt.settles)
        person.see(contact, span)

    attempt = Attempt(
        "create_contact",
        {"phone_number": person.number},
        [person],
        State.created,
        "POST /v3/contacts",
        done,
        lambda code: False,
        metered=(0 if person.may_exist else 1, 1),
        other={"phone_number": person.number[:-1] + str((int(person.number[-1]) + 1) % 10)},
    )
    return attempt


def deletion(lane: Lane, person: Person) -> Attempt:
    """Delete a contact."""

    def done(reply: Reply, span: Span) -> None:
        if reply.status != "deleted" or reply.data["contact_id"] != person.id:
            raise Wrong(f"a deletion that is {reply.status}: {reply.text}")
        person.narrow(lambda each: each.exists, reply.text)
        person.change(attempt.made, span, settles=attempt.settles)

    attempt = Attempt(
        "delete_contact",
        {"contact_id": id_of(person)},
        [person],
        State.deleted,
        "DELETE /v3/contacts",
        done,
        lambda code: is_gone(person, code),
        always_asked=True,
        other={"contact_id": id_of(lane.people[0])} if person is not lane.people[0] else {},
    )
    return attempt


def lifting(lane: Lane, person: Person) -> Attempt:
    """Lift an opt-out, which is always asked where there is one."""
    attempt = update(person, opt_out=False)
    attempt.always_asked = True
    attempt.other = {"metadata": {"by": "somebody"}}
    return attempt


def update(person: Person, *, metered: tuple[int, int] = (0, 0), **wanted: Any) -> Attempt:
    """Change a field of a contact."""
    ((name, value),) = wanted.items()
    shown = {"default": "default_channel"}.get(name, name)

    def done(reply: Reply, span: Span) -> None:
        if reply.status not in ("updated", "unchanged"):
            raise Wrong(f"an update that is {reply.status}: {reply.text}")
        updated = reply.status == "updated"
        if reply.data["changed"] != ([shown] if updated else []):
            raise Wrong(f"{shown} was to be changed: {reply.text}")
        person.narrow(
            lambda each: each.exists and (getattr(each, name) != value) is updated, reply.text
        )
        person.change(attempt.made, span, settles=attempt.settles)
        person.see(reply.data["contact"], span)
        attempt.counted = int(updated and metered[1] > 0)

    def refused(code: str) -> bool:
        return is_gone(person, code) or (code == "BUSINESS_007" and value == "whatsapp")

    attempt = Attempt(
        "update_contact",
        {"contact_id": id_of(person), shown: value},
        [person],
        lambda each: each.updated(**wanted),
        "PATCH /v3/contacts",
        done,
        refused,
        metered=(int(metered[1] and person.must_exist), metered[1]),
    )
    return attempt


def is_gone(person: Person, code: str) -> bool:
    """Whether it is right that there is no such contact. Raises Wrong."""
    if code == "RESOURCE_001" and person.id is not None:
        person.narrow(lambda each: not each.exists, "no contact was found")
    return code == "RESOURCE_001"


async def store_metadata(lane: Lane, step: Step) -> None:
    """What Sent does not store, in its own request."""
    person = lane.person(step.person)
    arguments: Json = {"contact_id": id_of(person), "metadata": {"note": f"{step.details}"}}
    began = lane.site.now
    reply = await lane.call("update_contact", arguments, changes=True)
    if reply.status == "unchanged":
        person.see(reply.data["contact"], (began, lane.site.now))
        if "did not store the metadata" not in reply.text:
            raise Wrong(f"metadata was stored: {reply.text}")
        lane.ledger.right += 1
    elif reply.status == "RESOURCE_001":
        is_gone(person, reply.status)
        lane.ledger.right += 1
    else:
        lane.excuse(reply, "update_contact", "PATCH /v3/contacts")


async def try_dry(lane: Lane, step: Step) -> None:
    """A dry run of some change, which must change nothing."""
    person, draw = lane.person(step.person), step.random
    tool, request, arguments = draw.choice(_dry_runs(person, draw.sample(lane.people, 3)))
    lane.sends += tool == "send_message"
    reply = await lane.call(tool, {**arguments, "dry_run": True}, changes=True)
    if reply.status == "dry_run":
        if not str(reply.data["message"]).startswith("Nothing was "):
            raise Wrong(f"a dry run that did something: {reply.text}")
        lane.ledger.right += 1
    elif reply.status in ("RESOURCE_001", "BUSINESS_007", "BUSINESS_004"):
        lane.ledger.right += 1
    else:
        lane.excuse(reply, tool, request)


def _dry_runs(person: Person, others: Sequence[Person]) -> list[tuple[str, str, Json]]:
    numbers = [each.number for each in others]
    named: Json = {"contact_id": id_of(person)}
    return [
        ("create_contact", "POST /v3/contacts", {"phone_number": person.number}),
        ("update_contact", "PATCH /v3/contacts", {**named, "opt_out": True}),
        ("delete_contact", "DELETE /v3/contacts", named),
        ("send_message", "POST /v3/messages", {"to": numbers, "text": "not meant"}),
        ("import_contacts", "POST /v3/contacts", {"phone_numbers": numbers}),
    ]
