"""Zed: `settings.json`, which has comments, `context_servers`.

Format: zed.dev/docs/ai/mcp. Places: zed-industries/zed, crates/paths/src/paths.rs. Nothing is
expanded in `env` (its issue 60459 tells the same of headers), but servers get the environment of
Zed itself: crates/context_server/src/transport/stdio_transport.rs. Looked up on 2026-11-21; not
run.
"""

from collections.abc import Sequence

from sent_mcp.hosts.host import Host, Machine, Place


def _places(machine: Machine) -> Sequence[Place]:
    if machine.is_windows:
        folder = machine.roaming / "Zed"
    elif machine.platform == "darwin":
        folder = machine.home / ".config" / "zed"
    else:
        folder = machine.xdg_config / "zed"
    return [Place(folder / "settings.json", folder)]


ZED = Host(
    title="Zed",
    places=_places,
    section=("context_servers",),
    restart="Zed reads its settings by itself; the agent panel's settings list its servers.",
    key_hint=(
        "Zed passes SENT_API_KEY on where it is set in its own environment; where it is not, name "
        "a file that holds the key, `SENT_API_KEY_FILE=PATH sent-mcp install zed`."
    ),
)
