"""server.json and the bundle's manifest against the schemas that they name."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from jsonschema import Draft7Validator

from bundle.manifest import manifest
from bundle.project import ROOT, read_project


def problems(server_schema: Path | None, manifest_schema: Path | None) -> list[str]:
    """What the schemas have against the two files, each with the place; none is valid.

    A schema that is not given as a file is downloaded. Raises httpx.HTTPError, OSError.
    """
    server = json.loads((ROOT / "server.json").read_text(encoding="utf-8"))
    documents: list[tuple[str, dict[str, Any], Path | None]] = [
        ("server.json", server, server_schema),
        ("manifest.json", manifest(read_project()), manifest_schema),
    ]
    return [
        f"{name}: {problem}"
        for name, document, file in documents
        for problem in _problems(document, _schema(document["$schema"], file))
    ]


def _schema(url: str, file: Path | None) -> dict[str, Any]:
    if file is not None:
        return json.loads(file.read_text(encoding="utf-8"))
    answer = httpx.get(url, follow_redirects=True, timeout=30)
    return answer.raise_for_status().json()


def _problems(document: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    Draft7Validator.check_schema(schema)
    validator = Draft7Validator(schema)
    for error in validator.iter_errors(document):  # pyright: ignore[reportUnknownMemberType]  # its types have a gap
        yield f"{error.json_path}: {error.message}"
