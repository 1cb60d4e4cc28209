"""What is known of an MCP host: where its settings are on each system, and what an entry needs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
HostName = Literal["claude-desktop", "claude-code", "cursor", "vscode", "codex", "zed"]


class HostError(ValueError):
    """A host's settings are left as they are; the text says why and what to do."""


@dataclass(frozen=True)
class Machine:
    """The operating system, as `sys.platform` names it, and the environment's variables."""

    platform: str
    variables: Mapping[str, str]

    @property
    def is_windows(self) -> bool:
        return self.platform == "win32"

    @property
    def home(self) -> Path:
        """The user's folder. Raises HostError where no variable names it."""
        return self._folder("USERPROFILE" if self.is_windows else "HOME")

    @property
    def roaming(self) -> Path:
        """Where programs keep settings on Windows. Raises HostError."""
        return self._folder("APPDATA")

    @property
    def xdg_config(self) -> Path:
        """Where programs keep settings on Linux. Raises HostError."""
        return self.named("XDG_CONFIG_HOME") or self.home / ".config"

    def named(self, variable: str) -> Path | None:
        """The folder a variable names; None for a relative one, which no specification allows."""
        value = self.variables.get(variable, "")
        drive = self.is_windows and (value.startswith("\\\\") or value[1:3] in (":\\", ":/"))
        return Path(value) if drive or value.startswith("/") else None

    def electron(self, folder: str) -> Path:
        """Where Electron programs keep settings. Raises HostError."""
        if self.is_windows:
            return self.roaming / folder
        if self.platform == "darwin":
            return self.home / "Library" / "Application Support" / folder
        return self.xdg_config / folder

    def _folder(self, variable: str) -> Path:
        folder = self.named(variable)
        if folder is None:
            raise HostError(
                f"{variable} does not name a folder, so the host's settings cannot be found; "
                "--print shows the entry, to be put there by hand"
            )
        return folder


@dataclass(frozen=True)
class Place:
    """A file of settings, and the folder by which a host shows that it is installed."""

    file: Path
    folder: Path


@dataclass(frozen=True)
class Host:
    """One host. `docs` name the sources its module tells about."""

    title: str
    places: Callable[[Machine], Sequence[Place]]
    """The candidates, the likeliest first; never empty. Raises HostError."""
    section: tuple[str, ...]
    """The keys that lead to the servers."""
    restart: str
    """What makes the host read its settings again, as a sentence."""
    key_hint: str
    """How the key gets to the server when it is not in the entry, as a sentence."""
    is_toml: bool = False
    fixed: Mapping[str, Json] = field(default_factory=dict[str, Json])
    """What every entry has besides command and arguments."""
    reference: Mapping[str, Json] = field(default_factory=dict[str, Json])
    """What leads the host to the key; nothing where it expands no variables."""
    question: Mapping[str, Json] | None = None
    """What makes the host ask for the key: an item of `inputs`, with an `id`."""
