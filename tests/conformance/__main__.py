"""`python -m tests.conformance`: both judges, one table; 0 when nothing is unexplained.

Ends with 77 where the judges cannot be had, and says why.
"""

import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from tests.conformance import inspector, suite
from tests.conformance.packages import Judges, NotInstalledError, installed
from tests.conformance.verdicts import Verdict, show

NOT_RUN = 77
"""As test drivers know it: neither passed nor failed."""


def main() -> int:
    """The exit code."""
    began, console = time.monotonic(), Console(width=110)
    with TemporaryDirectory() as home:
        folder = os.environ.get("NODE_CLIENTS") or home
        try:
            judges = installed(Path(folder).resolve(), Path(home))
        except NotInstalledError as error:
            console.print(f"The protocol's judges did not run: {error}", highlight=False)
            return NOT_RUN
        verdicts = _all(judges)
    show(console, verdicts, time.monotonic() - began)
    return 1 if any(each.unexplained for each in verdicts) else 0


def _all(judges: Judges) -> list[Verdict]:
    with suite.mounted_server() as url:
        verdicts = [each for name in suite.REVISIONS for each in suite.judged(judges, name, url)]
    return [*verdicts, *inspector.judged(judges)]


if __name__ == "__main__":
    sys.exit(main())
