"""The journal: a send whose answer was lost goes out once, and questions tell what went out."""

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import closing
from functools import partial
from pathlib import Path

import anyio
import pytest
from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.door import SEEDED, Door, opened, served
from tests.guard.changes import OTHER, Arguments
from tests.guard.test_state_file import reached

POSTS = "POST /v3/messages"
BOTH: Arguments = {"to": [SEEDED, OTHER], "text": "Hello you", "channels": ["sms"]}
HELLO: Arguments = {**BOTH, "to": [SEEDED]}
SAME: list[Arguments] = [
    {"to": ["+1 (415) 555-0103", SEEDED], "channels": ["whatsapp", "sms"]},
    {"parameters": {}},
    {"media_urls": []},
]
TRIED = "This very send was tried at "
TWICE = "This is another send, so those may get it twice."
GOT, MAY_HAVE = "Got the same in the last 24 hours: ", "May have got it already, not known: "


@pytest.fixture
async def url(app: Starlette) -> AsyncGenerator[str]:
    async with served(app) as url:
        yield url


@pytest.fixture
async def door(url: str, state: Path) -> AsyncGenerator[Door]:
    """A server that is no demo: its journal is in the state file."""
    async with reached(url, state, call_timeout=3) as door:
        yield door


async def keys(door: Door) -> list[str]:
    """The idempotency key of every request to send so far."""
    return [r["idempotency_key"] for r in await door.log() if r["path"] == "/v3/messages"]


async def messages(door: Door, number: str = SEEDED) -> int:
    """How many messages a contact has got."""
    contact_id = await door.contact(number)
    read = await door.done("get_contact", contact_id=contact_id, include_summary=True)
    return read["summary"]["message_count"]


async def question(door: Door, given: Arguments) -> list[str]:
    """What is asked about a send, line by line."""
    return (await door.done("send_message", **given))["question"].splitlines()


async def lost(door: Door, given: Arguments, kind: str = "garbage") -> str:
    """Sends, and loses the answer; the key it went out with."""
    token = (await door.call("send_message", **given)).token
    await door.faults({"match": POSTS, "times": 9, "kind": kind})
    said = await door.done("send_message", **given, confirmation_token=token)
    assert said["status"] == "outcome_unknown"
    assert "Ask for exactly the same send again within 23 hours" in said["message"]
    await door.faults()
    return (await keys(door))[-1]


async def sent(door: Door, given: Arguments) -> Arguments:
    """Asks, approves, and is accepted."""
    said = await door.twice("send_message", **given)
    assert said["status"] == "accepted"
    return said


@pytest.mark.parametrize("kind", ["drop_after", "drop_before", "garbage"])
async def test_a_send_whose_answer_was_lost_goes_out_once(door: Door, kind: str) -> None:
    """Asked again it carries the same key; the third time, after a definite answer, it is new."""
    before = await messages(door)
    first = await lost(door, HELLO, kind)
    asked = await question(door, HELLO)
    assert asked[-2].startswith(MAY_HAVE + SEEDED)
    assert asked[-1].startswith(TRIED)
    assert asked[-1].endswith("under the same idempotency key, so that Sent sends it once.")
    again = await sent(door, HELLO)
    assert again["replayed"] is (kind != "drop_before")
    assert set(await keys(door)) == {first}
    assert await messages(door) == before + 1
    third = await question(door, HELLO)
    (line,) = [line for line in third if line.startswith(GOT)]
    assert line.startswith(f"{GOT}{SEEDED} at 2")
    assert line.endswith(f"({again['messages'][0]['message_id']})")
    assert not any(line.startswith((TRIED, MAY_HAVE, TWICE)) for line in third)
    assert (await sent(door, HELLO))["replayed"] is False
    assert (await keys(door))[-1] != first
    assert await messages(door) == before + 2


@pytest.mark.parametrize("other", SAME)
async def test_the_same_send_may_be_written_in_another_way(door: Door, other: Arguments) -> None:
    """What makes it the same is what goes out."""
    given = {**BOTH, "channels": ["sms", "whatsapp"]}
    first = await lost(door, given)
    assert (await question(door, given | other))[-1].startswith(TRIED)
    assert (await sent(door, given | other))["replayed"] is True
    assert set(await keys(door)) == {first}


@pytest.mark.parametrize("name", ["text", "to", "channels", "scheduled_at"])
async def test_another_send_has_a_key_of_its_own(door: Door, soon: str, name: str) -> None:
    """The same words are told all the same; that of the first one stays kept for it."""
    other = {"text": "Hello!", "to": [SEEDED, OTHER], "channels": ["rcs"], "scheduled_at": soon}
    first = await lost(door, HELLO)
    given = {**HELLO, name: other[name]}
    asked = await question(door, given)
    assert not any(line.startswith(TRIED) for line in asked)
    assert any(line.startswith(MAY_HAVE + SEEDED) for line in asked) is (name != "text")
    assert (TWICE in asked) is (name != "text")
    assert (await sent(door, given))["replayed"] is False
    assert (await keys(door))[-1] != first
    assert (await sent(door, HELLO))["replayed"] is True
    assert (await keys(door))[-1] == first


async def test_who_got_the_same_in_another_list_is_told(door: Door) -> None:
    """Only those, whatever the channels, and only when it says the same."""
    ids = {each["to"]: each["message_id"] for each in (await sent(door, BOTH))["messages"]}
    (line,) = [x for x in await question(door, {**HELLO, "channels": []}) if x.startswith(GOT)]
    assert ids[SEEDED] in line
    assert OTHER not in line
    for other in ({"to": ["+14155550104"]}, {"text": "Hello"}):
        assert not any(x.startswith(GOT) for x in await question(door, HELLO | other))


async def test_whoever_opts_out_in_between_makes_it_another_send(door: Door) -> None:
    """The first may have gone out to the other one."""
    first = await lost(door, BOTH)
    await door.done("update_contact", contact_id=await door.contact(OTHER), opt_out=True)
    asked = await question(door, BOTH)
    assert asked[-1] == TWICE
    assert f"Left out, opted out: {OTHER}" in asked
    await sent(door, BOTH)
    assert (await keys(door))[-1] != first


async def test_what_was_refused_or_only_tried_is_not_written_down(door: Door, state: Path) -> None:
    """A dry run tells what a question would, and uses no key up."""
    assert (await door.done("send_message", **HELLO, dry_run=True))["status"] == "dry_run"
    token = (await door.call("send_message", **HELLO)).token
    await door.faults({"match": POSTS, "kind": "status", "status": 422})
    await door.refused("send_message", **HELLO, confirmation_token=token)
    with closing(sqlite3.connect(state)) as database:
        for table in ("sends", "messages"):
            assert database.execute(f"SELECT * FROM {table}").fetchall() == []  # noqa: S608
    assert not any(x.startswith((GOT, MAY_HAVE, TRIED)) for x in await question(door, HELLO))
    first = await lost(door, HELLO)
    tried = await door.done("send_message", **HELLO, dry_run=True)
    assert TRIED in tried["question"]
    assert (await sent(door, HELLO))["replayed"] is True
    *before, again = await keys(door)
    assert again == first
    assert len(set(before)) == len(before) == 4


class Replaying:
    """Sent before the emulator: while `on`, every answer to a send says that it is an old one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.on = app, False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def marked(message: Message) -> None:
            if self.on and "headers" in message and scope["path"] == "/v3/messages":
                message["headers"] = [*message["headers"], (b"idempotent-replayed", b"true")]
            await send(message)

        await self.app(scope, receive, marked)


@pytest.mark.parametrize("replayed", [False, True])
async def test_a_refused_repetition_keeps_the_key_unless_it_is_the_first_answer(
    app: Starlette, state: Path, replayed: bool
) -> None:
    """Whoever refuses it need not know what became of the first attempt."""
    between = Replaying(app)
    async with opened(between, state, call_timeout=2) as door:
        first = await lost(door, HELLO)
        token = (await door.call("send_message", **HELLO)).token
        await door.faults({"match": POSTS, "kind": "status", "status": 422})
        between.on = replayed
        text = await door.refused("send_message", **HELLO, confirmation_token=token)
        between.on = False
        assert ("Nothing was changed or sent." in text) is replayed
        assert ("another one of the same send may have gone out" in text) is not replayed
        assert (await question(door, HELLO))[-1].startswith(TRIED) is not replayed
        assert (await sent(door, HELLO))["replayed"] is not replayed
        assert ((await keys(door))[-1] == first) is not replayed


async def test_of_two_questions_about_one_send_the_second_is_asked_anew(door: Door) -> None:
    """Nobody who answered it had seen that the first went out."""
    one, two = [(await door.call("send_message", **HELLO)).token for _ in range(2)]
    assert (await door.done("send_message", **HELLO, confirmation_token=one))["messages"]
    anew = await door.done("send_message", **HELLO, confirmation_token=two)
    assert anew["status"] == "confirmation_required"
    assert "What was approved has changed since" in anew["message"]
    assert GOT + SEEDED in anew["question"]
    assert len(await keys(door)) == 1


async def test_two_approvals_at_once_send_once(door: Door, url: str, state: Path) -> None:
    """On two servers; the other one is asked anew, or refused since the same was sent."""
    async with reached(url, state) as other:
        for turn in range(10):
            given = {**HELLO, "text": f"Turn {turn}"}
            tokens = [(await door.call("send_message", **given)).token for _ in range(2)]
            said: list[str] = []

            async def use(door: Door, token: str, given: Arguments, said: list[str]) -> None:
                reply = await door.call("send_message", **given, confirmation_token=token)
                said.append(reply.data["status"] if reply.data else reply.text.split(":")[0])

            async with anyio.create_task_group() as tasks:
                for where, token in zip((door, other), tokens, strict=True):
                    tasks.start_soon(use, where, token, given, said)
            assert said.count("accepted") == 1
            assert set(said) <= {"accepted", "confirmation_required", "SENT_MEANWHILE"}
            assert len(await keys(door)) == turn + 1


async def test_a_refused_attempt_does_not_make_another_one_forgotten(
    door: Door, url: str, state: Path
) -> None:
    """Of another server, under the same key: its answer was lost, so it may have gone out."""
    token = (await door.call("send_message", **HELLO)).token
    await door.faults({"match": POSTS, "kind": "status", "status": 429, "retry_after": 1.2})
    async with reached(url, state) as other, anyio.create_task_group() as tasks:
        tasks.start_soon(partial(door.refused, "send_message", **HELLO, confirmation_token=token))
        while not await keys(other):
            pass
        await lost(other, HELLO)
        await door.faults({"match": POSTS, "kind": "status", "status": 403})
    assert (await question(door, HELLO))[-1].startswith(TRIED)
    assert (await sent(door, HELLO))["replayed"] is True
    assert len(set(await keys(door))) == 1


async def test_what_another_account_sent_is_not_seen(door: Door, url: str, state: Path) -> None:
    """One state file may serve several."""
    first = await lost(door, HELLO)
    async with reached(url.replace("127.0.0.1", "localhost"), state) as other:
        assert not any(x.startswith((GOT, MAY_HAVE, TRIED)) for x in await question(other, HELLO))
        assert "RESOURCE_003" in await other.refused("get_message", to=SEEDED)
        await sent(other, HELLO)
    assert (await keys(door))[-1] != first


async def test_the_last_message_is_found_by_its_number(door: Door) -> None:
    """Unless the last send got no answer: an older one would be told for it."""
    assert "in the last 24 hours is known" in await door.refused("get_message", to=SEEDED)
    for given in (HELLO, {**HELLO, "text": "Another"}):
        await lost(door, given)
        assert "got no answer" in await door.refused("get_message", to=SEEDED)
        message_id = (await sent(door, given))["messages"][0]["message_id"]
        assert message_id in (await door.call("get_message", to=SEEDED)).text


async def test_the_daily_limit_counts_a_repetition_once(url: str, state: Path) -> None:
    """Also where it leaves no room for another message."""
    async with reached(url, state, call_timeout=3, messages_per_day=1) as door:
        await lost(door, HELLO)
        assert (await sent(door, HELLO))["replayed"] is True
        assert (await door.refused("send_message", **HELLO)).startswith("DAILY_LIMIT")


async def test_without_questions_the_key_is_handed_on_too(url: str, state: Path) -> None:
    """SENT_MCP_CONFIRM=off."""
    async with reached(url, state, call_timeout=3, confirm="off") as door:
        await door.faults({"match": POSTS, "kind": "garbage"})
        assert (await door.done("send_message", **HELLO))["status"] == "outcome_unknown"
        assert (await door.done("send_message", **HELLO))["replayed"] is True
        assert (await door.done("send_message", **HELLO))["replayed"] is False
        first, second, third = await keys(door)
        assert first == second != third


async def test_another_server_hands_the_key_on(door: Door, url: str, state: Path) -> None:
    """It is in the state file; after 23 hours Sent may not know it any more."""
    first = await lost(door, HELLO)
    async with reached(url, state) as other:
        assert (await question(other, HELLO))[-1].startswith(TRIED)
        with closing(sqlite3.connect(state)) as database, database:
            database.execute("UPDATE sends SET at = at - 23 * 3600")
        assert (await question(other, HELLO))[-1] == TWICE
        await sent(other, HELLO)
        assert (await keys(other))[-1] != first
