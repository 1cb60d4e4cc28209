"""What a host and its user meet when something is wrong: clear texts, and a server that lives."""

import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from sent_mcp.emulator import create_app, serve
from tests.door import OFFERED
from tests.serving.wire import DEMO, MODERN, SERVE, Message, Wire, started

KEY = "sk_live_4f9d2c7be1a8"
UUID_KEY = "f47ac10b-58cc-4372-a567-0e02b2c3d479"
LEGACY = "2025-11-25"
both_eras = pytest.mark.parametrize("version", [LEGACY, MODERN])
CALLS: list[tuple[str, Message]] = [
    ("list_contacts", {}),
    ("find_contact_by_phone", {"phone_number": "+14155550102"}),
    ("delete_contact", {"contact_id": "3a0521e3-10ed-5b2f-8787-207d97092299"}),
    ("send_message", {"to": ["+14155550102"], "text": "Hello"}),
]
CRASHING = """
import anyio
from sent_mcp.server import build_server
from sent_mcp.serving.logs import log_to_stderr
from sent_mcp.serving.stdio import serve_stdio
from sent_mcp.settings import load_settings

async def emulator(scope, receive, send):
    raise LookupError("no +1 (415) 555-0102 for sk_live_4f9d2c7be1a8")

settings = load_settings((), api_key="sk_live_4f9d2c7be1a8", base_url="http://localhost")
log_to_stderr(settings.log_level)
anyio.run(serve_stdio, build_server(settings, emulator=emulator))
"""


def _nowhere() -> str:
    """The address of a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


async def _error(wire: Wire, tool: str, arguments: Message) -> str:
    result = await wire.call(tool, **arguments)
    assert result["isError"] is True, result
    assert len(result["content"]) == 1
    return result["content"][0]["text"]


@pytest.mark.parametrize(
    ("variables", "code", "words"),
    [
        ({}, "MISSING_KEY", ["SENT_API_KEY is not set", "sent-mcp serve --demo"]),
        ({"SENT_API_KEY": "${SENT_API_KEY}"}, "PLACEHOLDER_KEY", ["SENT_API_KEY", "'${SENT"]),
        ({"SENT_API_KEY": f'"{KEY}"'}, "PLACEHOLDER_KEY", ["SENT_API_KEY has quotes"]),
        ({"SENT_API_KEY_FILE": "/nowhere/key"}, "KEY_FILE", ["SENT_API_KEY_FILE", "No such file"]),
    ],
    ids=["none", "placeholder", "quoted", "file"],
)
async def test_without_a_usable_key_it_lists_and_each_call_says_what_is_missing(
    tmp_path: Path, variables: dict[str, str], code: str, words: list[str]
) -> None:
    """A host would show nothing but "failed to start" otherwise."""
    async with started(tmp_path, SERVE, **variables) as wire:
        await wire.open(LEGACY)
        assert len((await wire.ask("tools/list"))["tools"]) == OFFERED
        for tool, arguments in CALLS:
            text = await _error(wire, tool, arguments)
            assert text.startswith(f"{code}: ")
            assert "Nothing was changed or sent." in text
            for word in words:
                assert word in text
            assert KEY not in text
        assert await wire.end() == 0
    assert KEY not in wire.stderr


async def test_an_unreachable_api_is_named_in_each_answer(tmp_path: Path) -> None:
    """And never told as a change that may have been made: nothing was connected."""
    variables = {
        "SENT_API_KEY": KEY,
        "SENT_BASE_URL": _nowhere(),
        "SENT_MCP_CALL_TIMEOUT": "3",
        "SENT_MCP_STATE": "memory:",
    }
    async with started(tmp_path, SERVE, **variables) as wire:
        await wire.open(MODERN)
        assert len((await wire.ask("tools/list"))["tools"]) == OFFERED
        for tool, arguments in CALLS[1:3]:
            text = await _error(wire, tool, arguments)
            assert text.startswith("CONNECTION_ERROR: ")
            assert "Nothing was changed or sent." in text
            assert "SENT_BASE_URL" in text
            assert KEY not in text
        assert await wire.end() == 0
    assert f"The API is {variables['SENT_BASE_URL']}, not Sent's own" in wire.stderr
    assert KEY not in wire.stderr


@pytest.mark.parametrize(
    ("arguments", "variables", "said"),
    [
        ((), {"SENT_MCP_CONFIRM": "page"}, "SENT_MCP_CONFIRM: the mode named page is reserved"),
        ((), {"SENT_MCP_READONLY": "1"}, "did you mean SENT_MCP_READ_ONLY?"),
        ((), {"SENT_API_VERSION": "v1"}, "SENT_SENDER_ID is required"),
        ((), {"SENT_BASE_URL": "http://me:hunter2@example.com"}, "SENT_BASE_URL: "),
        (("--max-recipients", "0"), {}, "--max-recipients: "),
        (("--state", "redis://:hunter2@"), {}, "--state: is no URL of a Redis: it names no host"),
    ],
)
async def test_a_wrong_setting_ends_it_with_one_clear_line(
    tmp_path: Path, arguments: tuple[str, ...], variables: dict[str, str], said: str
) -> None:
    """On stderr, where hosts keep it; stdout stays empty."""
    async with started(tmp_path, (*SERVE, *arguments), **variables) as wire:
        assert await wire.end() != 0
    assert said in wire.stderr
    assert len(wire.stderr.splitlines()) == 1
    assert "hunter2" not in wire.stderr


@both_eras
async def test_a_crash_of_ours_shows_the_model_an_error_id_and_the_log_the_rest(
    tmp_path: Path, version: str
) -> None:
    """The traceback is for whoever mends it, without what is nobody's business."""
    async with started(tmp_path, ("-c", CRASHING)) as wire:
        await wire.open(version)
        text = await _error(wire, "find_contact_by_phone", {"phone_number": "+14155550102"})
        assert text.startswith("INTERNAL: a defect of sent-mcp, error ")
        assert len(text) < 160
        assert "LookupError" not in text
        assert "5550102" not in text
        assert (await wire.ask("tools/list"))["tools"]
        assert await wire.end() == 0
    error_id = text.split("error ")[1].split()[0]
    assert f"error {error_id} in find_contact_by_phone" in wire.stderr
    assert "Traceback (most recent call last)" in wire.stderr
    assert "LookupError: no +1415*****02 for [key]" in wire.stderr
    for hidden in ("555-0102", "5550102", KEY):
        assert hidden not in wire.stderr


@asynccontextmanager
async def _api(app: Starlette) -> AsyncGenerator[str]:
    """The emulator on a port; its address."""
    addresses: list[str] = []
    ready = anyio.Event()

    def on_ready(port: int) -> None:
        addresses.append(f"http://127.0.0.1:{port}")
        ready.set()

    async def run() -> None:
        await serve(app, host="127.0.0.1", port=0, on_ready=on_ready)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run)
        await ready.wait()
        yield addresses[0]
        tasks.cancel_scope.cancel()


@both_eras
@pytest.mark.parametrize("key", [KEY, UUID_KEY])
async def test_the_most_talkative_log_holds_no_number_and_no_key(
    tmp_path: Path, version: str, key: str
) -> None:
    """And leaves stdout to the protocol."""
    async with _api(create_app(api_key=key)) as address:
        variables = {"SENT_API_KEY": key, "SENT_BASE_URL": address, "SENT_MCP_LOG_LEVEL": "DEBUG"}
        async with started(tmp_path, (*SERVE, "--state", "memory:"), **variables) as wire:
            await wire.open(version)
            for spelled in ("+1 (415) 555-0102", "tel:+1-415-555-0102", "+1 800 555 0102 ext 4"):
                await wire.call("find_contact_by_phone", phone_number=spelled)
            await wire.call("list_contacts", search="4155550102")
            given: Message = {"to": ["+14155550102"], "text": "call +14155550177"}
            asked = (await wire.call("send_message", **given))["structuredContent"]
            token = asked["confirmation_token"]
            await wire.call("send_message", **given, confirmation_token=token)
            assert await wire.end() == 0
    assert "GET" in wire.stderr
    assert key not in wire.stderr
    for hidden in ("5550102", "555-0102", "555 0102", "5550177"):
        assert hidden not in wire.stderr


async def test_it_ends_with_its_host_also_when_nothing_was_ever_said(tmp_path: Path) -> None:
    """A host that is closed at once must leave no process behind."""
    async with started(tmp_path) as wire:
        assert await wire.end() == 0
    assert wire.stderr == ""


class _Doorbell:
    """Rings when the first request arrives, which is then never answered."""

    def __init__(self, app: ASGIApp, rung: anyio.Event) -> None:
        self._app = app
        self._rung = rung

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._rung.is_set():
            self._rung.set()
            await anyio.sleep_forever()
        await self._app(scope, receive, send)


@both_eras
async def test_a_cancelled_call_leaves_the_server_alive(tmp_path: Path, version: str) -> None:
    """The user pressed stop; the next question is answered."""
    app, rung = create_app(), anyio.Event()
    app.add_middleware(_Doorbell, rung=rung)
    async with _api(app) as address:
        variables = {"SENT_API_KEY": "sk_test_emulator", "SENT_BASE_URL": address}
        async with started(tmp_path, (*SERVE, "--state", "memory:"), **variables) as wire:
            await wire.open(version)
            number = await wire.request("tools/call", {"name": "list_contacts", "arguments": {}})
            await rung.wait()
            await wire.tell("notifications/cancelled", {"requestId": number})
            found = await wire.call("find_contact_by_phone", phone_number="+14155550102")
            assert found["structuredContent"]["found"] is True
            assert await wire.end() == 0
    assert "Traceback" not in wire.stderr


async def test_a_state_folder_nobody_can_write_to_stops_only_changes(tmp_path: Path) -> None:
    """Reads go on."""
    (tmp_path / "file").write_text("no folder")
    state = str(tmp_path / "file" / "state.sqlite")
    async with started(tmp_path, (*DEMO[:-1], state)) as wire:
        await wire.open(LEGACY)
        found = await wire.call("find_contact_by_phone", phone_number="+14155550102")
        assert found["structuredContent"]["found"] is True
        given: Message = {"to": ["+14155550102"], "text": "Hello"}
        text = await _error(wire, "send_message", given)
        assert text.startswith("STATE_UNAVAILABLE: ")
        assert "Nothing was changed or sent." in text
