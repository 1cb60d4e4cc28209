"""Every command names the same way to start this installation."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Shell

BESIDE = Path(sys.executable).with_name("sent-mcp")


def named(script: Path, shell: Shell) -> tuple[str, str]:
    """The command as `install` writes it, and as `doctor` says it."""
    said: list[str] = []
    for words in (("install", "cursor", "--demo", "--print"), ("doctor", "--demo", "--json")):
        ran = subprocess.run(
            [script, *words],
            env=shell.environment(),
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=True,
        )
        said.append(ran.stdout)
    checks = {check["name"]: check["message"] for check in json.loads(said[1])["checks"]}
    return json.loads(said[0])["mcpServers"]["sent"]["command"], checks["command"]


@pytest.mark.parametrize("place", ["beside", "elsewhere", "linked"])
def test_the_script_that_was_started_is_the_one_that_is_named(shell: Shell, place: str) -> None:
    """`pip install --user` keeps it apart from the interpreter; pipx and uv link to it."""
    script = shell.home / "sent-mcp"
    if place == "elsewhere":
        shutil.copy(BESIDE, script)
    elif place == "linked":
        os.symlink(BESIDE, script)
    else:
        script = BESIDE
    command, message = named(script, shell)
    assert (command, message) == (str(script), f"A host starts it as: {script}")


def test_without_a_script_it_is_the_module(shell: Shell) -> None:
    """With -P, so that nothing is loaded from the folder a host happens to start it in."""
    python = shell.home / "python"
    os.symlink(sys.executable, python)
    script = (
        "import sys; from importlib import import_module\n"
        f"sys.executable = {str(python)!r}\n"
        "print(*import_module('sent_mcp.cli.installation').host_command())"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert ran.stdout == f"{python} -P -m sent_mcp\n"
