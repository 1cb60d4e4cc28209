"""What the bundle repeats from the project's own files."""

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent


class Project(NamedTuple):
    """The project's `pyproject.toml`, with the title of `server.json`."""

    name: str
    title: str
    version: str
    description: str
    author: str
    license: str
    keywords: Sequence[str]
    python: str
    dependencies: Sequence[str]


def read_project() -> Project:
    """The project around this folder."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project: dict[str, Any] = tomllib.loads(text)["project"]
    server = json.loads((ROOT / "server.json").read_text(encoding="utf-8"))
    return Project(
        name=project["name"],
        title=server["title"],
        version=project["version"],
        description=project["description"],
        author=project["authors"][0]["name"],
        license=project["license"],
        keywords=project["keywords"],
        python=project["requires-python"],
        dependencies=project["dependencies"],
    )


def project_file(project: Project) -> str:
    """The `pyproject.toml` in the bundle: only what `uv` has to install.

    The project's own would have it build the package first, and resolve every extra.
    """
    # A JSON string is a TOML string, too.
    needed = "".join(f"    {json.dumps(each)},\n" for each in project.dependencies)
    return (
        "[project]\n"
        f"name = {json.dumps(project.name)}\n"
        f"version = {json.dumps(project.version)}\n"
        f"requires-python = {json.dumps(project.python)}\n"
        f"dependencies = [\n{needed}]\n"
        "\n[tool.uv]\n"
        "package = false\n"
    )
