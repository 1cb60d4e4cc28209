"""Servers to which something happens that could make them talk."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.door import SEEDED
from tests.http.sites import Running, started
from tests.http.wire import request
from tests.proof.endurance_calls import NOBODY
from tests.proof.endurance_clients import Pipe, piped
from tests.proof.endurance_site import Site
from tests.proof.hosts import Json
from tests.serving.test_trouble import CRASHING
from tests.serving.wire import started as started_wire

LEGACY = "2025-11-25"
WRONG = "sk_live_a_key_that_sent_does_not_know"
_TEXT = f"call +14155550102 or {SEEDED}"


@dataclass
class Ended:
    """What a server wrote and answered; `numbers` are those it may keep."""

    stderr: str
    answers: list[str] = field(default_factory=list[str])
    numbers: Sequence[str] = ()


async def scraped(site: Running, token: str) -> str:
    """`/metrics`."""
    fields = {"Authorization": f"Bearer {token}"}
    answer = await site.ask(request(fields=fields, method="GET", path="/metrics"))
    assert answer.status == 200, answer
    return answer.body.decode()


async def refused(site: Site, key: str) -> Ended:
    """A key that Sent does not know, a token that nobody gave out, and no key at all."""
    assert site.web is not None
    answers: list[str] = []
    for given in (WRONG, f'"{key}"', ""):
        settings = {**site.environment("refused"), "SENT_API_KEY": given}
        async with piped(site.home, LEGACY, settings, has_forms=False) as pipe:
            answers += await _tour(pipe)
        answers.append(pipe.err.decode())
    for token in (key, WRONG, f"{key}x"):
        answer = await site.web.bearer(token).ask("tools/list")
        assert answer.status == 401, answer
        answers.append(f"{answer.fields}\n{answer.body.decode()}")
    return Ended("", answers)


async def passthrough(site: Site) -> Ended:
    """Every caller brings a key of their own: a right one and a wrong one."""
    given = site.variables("passthrough")
    key = given.pop("SENT_API_KEY")
    answers: list[str] = []
    with started(site.home, "--auth", "passthrough", **given) as web:
        for brought in (key, WRONG):
            for tool, arguments in CALLS:
                params = {"name": tool, "arguments": arguments}
                answer = await web.bearer(brought).ask("tools/call", params)
                answers.append(f"{answer.fields}\n{answer.body.decode()}")
    return Ended(web.stderr, answers)


async def masking(site: Site) -> Ended:
    """One that shows the model no number in full."""
    settings = {**site.environment("masking"), "SENT_MCP_MASK_PHONES": "true"}
    async with piped(site.home, LEGACY, settings, has_forms=False) as pipe:
        answers = await _tour(pipe)
    return Ended(pipe.err.decode(), answers)


async def cut_off(site: Site) -> Ended:
    """An import that takes longer than a call may, so that it can go on."""
    numbers = [number for number in NOBODY if number not in (NOBODY[0], NOBODY[1])][:14]
    slow: Json = {"match": "POST /v3/contacts", "times": 100, "kind": "delay", "seconds": 20}
    settings = {**site.environment("importing"), "SENT_MCP_CALL_TIMEOUT": "3"}
    async with httpx.AsyncClient(base_url=site.url, trust_env=False) as http:
        assert (await http.post("/__emulator/faults", json=[slow])).is_success
        async with piped(site.home, LEGACY, settings, has_forms=False) as pipe:
            asked = await pipe.call("import_contacts", {"phone_numbers": numbers})
            token = asked.data["confirmation_token"]
            given: Json = {"phone_numbers": numbers, "confirmation_token": token}
            done = await pipe.call("import_contacts", given)
            assert done.data["remaining"], done
        assert (await http.post("/__emulator/faults", json=[])).is_success
    return Ended(pipe.err.decode(), [asked.text, done.text], numbers)


async def defect(home: Path) -> Ended:
    """A defect of ours, whose traceback has a key and a number in it."""
    answers: list[str] = []
    async with started_wire(home, ("-c", CRASHING), SENT_MCP_STATE="memory:") as wire:
        await wire.open(LEGACY)
        for tool, arguments in CALLS[:2]:
            result = await wire.call(tool, **arguments)
            assert result["isError"], result
            answers.append(result["content"][0]["text"])
        assert await wire.end() == 0
    assert "Traceback" in wire.stderr, wire.stderr
    return Ended(wire.stderr, answers)


CALLS: Sequence[tuple[str, Json]] = (
    ("list_contacts", {"page_size": 100}),
    ("find_contact_by_phone", {"phone_number": SEEDED}),
    ("list_contacts", {"search": SEEDED}),
    ("find_contact_by_phone", {"phone_number": "(415) 555-0102 ext 7"}),
    ("check_phone_numbers", {"phone_numbers": [SEEDED, *NOBODY, "415 555 0102 7 8 9 1 2"]}),
    ("create_contact", {"phone_number": NOBODY[0]}),
    ("create_contact", {"phone_number": NOBODY[1], "dry_run": True}),
    ("import_contacts", {"phone_numbers": NOBODY[20:40]}),
    ("send_message", {"to": [SEEDED, NOBODY[3]], "text": _TEXT}),
    ("send_message", {"to": [SEEDED], "template_name": "order_confirmation"}),
    ("send_message", {"to": [SEEDED], "text": _TEXT, "confirmation_token": f"send {SEEDED} cf_x"}),
    ("get_message", {"to": SEEDED}),
    ("get_contact", {"contact_id": SEEDED}),
    ("delete_contact", {"contact_id": SEEDED}),
    ("no_such_tool", {"phone_number": SEEDED}),
)
"""All sorts, with numbers in every place."""


async def _tour(pipe: Pipe) -> list[str]:
    answers: list[str] = []
    for tool, arguments in CALLS[:-1]:
        reply = await pipe.call(tool, arguments)
        answers.append(f"{reply.text}\n{json.dumps(reply.data)}")
    return answers
