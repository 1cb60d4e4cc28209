"""What a model reads when something goes wrong: one clear text, and never a traceback."""

import logging
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from sent_mcp.tools.contact_changes import CREATE_CONTACT
from sent_mcp.tools.contacts import LIST_CONTACTS
from sent_mcp.tools.contacts import ListContacts as Arguments
from sent_mcp.tools.registry import SentCall
from sent_mcp.tools.results import Result
from tests.door import OFFERED, SEEDED, opened

DEMO = "`sent-mcp serve --demo`"


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (None, "MISSING_KEY: SENT_API_KEY is not set. Nothing was changed or sent. Set SENT_API"),
        (
            "${SENT_API_KEY}",
            "PLACEHOLDER_KEY: SENT_API_KEY holds the placeholder '${SENT_API_KEY}'",
        ),
        ("your-api-key", "PLACEHOLDER_KEY: SENT_API_KEY holds the placeholder 'your-api-key'"),
        ('"sk_live_abcdef"', "PLACEHOLDER_KEY: SENT_API_KEY has quotes around the key."),
        (" sk_live_abcdef", "PLACEHOLDER_KEY: SENT_API_KEY has spaces"),
    ],
)
async def test_without_a_usable_key_tools_are_listed_and_calls_say_what_is_wrong(
    app: Starlette, state: Path, key: str | None, said: str
) -> None:
    """With the variable's name; the key itself is not shown."""
    async with opened(app, state, api_key=key) as door:
        assert len(await door.tools()) == OFFERED
        calls: list[tuple[str, dict[str, Any]]] = [
            ("list_contacts", {}),
            ("delete_contact", {"contact_id": "abc"}),
            ("send_message", {"to": SEEDED, "text": "Hi"}),
        ]
        for tool, arguments in calls:
            text = await door.refused(tool, **arguments)
            assert text.startswith(said)
            assert "abcdef" not in text
        assert await door.log() == []
        assert key is not None or DEMO in await door.refused("list_contacts")


async def test_a_wrong_key_is_sents_refusal_with_our_advice(app: Starlette, state: Path) -> None:
    """Sent locks a key after ten failures, so the next call is answered here."""
    async with opened(app, state, api_key="sk_test_wrong") as door:
        text = await door.refused("list_contacts")
        assert text.startswith("AUTH_002: ")
        assert "Check the key in SENT_API_KEY" in text
        again = await door.refused("list_contacts")
        assert "answered here without asking Sent" in again
        assert len(await door.log()) == 1


BROKEN: list[dict[str, Any]] = [
    {"kind": "garbage"},
    {"kind": "garbage", "status": 502},
    {"kind": "truncate"},
    {"kind": "status", "status": 500, "retry_after": 0.01},
    {"kind": "status", "status": 503, "retry_after": 0.01},
    {"kind": "status", "status": 429, "retry_after": 0.01},
    {"kind": "drop_before"},
    {"kind": "status", "status": 418},
    {"kind": "status", "status": 301},
]


@pytest.mark.parametrize("fault", BROKEN, ids=str)
@pytest.mark.parametrize(
    ("tool", "arguments", "match"),
    [
        ("list_contacts", {}, "GET /v3/contacts"),
        ("delete_contact", {"contact_id": "abc"}, "GET /v3/contacts"),
    ],
)
async def test_a_broken_answer_to_a_read_ends_in_one_clear_text(
    app: Starlette,
    state: Path,
    fault: dict[str, Any],
    tool: str,
    arguments: dict[str, Any],
    match: str,
) -> None:
    """A code, and that nothing was changed."""
    async with opened(app, state, call_timeout=2) as door:
        await door.faults({"match": match, "times": 9, **fault})
        text = await door.refused(tool, **arguments)
    assert re.match(r"[A-Z]+[A-Z0-9_]+: ", text), text
    assert "Nothing was changed or sent." in text
    assert "Traceback" not in text
    assert len(text) < 700


@pytest.mark.parametrize("fault", BROKEN, ids=str)
@pytest.mark.parametrize("tool", ["create_contact", "delete_contact", "send_message"])
async def test_a_broken_answer_to_a_change_says_what_is_known(
    app: Starlette, state: Path, fault: dict[str, Any], tool: str
) -> None:
    """And it is true: compared with what the emulator has afterwards."""
    number = "+14155550160" if tool == "create_contact" else SEEDED
    async with opened(app, state, call_timeout=2) as door:
        arguments: dict[str, Any] = {
            "create_contact": {"phone_number": number},
            "delete_contact": {"contact_id": await door.contact()},
            "send_message": {"to": SEEDED, "text": "Hi"},
        }[tool]
        if tool != "create_contact":
            arguments["confirmation_token"] = (await door.call(tool, **arguments)).token
        method = "DELETE" if tool == "delete_contact" else "POST"
        path = "/v3/messages" if tool == "send_message" else "/v3/contacts"
        await door.faults({"match": f"{method} {path}", "times": 9, **fault})
        reply = await door.call(tool, **arguments)
        await door.faults()
        executed = fault["kind"] in ("garbage", "truncate")
        if tool != "send_message":
            there = (await door.done("find_contact_by_phone", phone_number=number))["found"]
            assert executed is (there if tool == "create_contact" else not there)
    if reply.is_error:
        assert "Nothing was changed or sent." in reply.text
        assert not executed
    elif reply.data["status"] == "outcome_unknown":
        assert "It is not known whether the change was done." in reply.text
    else:
        assert reply.data["status"] in ("created", "deleted")
        assert executed


async def test_a_call_that_takes_too_long_ends_in_words(app: Starlette, state: Path) -> None:
    """Before the host gives up."""
    async with opened(app, state, call_timeout=0.3) as door:
        await door.faults({"match": "GET /v3/contacts", "kind": "delay", "seconds": 60})
        text = await door.refused("list_contacts")
    assert text.startswith("TIMEOUT: ")
    assert "Nothing was changed or sent." in text


async def _defect(call: SentCall, arguments: Arguments) -> Result:
    raise KeyError(f"+14155550102 {arguments.page}")


async def _stuck(call: SentCall, arguments: Arguments) -> Result:
    import anyio

    await anyio.sleep_forever()
    raise AssertionError


async def _change_defect(call: SentCall, plan: object) -> Result:
    raise KeyError("+14155550102")


async def test_a_defect_of_ours_shows_only_an_error_id(
    app: Starlette,
    state: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The traceback is in the log, under that id; the server goes on."""
    broken = replace(LIST_CONTACTS, body=_defect)
    changing = replace(CREATE_CONTACT, plan=_change_defect)
    monkeypatch.setattr("sent_mcp.offered.TOOLS", (broken, changing))
    async with opened(app, state) as door:
        with caplog.at_level(logging.ERROR):
            text = await door.refused("list_contacts")
        change = await door.refused("create_contact", phone_number=SEEDED)
        assert "page: should be" in await door.refused("list_contacts", page=0)
    shown = re.fullmatch(
        r"INTERNAL: a defect of sent-mcp, error ([a-z]{8}) in its log on stderr\. "
        r"Nothing was changed or sent\.",
        text,
    )
    assert shown, text
    assert f"error {shown[1]} in list_contacts" in caplog.text
    assert change.endswith("Read the current state before repeating it.")


async def test_a_tool_that_hangs_is_ended_in_time(
    app: Starlette, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it waits for."""
    stuck = replace(LIST_CONTACTS, body=_stuck)
    changing = replace(CREATE_CONTACT, plan=_stuck)
    monkeypatch.setattr("sent_mcp.offered.TOOLS", (stuck, changing))
    async with opened(app, state, call_timeout=0.05) as door:
        text = await door.refused("list_contacts")
        assert text == "TIMEOUT: no result within 0.05 s. Nothing was changed or sent."
        change = await door.refused("create_contact", phone_number=SEEDED)
    assert "It is not known whether anything was changed" in change
