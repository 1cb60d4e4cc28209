"""The bundle's file: a zip archive whose bytes depend only on what is in it."""

from collections.abc import Mapping
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from bundle.manifest import ENTRY_POINT, manifest_text
from bundle.project import ROOT, project_file, read_project

_PACKAGE = "sent_mcp"
_EARLIEST = (1980, 1, 1, 0, 0, 0)
_UNIX, _MODE = 3, 0o100644 << 16


def write_bundle(folder: Path) -> Path:
    """Write the bundle into a folder, which is made where it is missing; returns its path.

    The same sources give the same bytes, on every system whose zlib compresses alike.
    """
    project = read_project()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{project.name}-{project.version}.mcpb"
    with ZipFile(path, "w") as archive:
        for name, content in sorted(contents().items()):
            entry = ZipInfo(name, _EARLIEST)
            entry.compress_type, entry.create_system = ZIP_DEFLATED, _UNIX
            entry.external_attr = _MODE
            archive.writestr(entry, content, compresslevel=9)
    return path


def contents() -> Mapping[str, bytes]:
    """Every file of the bundle by its name there."""
    project = read_project()
    made = {"manifest.json": manifest_text(project), "pyproject.toml": project_file(project)}
    copied = {"LICENSE": ROOT / "LICENSE", ENTRY_POINT: Path(__file__).with_name("main.py")}
    source = {path.relative_to(ROOT).as_posix(): path for path in _source()}
    return {
        **{name: text.encode() for name, text in made.items()},
        **{name: path.read_bytes() for name, path in {**copied, **source}.items()},
    }


def _source() -> list[Path]:
    paths = (ROOT / _PACKAGE).rglob("*")
    return [path for path in paths if path.is_file() and "__pycache__" not in path.parts]
