"""What the real server answers to a host's first requests, and the record made from it."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
import mcp_types as mcp
from mcp.shared.memory import create_client_server_memory_streams
from mcp.shared.message import SessionMessage

from sent_mcp.front.launch import Launch
from sent_mcp.prompts import PROMPTS, V1_PROMPTS
from sent_mcp.resources import RESOURCES, V1_RESOURCES
from sent_mcp.server import build_server
from sent_mcp.settings import load_settings
from sent_mcp.tools import TOOLS, V1_TOOLS

HANDSHAKES = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
MODERN = "2026-07-28"
LISTS = ("tools/list", "prompts/list", "resources/list", "resources/templates/list")
EVERYTHING = ("contacts", "messages", "templates", "lookup")
Message = dict[str, Any]


def initialize(version: str) -> Message:
    """The first request of an older host."""
    client = {"name": "test", "version": "1"}
    return {"protocolVersion": version, "capabilities": {}, "clientInfo": client}


def envelope() -> Message:
    """What every request of a newer host carries."""
    prefix = "io.modelcontextprotocol/"
    return {"_meta": {f"{prefix}protocolVersion": MODERN, f"{prefix}clientCapabilities": {}}}


def requests(version: str) -> list[tuple[str, Message]]:
    """What a host of this version sends before its first call, and what it may send."""
    if version == MODERN:
        return [(method, envelope()) for method in ("server/discover", *LISTS)]
    later: list[tuple[str, Message]] = [(method, {}) for method in (*LISTS, "ping")]
    return [("initialize", initialize(version)), *later]


@asynccontextmanager
async def real_server(launch: Launch) -> AsyncGenerator["Real"]:
    """The server itself, with these settings and without anything before it."""
    settings = load_settings(
        (),
        api_version=launch.api_version,
        sender_id="sender" if launch.api_version == "v1" else None,
        toolsets=",".join(launch.toolsets),
        read_only=str(launch.read_only),
        mask_phones=str(launch.mask_phones),
        state="memory:",
    )
    server = build_server(settings)
    async with create_client_server_memory_streams() as (host, own), anyio.create_task_group() as t:
        t.start_soon(server.run, *own, server.create_initialization_options())
        yield Real(*host)
        t.cancel_scope.cancel()


class Real:
    """A raw conversation with it."""

    def __init__(self, reading: Any, writing: Any) -> None:
        self._reading = reading
        self._writing = writing

    async def result(self, method: str, params: Message) -> Message:
        """The result of a request that must not be refused, as it is on the wire."""
        request = mcp.JSONRPCRequest(jsonrpc="2.0", id=1, method=method, params=params)
        await self._writing.send(SessionMessage(request))
        answer = (await self._reading.receive()).message
        assert isinstance(answer, mcp.JSONRPCResponse), answer
        return answer.model_dump(mode="json", by_alias=True, exclude_unset=True)["result"]


async def recorded() -> Message:
    """The record as it should be, from real servers."""
    answers: dict[str, Message] = {}
    for version in (*HANDSHAKES, MODERN):
        async with real_server(Launch("v3", EVERYTHING, read_only=False)) as real:
            results = {name: await real.result(name, given) for name, given in requests(version)}
        for result in results.values():
            for decided in ("tools", "prompts", "resourceTemplates", "instructions"):
                result.pop(decided, None)
        answers[version] = results
    return {
        "answers": answers,
        "instructions": await _instructions(),
        "tools": [*await _tools("v3"), *await _tools("v1")],
        "prompts": [*await _prompts("v3"), *await _prompts("v1")],
        "templates": [*await _templates("v3"), *await _templates("v1")],
    }


async def _instructions() -> list[str]:
    """What every model is told, and what is added where tools change something."""
    told: list[str] = []
    for read_only in (True, False):
        async with real_server(Launch("v3", EVERYTHING, read_only=read_only)) as real:
            found = await real.result("initialize", initialize(HANDSHAKES[-1]))
            told.append(found["instructions"])
    always, whole = told
    assert whole.startswith(always)
    return [always, whole.removeprefix(always)]


async def _listed(api_version: str, method: str, name: str) -> list[Message]:
    async with real_server(Launch(api_version, EVERYTHING, read_only=False)) as real:
        await real.result("initialize", initialize(HANDSHAKES[-1]))
        return (await real.result(method, {}))[name]


async def _prompts(api_version: str) -> list[Message]:
    listed = await _listed(api_version, "prompts/list", "prompts")
    known = {each.name: each for each in (PROMPTS if api_version == "v3" else V1_PROMPTS)}
    return [
        {
            "api_version": api_version,
            "names": [*known[each["name"]].names],
            "shows_numbers": known[each["name"]].shows_numbers,
            "definition": each,
        }
        for each in listed
    ]


async def _templates(api_version: str) -> list[Message]:
    listed = await _listed(api_version, "resources/templates/list", "resourceTemplates")
    known = {each.uri: each for each in (RESOURCES if api_version == "v3" else V1_RESOURCES)}
    return [
        {
            "api_version": api_version,
            "shown_by": known[each["uriTemplate"]].shown_by,
            "definition": each,
        }
        for each in listed
    ]


async def _tools(api_version: str) -> list[Message]:
    listed = await _listed(api_version, "tools/list", "tools")
    offers = [tool.offer for tool in (TOOLS if api_version == "v3" else V1_TOOLS)]
    by_name: Mapping[str, Any] = {offer.name: offer for offer in offers}
    return [
        {
            "api_version": api_version,
            "toolset": by_name[each["name"]].toolset,
            "read_only": by_name[each["name"]].read_only,
            "destructive": by_name[each["name"]].destructive,
            "definition": each,
        }
        for each in listed
    ]
