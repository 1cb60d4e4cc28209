"""`sent-mcp doctor` where Sent cannot be reached: each reason in words, and never a long wait."""

import ssl
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from tests.cli.conftest import Ran, Shell
from tests.cli.sites import ACCOUNT, Reply, refused, said, silent_site, site
from tests.cli.test_doctor import KEY, checks
from tests.state.redis import free_port

LONGEST = 20.0
"""Ten seconds of waiting at most, and the start of a process on a machine that is busy."""
RESOLVER = """
import socket, time
real = socket.getaddrinfo
def getaddrinfo(asked, *rest, **more):
    host = asked.decode() if isinstance(asked, bytes) else asked
    if host == "slow.example":
        time.sleep(60)
    if host == "lost.example":
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    if host == "none.example":
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return real(asked, *rest, **more)
socket.getaddrinfo = getaddrinfo
"""


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A certificate authority of our own."""
    return trustme.CA()


@contextmanager
def bounded() -> Generator[None]:
    """Inside, nobody waits long."""
    started = time.monotonic()
    yield
    assert time.monotonic() - started < LONGEST


def looked_up(shell: Shell, host: str, **more: str) -> Ran:
    """What is said of a host, by a resolver that knows some names in its own ways."""
    folder = shell.home / "resolver"
    folder.mkdir(exist_ok=True)
    folder.joinpath("sitecustomize.py").write_text(RESOLVER)
    given = {"SENT_BASE_URL": f"https://{host}", "SENT_API_KEY": KEY, "PYTHONPATH": str(folder)}
    with bounded():
        return shell.run("doctor", "--json", **{**given, **more})


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("none.example", "The name none.example is unknown."),
        ("lost.example", "The name lost.example could not be looked up: no name server answers."),
        ("slow.example", "The name slow.example could not be looked up: no name server answers."),
        (f"{'a' * 70}.example", f"The name {'a' * 70}.example is unknown."),
    ],
)
def test_a_name_that_nobody_knows(shell: Shell, host: str, words: str) -> None:
    found = checks(looked_up(shell, host))
    assert found["reachability"]["message"] == words
    assert "online" in found["reachability"]["advice"]


def test_offline_without_a_key_both_are_said_and_the_key_comes_first(shell: Shell) -> None:
    ran = looked_up(shell, "lost.example", SENT_API_KEY="")
    found = checks(ran)
    assert (found["key"]["status"], found["reachability"]["status"]) == ("wrong", "wrong")
    assert found["key"]["message"] == "SENT_API_KEY is set, but empty."
    assert ran.json["next"] == found["key"]["advice"]


def test_a_redis_that_cannot_be_looked_up_does_not_hold_up_the_end(shell: Shell) -> None:
    shared = {"SENT_MCP_STATE": "redis://slow.example", "SENT_MCP_SECRET": "0123456789abcdef" * 2}
    found = checks(looked_up(shell, "slow.example", **shared))
    assert found["state"]["status"] == "wrong"


def test_a_host_that_takes_connections_and_says_nothing(shell: Shell) -> None:
    with silent_site() as url, bounded():
        ran = shell.run("doctor", "--json", SENT_BASE_URL=url, SENT_API_KEY=KEY)
    reachability = checks(ran)["reachability"]
    assert "takes connections, but gave no answer within 5 seconds" in reachability["message"]


def test_without_a_key_a_host_is_only_knocked_at(shell: Shell) -> None:
    with silent_site() as url, bounded():
        found = checks(shell.run("doctor", "--json", SENT_BASE_URL=url))
    assert found["reachability"]["status"] == "ok"
    assert "takes connections; nothing was asked without a key" in found["reachability"]["message"]
    assert found["account"]["status"] == "not_checked"


def certified(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    """A server's half of TLS, with a certificate for one name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with authority.issue_cert(name).private_key_and_cert_chain_pem.tempfile() as path:
        context.load_cert_chain(path)
    return context


def trusting(authority: trustme.CA, folder: Path) -> dict[str, str]:
    """The environment of whoever trusts the authority."""
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    return {"SSL_CERT_FILE": str(folder / "ca.pem"), "SENT_API_KEY": KEY}


@pytest.mark.parametrize(("trusted", "name"), [(False, "127.0.0.1"), (True, "another.example")])
def test_a_certificate_that_is_not_trusted(
    shell: Shell, authority: trustme.CA, trusted: bool, name: str
) -> None:
    """Of an authority nobody knows, or for another host."""
    given = trusting(authority if trusted else trustme.CA(), shell.home)
    with site(said(ACCOUNT), tls=certified(authority, name)) as place:
        found = checks(shell.run("doctor", "--json", SENT_BASE_URL=place.url, **given))
    assert "a certificate that is not trusted here (" in found["reachability"]["message"]
    assert "SSL_CERT_FILE" in found["reachability"]["advice"]
    assert place.asked == []


def test_a_certificate_that_is_trusted(shell: Shell, authority: trustme.CA) -> None:
    given = trusting(authority, shell.home)
    with site(said(ACCOUNT), tls=certified(authority)) as place:
        found = checks(shell.run("doctor", "--json", SENT_BASE_URL=place.url, **given))
    assert found["account"]["status"] == "ok"


def test_a_port_that_does_not_speak_tls(shell: Shell) -> None:
    with site(said(ACCOUNT)) as place:
        url = place.url.replace("http:", "https:")
        found = checks(shell.run("doctor", "--json", SENT_BASE_URL=url, SENT_API_KEY=KEY))
    assert "does not agree with us about TLS" in found["reachability"]["message"]


def test_certificates_that_cannot_be_read(shell: Shell) -> None:
    broken = shell.home / "ca.pem"
    broken.write_text("none")
    with site(said(ACCOUNT)) as place:
        url = place.url.replace("http:", "https:")
        given = {"SENT_BASE_URL": url, "SENT_API_KEY": KEY, "SSL_CERT_FILE": str(broken)}
        found = checks(shell.run("doctor", "--json", **given))
    assert "a proxy or certificate variable" in found["reachability"]["message"].lower()


def test_a_proxy_is_named_and_gone_through(shell: Shell, authority: trustme.CA) -> None:
    given = trusting(authority, shell.home)
    with (
        site(said(ACCOUNT), tls=certified(authority)) as place,
        site(Reply(200)) as proxy,
    ):
        through = f"http://anna:pr0xyword@{proxy.place}"
        ran = shell.run("doctor", "--json", SENT_BASE_URL=place.url, HTTPS_PROXY=through, **given)
    found = checks(ran)
    assert found["proxy"]["message"] == (
        f"Requests go through the proxy {proxy.place} (HTTPS_PROXY or ALL_PROXY)."
    )
    assert found["account"]["status"] == "ok"
    assert proxy.asked == [f"CONNECT {place.place}"]
    assert "pr0xyword" not in ran.out
    assert "anna" not in ran.out


def test_a_proxy_that_does_not_let_it_through(shell: Shell) -> None:
    with site(refused(407, "X", "no")) as proxy:
        given = {"HTTPS_PROXY": f"http://{proxy.place}", "SENT_API_KEY": KEY}
        found = checks(shell.run("doctor", "--json", SENT_BASE_URL="https://sent.example", **given))
    reachability = found["reachability"]
    assert reachability["message"] == (f"The proxy {proxy.place} does not let the request through.")
    assert "HTTPS_PROXY" in reachability["advice"]


def test_a_proxy_that_is_not_there(shell: Shell) -> None:
    place = f"127.0.0.1:{free_port()}"
    given = {"ALL_PROXY": f"http://{place}", "SENT_API_KEY": KEY}
    found = checks(shell.run("doctor", "--json", SENT_BASE_URL="https://sent.example", **given))
    assert found["reachability"]["message"] == (
        f"The proxy {place} refuses connections: nothing listens there."
    )


@pytest.mark.parametrize("proxy", ["http://anna:pr0xyword@host:port", "gopher://h", "http://"])
def test_a_proxy_that_is_no_url(shell: Shell, proxy: str) -> None:
    given = {"HTTPS_PROXY": proxy, "SENT_API_KEY": KEY}
    ran = shell.run("doctor", "--json", SENT_BASE_URL="https://sent.example", **given)
    message = checks(ran)["reachability"]["message"]
    assert message == "The proxy of the environment is no URL with a host and a port."
    assert "pr0xyword" not in ran.out


def test_a_host_that_is_taken_out_of_the_proxy(shell: Shell, authority: trustme.CA) -> None:
    given = {**trusting(authority, shell.home), "NO_PROXY": "127.0.0.1"}
    with site(said(ACCOUNT), tls=certified(authority)) as place:
        nowhere = f"http://127.0.0.1:{free_port()}"
        found = checks(
            shell.run("doctor", "--json", SENT_BASE_URL=place.url, HTTPS_PROXY=nowhere, **given)
        )
    assert "proxy" not in found
    assert found["account"]["status"] == "ok"
