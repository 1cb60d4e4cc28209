"""`sent-mcp emulator`: every flag does what it says, and every failure is one line."""

import signal
import socket
import time
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from sent_mcp.cli.app import app
from tests.cli.conftest import Shell, address_of

KEY = "sk_of_the_test"


def client_of(address: str, key: str = "sk_test_emulator") -> httpx.Client:
    """Someone who holds a key."""
    return httpx.Client(base_url=address, headers={"x-api-key": key}, trust_env=False)


def test_it_keeps_its_data_and_takes_its_own_key(shell: Shell) -> None:
    flags = ("--db", str(shell.home / "emulator.sqlite"), "--api-key", KEY, "--contacts", "7")
    with shell.emulator(*flags) as address, client_of(address, KEY) as client:
        assert total(client) == 7
        client.post("/v3/contacts", json={"phone_number": "+14155550160"}).raise_for_status()
        with client_of(address) as stranger:
            assert stranger.get("/v3/contacts").status_code == 401
    with shell.emulator(*flags) as address, client_of(address, KEY) as client:
        assert total(client) == 8


def total(client: httpx.Client) -> int:
    """How many contacts there are."""
    answer = client.get("/v3/contacts", params={"page": 1, "page_size": 1}).raise_for_status()
    return answer.json()["data"]["pagination"]["total_count"]


def test_it_can_be_slow_strict_and_limited(shell: Shell) -> None:
    flags = ("--latency-ms", "200", "--strict-phones", "--requests-per-minute", "2")
    with shell.emulator(*flags) as address, client_of(address) as client:
        before = time.monotonic()
        # A number of the right form that no plan knows.
        refused = client.post("/v3/contacts", json={"phone_number": "+12005550160"})
        assert time.monotonic() - before >= 0.2
        assert refused.status_code == 400
        assert client.get("/v3/me").status_code == 200
        assert client.get("/v3/me").status_code == 429


def test_it_can_listen_on_ipv6_and_says_so_in_brackets(shell: Shell) -> None:
    with shell.emulator("--host", "::1") as address, client_of(address) as client:
        assert address.startswith("http://[::1]:")
        assert total(client) == 150


def test_a_port_in_use_is_named(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        ran = shell.run("emulator", "--port", str(port))
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        f"sent-mcp: cannot listen on 127.0.0.1, port {port}: Address already in use\n"
    )


def test_a_database_that_cannot_be_used_is_named(shell: Shell, tmp_path: Path) -> None:
    ran = shell.run("emulator", "--port", "0", "--db", str(tmp_path / "no" / "folder.sqlite"))
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "sent-mcp: the database cannot be used: unable to open database file\n"


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--host", "example.com"), "'example.com' is no address; use 127.0.0.1"),
        (("--port", "65536"), "'--port'"),
        (("--latency-ms", "-1"), "'--latency-ms'"),
        (("--no-such-flag",), "--no-such-flag"),
    ],
)
def test_a_wrong_flag_is_refused(flags: tuple[str, ...], said: str) -> None:
    ran = CliRunner().invoke(app, ["emulator", *flags])
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert said in ran.stderr


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_and_quietly(shell: Shell, stop: signal.Signals) -> None:
    with shell.start("emulator", "--host", "localhost", "--port", "0") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        with client_of(address_of(process)) as client:
            assert total(client) == 150
            process.send_signal(stop)
            assert process.wait(5) == -stop
        assert (process.stdout.read(), process.stderr.read()) == ("", "")
