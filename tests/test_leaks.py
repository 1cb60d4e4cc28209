"""What counts as leaked, and that a test fails in which something is."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.leaks import Watch

LEAKS = [
    "x-api-key: sk_live_4f9d2c7be1a8",
    "see https://api.example/sk_test_4f9d2c7be1a8?x",
    "Authorization: Bearer a-token-of-somebody",
    "a token eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2lnbmF0dXJl",
    "redis://anna:a-password@cache:6379/0",
    "hunter2 was wrong",
    "sent to +14155550102",
    "GET /v3/contacts?search=%2B14155550102",
    '{"to": "\\u002b14155550102"}',
    "called (415) 555-0102 twice",
    "call 1 415 555 0102",
    "call 020 7946 0103",
    "to +49 30 23125100",
    "GET /v3/contacts?search=14155550102 200 12",
    "page 2 4155550102",
    "id-4155550102",
    "f4155550102",
    "12 ms 0044 20 7946 0103 3",
    "GET /v3/contacts?search=1%20%28415%29%20555-0102&page=2",
    "GET /v3/contacts?search=%204155550102",
    "of 646-200-0003 4 parts",
]
CLEAN = [
    "x-api-key: [key], bearer [key]",
    'www-authenticate: Bearer realm="sent-mcp"',
    "sent to +1415*****02 and to (***) ***-**02",
    "2026-11-21T17:56:10Z 1763747770.123456 req_9vlvS3HK9J",
    "fa089e63-9a4e-5cb0-a38e-c46950102787 190415555010243897210987234987",
    "span 0f4155550102ab3c hmac 9c4155550102e1f0bb52a71d84155550102aa0c4",
    "contact 9c1e77d0-9a4e-5cb0-a38e-f4155550102a of 4155550102345",
    "415.234567 8 ms, 4155-2501-0278, 1763747770.4152345 67 in 0.41555501",
    "the task_group and mask_phones of sk",
    "http://127.0.0.1:41555 was asked 12345678 times",
]
LEAKING = """
from tests.leaks_plugin import LeakPlugin


def pytest_configure(config):
    config.pluginmanager.register(LeakPlugin())
"""
TESTS = """
import logging
from pathlib import Path

from tests.leaks import WATCH


def test_that_logs_a_key():
    logging.getLogger("sent_mcp.tools").warning("no answer for sk_live_4f9d2c7be1a8")


def test_that_runs_a_server():
    WATCH.see("stderr", "WARNING looked for +14155550102")


def test_that_keeps_an_audit_log(tmp_path: Path):
    (tmp_path / "audit.jsonl").write_text('{"target": "send 1 message to +14155550102"}')


def test_that_keeps_a_large_audit_log(tmp_path: Path):
    lines = "nothing\\n" * 350_000
    (tmp_path / "audit.jsonl").write_text(f"{lines}sent to 14155550102 2 times\\n{lines}")


def test_that_keeps_more_than_anybody_reads(tmp_path: Path):
    with (tmp_path / "state.sqlite").open("wb") as file:
        file.truncate(50_000_001)


def test_that_also_keeps_what_cannot_be_read(tmp_path: Path):
    for name in ("audit-a", "audit-c"):
        (tmp_path / name).symlink_to("/proc/self/mem")
    (tmp_path / "audit-b").write_text("sent to +14155550102")


def test_that_leaks_nothing():
    logging.getLogger("sent_mcp.tools").warning("no answer")
"""


@pytest.mark.parametrize("line", LEAKS)
def test_it_is_found_and_shown_to_nobody(line: str) -> None:
    """Once at least, and what is said of it does not say it."""
    watch = Watch()
    watch.see("a log", line)
    found = watch.take()
    assert found
    again = Watch()
    again.see("the report", "\n".join(found).replace("hunter2", ""))
    assert again.take() == []


@pytest.mark.parametrize("line", CLEAN)
def test_what_is_masked_or_means_nothing_is_none(line: str) -> None:
    """Times, ids and ports have many digits, too."""
    watch = Watch()
    watch.see("a log", line)
    assert watch.take() == []


def test_the_settings_of_a_server_are_known() -> None:
    """Those whose names say that they are secret, until the next test."""
    watch = Watch()
    watch.know(
        {
            "SENT_MCP_SECRET": "signs-all-the-tokens",
            "SENT_MCP_HTTP_TOKENS": "anna:the-token-of-anna,ben:the-token-of-ben",
            "SENT_MCP_STATE": "redis://eve:the%20password@cache",
            "SENT_API_KEY": "${SENT_API_KEY}",
            "SENT_BASE_URL": "http://localhost:8787",
        }
    )
    for secret in ("signs-all-the-tokens", "the-token-of-anna", "the-token-of-ben"):
        assert [*watch.leaks(f"-- {secret} --")] == [secret]
    assert [*watch.leaks("http://localhost:8787 ${SENT_API_KEY}")] == []
    watch.forget()
    assert [*watch.leaks("signs-all-the-tokens")] == []


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["one process", "xdist"])
def test_a_test_that_leaks_fails_by_name(tmp_path: Path, workers: list[str]) -> None:
    """Whatever it asserts; the others do not."""
    (tmp_path / "conftest.py").write_text(LEAKING)
    (tmp_path / "test_leaking.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *workers]
    done = subprocess.run(
        [*command, "--rootdir", str(tmp_path), str(tmp_path)],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    failed = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("ERROR ")]
    assert sorted(name.rpartition("::")[2] for name in failed) == [
        "test_that_also_keeps_what_cannot_be_read",
        "test_that_keeps_a_large_audit_log",
        "test_that_keeps_an_audit_log",
        "test_that_keeps_more_than_anybody_reads",
        "test_that_logs_a_key",
        "test_that_runs_a_server",
    ]
    assert "4155550102" not in "".join(
        line for line in done.stdout.splitlines() if "stderr:" in line
    )
