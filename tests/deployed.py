"""What is shipped for operators, read: the Dockerfile, the compose file and the manifests."""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from sent_mcp.cli.serve_flags import ServeFlags, parse_flags

ROOT = Path(__file__).parent.parent
Document = dict[str, Any]
_DOCKERFILE = ROOT / "Dockerfile"
_COMPOSE = ROOT / "examples" / "compose.yaml"
_KUBERNETES = ROOT / "examples" / "kubernetes.yaml"
_FILES = (_DOCKERFILE, _COMPOSE, _KUBERNETES)
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in _FILES}
COMPOSE: Document = yaml.safe_load(TEXTS["compose.yaml"])
SERVICES: dict[str, Document] = COMPOSE["services"]
MANIFESTS: list[Document] = list(yaml.safe_load_all(TEXTS["kubernetes.yaml"]))


def manifest(kind: str, name: str = "sent-mcp") -> Document:
    """The one of this kind and name."""
    wanted = (kind, name)
    (found,) = (each for each in MANIFESTS if (each["kind"], each["metadata"]["name"]) == wanted)
    return found


def pod(kind: str = "Deployment", name: str = "sent-mcp") -> Document:
    """What each pod of a set is made of."""
    return manifest(kind, name)["spec"]["template"]["spec"]


def container(kind: str = "Deployment", name: str = "sent-mcp") -> Document:
    """The one container in such a pod."""
    (found,) = pod(kind, name)["containers"]
    return found


def instructions(name: str) -> list[str]:
    """What the instructions of this name say in the Dockerfile, each on one line."""
    pattern = rf"^{name} ((?:.*\\\n)*.*)$"
    found: Iterable[str] = re.findall(pattern, TEXTS["Dockerfile"], re.MULTILINE)
    return [re.sub(r"\s*\\\n\s*", " ", each) for each in found]


def health_check() -> list[str]:
    """The command that asks a container for its health."""
    _, _, command = instructions("HEALTHCHECK")[-1].partition(" CMD ")
    return json.loads(command)


def arguments() -> dict[str, Sequence[str]]:
    """What follows `sent-mcp`, by the name of the file."""
    return {
        "Dockerfile": json.loads(instructions("CMD")[-1]),
        "compose.yaml": SERVICES["replica"]["command"],
        "kubernetes.yaml": container()["args"],
    }


def flags_in(file: str) -> ServeFlags:
    """The same, read by our own parser."""
    command, *flags = arguments()[file]
    assert command == "serve"
    return parse_flags(flags)


def images() -> list[str]:
    """Every image that is named somewhere."""
    listed = [each["image"] for each in SERVICES.values()]
    listed += [container()["image"], container("StatefulSet", "sent-mcp-redis")["image"]]
    return [*listed, *(line.split()[0] for line in instructions("FROM"))]
