"""The keys of an identity provider: which are used, and what happens while it is away."""

import base64
import logging
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import anyio
import jwt
import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from sent_mcp import __version__
from sent_mcp.serving.http import fetched_keys, wrong_keys
from sent_mcp.serving.http.jwt_keys import MOST_TRIED
from tests.http.identity import (
    KEYS,
    OTHER,
    PRIVATE,
    RSA,
    Provider,
    claims,
    key_set,
    public,
    said_to,
    settings,
    token,
)
from tests.http.sites import inside
from tests.http.wire import Answer, Site

OLD, NEW = public("rsa", RSA, "RS256"), public("new", OTHER, "RS256")
Set = Callable[[str, float], None]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many wrong ones are tried here."""
    monkeypatch.setattr(wrong_keys, "FREE_TRIES", 1_000)


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> Set:
    """Sets one of the times; none cools down at first."""
    monkeypatch.setattr(fetched_keys, "COOL_DOWN_SECONDS", 0.0)
    monkeypatch.setattr(fetched_keys, "FIRST_COOL_DOWN_SECONDS", 0.0)

    def put(name: str, seconds: float) -> None:
        monkeypatch.setattr(fetched_keys, name, seconds)

    return put


@asynccontextmanager
async def trusting(url: str, provider: Provider) -> AsyncGenerator[Site]:
    """A server whose keys are read there."""
    async with provider.served() as keys, inside(url, http=settings(keys)) as site:
        yield site


def unknown(number: int = 0) -> str:
    """A token whose key nobody knows."""
    return token(f"no-such-{number}", key=OTHER)


def nameless(name: str) -> str:
    """A token that is signed with that key and does not say so."""
    key, algorithm = PRIVATE[name]
    return token(None, key=key, algorithm=algorithm)


async def comes_in(site: Site, provider: Provider) -> None:
    """Somebody with a right token; a reading that fails may still be under way."""
    while (answer := await said_to(site, token())).status == 503:
        assert provider.asked < 10
    assert answer.status == 200


async def test_keys_of_a_url_are_asked_for_once(url: str) -> None:
    """And not again for tokens whose key is unknown, whoever sends how many."""
    provider = Provider()
    async with trusting(url, provider) as site:
        assert (await said_to(site, "..")).status == 401
        assert provider.asked == 0
        for _ in range(3):
            assert (await said_to(site, token())).status == 200
        for n in range(10):
            assert (await said_to(site, unknown(n))).status == 401
    assert provider.asked == 1
    assert f"User-Agent: sent-mcp/{__version__}" in provider.headers


async def test_many_who_come_at_once_share_one_reading(url: str) -> None:
    """Whatever the first of them brings."""
    provider = Provider()
    provider.open.clear()
    found: list[int] = []

    async def ask(made: str) -> None:
        found.append((await said_to(site, made)).status)

    async with trusting(url, provider) as site, anyio.create_task_group() as tasks:
        for made in (unknown(), token(), token("ec"), token("ed")):
            tasks.start_soon(ask, made)
        await provider.was_asked(1)
        provider.open.set()
    assert sorted(found) == [200, 200, 200, 401]
    assert provider.asked == 1


async def test_a_provider_that_hangs_stops_nobody_whose_key_is_known(url: str, timed: Set) -> None:
    """Whoever brings unknown ones waits, for the same reading, and is told nobody can say."""
    provider, answers = Provider(), list[Answer]()

    async def junk(number: int) -> None:
        answers.append(await said_to(site, unknown(number)))

    timed("WAIT_SECONDS", 30)
    async with trusting(url, provider) as site:
        assert (await said_to(site, token())).status == 200
        timed("COOL_DOWN_SECONDS", 30)
        provider.open.clear()
        async with anyio.create_task_group() as tasks:
            for number in range(8):
                tasks.start_soon(junk, number)
            await provider.was_asked(2)
            for _ in range(20):
                assert (await said_to(site, token())).status == 200
            assert not answers
            provider.status = 500
            provider.open.set()
        assert [each.status for each in answers] == [503] * 8
        assert all(int(each.fields["retry-after"]) > 20 for each in answers)
        # That was tried just now: nobody waits.
        assert (await said_to(site, unknown())).status == 503
    assert provider.asked == 2


async def test_nobody_waits_for_ever(url: str, timed: Set) -> None:
    """The provider does not answer at all; once it does, its keys are used."""
    provider = Provider()
    provider.open.clear()
    async with trusting(url, provider) as site:
        timed("WAIT_SECONDS", 0.2)
        for bearer in (token(), unknown()):
            assert (await said_to(site, bearer)).status == 503
        timed("WAIT_SECONDS", 30)
        provider.open.set()
        await comes_in(site, provider)


async def test_who_hangs_up_stops_no_reading(url: str) -> None:
    """Others wait for the same one."""
    provider = Provider()
    provider.open.clear()
    async with trusting(url, provider) as site:
        async with site.connected() as connection:
            said = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
            await connection.say(site.bearer(token()).bytes_of(said))
            await provider.was_asked(1)
        provider.open.set()
        assert (await said_to(site, token())).status == 200
    assert provider.asked == 1


async def test_new_keys_are_found(url: str, timed: Set) -> None:
    """A provider that changes them goes on; the old one is accepted no more once it is gone."""
    provider = Provider()
    timed("WAIT_SECONDS", 30)
    async with trusting(url, provider) as site:
        assert (await said_to(site, token())).status == 200
        provider.body = key_set(NEW)
        assert (await said_to(site, token("new", key=OTHER, algorithm="RS256"))).status == 200
        assert (await said_to(site, token())).status == 401


async def test_new_keys_without_names_are_found(url: str, timed: Set) -> None:
    """No token says that its key is unknown."""
    provider = Provider(key_set(public(None, RSA, "RS256")))
    timed("WAIT_SECONDS", 30)
    async with trusting(url, provider) as site:
        assert (await said_to(site, token(None))).status == 200
        provider.body = key_set(public(None, OTHER, "RS256"))
        assert (await said_to(site, token(None, key=OTHER))).status == 200
        assert (await said_to(site, token(None))).status == 401


async def test_a_key_that_was_removed_is_refused_soon(url: str, timed: Set) -> None:
    """Whether anybody calls in between or not."""
    provider = Provider(key_set(OLD, NEW))
    async with trusting(url, provider) as site:
        timed("FRESH_SECONDS", 0.05)
        assert (await said_to(site, token())).status == 200
        provider.body = key_set(NEW)
        await provider.was_asked(provider.asked + 3)
        assert (await said_to(site, token())).status == 401


async def test_old_keys_are_used_while_the_provider_is_away(
    url: str, timed: Set, caplog: pytest.LogCaptureFixture
) -> None:
    """For an hour. The operator is told, but not with every call."""
    provider = Provider()
    async with trusting(url, provider) as site:
        assert (await said_to(site, token())).status == 200
        provider.status = 500
        timed("FRESH_SECONDS", 0)
        for asked in range(2, 5):
            assert (await said_to(site, token())).status == 200
            await provider.was_asked(asked)
        timed("FRESH_SECONDS", 300)
        assert (await said_to(site, token("rsa", key=OTHER))).status == 401
        assert (await said_to(site, unknown())).status == 503
        timed("KEPT_SECONDS", 0)
        assert (await said_to(site, token())).status == 503
    warned = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
    assert warned == [
        "the keys that sign tokens could not be read ('HTTP status 500');"
        " those read 0 minutes ago are used"
    ]


@pytest.mark.parametrize("port", [1, 99999])
async def test_a_url_where_nobody_listens_is_left_alone_for_some_seconds(
    url: str, timed: Set, port: int
) -> None:
    """Whether somebody may come to listen there, or nobody ever can."""
    timed("FIRST_COOL_DOWN_SECONDS", 5)
    async with inside(url, http=settings(f"http://127.0.0.1:{port}/jwks")) as site:
        for _ in range(2):
            answer = await said_to(site, token())
            assert (answer.status, answer.fields["retry-after"]) == (503, "5")
        assert (await said_to(site, "..")).status == 401


AWAY: dict[str, Callable[[], Provider]] = {
    "an error": lambda: Provider(b"{}", 500),
    "nothing there": lambda: Provider(b"", 404),
    "a redirect to where nobody listens": lambda: Provider(b"", 302),
    "an empty answer": lambda: Provider(b""),
    "a page": lambda: Provider(b"<html>"),
    "a list": lambda: Provider(b"[]"),
    "an object": lambda: Provider(b"{}"),
    "no keys": lambda: Provider(key_set()),
    "keys that are no list": lambda: Provider(b'{"keys": 5}'),
    "no key that is usable": lambda: Provider(key_set({"kty": "odd"})),
    "depth": lambda: Provider(b"[" * 100_000),
    "no text": lambda: Provider(b"\xff"),
    "too much": lambda: Provider(key_set(*KEYS) + b" " * fetched_keys.MOST_BYTES),
    "a reset in the middle": lambda: Provider(breaks=True),
    "bytes that never end": lambda: Provider(drips=True),
}


@pytest.mark.parametrize("how", AWAY)
async def test_while_there_are_no_keys_nobody_is_told_their_token_is_wrong(
    url: str, timed: Set, how: str
) -> None:
    """It may be right: call again. Once there are keys, it is."""
    provider = AWAY[how]()
    if provider.drips:
        timed("WAIT_SECONDS", 0.2)
    async with trusting(url, provider) as site:
        answer = await said_to(site, token())
        assert answer.status == 503
        assert answer.error["message"].startswith("The keys that sign tokens cannot be read now")
        assert "retry-after" in answer.fields
        assert "www-authenticate" not in answer.fields
        assert (await site.get("/readyz")).status == 200
        provider.body, provider.status = key_set(*KEYS), 200
        provider.breaks = provider.drips = False
        timed("WAIT_SECONDS", 30)
        await comes_in(site, provider)


@pytest.fixture
def tls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ssl.SSLContext:
    """Of a provider whose certificate is trusted."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate = authority.issue_cert("127.0.0.1")
    certificate.configure_cert(context)  # pyright: ignore[reportUnknownMemberType]  # pyOpenSSL's, too
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return context


async def test_keys_are_fetched_only_from_where_nobody_can_change_them(
    url: str, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A redirect to https is followed, one to http is not; no proxy reads from this machine."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    safe, plain = Provider(), Provider()
    async with safe.served(tls) as there, plain.served() as open_to_all:
        for location, status in ((there, 200), (open_to_all, 503)):
            provider = Provider(b"", 302, location=location)
            async with trusting(url, provider) as site:
                assert (await said_to(site, token())).status == status
    assert (safe.asked, plain.asked) == (1, 0)


async def test_a_certificate_that_is_not_trusted_is_no_provider(
    url: str, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever shows it could be anybody."""
    monkeypatch.delenv("SSL_CERT_FILE")
    provider = Provider()
    async with provider.served(tls) as keys, inside(url, http=settings(keys)) as site:
        assert (await said_to(site, token())).status == 503
    assert provider.asked == 0


Holding = Callable[[bytes], AbstractAsyncContextManager[Site]]
FOREIGN = rsa.generate_private_key(public_exponent=65537, key_size=2048)
WEAK = rsa.generate_private_key(public_exponent=65537, key_size=1024)
SECRET = "s" * 32
SHARED = {
    "kty": "oct",
    "k": base64.urlsafe_b64encode(SECRET.encode()).rstrip(b"=").decode(),
    "kid": "shared",
    "alg": "HS256",
}
UNUSABLE: list[object] = [
    SHARED,
    {**public("enc", FOREIGN, "RS256"), "use": "enc"},
    {**public("oaep", FOREIGN, "RS256"), "alg": "RSA-OAEP"},
    {**public("no modulus", FOREIGN, "RS256"), "n": None},
    {**public("odd modulus", FOREIGN, "RS256"), "n": "="},
    {**public("list", FOREIGN, "RS256"), "kty": ["RSA"], "alg": ["RS256"]},
    {**public("number", FOREIGN, "RS256"), "kid": 5},
    {**KEYS[1], "kid": "no point", "y": KEYS[1]["x"]},
    {"kty": "EC", "crv": "P-521"},
    {"kty": "OKP", "crv": "Ed25519", "x": "AA"},
    {"kty": "RSA"},
    public("weak", WEAK, "RS256"),
    jwt.get_algorithm_by_name("RS256").to_jwk(FOREIGN, as_dict=True),
    "anna",
    None,
    [],
]


@pytest.fixture(params=["file", "url"])
def holding(request: pytest.FixtureRequest, url: str, home: Path) -> Holding:
    """Opens a server whose keys are these: in a file, or at a URL."""

    @asynccontextmanager
    async def by_file(keys: bytes) -> AsyncGenerator[Site]:
        file = home / "jwks.json"
        file.write_bytes(keys)
        async with inside(url, http=settings(file)) as site:
            yield site

    def by_url(keys: bytes) -> AbstractAsyncContextManager[Site]:
        return trusting(url, Provider(keys))

    return by_file if request.param == "file" else by_url


async def test_a_single_key_needs_no_name(holding: Holding) -> None:
    """As a set of one's own making often has it; whatever else cannot be used beside it."""
    async with holding(key_set(*UNUSABLE, public(None, RSA, "RS256"))) as site:
        assert (await said_to(site, token(None))).status == 200
        assert (await said_to(site, token(None, key=OTHER))).status == 401


async def test_a_token_without_a_name_of_a_key_needs_a_single_one_that_fits(
    holding: Holding,
) -> None:
    """Of several that have names it is nobody's to guess which is meant."""
    async with holding(key_set(OLD, NEW, *KEYS[1:])) as site:
        assert (await said_to(site, token(None))).status == 401
        for name in ("rsa", "ec", "ed"):
            assert (await said_to(site, token(name))).status == 200
        assert (await said_to(site, nameless("ec"))).status == 200
        assert (await said_to(site, nameless("ed"))).status == 200


async def test_of_keys_without_names_each_that_fits_is_tried(holding: Holding) -> None:
    """Whether the token has a name for its own or not."""
    keys = [public(None, key, "RS256") for key in (FOREIGN, OTHER, RSA)]
    async with holding(key_set(*keys, public(None, *PRIVATE["ec"]))) as site:
        for name in ("rsa", None):
            assert (await said_to(site, token(name))).status == 200
            assert (await said_to(site, token(name, key=OTHER))).status == 200
        assert (await said_to(site, token("ec"))).status == 200
        assert (await said_to(site, token("ed"))).status == 401


async def test_not_more_than_ten_keys_are_tried(holding: Holding) -> None:
    """Whoever sends tokens must not make much work."""
    curves = [ec.generate_private_key(ec.SECP256R1()) for _ in range(MOST_TRIED + 1)]
    async with holding(key_set(*(public(None, key, "ES256") for key in curves))) as site:
        tried, not_tried = token("ec", key=curves[-2]), token("ec", key=curves[-1])
        assert (await said_to(site, tried)).status == 200
        assert (await said_to(site, not_tried)).status == 401


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"])
async def test_a_key_that_names_no_algorithm_is_for_all_of_its_type(
    home: Path, url: str, algorithm: str
) -> None:
    """One that names it is for that alone."""
    file, free = home / "jwks.json", {**OLD, "kid": "free"}
    del free["alg"]
    file.write_bytes(key_set(free, OLD))
    async with inside(url, http=settings(file)) as site:
        made = token("free", key=RSA, algorithm=algorithm)
        assert (await said_to(site, made)).status == 200
        made = token("rsa", algorithm=algorithm)
        assert (await said_to(site, made)).status == (200 if algorithm == "RS256" else 401)


async def test_unusable_keys_are_not_used_and_spoil_nothing(holding: Holding) -> None:
    """Such as are for something else, too weak, private, or shared: who checks could also sign."""
    async with holding(key_set(*UNUSABLE, *KEYS)) as site:
        assert (await said_to(site, token())).status == 200
        made = jwt.encode(claims(), SECRET, "HS256", {"kid": "shared"})
        assert (await said_to(site, made)).status == 401
        for name in ("enc", "oaep", "list", "shared", None, "rsa"):
            assert (await said_to(site, token(name, key=FOREIGN))).status == 401
