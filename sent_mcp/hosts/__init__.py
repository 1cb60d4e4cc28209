"""MCP hosts: where each keeps its settings, and how this server gets into them and out again."""

from collections.abc import Mapping

from sent_mcp.hosts.claude_code import CLAUDE_CODE
from sent_mcp.hosts.claude_desktop import CLAUDE_DESKTOP
from sent_mcp.hosts.codex import CODEX
from sent_mcp.hosts.config import entry_in, installed, is_all_ours, removed, snippet
from sent_mcp.hosts.cursor import CURSOR
from sent_mcp.hosts.entry import (
    NAME,
    Wish,
    command_of,
    holds_key,
    names_key_file,
    storable,
    wanted,
)
from sent_mcp.hosts.host import Host, HostError, HostName, Json, Machine, Place
from sent_mcp.hosts.settings_file import SettingsFile
from sent_mcp.hosts.vscode import VSCODE
from sent_mcp.hosts.zed import ZED

HOSTS: Mapping[HostName, Host] = {
    "claude-desktop": CLAUDE_DESKTOP,
    "claude-code": CLAUDE_CODE,
    "cursor": CURSOR,
    "vscode": VSCODE,
    "codex": CODEX,
    "zed": ZED,
}
__all__ = [
    "HOSTS",
    "NAME",
    "Host",
    "HostError",
    "HostName",
    "Json",
    "Machine",
    "Place",
    "SettingsFile",
    "Wish",
    "command_of",
    "entry_in",
    "holds_key",
    "installed",
    "is_all_ours",
    "names_key_file",
    "removed",
    "snippet",
    "storable",
    "wanted",
]
