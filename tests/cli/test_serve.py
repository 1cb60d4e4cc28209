"""`sent-mcp serve`: MCP on stdin and stdout, everything else on stderr."""

import signal
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters, stdio_client

from tests.cli.conftest import Ran, Shell
from tests.door import OFFERED

CREATING = {"create_contact", "import_contacts"}
CHANGING = {*CREATING, "update_contact", "delete_contact", "send_message"}
INITIALIZE = (
    '{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {},'
    ' "protocolVersion": "2025-11-25", "clientInfo": {"name": "test", "version": "1"}}}\n'
)


@asynccontextmanager
async def connected(shell: Shell, *words: str, **variables: str) -> AsyncGenerator[Client]:
    """A client of the server that these words start."""
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "sent_mcp", *words],
        env=shell.environment(**variables),
    )
    async with Client(stdio_client(server)) as client:
        yield client


async def names(client: Client) -> set[str]:
    """The tools it offers."""
    return {tool.name for tool in (await client.list_tools()).tools}


async def ask(client: Client, tool: str, **arguments: object) -> dict[str, Any]:
    """The facts of an answer."""
    return (await client.call_tool(tool, arguments)).structured_content


async def test_it_starts_without_a_key_and_says_at_the_first_call_what_is_missing(
    shell: Shell,
) -> None:
    async with connected(shell) as client:
        assert len(await names(client)) == OFFERED
        answer = await client.call_tool("list_contacts", {})
    assert answer.is_error
    assert "SENT_API_KEY is not set" in str(answer.content)


async def test_a_demo_needs_no_key_and_touches_no_account(shell: Shell) -> None:
    account = {"SENT_BASE_URL": "http://127.0.0.1:9", "SENT_API_KEY": "${SENT_API_KEY}"}
    async with connected(shell, "--demo", **account) as client:
        found = await ask(client, "find_contact_by_phone", phone_number="+14155550102")
    assert found["whatsapp"] == "yes"


async def test_a_demo_can_keep_its_data(shell: Shell) -> None:
    kept = ("serve", "--demo-db", str(shell.home / "demo.sqlite"))
    async with connected(shell, *kept) as client:
        await ask(client, "create_contact", phone_number="+14155550160")
    async with connected(shell, *kept) as client:
        found = await ask(client, "find_contact_by_phone", phone_number="+14155550160")
    assert found["found"] is True


async def test_a_flag_wins_over_its_variable(shell: Shell) -> None:
    variables = {"SENT_MCP_READ_ONLY": "true", "SENT_MCP_TOOLSETS": "contacts"}
    flags = ("--no-read-only", "--toolsets", "messages,lookup")
    async with connected(shell, "serve", "--demo", *flags, **variables) as client:
        assert await names(client) == {"send_message", "get_message", "lookup_number"}


async def test_read_only_removes_every_tool_that_changes_something(shell: Shell) -> None:
    async with connected(shell, "serve", "--demo", "--read-only") as client:
        offered = await names(client)
    assert "get_contact" in offered
    assert not CHANGING & offered


def test_what_is_unusual_is_said_on_stderr(shell: Shell) -> None:
    ran = shell.run(
        "serve",
        SENT_BASE_URL="https://proxy.example.com",
        SENT_MCP_CONFIRM="off",
        SENT_MCP_DRY_RUN="true",
    )
    assert ran == Ran(
        0,
        "",
        "sent-mcp: The API is https://proxy.example.com, not Sent's own (SENT_BASE_URL).\n"
        "sent-mcp: No confirmation is asked for anything (SENT_MCP_CONFIRM=off).\n"
        "sent-mcp: Every change is only a dry run (SENT_MCP_DRY_RUN).\n",
    )


def test_nothing_is_said_when_all_is_usual(shell: Shell) -> None:
    assert shell.run("serve", "--demo", SENT_BASE_URL="http://127.0.0.1:9") == Ran(0, "", "")


def test_an_unknown_flag_is_refused_and_none_may_be_shortened(shell: Shell) -> None:
    ran = shell.run("--no-such-flag", "--read")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.endswith("error: unrecognized arguments: --no-such-flag --read\n")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--confirm", "perhaps"), "--confirm: "),
        (("--demo-db", "no/such/folder/demo.sqlite"), "--demo-db: "),
    ],
)
def test_a_wrong_flag_is_named(shell: Shell, words: tuple[str, ...], named: str) -> None:
    ran = shell.run("serve", *words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"sent-mcp: SETTINGS: {named}")
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_and_quietly(shell: Shell, stop: signal.Signals) -> None:
    with shell.start("serve", "--demo") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(INITIALIZE)
        process.stdin.flush()
        assert '"serverInfo"' in process.stdout.readline()
        process.send_signal(stop)
        assert process.wait(5) == 128 + stop
        assert (process.stdout.read(), process.stderr.read()) == ("", "")


def test_an_ignored_interrupt_stays_ignored(tmp_path: Path, shell: Shell) -> None:
    background = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN);" + (
        "os.execv(sys.executable, [sys.executable, '-m', 'sent_mcp', 'serve', '--demo'])"
    )
    with subprocess.Popen(
        [sys.executable, "-c", background],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=shell.environment(),
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(INITIALIZE)
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.stdin.write(INITIALIZE.replace('"id": 1', '"id": 2').replace("initialize", "ping"))
        process.stdin.flush()
        assert '"id":2' in process.stdout.readline()
        process.stdin.close()
        assert process.wait(10) == 0
