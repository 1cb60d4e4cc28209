"""Resources, prompts and completion as lines of JSON; nothing of them in traces and logs."""

import json
from pathlib import Path

import pytest
from starlette.applications import Starlette

from tests.collector import SERVER as SPAN_OF_SERVER
from tests.collector import collecting
from tests.door import KEY, SEEDED, served
from tests.resources.reader import CONTACT, NOBODY
from tests.serving.wire import ERAS, MODERN, SERVE, Message, Wire, started

DIGITS = SEEDED.removeprefix("+1415")
LEGACY = ERAS[-2]
HINTS = {"ttlMs", "cacheScope"}
METHODS = [
    "resources/list",
    "resources/templates/list",
    "prompts/list",
    "resources/read",
    "prompts/get",
    "completion/complete",
]


def typed(ref: Message, name: str, value: str) -> Message:
    """The parameters of a completion."""
    return {"ref": ref, "argument": {"name": name, "value": value}}


async def conversation(wire: Wire) -> str:
    """Something of everything, with a number wherever one may be written; what was refused."""
    found = await wire.call("find_contact_by_phone", phone_number=SEEDED)
    contact_id = found["structuredContent"]["contact"]["id"]
    for method in METHODS[:3]:
        await wire.ask(method)
    shown = await wire.ask("resources/read", {"uri": f"sent://contacts/{contact_id}"})
    assert json.loads(shown["contents"][0]["text"])["phone_number"] == SEEDED
    given = {"name": "is_on_whatsapp", "arguments": {"phone_numbers": SEEDED}}
    told = await wire.ask("prompts/get", given)
    assert SEEDED in told["messages"][0]["content"]["text"]
    ref = {"type": "ref/resource", "uri": CONTACT}
    suggested = await wire.ask("completion/complete", typed(ref, "contact_id", SEEDED))
    assert suggested["completion"] == {"values": [contact_id], "hasMore": False}
    refused = [
        await wire.refused("resources/read", {"uri": f"sent://contacts/{SEEDED}"}),
        await wire.refused("resources/read", {"uri": f"sent://contacts/{NOBODY}"}),
        await wire.refused("prompts/get", {"name": SEEDED}),
        await wire.refused("prompts/get", {**given, "arguments": {"phone_numbers": "+1*55"}}),
        await wire.refused("completion/complete", typed({**ref, "uri": SEEDED}, SEEDED, SEEDED)),
    ]
    missing = -32602 if "ttlMs" in shown else -32002
    assert [each["code"] for each in refused] == [missing, missing, -32602, -32602, -32602]
    for each in refused:
        assert set(each) == {"code", "message", "data"}
    return str(refused)


@pytest.mark.parametrize("version", ERAS)
async def test_every_version_is_answered_in_its_own_words(tmp_path: Path, version: str) -> None:
    """Hints for caches only where they exist; the errors of the era."""
    async with started(tmp_path) as wire:
        await wire.open(version)
        for method in METHODS[:3]:
            assert HINTS & set(await wire.ask(method)) == (HINTS if version == MODERN else set())
        await conversation(wire)
        assert await wire.end() == 0
    assert wire.stderr == ""


@pytest.mark.parametrize("version", [LEGACY, MODERN])
async def test_traces_and_logs_have_no_number(tmp_path: Path, app: Starlette, version: str) -> None:
    """A span has the name of its method, and nothing of what it was about."""
    with collecting() as collector:
        async with served(app) as url:
            variables = {
                "SENT_API_KEY": KEY,
                "SENT_BASE_URL": url,
                "SENT_MCP_STATE": "memory:",
                "SENT_MCP_LOG_LEVEL": "DEBUG",
                "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            }
            async with started(tmp_path, SERVE, **variables) as wire:
                await wire.open(version)
                await conversation(wire)
                assert await wire.end() == 0
    spans = [each for each in collector.spans if each.exported.kind == SPAN_OF_SERVER]
    for method in METHODS:
        named = [each for each in spans if each.name == method]
        assert named
        for each in named:
            assert each.attributes.pop("error.type", "-32602") in ("-32602", "-32002")
            assert set(each.attributes) <= {
                "mcp.method.name",
                "mcp.protocol.version",
                "error.type",
            }
    for secret in (DIGITS, KEY):
        assert secret.encode() not in collector.raw
        assert secret not in wire.stderr
