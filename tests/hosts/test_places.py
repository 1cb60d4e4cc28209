"""Where each host keeps its settings, on each system, from variables alone."""

from pathlib import Path

import pytest

from sent_mcp.hosts import HOSTS, HostError, HostName, Machine

MAC = Machine("darwin", {"HOME": "/Users/anna", "XDG_CONFIG_HOME": "/ignored"})
LINUX = Machine("linux", {"HOME": "/home/anna"})
XDG = Machine("linux", {"HOME": "/home/anna", "XDG_CONFIG_HOME": "/xdg", "APPDATA": "/no"})
WINDOWS = Machine(
    "win32",
    {
        "USERPROFILE": "C:\\Users\\anna",
        "APPDATA": "C:\\Users\\anna\\AppData\\Roaming",
        "HOME": "/c/Users/anna",
    },
)
SUPPORT = "/Users/anna/Library/Application Support"
ROAMING = "C:/Users/anna/AppData/Roaming"


@pytest.mark.parametrize(
    ("host", "mac", "linux", "xdg", "windows"),
    [
        (
            "claude-desktop",
            f"{SUPPORT}/Claude/claude_desktop_config.json",
            "/home/anna/.config/Claude/claude_desktop_config.json",
            "/xdg/Claude/claude_desktop_config.json",
            f"{ROAMING}/Claude/claude_desktop_config.json",
        ),
        (
            "claude-code",
            "/Users/anna/.claude.json",
            "/home/anna/.claude.json",
            "/home/anna/.claude.json",
            "C:/Users/anna/.claude.json",
        ),
        (
            "cursor",
            "/Users/anna/.cursor/mcp.json",
            "/home/anna/.cursor/mcp.json",
            "/home/anna/.cursor/mcp.json",
            "C:/Users/anna/.cursor/mcp.json",
        ),
        (
            "vscode",
            f"{SUPPORT}/Code/User/mcp.json",
            "/home/anna/.config/Code/User/mcp.json",
            "/xdg/Code/User/mcp.json",
            f"{ROAMING}/Code/User/mcp.json",
        ),
        (
            "codex",
            "/Users/anna/.codex/config.toml",
            "/home/anna/.codex/config.toml",
            "/home/anna/.codex/config.toml",
            "C:/Users/anna/.codex/config.toml",
        ),
        (
            "zed",
            "/Users/anna/.config/zed/settings.json",
            "/home/anna/.config/zed/settings.json",
            "/xdg/zed/settings.json",
            f"{ROAMING}/Zed/settings.json",
        ),
    ],
)
def test_each_host_has_a_file_on_each_system(
    host: HostName, mac: str, linux: str, xdg: str, windows: str
) -> None:
    def file(machine: Machine) -> str:
        return str(HOSTS[host].places(machine)[0].file).replace("\\", "/")

    assert [file(machine) for machine in (MAC, LINUX, XDG, WINDOWS)] == [mac, linux, xdg, windows]


@pytest.mark.parametrize(
    ("host", "variable", "file"),
    [("claude-code", "CLAUDE_CONFIG_DIR", ".claude.json"), ("codex", "CODEX_HOME", "config.toml")],
)
def test_a_host_can_be_told_of_another_folder(host: HostName, variable: str, file: str) -> None:
    (place,) = HOSTS[host].places(Machine("linux", {"HOME": "/home/anna", variable: "/other"}))
    assert (place.file, place.folder) == (Path("/other") / file, Path("/other"))


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("platform", ["darwin", "linux", "win32"])
@pytest.mark.parametrize(
    "home", [{}, {"HOME": "", "USERPROFILE": ""}, {"HOME": "relative"}, {"HOME": "C:\\Users\\anna"}]
)
def test_without_a_home_folder_nothing_is_guessed(
    host: HostName, platform: str, home: dict[str, str]
) -> None:
    with pytest.raises(HostError, match="does not name a folder.*--print"):
        HOSTS[host].places(Machine(platform, home))


def test_claude_desktop_on_windows_has_the_folder_of_its_package(tmp_path: Path) -> None:
    """The newest kind first; but one with settings is the one in use."""
    roaming, local = tmp_path / "Roaming", tmp_path / "Local"
    package = local / "Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming/Claude"
    data = local / "Claude-Data/claude_pzs8sxrjxfjjc"
    machine = Machine("win32", {"APPDATA": str(roaming), "LOCALAPPDATA": str(local)})

    def folders() -> list[Path]:
        return [place.folder for place in HOSTS["claude-desktop"].places(machine)]

    assert folders() == [roaming / "Claude"]
    package.mkdir(parents=True)
    assert folders() == [package, roaming / "Claude"]
    data.mkdir(parents=True)
    assert folders() == [data, package, roaming / "Claude"]
    (package / "claude_desktop_config.json").touch()
    assert folders() == [package, data, roaming / "Claude"]
