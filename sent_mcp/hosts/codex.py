"""Codex (CLI, application and IDE extension): `~/.codex/config.toml`, `[mcp_servers.NAME]`.

Format: developers.openai.com/codex/mcp. Servers get a short list of variables, and those named in
`env_vars` where they are set: openai/codex, codex-rs/rmcp-client/src/utils.rs. `CODEX_HOME`:
docs.rs/codex-wrapper, mcp_config, checked by its authors with 0.145.0. Looked up on 2026-11-21; not
run.
"""

from collections.abc import Sequence

from sent_mcp.hosts.host import Host, Machine, Place


def _places(machine: Machine) -> Sequence[Place]:
    folder = machine.named("CODEX_HOME") or machine.home / ".codex"
    return [Place(folder / "config.toml", folder)]


CODEX = Host(
    title="Codex",
    places=_places,
    section=("mcp_servers",),
    restart="Start a new session of Codex; `/mcp` lists its servers.",
    key_hint="Codex takes SENT_API_KEY from the environment it is started in.",
    is_toml=True,
    reference={"env_vars": ["SENT_API_KEY"]},
)
