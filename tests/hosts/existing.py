"""Settings as people have them, for each host: where on Linux, and what."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sent_mcp.hosts import HostName


@dataclass(frozen=True)
class Existing:
    """A file in the home folder, and the folder by which the host shows that it is there."""

    file: str
    folder: str
    text: str

    def in_home(self, home: Path) -> Path:
        """The file in that home, whose folder is made."""
        (home / self.folder).mkdir(parents=True, exist_ok=True)
        return home / self.file


CLAUDE_DESKTOP = """{
    "globalShortcut": "",
    "mcpServers": {
        "filesystem": {
            "command": "npx",
            "args": [
                "-y",
                "@modelcontextprotocol/server-filesystem",
                "/Users/anna/Desktop"
            ]
        }
    },
    "preferences": {
        "sidebarMode": "chat"
    }
}"""
CLAUDE_CODE = """{
  "numStartups": 212,
  "tipsHistory": { "new-user-warmup": 8 },
  "projects": {
    "/home/anna/work": {
      "allowedTools": [],
      "mcpServers": {}
    }
  },
  "mcpServers": {
    "github": {
      "type": "http",
      "url": "https://api.githubcopilot.com/mcp/"
    }
  },
  "userID": "f00f"
}
"""
CURSOR = """{
\t"mcpServers": {
\t\t"linear": { "url": "https://mcp.linear.app/mcp" },
\t\t"postgres": {
\t\t\t"command": "uvx",
\t\t\t"args": ["postgres-mcp"],
\t\t\t"env": { "DATABASE_URI": "${env:DATABASE_URI}" }
\t\t}
\t}
}
"""
VSCODE = """{
\t// Everything here is synchronised.
\t"inputs": [
\t\t{
\t\t\t"type": "promptString",
\t\t\t"id": "perplexity-key",
\t\t\t"description": "Perplexity API key",
\t\t\t"password": true,
\t\t},
\t],
\t"servers": {
\t\t"playwright": {
\t\t\t"command": "npx",
\t\t\t"args": ["-y", "@microsoft/mcp-server-playwright"],
\t\t}, // the browser
\t},
}
"""
CODEX = """# What I like
model = "gpt-5.6-codex"
notify = [
  "python3",
  "/home/anna/notify.py", # [not a table]
]

[projects."/home/anna/work"]
trust_level = "trusted"

[mcp_servers.context7]
command = "npx"
args = ["-y", "@upstash/context7-mcp"]

[[skills.config]]
path = "/home/anna/skill"

[tui]
notifications = true
"""
ZED = """// Zed settings
//
// For information on how to configure Zed, see the Zed documentation.
{
  /* The look */
  "theme": "One Dark",
  "buffer_font_size": 15, // points
  "context_servers": {
    "postgres": {
      "command": "/usr/bin/pg-mcp", // mine
      "args": [],
      "env": {},
    },
    // "old": {},
  },
  "vim_mode": false,
}
"""
EXISTING: Mapping[HostName, Existing] = {
    "claude-desktop": Existing(
        ".config/Claude/claude_desktop_config.json", ".config/Claude", CLAUDE_DESKTOP
    ),
    "claude-code": Existing(".claude.json", ".claude", CLAUDE_CODE),
    "cursor": Existing(".cursor/mcp.json", ".cursor", CURSOR),
    "vscode": Existing(".config/Code/User/mcp.json", ".config/Code/User", VSCODE),
    "codex": Existing(".codex/config.toml", ".codex", CODEX),
    "zed": Existing(".config/zed/settings.json", ".config/zed", ZED),
}
