"""What still holds a process that should go, and what must be kept of what it had to leave."""

import json
from pathlib import Path
from signal import SIGINT, SIGTERM

import pytest

from tests.door import KEY
from tests.serving.held import LEGACY, Gate, approved, behind
from tests.serving.wire import SERVE, started

NO_NAMES = """
import socket, threading

def never(*_, **__):
    threading.Event().wait()

socket.getaddrinfo = never
"""
"""A resolver that does not answer; asyncio asks it in a thread that nobody can end."""
ELSEWHERE = {
    "SENT_API_KEY": KEY,
    "SENT_BASE_URL": "https://api.example",
    "SENT_MCP_STATE": "memory:",
    "SENT_MCP_CALL_TIMEOUT": "1.5",
}


def _audited(file: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("twice", [False, True], ids=["grace", "second signal"])
async def test_the_audit_log_keeps_a_change_that_had_to_be_left(
    tmp_path: Path, twice: bool
) -> None:
    """The request is on its way, so nobody knows its outcome."""
    gate, log = Gate(), tmp_path / "audit.jsonl"
    async with behind(gate) as variables:
        kept = {**variables, "SENT_MCP_AUDIT_LOG": str(log)}
        async with started(tmp_path, SERVE, **kept) as wire:
            await wire.open(LEGACY)
            await approved(gate, wire)
            wire.signal(SIGTERM)
            if twice:
                wire.signal(SIGINT)
            assert await wire.ended() in (128 + SIGTERM, 128 + SIGINT)
    outcomes = [(line["outcome"], line.get("confirmed")) for line in _audited(log)]
    assert outcomes == [("confirmation_required", None), ("outcome_unknown", "token")]


async def test_a_name_that_is_looked_up_for_ever_holds_nobody(tmp_path: Path) -> None:
    """Neither at the end of input nor after a signal."""
    (tmp_path / "sitecustomize.py").write_text(NO_NAMES, encoding="utf-8")
    paths = {**ELSEWHERE, "PYTHONPATH": str(tmp_path)}
    async with started(tmp_path, SERVE, **paths) as wire:
        await wire.open(LEGACY)
        call = await wire.start("list_contacts")
        assert (await wire.answer(call))["result"]["isError"] is True
        assert await wire.end() == 0
    async with started(tmp_path, SERVE, **paths) as wire:
        await wire.open(LEGACY)
        await wire.start("list_contacts")
        await wire.ask("ping")
        wire.signal(SIGTERM)
        assert await wire.ended() == 128 + SIGTERM
