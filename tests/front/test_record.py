"""The record says what the real server says, for every version and every set of tools.

`UPDATE_RECORD=1 pytest tests/front/test_record.py` writes it anew; look at the difference.
"""

import itertools
import json
import os
from pathlib import Path
from typing import Any

import pytest
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS

from sent_mcp.front.conversation import Conversation
from sent_mcp.front.launch import Launch
from sent_mcp.front.record import PATH, Record
from tests.front.recording import EVERYTHING, HANDSHAKES, MODERN, real_server, recorded, requests

TOOLSETS = [
    chosen
    for count in range(1, len(EVERYTHING) + 1)
    for chosen in itertools.combinations(EVERYTHING, count)
]


HINT = "look at what changed, then UPDATE_RECORD=1 pytest tests/front/test_record.py"


async def test_the_record_is_what_the_real_server_says() -> None:
    """A changed description that is not in the record would reach no model."""
    record = await recorded()
    assert _kept(record) == record, HINT


def test_every_protocol_version_of_the_sdk_is_recorded() -> None:
    """A new one: name it in `tests/front/recording.py` and `sent_mcp/front/conversation.py`."""
    assert (HANDSHAKES, (MODERN,)) == (HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS)


def _kept(record: dict[str, Any]) -> dict[str, Any]:
    path = Path(PATH)
    if os.environ.get("UPDATE_RECORD"):
        text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
        path.write_text(text, encoding="utf-8")
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("version", [*HANDSHAKES, MODERN, "1999-01-01"])
@pytest.mark.parametrize("api_version", ["v3", "v1"])
@pytest.mark.parametrize(
    ("read_only", "mask_phones"),
    [(False, False), (True, False), (False, True)],
    ids=["changing", "reading", "masked"],
)
async def test_every_launch_is_answered_as_by_the_real_server(
    version: str, api_version: str, read_only: bool, mask_phones: bool
) -> None:
    """Whatever toolsets were chosen."""
    for toolsets in TOOLSETS:
        launch = Launch(api_version, toolsets, read_only=read_only, mask_phones=mask_phones)
        front = Conversation(Record(), launch)
        async with real_server(launch) as real:
            wanted = [await real.result(method, params) for method, params in requests(version)]
        told = [_told(front, method, params) for method, params in requests(version)]
        assert told == wanted, f"with the toolsets {', '.join(toolsets)}: {HINT}"


def _told(front: Conversation, method: str, params: dict[str, Any]) -> dict[str, Any]:
    line = json.dumps({"jsonrpc": "2.0", "id": "a", "method": method, "params": params})
    reply = front.reply(line.encode() + b"\n")
    assert reply is not None
    answer = json.loads(reply)
    assert (answer["jsonrpc"], answer["id"]) == ("2.0", "a")
    return answer["result"]
