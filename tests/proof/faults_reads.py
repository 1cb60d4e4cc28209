"""The reads of a lane: whatever is said must be so by the model, in one of its possible states."""

import re
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import anyio

from tests.proof.faults_lane import Lane
from tests.proof.faults_plan import Step
from tests.proof.hosts import Reply
from tests.proof.model import Person, Sent, Span, Verdict, Wrong

Json = dict[str, Any]
TEMPLATES = {
    "order_confirmation": "APPROVED",
    "appointment_reminder": "APPROVED",
    "delivery_update": "APPROVED",
    "welcome_message": "APPROVED",
    "verification_code": "PENDING",
    "summer_sale": "REJECTED",
}
CARRIERS = ("T-Mobile", "AT&T", "Verizon")
STEPS = (("QUEUED", 0.0), ("ROUTED", 1.0), ("SENT", 2.0), ("DELIVERED", 4.0))
REACHES = {Verdict("yes", "yes"): "both", Verdict("no", "yes"): "sms_only"}
FILTERS: tuple[Json, ...] = (
    {},
    {},
    {"channel": "whatsapp"},
    {"opt_out": True},
    {"opt_out": False},
    {"reach": "both"},
    {"reach": "sms_only"},
    {"reach": "unknown"},
)
_TROUBLE = re.compile(r"Not complete: ([A-Z0-9_]{4,}), ")
_GROUPS = {"yes": "whatsapp", "no": "sms_only", "unknown": "unknown"}


async def find(lane: Lane, step: Step) -> None:
    """A number, and its verdict."""
    person = lane.person(step.person)
    reply, span = await lane.read("find_contact_by_phone", phone_number=_spelled(person, step))
    if reply is None:
        return
    _ok(reply)
    said = Verdict(reply.data["whatsapp"], reply.data["sms"])
    if said not in person.verdicts(span) or reply.data["phone_number"] != person.number:
        raise Wrong(f"{said} is none of {person.verdicts(span)} for {person}")
    if reply.data["found"] is not ("contact" in reply.data):
        raise Wrong(reply.text)
    person.see(reply.data.get("contact"), span)


async def get(lane: Lane, step: Step) -> None:
    """A contact by its id, perhaps with its messages counted."""
    person = lane.person(step.person)
    if person.id is None:
        return
    summary = step.random.random() < 0.4
    reply, span = await lane.read(
        "get_contact", contact_id=person.id, **({"include_summary": True} if summary else {})
    )
    if reply is None:
        return
    if reply.is_error:
        if reply.status != "RESOURCE_001":
            raise Wrong(reply.text)
        person.see(None, span)
        return
    person.see(reply.data["contact"], span)
    if not summary:
        return
    known = [each for each in lane.outbox.expected().items() if each[0][0] == person.number]
    least, most = (sum(counts[end] for _, counts in known) for end in (0, 1))
    if not least <= reply.data["summary"]["message_count"] <= most:
        raise Wrong(f"from {least} to {most} messages were sent to it: {reply.text}")


async def list_own(lane: Lane, step: Step) -> None:
    """All contacts of this lane, in one way or another."""
    given: Json = {"search": f"{lane.mark}", "page_size": 100}
    extra = step.random.choice(FILTERS)
    reply, span = await lane.read("list_contacts", **given, **extra)
    if reply is None:
        return
    _ok(reply)
    shown = {each["phone_number"]: each for each in reply.data["contacts"]}
    for person in lane.people:
        record = shown.pop(person.number, None)
        certain, possible = _fits(person, extra, span)
        if record is None and certain:
            raise Wrong(f"{person} is missing: {reply.text}")
        if record is not None:
            if not possible:
                raise Wrong(f"{person} does not fit {extra}: {reply.text}")
            person.see(record, span)
    if shown:
        raise Wrong(f"nobody of this lane: {shown}")


def _fits(person: Person, wanted: Json, span: Span) -> tuple[bool, bool]:
    """Whether a list of what is wanted must show it, and whether it may."""
    if not person.may_exist:
        return False, False
    fits: list[bool] = [person.must_exist]
    states = [each for each in person.possible if each.exists]
    if "opt_out" in wanted:
        fits += [each.opt_out is wanted["opt_out"] for each in states]
    if "channel" in wanted:
        fits += [wanted["channel"] in each for each in person.channels(span)]
    if "reach" in wanted:
        known = [each for each in person.verdicts(span) if each.sms == "yes"]
        fits += [REACHES.get(each, "unknown") == wanted["reach"] for each in known]
    return all(fits), any(fits[1:]) or len(fits) == 1


async def check(lane: Lane, step: Step) -> None:
    """Many numbers at once: every one in its group, and the counts add up."""
    draw = step.random
    people = draw.sample(lane.people, draw.choice((2, 5, 12)))
    entries = [_spelled(person, step) for person in people]
    entries += [people[0].number, "not a number"]
    reply, span = await lane.read("check_phone_numbers", phone_numbers=entries)
    if reply is None:
        return
    _ok(reply)
    data = reply.data
    left = set(data["not_checked"])
    if left and not _may_be_left(lane, reply):
        raise Wrong(f"not checked for no reason: {reply.text}")
    for person in people:
        groups = {name for name in (*_GROUPS.values(), "other") if person.number in data[name]}
        expected = {_GROUPS[each.whatsapp] for each in person.verdicts(span)}
        if person.number not in left and not (len(groups) == 1 and groups <= expected):
            raise Wrong(f"{person} in {groups}, not {expected}: {reply.text}")
        if person.number in data["opted_out"]:
            person.narrow(lambda each: each.exists and each.opt_out, "it is said to be opted out")
    _adds_up(data, len(entries), len(people))


def _may_be_left(lane: Lane, reply: Reply) -> bool:
    """Whether numbers may be open: trouble is named, but other lanes move the book as well."""
    if (trouble := _TROUBLE.search(reply.text)) is not None:
        return lane.sky.excuses(trouble[1], reply.seconds, "check_phone_numbers")
    return lane.took_its_time(reply) or not lane.now.is_calm


def _adds_up(data: Json, entries: int, people: int) -> None:
    counts = data["counts"]
    groups = sum(counts[name] for name in ("whatsapp", "sms_only", "other", "unknown"))
    once = (counts["input"], counts["duplicates"], counts["invalid"])
    left = len(data["not_checked"])
    if once != (entries, 1, 1) or groups + left != people or data["complete"] is bool(left):
        raise Wrong(f"{entries} entries, {people} numbers do not add up: {data}")


async def follow(lane: Lane, step: Step) -> None:
    """Messages that were sent from here, by id or by whom they went to."""
    draw, known = step.random, list(lane.outbox.messages)
    if not known or draw.random() < 0.3:
        await _follow_last(lane, lane.person(step.person))
        return
    # The newest are the ones on which something still happens.
    ids = draw.sample(known[-12:], min(len(known), draw.choice((1, 1, 3))))
    reply, span = await lane.read("get_message", message_ids=ids)
    if reply is not None:
        _ok(reply)
        for each in reply.data["messages"]:
            _right(lane.outbox.messages[each["message_id"]], each, span)
        if sorted(each["message_id"] for each in reply.data["messages"]) != sorted(ids):
            raise Wrong(f"{ids} were asked for: {reply.text}")


async def _follow_last(lane: Lane, person: Person) -> None:
    reply, span = await lane.read("get_message", to=person.number)
    ids = lane.outbox.last_to.get(person.number, [])
    if reply is None:
        return
    if reply.is_error:
        if reply.status != "RESOURCE_003" or ids:
            raise Wrong(f"{ids} were sent: {reply.text}")
        return
    (message,) = reply.data["messages"]
    if message["message_id"] not in (ids or ()):
        raise Wrong(f"{ids} were sent last: {reply.text}")
    _right(lane.outbox.messages[message["message_id"]], message, span)


def _right(sent: Sent, shown: Json, span: Span) -> None:
    if shown["to"] != sent.to:
        raise Wrong(f"{sent} is not {shown}")
    if sent.scheduled:
        allowed = {"QUEUED", "SCHEDULED"}
    elif sent.channel == "sms":
        youngest, oldest = span[0] - sent.at[1] - 0.3, span[1] - sent.at[0] + 0.3
        after = [seconds for _, seconds in STEPS[1:]] + [1e12]
        allowed = {
            name
            for (name, since), until in zip(STEPS, after, strict=True)
            if oldest >= since and youngest < until
        }
        allowed |= {"FILTERED"}
    elif sent.channel == "whatsapp" and sent.text:
        allowed = {"BLOCKED", "FILTERED"}
    else:
        return
    if shown["status"] not in allowed:
        raise Wrong(f"{sent} cannot be {shown['status']}, only {sorted(allowed)}, at {span}")


async def templates(lane: Lane, step: Step) -> None:
    """Those there are."""
    status = step.random.choice((None, "APPROVED", "PENDING"))
    reply, _ = await lane.read("list_templates", **({"status": status} if status else {}))
    if reply is not None:
        _ok(reply)
        shown = {each["name"]: each["status"] for each in reply.data["templates"]}
        if shown != {n: s for n, s in TEMPLATES.items() if status in (None, s)}:
            raise Wrong(f"other templates: {shown}")


async def look_up(lane: Lane, step: Step) -> None:
    """What carriers say."""
    number = lane.person(step.person).number
    reply, _ = await lane.read("lookup_number", phone_number=number)
    if reply is not None:
        _ok(reply)
        carrier = CARRIERS[int(number[-1]) % 3]
        known = (reply.data["phone_number"], reply.data["is_valid"], reply.data["carrier_name"])
        if known != (number, True, carrier):
            raise Wrong(f"{carrier} was expected: {reply.text}")


async def burst(lane: Lane, step: Step) -> None:
    """Three reads at once."""
    async with anyio.create_task_group() as tasks:
        for read in (find, check, list_own):
            tasks.start_soon(read, lane, step)


def _ok(reply: Reply) -> None:
    if reply.is_error:
        raise Wrong(f"an error for no reason: {reply.text}")


def _spelled(person: Person, step: Step) -> str:
    """The number in one of the ways in which people write it."""
    number, draw = person.number, Random(step.details)
    spaced = f"{number[:2]} ({number[2:5]}) {number[5:8]}-{number[8:]}"
    return draw.choice((number, spaced, f"tel:{number}", f"00{number[1:]}"))


Read = Callable[[Lane, Step], Awaitable[None]]
READS: dict[str, Read] = {
    "find": find,
    "get": get,
    "list": list_own,
    "check": check,
    "message": follow,
    "templates": templates,
    "lookup": look_up,
    "burst": burst,
}
