"""What a host sees of each tool, kept in one reviewed file each.

`UPDATE_TOOLSNAPS=1 pytest tests/test_toolsnaps.py` rewrites the files; look at the difference.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from sent_mcp.server import build_server
from sent_mcp.settings import load_settings

SNAPSHOTS = Path(__file__).parent / "toolsnaps"
EVERYTHING = "contacts,messages,templates,lookup"
V1 = {"api_version": "v1", "sender_id": "sender"}
UPDATE = bool(os.environ.get("UPDATE_TOOLSNAPS"))


async def _listed(**flags: str) -> dict[str, Any]:
    """The entries of `tools/list` by their names on the wire."""
    async with Client(build_server(load_settings((), toolsets=EVERYTHING, **flags))) as client:
        tools = (await client.list_tools()).tools
    return {
        each.name: each.model_dump(mode="json", by_alias=True, exclude_none=True) for each in tools
    }


def _compare(tools: Mapping[str, Any], folder: Path) -> None:
    if UPDATE:
        folder.mkdir(exist_ok=True)
        for old in folder.glob("*.json"):
            old.unlink()
        for name, tool in tools.items():
            text = json.dumps(tool, indent=2, ensure_ascii=False) + "\n"
            (folder / f"{name}.json").write_text(text, encoding="utf-8")
    kept = {
        each.stem: json.loads(each.read_text(encoding="utf-8")) for each in folder.glob("*.json")
    }
    assert set(tools) == set(kept)
    for name, tool in tools.items():
        assert tool == kept[name], f"{name} changed: look at it, then UPDATE_TOOLSNAPS=1 pytest"


async def test_every_tool_is_what_its_snapshot_shows() -> None:
    """A changed word changes how a model behaves, so it is seen in review."""
    _compare(await _listed(), SNAPSHOTS)


async def test_every_v1_tool_is_what_its_snapshot_shows() -> None:
    """The legacy API has tools of its own under the same names."""
    _compare(await _listed(**V1), SNAPSHOTS / "v1")


@pytest.mark.parametrize("path", sorted(SNAPSHOTS.rglob("*.json")), ids=lambda path: path.stem)
def test_a_snapshot_is_formatted_as_it_is_written(path: Path) -> None:
    """An edit by hand would be undone by the next update."""
    text = path.read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"
