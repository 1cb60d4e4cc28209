"""Every program in examples/ runs and says what it should."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
EXPECTED: dict[str, tuple[list[str], str]] = {
    "emulator_and_sdk.py": ([], "+1 415-555-0147 sms"),
    "guarded_delete.py": (["--yes"], "deleted: The contact +14155550106 was deleted"),
    "is_on_whatsapp.py": (["+1 415 555 0101"], "+14155550101 is not on WhatsApp."),
}


def test_every_example_is_run() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_an_example_says_what_it_should(name: str, tmp_path: Path) -> None:
    arguments, expected = EXPECTED[name]
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *arguments],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert expected in done.stdout
