"""`python -m benchmarks NAME`: run one benchmark and print its table."""

import argparse

import anyio

from benchmarks.check import CASES, QUICK, run


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    names = parser.add_subparsers(dest="name", required=True)
    check = names.add_parser("check", help="a list of numbers at once, beside one call per number")
    check.add_argument("--quick", action="store_true", help="small lists and address books only")
    arguments = parser.parse_args()
    anyio.run(run, QUICK if arguments.quick else CASES)


if __name__ == "__main__":
    main()
