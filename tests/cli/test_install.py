"""`sent-mcp install`: the entry comes, starts the server, and goes; everything else stays."""

import json
import shlex
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters, stdio_client

from sent_mcp.hosts import HOSTS, HostName
from tests import documentation
from tests.cli.conftest import Shell
from tests.cli.here import Here
from tests.hosts.existing import EXISTING
from tests.hosts.test_json_files import strictly

SCRIPT = str(Path(sys.executable).with_name("sent-mcp"))
EVERY_HOST = pytest.mark.parametrize("host", HOSTS)


@pytest.fixture
def here(tmp_path: Path) -> Here:
    return Here(tmp_path)


def settings(host: HostName, text: str) -> Any:
    """What a file says, as its host reads it."""
    return tomllib.loads(text) if HOSTS[host].is_toml else strictly(text)


def entry(host: HostName, text: str) -> dict[str, Any]:
    """Our entry in it."""
    return settings(host, text)[HOSTS[host].section[0]]["sent"]


@EVERY_HOST
async def test_it_comes_starts_the_server_and_goes(
    shell: Shell, host: HostName, tmp_path: Path
) -> None:
    """With the command itself: twice changes nothing; the entry works from any folder."""
    file = EXISTING[host].in_home(shell.home)
    file.write_text(EXISTING[host].text)
    ran = shell.run("install", host, "--demo")
    assert (ran.code, ran.err) == (0, "")
    after = file.read_text()
    ran = shell.run("install", host, "--demo")
    assert (ran.code, ran.out.startswith("Nothing to do: ")) == (0, True)
    assert file.read_text() == after
    said = entry(host, after)
    server = StdioServerParameters(
        command=said["command"],
        args=said["args"],
        env={"HOME": str(tmp_path), **said.get("env", {})},
        cwd="/",
    )
    async with Client(stdio_client(server)) as client:
        result = await client.call_tool(
            "find_contact_by_phone", {"phone_number": "+1 (415) 555-0102"}
        )
    assert result.structured_content is not None
    assert result.structured_content["whatsapp"] == "yes"
    assert shell.run("install", host, "--remove").code == 0
    assert file.read_text() == EXISTING[host].text


@EVERY_HOST
def test_into_an_empty_home_and_out_again(here: Here, host: HostName) -> None:
    file = EXISTING[host].in_home(here.home)
    ran = here.run("install", host)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f'Added "sent" in {file}.\n')
    assert ran.out.endswith("Then ask: Who of my contacts is on WhatsApp?\n")
    assert entry(host, file.read_text())["command"] == SCRIPT
    assert entry(host, file.read_text())["args"] == ["serve"]
    assert file.stat().st_mode & 0o777 == 0o600
    assert here.run("install", host, "--remove").code == 0
    assert not file.exists()
    assert list(file.parent.glob("*sent-mcp*")) == []


@pytest.mark.parametrize(
    ("host", "kind"),
    [
        *((host, "plain") for host in HOSTS),
        *((host, kind) for host in ("vscode", "codex") for kind in ("windows", "marked")),
        ("claude-code", "compact"),
    ],
)
def test_everything_else_keeps_its_bytes(here: Here, host: HostName, kind: str) -> None:
    """Comments, order, indentation, line endings, byte order mark; and the original comes back."""
    text = EXISTING[host].text
    if kind == "compact":
        text = json.dumps(strictly(text))
    data = (text.replace("\n", "\r\n") if kind == "windows" else text).encode()
    data = b"\xef\xbb\xbf" + data if kind == "marked" else data
    file = EXISTING[host].in_home(here.home)
    file.write_bytes(data)
    file.chmod(0o640)
    assert here.run("install", host).code == 0
    after = file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o640
    assert (b"\r\n" in after) == (kind == "windows")
    assert after.count(b"\n") == after.count(b"\r\n") or kind != "windows"
    assert after.startswith(b"\xef\xbb\xbf") == (kind == "marked")
    said = settings(host, after.decode("utf-8-sig"))
    section = HOSTS[host].section[0]
    assert said[section].pop("sent")["command"] == SCRIPT
    if host == "vscode":
        assert said["inputs"].pop()["id"] == "sent-api-key"
    assert said == settings(host, text)
    rest = iter(after)
    assert all(byte in rest for byte in data)
    (backup,) = file.parent.glob("*.sent-mcp-backup*")
    assert (backup.read_bytes(), backup.stat().st_mode & 0o777) == (data, 0o640)

    ran = here.run("install", host)
    assert (ran.code, ran.out.splitlines()[0]) == (
        0,
        f'Nothing to do: "sent" stands in {file} as it should.',
    )
    assert file.read_bytes() == after
    assert here.run("install", host, "--demo").out.startswith("Changed ")
    assert here.run("install", host, "--remove").code == 0
    assert file.read_bytes() == data


@EVERY_HOST
def test_what_was_changed_meanwhile_stays(here: Here, host: HostName) -> None:
    """Then only the entry goes; the same without the backup."""
    file = EXISTING[host].in_home(here.home)
    file.write_text(EXISTING[host].text)
    here.run("install", host)
    changed = file.read_text() + ("# more\n" if HOSTS[host].is_toml else "\n// more\n")
    file.write_text(changed)
    assert here.run("install", host, "--remove").code == 0
    assert settings(host, file.read_text()) == settings(host, EXISTING[host].text)
    assert file.read_text().endswith(" more\n")
    if host not in ("vscode", "codex"):
        assert file.read_text() == EXISTING[host].text + "\n// more\n"


@EVERY_HOST
@pytest.mark.parametrize("flag", [(), ("--demo",)])
def test_print_shows_the_entry_alone_and_touches_nothing(
    here: Here, host: HostName, flag: tuple[str, ...]
) -> None:
    """Without any home as well; what is printed is what would be written."""
    file = EXISTING[host].in_home(here.home)
    ran = here.run("install", host, "--print", *flag)
    assert ran.code == 0
    assert ran.err.startswith(f"This belongs into {file}, beside what is there.\n")
    assert "\nOnce it is there: " in ran.err
    assert not file.exists()
    homeless = here.run("install", host, "--print", *flag, HOME="")
    assert (homeless.code, homeless.out) == (0, ran.out)
    assert f"the settings of {HOSTS[host].title}" in homeless.err
    here.run("install", host, *flag)
    assert file.read_text() == ran.out


def test_a_file_that_holds_the_key_can_be_named(here: Here) -> None:
    """For hosts that pass on no variables; it stays named when the entry is renewed."""
    file = EXISTING["claude-desktop"].in_home(here.home)
    ran = here.run("install", "claude-desktop", SENT_API_KEY_FILE="~/key")
    assert ran.code == 0
    assert "or use --with-key" not in ran.out
    assert f"There is no file {here.home / 'key'} yet" in ran.out
    named = {"SENT_API_KEY_FILE": str(here.home / "key")}
    assert entry("claude-desktop", file.read_text())["env"] == named
    ran = here.run("install", "claude-desktop")
    assert ran.out.startswith("Nothing to do")
    assert "or use --with-key" not in ran.out


def test_an_entry_of_another_place_is_renewed(here: Here) -> None:
    """With what its user has added to it."""
    file = EXISTING["cursor"].in_home(here.home)
    file.write_text(
        '{"mcpServers": {"sent": {"command": "/gone/sent-mcp", "args": ["serve", "--read-only"],'
        ' "env": {"SENT_MCP_CONFIRM": "ask", "HALF": "\\ud800"}}, "b": {}}}'
    )
    ran = here.run("install", "cursor")
    assert (ran.code, ran.out.splitlines()[0]) == (0, f'Changed "sent" in {file}.')
    key = "${env:SENT_API_KEY}"
    assert strictly(file.read_text()) == {
        "mcpServers": {
            "sent": {
                "type": "stdio",
                "command": SCRIPT,
                "args": ["serve", "--read-only"],
                "env": {"SENT_MCP_CONFIRM": "ask", "HALF": "\ud800", "SENT_API_KEY": key},
            },
            "b": {},
        }
    }


@pytest.mark.parametrize("flag", [(), ("--remove",)])
def test_a_file_of_nothing_but_an_entry_by_hand_is_kept_too(
    here: Here, flag: tuple[str, ...]
) -> None:
    """Only what this command wrote itself needs no copy."""
    file = EXISTING["codex"].in_home(here.home)
    text = '[mcp_servers.sent]\n# As Anna told me\ncommand = "sent-mcp"\n'
    file.write_text(text)
    ran = here.run("install", "codex", *flag)
    (backup,) = file.parent.glob("*.sent-mcp-backup*")
    assert (ran.code, backup.read_text()) == (0, text)
    assert f"As it was before: {backup}\n" in ran.out
    assert file.exists() == (not flag)


def test_vscode_asks_for_the_key_once_for_all_who_need_it(here: Here) -> None:
    """The question stays while another entry refers to it, and its list goes when it is empty."""
    file = EXISTING["vscode"].in_home(here.home)
    here.run("install", "vscode")
    said = strictly(file.read_text())
    assert isinstance(said, dict)
    assert isinstance(said["servers"], dict)
    said["servers"]["other"] = {"env": {"KEY": "${input:sent-api-key}"}}
    file.write_text(json.dumps(said))
    here.run("install", "vscode", "--remove")
    assert strictly(file.read_text()) == {
        "servers": {"other": said["servers"]["other"]},
        "inputs": said["inputs"],
    }
    assert here.run("install", "vscode").code == 0
    again = strictly(file.read_text())
    assert isinstance(again, dict)
    assert again["inputs"] == said["inputs"]


@EVERY_HOST
def test_the_readme_shows_what_is_printed(here: Here, host: HostName) -> None:
    """But for the path of the command."""
    file = {} if HOSTS[host].reference else {"SENT_API_KEY_FILE": documentation.KEY_FILE}
    ran = here.run("install", host, "--print", **file)
    printed = ran.out.replace(SCRIPT, documentation.COMMAND)
    language = "toml" if HOSTS[host].is_toml else "json"
    readme = documentation.README.read_text(encoding="utf-8")
    assert f"```{language}\n{printed}```\n" in readme
    assert f"`sent-mcp install {host}` | {HOSTS[host].key_hint} |" in readme


def test_the_words_of_a_command_need_no_shell(here: Here) -> None:
    """The path is absolute, and stays that of the virtual environment."""
    ran = here.run("install", "cursor", "--print")
    command = ran.json["mcpServers"]["sent"]["command"]
    assert shlex.split(command) == [command]
    assert Path(command).is_absolute()
    assert Path(command).parent == Path(sys.executable).parent
