"""import_contacts where an answer is lost for good, and dry runs that may be none."""

import json
from pathlib import Path
from typing import Any

import anyio.lowlevel
import pytest
from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.door import Door, opened
from tests.importing import TOOL, add_up, are_contacts, fault, fresh, keys, posts

LOST = fresh(2, 2003)


class Deaf:
    """An emulator that creates some numbers and never tells, nor lets them be looked up.

    It begins with `lost`, when there is one; what is in `refused` is answered with 422.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.lost: list[str] = []
        self.refused: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry the request out, and say what fits."""
        body = await _body(receive) if scope["method"] == "POST" else {}
        number = str(body.get("phone_number", ""))
        if number in self.refused:
            return await _answer(send, 422, "BUSINESS_006")
        if number in self.lost:
            await self.app(scope, _again(body), _swallow)
            return await _answer(send, 200, None)
        if any(b"%2B" + each[1:].encode() in scope["query_string"] for each in self.lost):
            return await _answer(send, 403, "AUTH_004")
        return await self.app(scope, _again(body) if body else receive, send)


class Real:
    """An API that does not know `sandbox`: it creates, takes its time, and names no X-Sandbox."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry the request out without it."""
        if scope["method"] != "POST" or not scope["path"].startswith("/v3/"):
            return await self.app(scope, receive, send)
        body = await _body(receive)
        body.pop("sandbox", None)
        # Until whatever is done at once with this one has come as well.
        for _ in range(50):
            await anyio.lowlevel.checkpoint()
        return await self.app(scope, _again(body), send)


async def _body(receive: Receive) -> dict[str, Any]:
    whole, more = b"", True
    while more:
        part = await receive()
        whole += part.get("body", b"")
        more = part.get("more_body", False)
    return json.loads(whole)


def _again(body: dict[str, Any]) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}

    return receive


async def _swallow(message: Message) -> None:
    pass


async def _answer(send: Send, status: int, code: str | None) -> None:
    error = {"code": code, "message": "No"}
    body = json.dumps({"success": False, "error": error} if code else "?").encode()
    head = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})


async def begun(door: Door, numbers: list[str]) -> dict[str, Any]:
    """What an approved import of these is answered with."""
    return await door.twice(TOOL, phone_numbers=numbers)


async def test_two_of_twelve_whose_answers_are_lost_remain_and_are_settled(
    app: Starlette, state: Path
) -> None:
    """Under the same keys: ten are told as created, and in the end twelve."""
    deaf = Deaf(app)
    async with opened(deaf, state) as door:
        token = (await door.call(TOOL, phone_numbers=fresh(12))).token
        deaf.lost = LOST
        said = await door.done(TOOL, phone_numbers=fresh(12), confirmation_token=token)
        assert (said["status"], add_up(said)) == ("partial", {"created": 10, "remaining": 2})
        assert said["message"].startswith("10 contacts were created. ")
        assert (
            "Of 2 more it is not known; none is created twice by a repetition." in said["message"]
        )
        assert "Nothing was created" not in said["message"]
        tried = await keys(door)
        assert len(tried) == 12
        deaf.lost = []
        done = await door.done(TOOL, import_id=said["import_id"])
        assert (done["status"], add_up(done)) == ("imported", {"created": 12})
        assert (await keys(door)).keys() == tried.keys()
        assert sum((await keys(door)).values()) == sum(tried.values()) + 2
        assert await are_contacts(door, fresh(12)) == 12


async def test_two_in_doubt_are_not_called_nothing_where_all_others_failed(
    app: Starlette, state: Path
) -> None:
    """Nor are they counted as failed."""
    deaf = Deaf(app)
    deaf.refused = [number for number in fresh(12) if number not in LOST]
    async with opened(deaf, state) as door:
        token = (await door.call(TOOL, phone_numbers=fresh(12))).token
        deaf.lost = LOST
        said = await door.done(TOOL, phone_numbers=fresh(12), confirmation_token=token)
        assert (said["status"], add_up(said)) == ("partial", {"failed": 10, "remaining": 2})
        assert said["message"].startswith(
            "No contact is known to be created; 10 failed. Of 2 it is not known; "
        )
        assert not {row["phone_number"] for row in said["failed"]} & set(LOST)
        deaf.lost = []
        done = await door.done(TOOL, import_id=said["import_id"])
    assert (done["status"], add_up(done)) == ("imported", {"created": 2, "failed": 10})


async def test_a_dry_run_that_may_be_real_ends_with_its_first_request(
    app: Starlette, state: Path
) -> None:
    """It created one contact, and says that it does not know."""
    async with opened(Real(app), state) as door:
        said = await door.done(TOOL, phone_numbers=fresh(12), dry_run=True)
        assert said["status"] == "outcome_unknown"
        assert "Nothing was created" not in said["message"]
        assert len(await posts(door)) == 1
        assert await are_contacts(door, fresh(12)) == 1


@pytest.mark.parametrize("status", [422, 400])
async def test_a_refusal_does_not_tell_that_a_dry_run_is_one(
    app: Starlette, state: Path, status: int
) -> None:
    """Where the first number is refused, the next one is alone again."""
    async with opened(Real(app), state) as door:
        await door.faults(fault(status, 2))
        said = await door.done(TOOL, phone_numbers=fresh(12), dry_run=True)
        assert said["status"] == "outcome_unknown"
        assert len(await posts(door)) == 3
        assert await are_contacts(door, fresh(12)) == 1


async def test_an_answer_without_its_mark_ends_a_dry_run_in_the_middle(
    app: Starlette, state: Path
) -> None:
    """At most those are real that were under way then."""

    class Half(Real):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            real = scope["method"] == "POST" and len(seen) > 5
            seen.append(scope["method"])
            await (super().__call__(scope, receive, send) if real else app(scope, receive, send))

    seen: list[str] = []
    async with opened(Half(app), state) as door:
        said = await door.done(TOOL, phone_numbers=fresh(40), dry_run=True)
        assert said["status"] == "outcome_unknown"
        assert 0 < await are_contacts(door, fresh(40)) <= 6
