"""The benchmarks run and tell the truth about requests. No time is asserted here."""

import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def rows() -> dict[tuple[str, str], list[str]]:
    """The table of a small run, by number of numbers and way of asking."""
    command = [sys.executable, "-m", "benchmarks", "check", "--quick"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.stderr.count("Traceback"), done.returncode) == (0, 0), done.stderr
    cells = [line.strip("| ").split(" | ") for line in done.stdout.splitlines()[3:]]
    return {(row[0], row[2].split()[0]): row for row in cells}


def test_a_list_costs_as_many_requests_as_the_address_book_has_pages(
    rows: dict[tuple[str, str], list[str]],
) -> None:
    """Five, of 500 contacts, by the tool and by the command."""
    assert rows["100", "check_phone_numbers"][3] == "5"
    assert rows["1100", "sent-mcp"][3] == "5"


def test_one_call_per_number_costs_as_many_requests_as_numbers(
    rows: dict[tuple[str, str], list[str]],
) -> None:
    """And many times the tokens."""
    assert rows["100", "one"][3] == "100"
    assert rows["1100", "one"][3] == "1100"
    assert int(rows["100", "one"][5]) > 10 * int(rows["100", "check_phone_numbers"][5])
