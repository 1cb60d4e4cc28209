"""Claude Desktop: `claude_desktop_config.json`, `mcpServers`.

Format and places on macOS and Windows: modelcontextprotocol.io/docs/develop/connect-local-servers.
Linux: the Debian build's `~/.config/Claude` (aaddrick/claude-desktop-debian issue 27). Windows
packages read a folder of their own: anthropics/claude-code issues 26073 and 57998 (MSIX, since
February 2026), and MadGapun/PBP `_setup_claude.py` (`Claude-Data`, measured 2026-10-17). Variables
are not expanded, and servers get only a few of the environment: modelcontextprotocol/servers issue
1039. Looked up on 2026-11-21; not run.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from sent_mcp.hosts.host import Host, Machine, Place

_FILE = "claude_desktop_config.json"


def _places(machine: Machine) -> Sequence[Place]:
    folders = [*_packaged(machine), machine.electron("Claude")]
    # Old versions leave folders behind; the one with settings is the one in use.
    folders.sort(key=lambda folder: not (folder / _FILE).exists())
    return [Place(folder / _FILE, folder) for folder in folders]


def _packaged(machine: Machine) -> Iterator[Path]:
    local = machine.named("LOCALAPPDATA") if machine.is_windows else None
    if local is not None:
        yield from sorted(local.glob("Claude-Data/[Cc]laude_*"))
        yield from sorted(local.glob("Packages/Claude_*/LocalCache/Roaming/Claude"))


CLAUDE_DESKTOP = Host(
    title="Claude Desktop",
    places=_places,
    section=("mcpServers",),
    restart="Quit Claude Desktop, not only its window, and start it again.",
    key_hint=(
        "Claude Desktop passes no variables on: name a file that holds the key, "
        "`SENT_API_KEY_FILE=PATH sent-mcp install claude-desktop`, or use --with-key."
    ),
)
