"""The bundle's manifest, version 0.4 (MANIFEST.md of modelcontextprotocol/mcpb)."""

import json
from typing import cast

from pydantic import JsonValue

from bundle.form import environment, user_config
from bundle.project import Project
from sent_mcp.client import SentClient
from sent_mcp.prompts import PROMPTS
from sent_mcp.prompts.registry import Prompt
from sent_mcp.settings import Settings
from sent_mcp.tools import TOOLS

SCHEMA = (
    "https://raw.githubusercontent.com/modelcontextprotocol/mcpb/main/schemas/"
    "mcpb-manifest-v0.4.schema.json"
)
ENTRY_POINT = "main.py"
_PRIVACY_POLICY = "https://www.sent.dm/resources/privacy-policy"
_LONG_DESCRIPTION = """\
Ask who is on WhatsApp and who only gets SMS, check lists of numbers, add contacts and opt them out,
send approved templates, and see whether they arrived.

Before anything is deleted or sent, or an opt-out is lifted, you are asked, with what exactly would
happen.

Switch on **Demo** to try it without an account. For your own contacts fill in the API key of your
Sent account, which your host keeps."""


def manifest_text(project: Project) -> str:
    """The manifest as it stands in the bundle."""
    return json.dumps(manifest(project), indent=2, ensure_ascii=False) + "\n"


def manifest(project: Project) -> dict[str, JsonValue]:
    """What a host shows before it installs the bundle, and how it starts the server."""
    return {
        "$schema": SCHEMA,
        "manifest_version": "0.4",
        "name": project.name,
        "display_name": project.title,
        "version": project.version,
        "description": project.description,
        "long_description": _LONG_DESCRIPTION,
        "author": {"name": project.author},
        "server": _server(),
        "tools": _tools(),
        "prompts": [_prompt(prompt) for prompt in PROMPTS],
        "keywords": [*project.keywords],
        "license": project.license,
        "privacy_policies": [_PRIVACY_POLICY],
        "compatibility": {
            "platforms": ["darwin", "win32", "linux"],
            "runtimes": {"python": project.python},
        },
        "user_config": user_config(),
    }


def _server() -> dict[str, JsonValue]:
    # Claude Desktop takes only `env` from `mcp_config`, and starts the entry point with a `uv` of
    # its own; the schema requires `command`, and other hosts run it.
    return {
        "type": "uv",
        "entry_point": ENTRY_POINT,
        "mcp_config": {
            "command": "uv",
            "args": ["run", "--directory", "${__dirname}", ENTRY_POINT],
            "env": environment(),
        },
    }


def _tools() -> list[JsonValue]:
    default = cast("tuple[str, ...]", Settings.model_fields["toolsets"].default)
    return [
        {"name": tool.offer.name, "description": tool.offer.description}
        for tool in TOOLS
        if tool.offer.toolset in default
    ]


def _prompt(prompt: Prompt[SentClient]) -> dict[str, JsonValue]:
    names = [*prompt.arguments.model_fields]
    references = {name: f"${{arguments.{name}}}" for name in names}
    # Arguments that can be several are a list.
    given = {
        name: [reference] if _is_list(prompt, name) else reference
        for name, reference in references.items()
    }
    return {
        "name": prompt.name,
        "description": prompt.description,
        "arguments": [*names],
        # A reference is no phone number, so the arguments are not validated.
        "text": prompt.arguments.model_construct(None, **given).words(),
    }


def _is_list(prompt: Prompt[SentClient], name: str) -> bool:
    return prompt.arguments.model_fields[name].annotation == list[str]
