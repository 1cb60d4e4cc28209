"""The Inspector's command line on the product: all kinds of requests, both eras and transports."""

import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product

from tests.conformance.packages import Judges
from tests.conformance.verdicts import Verdict
from tests.door import SEEDED
from tests.http.sites import started

ERAS = ("legacy", "modern")
STDIO, HTTP = "stdio", "HTTP"
_TOOL_SAYS_NO, _AT_A_TIME, _SECONDS = 5, 4, 60
_EVERYTHING = "contacts,messages,templates,lookup"


@dataclass(frozen=True)
class Request:
    """What the Inspector is told to ask, and the exit code that is right."""

    words: tuple[str, ...]
    exit_code: int = 0


def _tool(name: str, arguments: str, exit_code: int = 0) -> Request:
    words = ("tools/call", "--tool-name", name, "--tool-args-json", arguments)
    return Request(words, exit_code)


REQUESTS = (
    Request(("tools/list", "--strict")),
    _tool("list_contacts", '{"page_size": 2}'),
    _tool("import_contacts", '{"phone_numbers": ["+14155550150"], "dry_run": true}'),
    _tool("get_contact", '{"contact": 1}', _TOOL_SAYS_NO),
    Request(("resources/list",)),
    Request(("resources/templates/list",)),
    Request(("resources/read", "--uri", "sent://errors/RESOURCE_001")),
    Request(("prompts/list",)),
    Request(
        (
            "prompts/get",
            "--prompt-name",
            "is_on_whatsapp",
            "--prompt-args",
            f"phone_numbers={SEEDED}",
        )
    ),
)


def judged(judges: Judges) -> list[Verdict]:
    """One verdict for each era and transport; on the demo, which needs no key."""
    serve = (sys.executable, "-m", "sent_mcp", "serve", "--demo", "--toolsets", _EVERYTHING)
    over_stdio = (*serve, "-e", "SENT_MCP_STATE=memory:")
    flags = ("--demo", "--toolsets", _EVERYTHING)
    with started(judges.home, *flags, SENT_MCP_STATE="memory:") as site:
        over_http = (f"http://127.0.0.1:{site.port}/mcp", "--transport", "http")
        targets = {STDIO: over_stdio, HTTP: over_http}
        return [
            _verdict(judges, f"{transport}, {era}", (*targets[transport], "--protocol-era", era))
            for transport, era in product(targets, ERAS)
        ]


def _verdict(judges: Judges, what: str, target: Sequence[str]) -> Verdict:
    def ask(request: Request) -> tuple[int, str | None]:
        words = ("--method", *request.words, "--format", "json", "-q")
        done = judges.run("mcp-inspector", "--cli", *target, *words, seconds=_SECONDS)
        if done.returncode == request.exit_code and '"result"' in done.stdout:
            return done.returncode, None
        said = f"exit code {done.returncode}, {done.stderr.strip()}"
        return done.returncode, f"{' '.join(request.words)}: {said}"

    with ThreadPoolExecutor(_AT_A_TIME) as threads:
        answers = [*threads.map(ask, REQUESTS)]
    wrong = tuple(said for _, said in answers if said is not None)
    times = sorted(Counter(code for code, _ in answers).items())
    codes = ", ".join(f"{code} ({count}x)" for code, count in times)
    return Verdict("inspector", what, len(answers) - len(wrong), len(wrong), codes, 0, wrong)
