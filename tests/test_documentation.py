"""What the documents say is what the code does."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from sent_mcp import __version__
from sent_mcp.cli.serve_flags import parse_flags
from tests import documentation
from tests.hosts.existing import EXISTING
from tests.state.redis import free_port

ROOT = documentation.ROOT
BLOCKS = re.findall(r"```sh\n(.*?)```", documentation.README.read_text(encoding="utf-8"), re.DOTALL)
SERVED = [block for block in BLOCKS if " serve " in block]
LINES = [line for block in BLOCKS if block not in SERVED for line in block.splitlines()]
INSTALLS = [line for line in LINES if "pip install" in line]
COMMANDS = [line for line in LINES if "pip install" not in line]


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (documentation.README, documentation.readme),
        (documentation.SERVER_JSON, documentation.server_json),
    ],
    ids=["README", "server.json"],
)
def test_what_is_generated_is_as_the_code_has_it(path: Path, wanted: Callable[[], str]) -> None:
    """`UPDATE_README=1 pytest tests/test_documentation.py` writes it anew."""
    expected = wanted()
    if os.environ.get("UPDATE_README"):
        path.write_text(expected, encoding="utf-8")
    hint = "look at what changed, then UPDATE_README=1 pytest tests/test_documentation.py"
    assert path.read_text(encoding="utf-8") == expected, hint


def test_one_version_number_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    server = json.loads(documentation.SERVER_JSON.read_text(encoding="utf-8"))
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    latest = re.search(r"^## \[(\d[^\]]*)\]", changelog, re.MULTILINE)
    assert latest is not None
    assert {
        __version__,
        project["version"],
        server["version"],
        *(package["version"] for package in server["packages"]),
        latest[1],
    } == {__version__}


def test_the_registry_finds_its_mark_in_the_readme() -> None:
    name = json.loads(documentation.SERVER_JSON.read_text(encoding="utf-8"))["name"]
    assert f"mcp-name: {name}" in documentation.README.read_text(encoding="utf-8")


def test_server_json_keeps_the_limits_of_the_registry() -> None:
    server = json.loads(documentation.SERVER_JSON.read_text(encoding="utf-8"))
    assert len(server["description"]) <= 100
    assert len(server["title"]) <= 100
    assert server["name"].count("/") == 1


def test_the_registry_starts_the_server_over_http_as_it_can_be_started() -> None:
    server = json.loads(documentation.SERVER_JSON.read_text(encoding="utf-8"))
    package = server["packages"][1]
    command, *flags = (
        f"{each['name']}={each['value']}" if each["type"] == "named" else each["value"]
        for each in package["packageArguments"]
    )
    assert (command, parse_flags(flags).transport) == ("serve", "http")
    ((name, default),) = (
        (each["name"], each["default"])
        for each in package["environmentVariables"]
        if each["name"] in package["transport"]["url"]
    )
    url = package["transport"]["url"].replace(f"{{{name}}}", default)
    assert url == "http://127.0.0.1:8000/mcp"


def test_every_dependency_gives_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lists = re.findall(r"^(?:dependencies|redis|otel|dev) = \[\n(.*?)^\]", text, re.M | re.S)
    lines = [line for block in lists for line in block.splitlines()]
    assert len(lists) == 4
    assert [line for line in lines if not re.search(r'^    ".+", +# \w', line)] == []


def test_the_readme_installs_with_what_ci_installs() -> None:
    gate = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert any("pip install -q -e '.[dev]'" in line for line in INSTALLS)
    assert "pip install -q -e '.[dev]'" in gate


@pytest.mark.parametrize("line", COMMANDS)
def test_every_other_command_in_the_readme_works_as_printed(line: str, tmp_path: Path) -> None:
    command = shlex.split(line)
    assert command[0] == ".venv/bin/sent-mcp"
    for host in EXISTING.values():
        host.in_home(tmp_path)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "sent_mcp", *command[1:]],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    # `check` sums up on stderr what the rows on stdout say one by one.
    said = done.stderr.splitlines() if command[1] != "check" else done.stderr.splitlines()[3:]
    assert (done.returncode, said) == (0, [])
    assert done.stdout


def test_the_server_over_http_is_asked_as_printed(tmp_path: Path) -> None:
    """Started in the background, asked with curl and ended, but on a port that is free."""
    (block,) = SERVED
    port = free_port()
    command = f"{shlex.quote(sys.executable)} -m sent_mcp"
    script = block.replace(".venv/bin/sent-mcp", command).replace(":8000", f":{port}")
    folders = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run(
        ["bash", "-c", f"{script}wait"],
        cwd=ROOT,
        env={**folders, "SENT_MCP_HTTP_PORT": str(port)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = json.loads(done.stdout)["result"]["structuredContent"]
    assert (said["phone_number"], said["whatsapp"]) == ("+14155550102", "yes")
    where = f"sent-mcp: Serving MCP at http://127.0.0.1:{port}/mcp (Ctrl-C ends it)."
    assert done.stderr.splitlines()[:1] == [where]


def test_the_readme_shows_what_a_check_prints() -> None:
    (command,) = (line for line in COMMANDS if " check " in line)
    words = shlex.split(command)[1:]
    done = subprocess.run(
        [sys.executable, "-m", "sent_mcp", *words], cwd=ROOT, capture_output=True, check=True
    )
    assert done.stdout.decode() in documentation.README.read_text(encoding="utf-8")
