"""The judges as npm has them: exact versions, in one folder, with the node they need."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

PACKAGES = {
    "@modelcontextprotocol/conformance": "0.2.0-alpha.12",
    "@modelcontextprotocol/inspector": "2.12.0",
    "node": "22.23.3",
}
"""Both need node 22 and say little where they get an older one, so it comes with them."""
_FLAGS = ("--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1")
_SECONDS = 180


class NotInstalledError(Exception):
    """The judges cannot be had here; says why in a line."""


@dataclass(frozen=True)
class Judges:
    """Their programs in a folder; `home` is where they keep files of their own."""

    folder: Path
    home: Path

    def package(self, name: str) -> Path:
        """Where a package is."""
        return self.folder / "node_modules" / name

    def run(self, name: str, *arguments: str, seconds: float) -> "subprocess.CompletedProcess[str]":
        """What one of their programs said, and its exit code. Raises TimeoutExpired."""
        return subprocess.run(
            [str(self._programs / name), *arguments],
            env=self._environment,
            cwd=self.home,
            capture_output=True,
            encoding="utf-8",
            timeout=seconds,
            check=False,
        )

    @property
    def _environment(self) -> dict[str, str]:
        # The node that came with them goes before any other.
        path = f"{self._programs}{os.pathsep}{os.environ['PATH']}"
        # Each is started dozens of times, and compiling takes half of a short life.
        compiled = str(self.home / "compiled")
        return {"PATH": path, "HOME": str(self.home), "NODE_COMPILE_CACHE": compiled}

    @property
    def _programs(self) -> Path:
        return self.folder / "node_modules" / ".bin"


def installed(folder: Path, home: Path) -> Judges:
    """The judges, installed where they are not there yet. Raises NotInstalledError."""
    judges = Judges(folder, home)
    missing = [name for name, version in PACKAGES.items() if _version(judges, name) != version]
    if missing:
        _install(folder)
    return judges


def _version(judges: Judges, name: str) -> str | None:
    file = judges.package(name) / "package.json"
    return json.loads(file.read_text(encoding="utf-8"))["version"] if file.exists() else None


def _install(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise NotInstalledError("node and npm are not both on the PATH")
    names = [f"{name}@{version}" for name, version in PACKAGES.items()]
    command = [npm, "install", "--prefix", str(folder), "--save-exact", *_FLAGS, *names]
    try:
        subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=True)
    except subprocess.TimeoutExpired:
        raise NotInstalledError(f"npm did not install them within {_SECONDS} s") from None
    except subprocess.CalledProcessError as error:
        said = str(error.stderr).strip().splitlines() or [f"exit code {error.returncode}"]
        raise NotInstalledError(f"npm cannot install them: {said[0]}") from None
