"""Visual Studio Code, the user's default profile: `mcp.json`, `servers` with `type: stdio`.

Format, and `inputs` that are asked for once and kept as secrets:
code.visualstudio.com/docs/copilot/reference/mcp-configuration. The user's folder:
code.visualstudio.com/docs/getstarted/settings. Looked up on 2026-11-21; not run.
"""

from collections.abc import Sequence

from sent_mcp.hosts.host import Host, Machine, Place


def _places(machine: Machine) -> Sequence[Place]:
    folder = machine.electron("Code") / "User"
    return [Place(folder / "mcp.json", folder)]


VSCODE = Host(
    title="Visual Studio Code",
    places=_places,
    section=("servers",),
    restart='Run "MCP: List Servers" in VS Code, and start `sent`.',
    key_hint="VS Code asks for the key when it starts the server, and keeps it.",
    fixed={"type": "stdio"},
    reference={"env": {"SENT_API_KEY": "${input:sent-api-key}"}},
    question={
        "type": "promptString",
        "id": "sent-api-key",
        "description": "Sent API key",
        "password": True,
    },
)
