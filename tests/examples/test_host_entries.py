"""The entries in examples/hosts/ are those that `sent-mcp install` writes, or start the same."""

import json
import os
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from sent_mcp.hosts import HOSTS, HostName
from sent_mcp.http_settings import load_http_settings
from tests import documentation
from tests.door import OFFERED
from tests.http.sites import ANNA, TOKENS, inside
from tests.http.wire import request

FOLDER = documentation.ROOT / "examples" / "hosts"
LONGEST_CALL_SECONDS = 240 + 55
"""A question may stay open for four minutes; without it a call takes less than 55 seconds."""


def file_of(name: HostName) -> Path:
    """Where the entry of a host is."""
    return FOLDER / f"{name}.{'toml' if HOSTS[name].is_toml else 'json'}"


def test_every_host_has_an_entry() -> None:
    others = {"goose.yaml", "remote-http.json"}
    assert {path.name for path in FOLDER.iterdir()} == {*others, *(file_of(n).name for n in HOSTS)}


@pytest.mark.parametrize("name", HOSTS)
def test_an_entry_is_the_one_that_install_writes(name: HostName) -> None:
    """`UPDATE_README=1 pytest tests/examples/test_host_entries.py` writes it anew."""
    expected = documentation.host_entry(HOSTS[name])
    if os.environ.get("UPDATE_README"):
        file_of(name).write_text(expected, encoding="utf-8")
    assert file_of(name).read_text(encoding="utf-8") == expected


def test_goose_starts_what_the_others_start() -> None:
    """In the shape its documentation has for servers over stdio; the key stays with Goose."""
    known = json.loads(file_of("cursor").read_text(encoding="utf-8"))["mcpServers"]["sent"]
    (entry,) = yaml.safe_load((FOLDER / "goose.yaml").read_text("utf-8"))["extensions"].values()
    assert (entry["type"], entry["name"], entry["enabled"]) == ("stdio", "sent", True)
    assert (entry["cmd"], entry["args"]) == (known["command"], known["args"])
    assert (entry["env_keys"], entry["envs"]) == (list(known["env"]), {})
    assert entry["timeout"] > LONGEST_CALL_SECONDS


async def test_the_entry_for_a_server_over_http_leads_in() -> None:
    """By its path and its header, with a token of that server's."""
    read = json.loads((FOLDER / "remote-http.json").read_text(encoding="utf-8"))
    entry = read["mcpServers"]["sent"]
    fields = {name: value.replace("TOKEN", ANNA) for name, value in entry["headers"].items()}
    said = b'{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}'
    path: str = urlsplit(str(entry["url"])).path
    http = load_http_settings(auth="tokens", tokens=TOKENS["SENT_MCP_HTTP_TOKENS"])
    async with inside("http://127.0.0.1:9", http=http) as site:
        assert (await site.ask(request(said, path=path))).status == 401
        answer = await site.ask(request(said, fields, path=path))
    assert entry["type"] == "http"
    assert len(answer.result["tools"]) == OFFERED
