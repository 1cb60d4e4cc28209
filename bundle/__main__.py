"""`python -m bundle`: write the bundle to `dist/`, or check what hosts and registries read."""

import argparse
import sys
from hashlib import sha256
from pathlib import Path

import httpx

from bundle.archive import write_bundle
from bundle.check import problems
from bundle.project import ROOT


def main() -> None:
    """Do what the command line says; exits with 1 where a check finds something."""
    arguments = _parser().parse_args()
    if arguments.check:
        _check(arguments.server_schema, arguments.manifest_schema)
        return
    path = write_bundle(arguments.out)
    # The registry asks for it where it lists a bundle.
    print(f"{path}\nsha256 {sha256(path.read_bytes()).hexdigest()}")


def _check(server_schema: Path | None, manifest_schema: Path | None) -> None:
    try:
        found = problems(server_schema, manifest_schema)
    except (httpx.HTTPError, OSError) as error:
        sys.exit(f"A schema cannot be read: {error}")
    print("\n".join(found) or "server.json and the manifest are valid.")
    if found:
        sys.exit(1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bundle", description=__doc__)
    parser.add_argument(
        "--out", metavar="FOLDER", type=Path, default=ROOT / "dist", help="Write it here"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="Write nothing; compare server.json and the manifest with their schemas",
    )
    for name in ("server", "manifest"):
        parser.add_argument(
            f"--{name}-schema",
            metavar="FILE",
            type=Path,
            help="The schema, else it is downloaded",
        )
    return parser


if __name__ == "__main__":
    main()
