"""Every command in the README works as printed, and what it names exists."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from sent_mcp.resources.catalogue import MEANINGS
from sent_mcp.setting_fields import variable_of
from sent_mcp.settings import Settings
from tests import documentation
from tests.hosts.existing import EXISTING
from tests.state.redis import free_port

ROOT = documentation.ROOT
TEXT = documentation.README.read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
SERVED = [block for block in BLOCKS if " &\n" in block]
LINES = [line for block in BLOCKS if block not in SERVED for line in block.splitlines()]
INSTALLS = [line for line in LINES if "pip install" in line]
COMMANDS = [line for line in LINES if "pip install" not in line]
SYMPTOMS = TEXT[TEXT.index("## When it does not work") : TEXT.index("## Privacy")]


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
    if command[1] == "check":
        assert done.stdout in TEXT


def asked_in_the_background(block: str, port: int, home: Path) -> tuple[str, list[str]]:
    """What a block prints that starts something, asks it with curl and ends it: on a free port."""
    command = f"{shlex.quote(sys.executable)} -m sent_mcp"
    script = block.replace(".venv/bin/sent-mcp", command)
    script = re.sub(r"(--port |127\.0\.0\.1:)\d+", rf"\g<1>{port}", script)
    folders = {"PATH": os.environ["PATH"], "HOME": str(home)}
    done = subprocess.run(
        ["bash", "-c", f"{script}wait"],
        cwd=ROOT,
        env={**folders, "SENT_MCP_HTTP_PORT": str(port)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout, done.stderr.splitlines()


def test_the_server_over_http_is_asked_as_printed(tmp_path: Path) -> None:
    (block,) = (each for each in SERVED if " serve " in each)
    port = free_port()
    printed, said = asked_in_the_background(block, port, tmp_path)
    result = json.loads(printed)["result"]["structuredContent"]
    assert (result["phone_number"], result["whatsapp"]) == ("+14155550102", "yes")
    assert said[:1] == [f"sent-mcp: Serving MCP at http://127.0.0.1:{port}/mcp (Ctrl-C ends it)."]


def test_the_emulator_is_asked_as_printed(tmp_path: Path) -> None:
    (block,) = (each for each in SERVED if " emulator " in each)
    printed, _ = asked_in_the_background(block, free_port(), tmp_path)
    answer = json.loads(printed)
    assert (answer["success"], len(answer["data"]["contacts"])) == (True, 2)


def test_no_other_block_starts_something() -> None:
    assert len(SERVED) == 2


def test_every_link_leads_somewhere() -> None:
    """Headings become anchors as on GitHub: lower case, words with hyphens, no punctuation."""
    headings = re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}
    links = re.findall(r"\]\(([^)]+)\)", TEXT)
    local = [each for each in links if not each.startswith("https://")]
    assert [each for each in local if each.startswith("#") and each[1:] not in anchors] == []
    files = [each for each in local if not each.startswith("#")]
    assert files
    assert [each for each in files if not (ROOT / each).exists()] == []


def test_every_file_that_is_named_exists() -> None:
    named = re.findall(r"`((?:examples|docs|benchmarks|sent_mcp|tests)/[\w./-]+)`", TEXT)
    assert named
    assert [each for each in named if not (ROOT / each).exists()] == []


def test_symptoms_are_codes_that_exist() -> None:
    codes = re.findall(r"`([A-Z]+_[A-Z0-9]+(?:_[A-Z0-9]+)*)`", SYMPTOMS)
    variables = {variable_of(Settings, name) for name in Settings.model_fields}
    known = MEANINGS.keys() | variables | {"HTTPS_PROXY", "SSL_CERT_FILE"}
    assert len(codes) > 10
    assert set(codes) - known == set()
