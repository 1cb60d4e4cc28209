"""What the clients of a long run do, each with numbers of its own, and what must come of it."""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from tests.proof.endurance_clients import UNANSWERED, WrongError
from tests.proof.endurance_lane import LOOKED_UP_SECONDS, Lane, Left, Person, must, with_token
from tests.proof.hosts import Json, Reply

SEEDED = [f"+141555501{place:02d}" for place in range(50)]
NOBODY = [f"+141555501{place}" for place in range(50, 100)]
ASK_SECONDS, TOKEN_SECONDS = 4.0, 300.0
"""How long a form may stay open in a long run, and a token is good always."""
_BROKEN = "00000000-0000-4000-8000-00000000000"
SLOW = f"{_BROKEN}0"
_TROUBLE = {"1": "status", "2": "garbage", "3": "truncate", "4": "drop_before"}
TROUBLED = ("INTERNAL_001", "UNREADABLE_ANSWER", "CONNECTION_ERROR", "TIMEOUT", "HTTP_500")
_OF_A_TEMPLATE = {"name": "Ada", "order_number": "7"}
_FORGED = "send 1 message to +14155550102 cf_" + "A" * 33


def faults() -> list[Json]:
    """Reading one contact is slow, and reading four others fails, each in its own way."""
    at = "GET /v3/contacts/"
    slow: Json = {"match": at + SLOW, "times": 1_000_000, "kind": "delay", "seconds": 0.4}
    failing: list[Json] = [
        {"match": f"{at}{_BROKEN}{digit}", "times": 1_000_000, "kind": kind, "status": 500}
        for digit, kind in _TROUBLE.items()
    ]
    return [slow, *failing]


async def find(lane: Lane) -> None:
    """Somebody who was seeded: an even last digit is on WhatsApp."""
    number = lane.draw.choice(SEEDED)
    found = await lane.read("find_contact_by_phone", phone_number=number)
    verdict = "no" if int(number[-1]) % 2 else "yes"
    told = (found["found"], found["phone_number"], found["whatsapp"], found["sms"])
    must(told == (True, number, verdict, "yes"), found)
    must(found["contact"]["id"] == lane.ids[number], found)


async def absent(lane: Lane) -> None:
    """Nobody; which is not a no."""
    number = lane.draw.choice(NOBODY)
    found = await lane.read("find_contact_by_phone", phone_number=number)
    must((found["found"], found["whatsapp"]) == (False, "unknown"), found)


async def page(lane: Lane) -> None:
    """A page of contacts."""
    size = lane.draw.choice((5, 20, 50))
    data = await lane.read("list_contacts", page=lane.draw.randint(1, 3), page_size=size)
    must(len({each["id"] for each in data["contacts"]}) == size, data["message"])
    must(data["total_count"] >= 150, data["message"])


async def get(lane: Lane) -> None:
    """A contact by its id."""
    number = lane.draw.choice(SEEDED)
    data = await lane.read("get_contact", contact_id=lane.ids[number])
    must(data["contact"]["phone_number"] == number, data)


async def templates(lane: Lane) -> None:
    """All of them."""
    data = await lane.read("list_templates")
    must(data["total_count"] == 6, data)


async def check(lane: Lane) -> None:
    """A list with everything in it: right in every number, whatever their order.

    Who is nobody may stay unsaid, where other clients change the address book meanwhile.
    """
    some, none = lane.draw.sample(SEEDED, 12), lane.draw.sample(NOBODY, 3)
    entries = [*some, *none, some[0], "12"]
    reply = await lane.ask("check_phone_numbers", phone_numbers=entries)
    counts, data = reply.data.get("counts", {}), reply.data
    even = sorted(number for number in some if not int(number[-1]) % 2)
    expected = (17, 1, len(even), 12 - len(even), 1)
    names = ("input", "duplicates", "whatsapp", "sms_only", "invalid")
    must(tuple(counts.get(name) for name in names) == expected, reply)
    must(sorted(data["whatsapp"]) == even, reply)
    must(sorted([*data["unknown"], *data["not_checked"]]) == sorted(none), reply)
    must(data["complete"] or "came or went" in reply.text, reply)


async def own(lane: Lane) -> None:
    """One of its own numbers is as it left it."""
    person = lane.draw.choice(lane.people)
    reply = await lane.ask("find_contact_by_phone", phone_number=person.number)
    must(not reply.is_error and reply.data["found"] == (person.id is not None), reply)
    if person.id is not None:
        contact = reply.data["contact"]
        facts = (contact["id"], contact["default_channel"], contact["opt_out"])
        must(facts == (person.id, person.default, person.opt_out), (person, reply))


async def create(lane: Lane) -> None:
    """A number that is no contact becomes one; above ten in ten minutes somebody is asked."""
    person = lane.anybody(there=False)
    if person is None:
        await delete(lane)
        return
    reply = await lane.approved("create_contact", phone_number=person.number)
    must(reply.status == "created", reply)
    contact = reply.data["contact"]
    must(contact["phone_number"] == person.number, reply)
    person.id, person.default = contact["id"], contact["default_channel"]
    person.opt_out, person.born = contact["opt_out"], time.monotonic()


async def delete(lane: Lane) -> None:
    """A contact that has not opted out is deleted."""
    person = lane.anybody(there=True)
    if person is None or person.opt_out:
        await own(lane)
        return
    reply = await lane.approved("delete_contact", contact_id=person.id)
    must(reply.status == "deleted" and reply.data["contact_id"] == person.id, reply)
    person.id = person.last = None


async def update(lane: Lane) -> None:
    """The default channel, or the opt-out, back or forth."""
    person = lane.anybody(there=True)
    if person is None:
        await create(lane)
        return
    if person.opt_out or not person.has_a_choice or lane.draw.random() < 0.2:
        wanted: Json = {"opt_out": not person.opt_out}
    else:
        wanted = {"default_channel": "whatsapp" if person.default == "sms" else "sms"}
    reply = await lane.approved("update_contact", contact_id=person.id, **wanted)
    must(reply.status == "updated" and reply.data["changed"] == [*wanted], reply)
    person.opt_out = bool(wanted.get("opt_out", person.opt_out))
    person.default = str(wanted.get("default_channel", person.default))


async def send(lane: Lane) -> None:
    """A text or a template to one of its contacts; sometimes to somebody who has opted out."""
    person = lane.anybody(there=True)
    if person is None:
        await create(lane)
        return
    given = _content(lane, person)
    if person.opt_out:
        await lane.refused("send_message", **given)
        return
    reply = await lane.approved("send_message", **given)
    _note(person, reply)


def _content(lane: Lane, person: Person) -> Json:
    given: Json = {"to": [person.number], "channels": ["sms"]}
    if lane.draw.random() < 0.3:
        return {**given, "template_name": "order_confirmation", "parameters": _OF_A_TEMPLATE}
    return {**given, "text": f"lane {lane.number} says {lane.draw.randrange(40)}"}


def _note(person: Person, reply: Reply) -> None:
    must(reply.status == "accepted", reply)
    (sent,) = reply.data["messages"]
    must((sent["to"], sent["channel"]) == (person.number, "sms"), reply)
    person.last = sent["message_id"]


async def status(lane: Lane) -> None:
    """What became of the last message to one of its numbers, by its id or by the number."""
    sent = [person for person in lane.people if person.last is not None]
    if not sent:
        await send(lane)
        return
    person = lane.draw.choice(sent)
    by_id = lane.draw.random() < 0.5
    given: Json = {"message_ids": [person.last]} if by_id else {"to": person.number}
    reply = await lane.ask("get_message", **given)
    must(not reply.is_error, reply)
    (found,) = reply.data["messages"]
    must(found["message_id"] == person.last, reply)


async def refuse(lane: Lane) -> None:
    """What is wrong is refused, and a forged token is worth nothing."""
    some = lane.draw.choice(SEEDED)
    how = lane.draw.randrange(5)
    if how == 0:
        await lane.refused("create_contact", "INVALID_ARGUMENTS", phonenumber=some)
    elif how == 1:
        await lane.refused("get_contact", "VALIDATION_003", contact_id="nobody")
    elif how == 2:
        await lane.refused("find_contact_by_phone", "INVALID_ARGUMENTS", phone_number="12 ext 3")
    elif how == 3:
        given: Json = {"to": [some], "template_name": "order_confirmation", "parameters": {}}
        await lane.refused("send_message", **given)
    else:
        given = {"contact_id": lane.ids[some], "confirmation_token": _FORGED}
        reply = await lane.ask("delete_contact", **given)
        must(reply.status == "token_rejected", reply)


async def fail(lane: Lane) -> None:
    """Sent fails, in one of four ways."""
    digit = lane.draw.choice(sorted(_TROUBLE))
    await lane.refused("get_contact", *TROUBLED, contact_id=f"{_BROKEN}{digit}")


async def leave(lane: Lane) -> None:
    """A call is cancelled, or its connection closed, while Sent is slow."""
    lane.calls += 1
    await lane.caller.leave("get_contact", {"contact_id": SLOW})


async def leave_approved(lane: Lane) -> None:
    """A send that was agreed to is finished, whoever hangs up; its token tells what came of it."""
    person = lane.anybody(there=True)
    # Whoever hangs up on a token whose question has changed does not hear that, and it is gone.
    settled = person is not None and time.monotonic() - person.born > LOOKED_UP_SECONDS
    if lane.caller.has_forms or person is None or person.opt_out or not settled:
        await leave(lane)
        return
    given = _content(lane, person)
    asked = await lane.ask("send_message", **given)
    must(asked.status == "confirmation_required", asked)
    lane.calls += 1
    await lane.caller.leave("send_message", with_token(given, asked))
    reply = await lane.agree("send_message", given, asked)
    must(reply.status == "accepted", reply)
    person.last = None


async def ignore(lane: Lane) -> None:
    """A question that nobody answers; an old one is answered too late, and nothing is done."""
    late = [each for each in lane.left if time.monotonic() - each.at > _good_for(each)]
    if late:
        lane.left.remove(late[0])
        await _answer_late(lane, late[0])
        return
    given: Json = {"to": [lane.draw.choice(SEEDED)], "text": f"{UNANSWERED} {lane.number}"}
    asked = await lane.ask("send_message", **given)
    if asked.status == "expired":
        must("Nothing was sent" in asked.text, asked)
        return
    must(asked.status in ("asked", "confirmation_required"), asked)
    lane.left = [*lane.left[-3:], Left(given, asked, time.monotonic())]


def _good_for(left: Left) -> float:
    return 2 + (TOKEN_SECONDS if left.asked.state is None else ASK_SECONDS)


async def _answer_late(lane: Lane, left: Left) -> None:
    reply = await lane.bring("send_message", left.arguments, left.asked)
    must(reply.status in ("expired", "asked"), reply)


async def ahead(lane: Lane) -> None:
    """A dry run changes nothing and asks nobody."""
    at = (datetime.now(UTC) + timedelta(days=2)).isoformat(timespec="seconds")
    given: Json = {"to": [lane.draw.choice(SEEDED)], "text": "later", "scheduled_at": at}
    reply = await lane.ask("send_message", **given, dry_run=True)
    must(reply.status == "dry_run", reply)


Kind = Callable[[Lane], Awaitable[None]]
KINDS: dict[str, tuple[int, Kind]] = {
    "find": (20, find),
    "absent": (5, absent),
    "page": (10, page),
    "get": (10, get),
    "templates": (4, templates),
    "check": (7, check),
    "own": (7, own),
    "create": (5, create),
    "delete": (3, delete),
    "update": (6, update),
    "send": (6, send),
    "status": (4, status),
    "refuse": (6, refuse),
    "fail": (1, fail),
    "leave": (2, leave),
    "leave approved": (1, leave_approved),
    "ignore": (2, ignore),
    "ahead": (1, ahead),
}
"""By name how often, and what."""


async def step(lane: Lane) -> None:
    """One thing, drawn. Raises WrongError."""
    names = list(KINDS)
    (name,) = lane.draw.choices(names, [KINDS[each][0] for each in names])
    try:
        await KINDS[name][1](lane)
    except WrongError as error:
        raise WrongError(f"{name}: {error}") from error
