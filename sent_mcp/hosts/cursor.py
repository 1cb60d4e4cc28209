"""Cursor, for all projects: `~/.cursor/mcp.json`, `mcpServers` with `type: stdio`.

Format, place and `${env:NAME}` in `env`: cursor.com/docs/mcp, as told by
syllago.dev/using-syllago/providers/cursor/mcp and userjot.com/docs/mcp-cursor. Looked up on
2026-11-21; not run.
"""

from collections.abc import Sequence

from sent_mcp.hosts.host import Host, Machine, Place


def _places(machine: Machine) -> Sequence[Place]:
    folder = machine.home / ".cursor"
    return [Place(folder / "mcp.json", folder)]


CURSOR = Host(
    title="Cursor",
    places=_places,
    section=("mcpServers",),
    restart="Restart Cursor; Settings, MCP lists its servers.",
    key_hint="Cursor takes SENT_API_KEY from the environment it is started in.",
    fixed={"type": "stdio"},
    reference={"env": {"SENT_API_KEY": "${env:SENT_API_KEY}"}},
)
