"""Claude Code, for all projects of a user: `~/.claude.json`, `mcpServers` with `type: stdio`.

Format, scopes and `${VAR}` in `env`: code.claude.com/docs/en/mcp. That it is expanded in
`~/.claude.json` as well, and a variable that is not set stays as it stands, which this server names
as a placeholder: microsoft.github.io/apm/reference/mcp-variable-compatibility, checked by its
authors with Claude Code 2.1.310. The desktop application did not expand it (anthropics/claude-code
issue 80197). `CLAUDE_CONFIG_DIR` takes the file along: yarikleto/claude-profile issue 15, measured
with 2.1.220. Looked up on 2026-11-21; not run.
"""

from collections.abc import Sequence

from sent_mcp.hosts.host import Host, Machine, Place


def _places(machine: Machine) -> Sequence[Place]:
    folder = machine.named("CLAUDE_CONFIG_DIR")
    if folder is not None:
        return [Place(folder / ".claude.json", folder)]
    return [Place(machine.home / ".claude.json", machine.home / ".claude")]


CLAUDE_CODE = Host(
    title="Claude Code",
    places=_places,
    section=("mcpServers",),
    restart="Start a new session of Claude Code; `/mcp` lists its servers.",
    key_hint="Claude Code takes SENT_API_KEY from the environment it is started in.",
    fixed={"type": "stdio"},
    reference={"env": {"SENT_API_KEY": "${SENT_API_KEY}"}},
)
