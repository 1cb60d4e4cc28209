"""`sent-mcp doctor` where Sent cannot be reached: each reason in words, and never a long wait."""

import socket
import ssl
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from tests.cli.conftest import Shell
from tests.cli.here import Here
from tests.cli.sites import ACCOUNT, Reply, refused, said, silent_site, site
from tests.cli.test_doctor import KEY, checks
from tests.state.redis import free_port

LONGEST = 20.0
"""Ten seconds of waiting at most, and the start of a process on a machine that is busy."""
UNKNOWN: Mapping[str, int] = {
    "none.example": socket.EAI_NONAME,
    "lost.example": socket.EAI_AGAIN,
}
SLEEPING = """
import socket, time
def getaddrinfo(*asked, **more):
    time.sleep(60)
socket.getaddrinfo = getaddrinfo
"""


@pytest.fixture
def here(tmp_path: Path) -> Here:
    return Here(tmp_path)


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


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that does not know some names, each in its own way."""
    real = socket.getaddrinfo

    def getaddrinfo(host: str | bytes, *rest: object, **more: object) -> object:
        name = host.decode() if isinstance(host, bytes) else host
        if name in UNKNOWN:
            raise socket.gaierror(UNKNOWN[name], "Name or service not known")
        return real(host, *rest, **more)  # pyright: ignore[reportArgumentType]  # passed on

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.mark.usefixtures("resolver")
@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("none.example", "The name none.example is unknown."),
        ("lost.example", "The name lost.example could not be looked up: no name server answers."),
        (f"{'a' * 70}.example", f"The name {'a' * 70}.example is unknown."),
    ],
)
def test_a_name_that_nobody_knows(here: Here, host: str, words: str) -> None:
    given = {"SENT_BASE_URL": f"https://{host}", "SENT_API_KEY": KEY}
    found = checks(here.run("doctor", "--json", **given))
    assert found["reachability"]["message"] == words
    assert "online" in found["reachability"]["advice"]


@pytest.mark.usefixtures("resolver")
def test_offline_without_a_key_both_are_said_and_the_key_comes_first(here: Here) -> None:
    ran = here.run("doctor", "--json", SENT_BASE_URL="https://lost.example", SENT_API_KEY="")
    found = checks(ran)
    assert (found["key"]["status"], found["reachability"]["status"]) == ("wrong", "wrong")
    assert found["key"]["message"] == "SENT_API_KEY is set, but empty."
    assert ran.json["next"] == found["key"]["advice"]


def test_names_that_are_not_looked_up_in_time_do_not_hold_up_the_end(shell: Shell) -> None:
    """Neither that of the API nor that of a Redis."""
    folder = shell.home / "resolver"
    folder.mkdir()
    folder.joinpath("sitecustomize.py").write_text(SLEEPING)
    given = {
        "SENT_BASE_URL": "https://slow.example",
        "SENT_API_KEY": KEY,
        "SENT_MCP_STATE": "redis://slow.example",
        "SENT_MCP_SECRET": "0123456789abcdef" * 2,
        "PYTHONPATH": str(folder),
    }
    with bounded():
        found = checks(shell.run("doctor", "--json", **given))
    assert found["reachability"]["message"] == (
        "The name slow.example could not be looked up: no name server answers."
    )
    assert found["state"]["status"] == "wrong"


def test_a_host_that_takes_connections_and_says_nothing(here: Here) -> None:
    with silent_site() as url, bounded():
        ran = here.run("doctor", "--json", SENT_BASE_URL=url, SENT_API_KEY=KEY)
    reachability = checks(ran)["reachability"]
    assert "takes connections, but gave no answer within 5 seconds" in reachability["message"]


def test_without_a_key_a_host_is_only_knocked_at(here: Here) -> None:
    with silent_site() as url, bounded():
        found = checks(here.run("doctor", "--json", SENT_BASE_URL=url))
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
    here: Here, authority: trustme.CA, trusted: bool, name: str
) -> None:
    """Of an authority nobody knows, or for another host."""
    given = trusting(authority if trusted else trustme.CA(), here.home)
    with site(said(ACCOUNT), tls=certified(authority, name)) as place:
        found = checks(here.run("doctor", "--json", SENT_BASE_URL=place.url, **given))
    assert "a certificate that is not trusted here (" in found["reachability"]["message"]
    assert "SSL_CERT_FILE" in found["reachability"]["advice"]
    assert place.asked == []


def test_a_certificate_that_is_trusted(here: Here, authority: trustme.CA) -> None:
    given = trusting(authority, here.home)
    with site(said(ACCOUNT), tls=certified(authority)) as place:
        found = checks(here.run("doctor", "--json", SENT_BASE_URL=place.url, **given))
    assert found["account"]["status"] == "ok"


def test_a_port_that_does_not_speak_tls(here: Here) -> None:
    with site(said(ACCOUNT)) as place:
        url = place.url.replace("http:", "https:")
        found = checks(here.run("doctor", "--json", SENT_BASE_URL=url, SENT_API_KEY=KEY))
    assert "does not agree with us about TLS" in found["reachability"]["message"]


def test_certificates_that_cannot_be_read(here: Here) -> None:
    broken = here.home / "ca.pem"
    broken.write_text("none")
    with site(said(ACCOUNT)) as place:
        url = place.url.replace("http:", "https:")
        given = {"SENT_BASE_URL": url, "SENT_API_KEY": KEY, "SSL_CERT_FILE": str(broken)}
        found = checks(here.run("doctor", "--json", **given))
    assert "a proxy or certificate variable" in found["reachability"]["message"].lower()


def test_a_proxy_is_named_and_gone_through(here: Here, authority: trustme.CA) -> None:
    given = trusting(authority, here.home)
    with (
        site(said(ACCOUNT), tls=certified(authority)) as place,
        site(Reply(200)) as proxy,
    ):
        through = f"http://anna:pr0xyword@{proxy.place}"
        ran = here.run("doctor", "--json", SENT_BASE_URL=place.url, HTTPS_PROXY=through, **given)
    found = checks(ran)
    assert found["proxy"]["message"] == (
        f"Requests go through the proxy {proxy.place} (HTTPS_PROXY or ALL_PROXY)."
    )
    assert found["account"]["status"] == "ok"
    assert proxy.asked == [f"CONNECT {place.place}"]
    assert "pr0xyword" not in ran.out
    assert "anna" not in ran.out


def test_a_proxy_that_does_not_let_it_through(here: Here) -> None:
    with site(refused(407, "X", "no")) as proxy:
        given = {"HTTPS_PROXY": f"http://{proxy.place}", "SENT_API_KEY": KEY}
        found = checks(here.run("doctor", "--json", SENT_BASE_URL="https://sent.example", **given))
    reachability = found["reachability"]
    assert reachability["message"] == (f"The proxy {proxy.place} does not let the request through.")
    assert "HTTPS_PROXY" in reachability["advice"]


def test_a_proxy_that_is_not_there(here: Here) -> None:
    place = f"127.0.0.1:{free_port()}"
    given = {"ALL_PROXY": f"http://{place}", "SENT_API_KEY": KEY}
    found = checks(here.run("doctor", "--json", SENT_BASE_URL="https://sent.example", **given))
    assert found["reachability"]["message"] == (
        f"The proxy {place} refuses connections: nothing listens there."
    )


@pytest.mark.parametrize("proxy", ["http://anna:pr0xyword@host:port", "gopher://h", "http://"])
def test_a_proxy_that_is_no_url(here: Here, proxy: str) -> None:
    given = {"HTTPS_PROXY": proxy, "SENT_API_KEY": KEY}
    ran = here.run("doctor", "--json", SENT_BASE_URL="https://sent.example", **given)
    message = checks(ran)["reachability"]["message"]
    assert message == "The proxy of the environment is no URL with a host and a port."
    assert "pr0xyword" not in ran.out


def test_a_host_that_is_taken_out_of_the_proxy(here: Here, authority: trustme.CA) -> None:
    given = {**trusting(authority, here.home), "NO_PROXY": "127.0.0.1"}
    with site(said(ACCOUNT), tls=certified(authority)) as place:
        nowhere = f"http://127.0.0.1:{free_port()}"
        found = checks(
            here.run("doctor", "--json", SENT_BASE_URL=place.url, HTTPS_PROXY=nowhere, **given)
        )
    assert "proxy" not in found
    assert found["account"]["status"] == "ok"
