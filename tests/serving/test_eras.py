"""Every protocol version that hosts speak, as lines of JSON over real pipes."""

from pathlib import Path

import pytest

from tests.door import OFFERED
from tests.serving.wire import DEMO, ERAS, MODERN, Message, started

every_version = pytest.mark.parametrize("version", ERAS)
both_eras = pytest.mark.parametrize("version", [*ERAS[-2:]])


@every_version
async def test_a_host_lists_and_calls(tmp_path: Path, version: str) -> None:
    """And the server ends with it."""
    async with started(tmp_path) as wire:
        assert await wire.open(version) == version
        tools = [tool["name"] for tool in (await wire.ask("tools/list"))["tools"]]
        assert tools[0] == "list_contacts"
        assert len(tools) == len(set(tools)) == OFFERED
        found = await wire.call("find_contact_by_phone", phone_number="+1 (415) 555-0102")
        assert found["structuredContent"]["whatsapp"] == "yes"
        assert "+14155550102 is on WhatsApp." in found["content"][0]["text"]
        assert await wire.end() == 0
    assert wire.stderr == ""


@every_version
async def test_only_what_there_is_is_announced(tmp_path: Path, version: str) -> None:
    """Whatever else were announced would be asked for; nothing here changes by itself."""
    async with started(tmp_path) as wire:
        await wire.open(version)
        announced = wire.capabilities
        assert not announced.pop("experimental", None)
        assert announced.pop("completions", {}) == {}
        assert announced == {
            "tools": {"listChanged": False},
            "prompts": {"listChanged": False},
            "resources": {"listChanged": False, "subscribe": False},
        }


@every_version
async def test_an_unknown_tool_is_refused(tmp_path: Path, version: str) -> None:
    """As invalid parameters, which every version says."""
    async with started(tmp_path) as wire:
        await wire.open(version)
        error = await wire.refused("tools/call", {"name": "no\u202etool", "arguments": {}})
        assert error["code"] == -32602
        assert error["message"] == r'Unknown tool: "no\u{202e}tool"'


@both_eras
async def test_a_hidden_tool_and_an_unknown_one_are_answered_alike(
    tmp_path: Path, version: str
) -> None:
    """Nobody learns from the answer what another setting would offer."""
    async with started(tmp_path, (*DEMO, "--read-only")) as wire:
        await wire.open(version)
        hidden = await wire.refused("tools/call", {"name": "delete_contact", "arguments": {}})
        unknown = await wire.refused("tools/call", {"name": "destroy_contact", "arguments": {}})
        assert hidden == {
            **unknown,
            "message": unknown["message"].replace("destroy_contact", "delete_contact"),
        }


@both_eras
async def test_wrong_arguments_are_a_result_that_a_model_can_read(
    tmp_path: Path, version: str
) -> None:
    """A protocol error would end at the host."""
    async with started(tmp_path) as wire:
        await wire.open(version)
        result = await wire.call("delete_contact", contact_id="x", dryrun=True)
        assert result["isError"] is True
        assert "dry_run" in result["content"][0]["text"]
        assert "structuredContent" not in result


@both_eras
async def test_a_change_asks_first_and_acts_with_the_token(tmp_path: Path, version: str) -> None:
    """Both calls over one connection."""
    async with started(tmp_path) as wire:
        await wire.open(version)
        given: Message = {"to": ["+14155550102"], "text": "Hello"}
        asked = (await wire.call("send_message", **given))["structuredContent"]
        assert asked["status"] == "confirmation_required"
        token = asked["confirmation_token"]
        sent = await wire.call("send_message", **given, confirmation_token=token)
        assert sent["structuredContent"]["status"] == "accepted"


@both_eras
async def test_progress_is_told_to_whoever_asks_for_it(tmp_path: Path, version: str) -> None:
    """Reading several pages takes a while."""
    async with started(tmp_path) as wire:
        await wire.open(version)
        meta: Message = {"progressToken": "p1"}
        await wire.call("list_contacts", meta, reach="sms_only", page_size=100)
        told = [each["params"] for each in wire.notifications]
        assert {each["method"] for each in wire.notifications} == {"notifications/progress"}
        assert [each["progressToken"] for each in told] == ["p1"] * len(told)
        steps = [each["progress"] for each in told]
        assert len(steps) >= 2
        assert steps == sorted(set(steps))
        assert steps[-1] == told[-1]["total"]


@both_eras
async def test_no_progress_is_told_to_whoever_does_not_ask(tmp_path: Path, version: str) -> None:
    """A notification without a token would mean nothing."""
    async with started(tmp_path) as wire:
        await wire.open(version)
        await wire.call("list_contacts", reach="sms_only", page_size=100)
        assert wire.notifications == []


@both_eras
async def test_a_cache_may_keep_the_list_in_the_modern_era(tmp_path: Path, version: str) -> None:
    """Older clients know no hints, and get none."""
    async with started(tmp_path) as wire:
        await wire.open(version)
        listed = await wire.ask("tools/list")
        hints = {name: listed[name] for name in ("ttlMs", "cacheScope") if name in listed}
        modern = {"ttlMs": 3_600_000, "cacheScope": "public"}
        assert hints == (modern if version == MODERN else {})


@both_eras
async def test_lines_that_are_no_requests_are_refused_and_do_not_end_the_server(
    tmp_path: Path, version: str
) -> None:
    """Whatever a host's own defect sends, at whatever time."""
    bad = {"no json": -32700, "[]": -32600, "{}": -32600, "\x00": -32700, "{" * 5000: -32700}
    async with started(tmp_path) as wire:
        await wire.write("[]")
        assert (await wire.answer(None))["error"]["code"] == -32600
        await wire.open(version)
        for line, code in bad.items():
            await wire.write("")
            await wire.write(line)
            assert (await wire.answer(None))["error"]["code"] == code
        assert (await wire.ask("tools/list"))["tools"]
        assert await wire.end() == 0
