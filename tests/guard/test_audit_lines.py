"""The audit log of a whole server: one line per change that was asked for, and nothing readable."""

import json
import re
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import mcp_types as mcp
import pytest
from mcp import Client
from mcp.client import ClientRequestContext
from mcp.client.session import ElicitationFnT
from starlette.applications import Starlette

from sent_mcp.server import build_server
from sent_mcp.settings import load_settings
from tests.door import KEY, SEEDED, Door, opened, served
from tests.guard.hosts import MODERN, YES, rejected
from tests.serving.wire import SERVE, Wire, started

HELLO: dict[str, Any] = {"to": [SEEDED], "text": "Hello", "channels": ["sms"]}
NEW = "+14155550177"
ERAS = pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
HMAC = re.compile(r"[0-9a-f]{64}")
UNWRITTEN = "the audit log could not be written"
FULL_DISK = """
import resource
from sent_mcp.__main__ import main

limits = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (5, limits[1]))
try:
    main()
finally:
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
"""
Lines = list[dict[str, Any]]


async def agree(context: ClientRequestContext, params: mcp.ElicitRequestParams) -> mcp.ElicitResult:
    """A user who ticks the box."""
    return mcp.ElicitResult(action="accept", content={"confirm": True})


async def refuse(
    context: ClientRequestContext, params: mcp.ElicitRequestParams
) -> mcp.ElicitResult:
    """A user who says no."""
    return mcp.ElicitResult(action="decline")


async def hang(context: ClientRequestContext, params: mcp.ElicitRequestParams) -> mcp.ElicitResult:
    """A user who has gone home."""
    await anyio.sleep_forever()
    raise AssertionError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the log is."""
    return tmp_path / "logs" / "audit.jsonl"


@asynccontextmanager
async def before_a_user(
    app: Starlette, tmp_path: Path, user: ElicitationFnT, mode: str = "legacy", **settings: object
) -> AsyncGenerator[Door]:
    """A host that shows forms to this user; its server writes the log."""
    given: dict[str, object] = {"api_key": KEY, "base_url": "http://localhost"}
    places = {"state": str(tmp_path / "state"), "audit_log": str(tmp_path / "logs/audit.jsonl")}
    server = build_server(load_settings([], **{**given, **places, **settings}), emulator=app)
    async with (
        Client(server, mode=mode, elicitation_callback=user) as client,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http,
    ):
        yield Door(client, http)


def written(file: Path) -> Lines:
    """What is in the file."""
    return read(file.read_text(encoding="ascii"))


def read(text: str) -> Lines:
    """Every line; none of them holds a number that can be called, a text or a key."""
    assert not re.search(r"\+\d{8}", text), text
    for hidden in (SEEDED[1:], NEW[1:], SEEDED[2:], NEW[2:], KEY, "Hello", "cf_"):
        assert hidden not in text
    found = [json.loads(line) for line in text.splitlines()]
    assert all(HMAC.fullmatch(line["arguments"]) for line in found)
    return found


def outcomes(lines: Lines) -> list[tuple[str, str, str | None]]:
    """Tool, outcome and how it was confirmed, of each line."""
    return [(line["tool"], line["outcome"], line.get("confirmed")) for line in lines]


@ERAS
async def test_what_a_user_agreed_to_is_confirmed_by_a_form(
    app: Starlette, tmp_path: Path, file: Path, mode: str
) -> None:
    """Where the question is an answer of its own, it has a line of its own before that."""
    async with before_a_user(app, tmp_path, agree, mode) as door:
        assert (await door.done("send_message", **HELLO))["status"] == "accepted"
    *earlier, last = written(file)
    assert outcomes(earlier) == [("send_message", "asked", None)] * (mode != "legacy")
    assert outcomes([last]) == [("send_message", "accepted", "form")]
    assert last["target"] == "send 1 message to +1415*****02"
    assert last["request_id"].startswith("req_")


@ERAS
async def test_what_a_user_declined_was_confirmed_by_nobody(
    app: Starlette, tmp_path: Path, file: Path, mode: str
) -> None:
    async with before_a_user(app, tmp_path, refuse, mode) as door:
        assert (await door.done("send_message", **HELLO))["status"] == "declined"
        assert await door.changes() == []
    *earlier, last = written(file)
    assert outcomes(earlier) == [("send_message", "asked", None)] * (mode != "legacy")
    assert outcomes([last]) == [("send_message", "declined", None)]
    assert "request_id" not in last


async def test_an_answer_to_no_question_has_a_line(
    app: Starlette, tmp_path: Path, file: Path
) -> None:
    """Somebody tries something: the call has no result, and still leaves a trace."""
    async with before_a_user(app, tmp_path, agree, MODERN) as door:
        await rejected(door, "send_message", HELLO, state="made up", answers={"confirm": YES})
        assert await door.changes() == []
    (only,) = written(file)
    assert outcomes([only]) == [("send_message", "STATE_REJECTED", None)]


async def test_what_nobody_answered_is_expired(app: Starlette, tmp_path: Path, file: Path) -> None:
    async with before_a_user(app, tmp_path, hang, ask_timeout=0.3) as door:
        assert (await door.done("send_message", **HELLO))["status"] == "expired"
        assert await door.changes() == []
    assert outcomes(written(file)) == [("send_message", "expired", None)]


async def test_what_sent_refused_has_its_code_and_request(
    app: Starlette, tmp_path: Path, file: Path
) -> None:
    """It was confirmed all the same."""
    async with before_a_user(app, tmp_path, agree) as door:
        await door.faults({"match": "POST /v3/messages", "kind": "status", "status": 422})
        assert (await door.refused("send_message", **HELLO)).startswith("BUSINESS_006: ")
    (only,) = written(file)
    assert outcomes([only]) == [("send_message", "BUSINESS_006", "form")]
    assert only["request_id"].startswith("req_")


async def test_each_call_of_two_has_a_line_and_a_change_that_needs_none_has_one(
    app: Starlette, state: Path, file: Path
) -> None:
    """The two calls are about the same arguments."""
    async with opened(app, state, audit_log=str(file)) as door:
        assert (await door.twice("send_message", **HELLO))["status"] == "accepted"
        made = await door.done("create_contact", phone_number=NEW)
        await door.twice("delete_contact", contact_id=made["contact"]["id"])
    lines = written(file)
    assert outcomes(lines) == [
        ("send_message", "confirmation_required", None),
        ("send_message", "accepted", "token"),
        ("create_contact", "created", "not needed"),
        ("delete_contact", "confirmation_required", None),
        ("delete_contact", "deleted", "token"),
    ]
    assert lines[0]["arguments"] == lines[1]["arguments"] != lines[3]["arguments"]
    assert lines[4]["target"] == "delete +1415*****77"


async def test_dry_runs_and_reads_are_not_in_it(app: Starlette, state: Path, file: Path) -> None:
    """Nor is there a file."""
    async with opened(app, state, audit_log=str(file)) as door:
        contact_id = await door.contact()
        await door.done("list_templates")
        tried = await door.done("send_message", **HELLO, dry_run=True)
        assert tried["status"] == "dry_run"
        await door.done("create_contact", phone_number=NEW, dry_run=True)
        await door.done("delete_contact", contact_id=contact_id, dry_run=True)
    assert not await anyio.Path(file.parent).exists()


@asynccontextmanager
async def process(
    app: Starlette, home: Path, destination: str, arguments: Sequence[str] = SERVE
) -> AsyncGenerator[Wire]:
    """A server of its own, as a host starts it."""
    async with served(app) as url:
        variables = {"SENT_API_KEY": KEY, "SENT_BASE_URL": url, "SENT_MCP_AUDIT_LOG": destination}
        async with started(home, arguments, **variables) as wire:
            await wire.open("2025-11-25")
            yield wire
            assert await wire.end() == 0


async def sent(wire: Wire) -> str:
    """What became of a send that was asked and approved."""
    first = (await wire.call("send_message", **HELLO))["structuredContent"]
    token = first["confirmation_token"]
    done = await wire.call("send_message", **HELLO, confirmation_token=token)
    return done["structuredContent"]["status"]


async def test_a_dash_writes_to_stderr_and_leaves_stdout_to_the_protocol(
    app: Starlette, tmp_path: Path
) -> None:
    """Whatever comes on stdout is read as JSON-RPC here."""
    async with process(app, tmp_path, "-") as wire:
        assert await sent(wire) == "accepted"
    told = [line for line in wire.stderr.splitlines() if line.startswith("{")]
    assert outcomes(read("\n".join(told))) == [
        ("send_message", "confirmation_required", None),
        ("send_message", "accepted", "token"),
    ]


async def test_a_folder_that_cannot_be_made_changes_no_outcome(
    app: Starlette, tmp_path: Path
) -> None:
    """The operator is told once."""
    await anyio.Path(tmp_path / "file").write_text("in its place")
    async with process(app, tmp_path, str(tmp_path / "file" / "audit.jsonl")) as wire:
        assert await sent(wire) == "accepted"
    assert wire.stderr.count(UNWRITTEN) == 1
    assert SEEDED[2:] not in wire.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="limits are POSIX's")
async def test_a_full_disk_changes_no_outcome(app: Starlette, tmp_path: Path, file: Path) -> None:
    """Files may not grow here beyond what the log has already."""
    await anyio.Path(file.parent).mkdir()
    await anyio.Path(file).write_text("full\n")
    full = ("-c", FULL_DISK, "--state", "memory:")
    async with process(app, tmp_path, str(file), full) as wire:
        assert await sent(wire) == "accepted"
    assert await anyio.Path(file).read_text() == "full\n"
    assert wire.stderr.count(f"{UNWRITTEN} ([Errno 27] File too large)") == 1
