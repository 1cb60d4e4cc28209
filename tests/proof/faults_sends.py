"""Sends and imports: changes of several people at once."""

import re
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tests.proof.faults_changes import id_of, make
from tests.proof.faults_lane import FREE, Attempt, Lane
from tests.proof.faults_plan import Step
from tests.proof.hosts import Reply
from tests.proof.model import Chain, Person, Sent, Span, State, Wrong

Json = dict[str, Any]
_TEMPLATE = "Hi {name}, your order {order_number} has been confirmed."
OTHER_VALUES: Json = {"parameters": {"name": "somebody else", "order_number": "9"}}
_TROUBLE = re.compile(r" because of ([A-Z0-9_]{4,}), ")
_FAR = (datetime.now(UTC) + timedelta(days=20)).isoformat(timespec="seconds")


async def send(lane: Lane, step: Step) -> None:
    """Send something, or settle first what is in doubt about one of the recipients."""
    draw = step.random
    people = draw.sample(lane.people, draw.choice((1, 1, 1, 2, 3)))
    again = lane.frozen(people)
    if again is None and any(person.frozen for person in people):
        return
    lane.sends += 1
    if again is not None:
        lane.sends += again.tool != "send_message"
        await make(lane, step, again)
    else:
        await make(lane, step, a_send(lane, people, draw))


def a_send(lane: Lane, people: list[Person], draw: Random) -> Attempt:
    """One send to these: what, how, and what must come of it."""
    arguments, content = _content(lane, draw)
    channels = draw.choice((None, None, ["sms"], ["sms"], ["sms", "whatsapp"]))
    arguments |= {} if channels is None else {"channels": channels}
    scheduled = draw.random() < 0.08
    arguments |= {"scheduled_at": _FAR} if scheduled else {}
    by_id = draw.random() < 0.2
    arguments["to"] = [id_of(each) if by_id else each.number for each in people]
    body = repr(sorted((name, value) for name, value in arguments.items() if name != "to"))
    copies = len(channels or [""])

    since = lane.site.now

    def chain_to(recipients: list[Person]) -> Chain:
        to = tuple(sorted(person.number for person in recipients))
        return lane.outbox.chain(Chain(body, to, content, copies, since))

    def unknown() -> None:
        chain = chain_to([person for person in people if not _opted_out(person)])
        chain.open = True
        lane.outbox.last_to |= dict.fromkeys(chain.to, None)

    def done(reply: Reply, span: Span) -> None:
        if reply.status != "accepted":
            raise Wrong(f"a send that is {reply.status}: {reply.text}")
        skipped = set(reply.data.get("skipped", ()))
        _narrow(people, skipped, reply.text)
        recipients = [person for person in people if person.number not in skipped]
        chain = chain_to(recipients)
        calm = not lane.now.hits(["POST /v3/messages"])
        came = chain.came if chain.open else False
        if calm and came is not None and reply.data["replayed"] != came:
            said = "; ".join(lane.about(people[0]))
            raise Wrong(f"replayed or not, where the last one was {chain}: {said}")
        chain.sure, chain.open = True, False
        for person in recipients:
            person.change(attempt.made, span, settles=attempt.settles)
        _note(lane, chain, reply, span, scheduled=scheduled)

    attempt = Attempt(
        "send_message",
        arguments,
        people,
        lambda each: each if each.exists and each.opt_out else each.created(),
        "POST /v3/messages",
        done,
        lambda code: _refused(people, code, by_id=by_id),
        always_asked=True,
        unknown=unknown,
        other={"text": "something else"} if "text" in arguments else OTHER_VALUES,
    )
    return attempt


def _content(lane: Lane, draw: Random) -> tuple[Json, str]:
    if draw.random() < 0.3:
        values = {"name": f"of {lane.name}", "order_number": str(draw.randrange(5))}
        given: Json = {"template_name": "order_confirmation", "parameters": values}
        return given, _TEMPLATE.format(**values)
    text = f"{lane.name} says {draw.randrange(30)}"
    return {"text": text}, text


def _opted_out(person: Person) -> bool:
    return all(each.exists and each.opt_out for each in person.states)


def _narrow(people: list[Person], skipped: set[str], said: str) -> None:
    for person in people:
        left_out = person.number in skipped
        person.narrow(lambda each, out=left_out: (each.exists and each.opt_out) is out, said)


def _refused(people: list[Person], code: str, *, by_id: bool) -> bool:
    """Whether everybody has opted out, or one was given by the id of a contact that is none."""
    if code == "BUSINESS_004":
        _narrow(people, {person.number for person in people}, "all have opted out")
    if code == "RESOURCE_001" and by_id:
        return any(each.id is None or not each.must_exist for each in people)
    return code == "BUSINESS_004"


def _note(lane: Lane, chain: Chain, reply: Reply, span: Span, *, scheduled: bool) -> None:
    messages: list[Json] = reply.data["messages"]
    named = sorted(each["to"] for each in messages)
    if named != sorted(chain.to * chain.copies):
        raise Wrong(f"messages to {chain.to}, {chain.copies} each, were to be sent: {reply.text}")
    is_text = not chain.content.startswith("Hi ")
    for each in messages:
        sent = Sent(each["to"], each.get("channel"), is_text, (chain.since, span[1]), scheduled)
        lane.outbox.messages[each["message_id"]] = sent
    for number in chain.to:
        ids = [each["message_id"] for each in messages if each["to"] == number]
        lane.outbox.last_to[number] = ids


async def send_unsendable(lane: Lane, step: Step) -> None:
    """What Sent would accept and fail later is refused before anybody is asked."""
    person = lane.person(step.person)
    content: Json = step.random.choice(
        (
            {"template_name": "order_confirmation", "parameters": {"name": "x"}},
            {"template_name": "verification_code", "parameters": {"code": "1"}},
            {"template_name": "no_such_template"},
            {"text": "too soon", "scheduled_at": "2020-01-01T00:00:00Z"},
            {"text": "too far", "scheduled_at": "2020-01-01T00:00:00"},
        )
    )
    reply = await lane.call("send_message", {"to": [person.number], **content}, changes=True)
    if not reply.is_error:
        raise Wrong(f"it cannot be sent, and was asked about: {reply.text}")
    if "Nothing was " not in reply.text:
        raise Wrong(f"it does not say that nothing was sent: {reply.text}")
    if reply.status in REFUSALS:
        lane.ledger.right += 1
    else:
        lane.excuse(reply, "send_message", "")


REFUSALS = (
    "INVALID_ARGUMENTS",
    "VALIDATION_005",
    "RESOURCE_002",
    "BUSINESS_004",
    "BUSINESS_005",
    "ERR_TEMPLATE_PARAMS_INVALID",
)


async def import_people(lane: Lane, step: Step) -> None:
    """Import several numbers, new and old; go on once where some remain."""
    draw = step.random
    chosen = draw.sample(lane.people, draw.choice((3, 6, 14, 20)))
    people = [person for person in chosen if not person.frozen]
    if not people:
        return
    attempt = an_import(lane, people, [person.number for person in people])
    await make(lane, step, attempt)
    if attempt.is_open:
        await make(lane, step, attempt)


def an_import(lane: Lane, people: list[Person], numbers: list[str]) -> Attempt:
    """Import these; `attempt` becomes the call that goes on with what remains."""
    entries = [*numbers, numbers[0], "12"]
    surely = sum(not person.may_exist for person in people)
    possibly = sum(not person.must_exist for person in people)
    before = surely, possibly

    def done(reply: Reply, span: Span) -> None:
        counts = _counted(reply, len(entries))
        failed = {each["phone_number"]: each["code"] for each in reply.data.get("failed", ())}
        begun = "import_id" in attempt.arguments
        if not begun:
            _may_fail(lane, reply, set(failed.values()))
        if reply.status == "partial":
            _partial(lane, attempt, reply, span)
            return
        anew = attempt in lane.pending and not begun
        least = 0 if anew else before[0] - len(failed)
        if not least <= counts["created"] <= before[1]:
            raise Wrong(f"{before} were new: {reply.text}")
        attempt.counted, attempt.is_open = counts["created"], False
        for person in people:
            if person.number not in failed:
                person.change(attempt.made, span, settles=attempt.settles)

    attempt = Attempt(
        "import_contacts",
        {"phone_numbers": entries},
        people,
        State.created,
        "POST /v3/contacts",
        done,
        lambda code: code == "IMPORT_BUSY",
        always_asked=surely > FREE,
        metered=(surely, len(people)),
        other={"phone_numbers": entries[:-2]} if surely > FREE + 1 else {"region": "DE"},
    )
    return attempt


def _counted(reply: Reply, entries: int) -> dict[str, int]:
    if reply.status not in ("imported", "unchanged", "partial"):
        raise Wrong(f"an import that is {reply.status}: {reply.text}")
    counts: dict[str, int] = reply.data["counts"]
    parts = sum(number for name, number in counts.items() if name != "input")
    if counts["input"] != entries or parts + reply.data["remaining"] != entries:
        raise Wrong(f"{entries} entries do not add up: {reply.text}")
    if (counts["duplicates"], counts["invalid"]) != (1, 1):
        raise Wrong(f"one repeated and one invalid entry: {reply.text}")
    return counts


def _may_fail(lane: Lane, reply: Reply, codes: set[str]) -> None:
    """Whether faults explain that numbers failed so. Raises Wrong."""
    for code in codes:
        if not lane.sky.excuses(code, reply.seconds, "import_contacts", "POST /v3/contacts"):
            raise Wrong(f"some failed for no reason ({code}): {reply.text}")


def _partial(lane: Lane, attempt: Attempt, reply: Reply, span: Span) -> None:
    """Some remain: perhaps created, perhaps not, and the next call goes on with them."""
    trouble = _TROUBLE.search(reply.text)
    if trouble is not None:
        _may_fail(lane, reply, {trouble[1]})
    elif not lane.took_its_time(reply):
        raise Wrong(f"not finished for no reason: {reply.text}")
    for person in attempt.people:
        person.may_change(State.created, span)
    lane.tally.counted += attempt.metered[1]
    # Whether it was agreed to or small enough decides whether the rest is asked about.
    attempt.is_open, attempt.always_asked, attempt.counted = True, False, 0
    attempt.metered = (0, attempt.metered[1])
    if "import_id" in reply.data:
        attempt.arguments = {"import_id": reply.data["import_id"]}
