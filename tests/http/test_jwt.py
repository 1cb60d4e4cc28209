"""Tokens of an identity provider: only such as are signed, meant for here, and still valid."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import jwt
import pytest
from anyio.to_thread import run_sync
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sent_mcp.errors import SettingsError
from sent_mcp.http_settings import HttpSettings, load_http_settings
from sent_mcp.serving.http import wrong_keys
from sent_mcp.serving.http.jwt_credentials import jwt_credentials
from tests.cli.conftest import Shell
from tests.door import KEY, SEEDED
from tests.http.sites import inside, lines_of, reaching, started
from tests.http.wire import ERAS, Answer, Site

ISSUER, AUDIENCE = "https://id.example.com/", "https://mcp.example.com/mcp"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CURVE = ec.generate_private_key(ec.SECP256R1())
EDWARDS = Ed25519PrivateKey.generate()
PRIVATE: dict[str, tuple[Any, str]] = {
    "rsa": (RSA, "RS256"),
    "ec": (CURVE, "ES256"),
    "ed": (EDWARDS, "EdDSA"),
}
PEM = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def public(name: str, key: Any, algorithm: str) -> dict[str, Any]:
    """The public half as a JSON Web Key."""
    made = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
    return {**made, "kid": name, "use": "sig", "alg": algorithm}


KEYS = {"keys": [public(name, *pair) for name, pair in PRIVATE.items()]}


def claims(**other: Any) -> dict[str, Any]:
    """What a right token says, with these changes; None leaves one out."""
    now = int(time.time())
    said = {"iss": ISSUER, "aud": AUDIENCE, "sub": "anna", "iat": now, "exp": now + 300, **other}
    return {name: value for name, value in said.items() if value is not None}


def token(kid: str | None = "rsa", *, key: Any = None, algorithm: str = "", **other: Any) -> str:
    """A token that is signed with the key of this name, or with another."""
    own, usual = PRIVATE.get(kid or "rsa", PRIVATE["rsa"])
    headers = {} if kid is None else {"kid": kid}
    return jwt.encode(claims(**other), key or own, algorithm or usual, headers)


def unsigned(header: object, said: object, signature: bytes = b"") -> str:
    """Whatever somebody writes by hand."""

    def part(value: object) -> str:
        raw = value if isinstance(value, bytes) else json.dumps(value).encode()
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    return f"{part(header)}.{part(said)}.{part(signature)}"


def settings(jwks: Path | str) -> HttpSettings:
    return load_http_settings(
        auth="jwt", jwt_issuer=ISSUER, jwt_audience=AUDIENCE, jwt_jwks=str(jwks)
    )


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many wrong ones are tried here."""
    monkeypatch.setattr(wrong_keys, "FREE_TRIES", 1_000)


@pytest.fixture(scope="module")
async def known(shared_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Site]:
    """A server with the keys in a file."""
    file = tmp_path_factory.mktemp("keys") / "jwks.json"
    file.write_text(json.dumps(KEYS))
    async with inside(shared_url, http=settings(file)) as site:
        yield site


async def said_to(site: Site, bearer: str, era: str = ERAS[0]) -> Answer:
    return await site.bearer(bearer, era).ask("tools/list")


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    "make",
    [
        *(lambda name=name: token(name) for name in PRIVATE),
        lambda: token(aud=["https://other.example", AUDIENCE]),
        lambda: token(exp=int(time.time()) - 5),
        lambda: token(nbf=int(time.time()) + 5),
        lambda: token(sub="x" * 2_000, scope="read", azp="some-client"),
    ],
)
async def test_a_right_token_lets_its_subject_in(
    known: Site, make: Callable[[], str], era: str
) -> None:
    """With half a minute's leave: clocks differ."""
    assert (await said_to(known, make(), era)).status == 200


NOW = int(time.time())
WRONG: dict[str, Callable[[], str]] = {
    "expired": lambda: token(exp=NOW - 120),
    "not valid yet": lambda: token(nbf=NOW + 600),
    "issued in the future": lambda: token(iat=NOW + 600),
    "another issuer": lambda: token(iss="https://evil.example/"),
    "nearly the issuer": lambda: token(iss=ISSUER.rstrip("/")),
    "several issuers": lambda: unsigned({"alg": "none"}, claims(iss=[ISSUER])),
    "another audience": lambda: token(aud="https://other.example"),
    "no audience of several": lambda: token(aud=["a", "b"]),
    "no audience": lambda: token(aud=None),
    "no issuer": lambda: token(iss=None),
    "no end": lambda: token(exp=None),
    "no subject": lambda: token(sub=None),
    "an empty subject": lambda: token(sub=""),
    "signed by another": lambda: token(key=OTHER),
    "signed by another of its own name": lambda: token("other", key=OTHER, algorithm="RS256"),
    "no name of a key among several": lambda: token(None),
    "an unknown key": lambda: token("no-such"),
    "the key of another algorithm": lambda: token("ec", key=RSA, algorithm="RS256"),
    "no signature": lambda: token().rpartition(".")[0] + ".",
    "no algorithm": lambda: unsigned({"alg": "none", "kid": "rsa"}, claims()),
    "no algorithm, in capitals": lambda: unsigned({"alg": "NONE", "kid": "rsa"}, claims()),
    "no algorithm at all": lambda: unsigned({"kid": "rsa"}, claims()),
    "the public key as a secret": lambda: by_hmac(PEM),
    "nothing as a secret": lambda: by_hmac(b""),
    "changed after it was signed": lambda: changed(token(), sub="ben"),
    "a header that is deep": lambda: unsigned(b"[" * 20_000, claims()),
    "claims that are deep": lambda: signed_bytes(b"[" * 20_000),
    "a header that is a list": lambda: unsigned([1], claims()),
    "a name of a key that is none": lambda: unsigned({"alg": "RS256", "kid": 5}, claims()),
    "an algorithm that is none": lambda: unsigned({"alg": ["RS256"], "kid": "rsa"}, claims()),
    "an end that is none": lambda: signed_bytes(json.dumps(claims(exp="soon")).encode()),
    "an end that never comes": lambda: signed_bytes(
        json.dumps(claims(exp=1)).replace('"exp": 1', '"exp": 1e999').encode()
    ),
    "a subject that is no text": lambda: signed_bytes(json.dumps(claims(sub=["anna"])).encode()),
    "claims that are no object": lambda: signed_bytes(b'"anna"'),
    "no token": lambda: "anna",
    "two points": lambda: "..",
    "many points": lambda: "." * 1_000,
    "not base64": lambda: "\xe9.\xe9.\xe9",
    "an encrypted one": lambda: "a.b.c.d.e",
}


def by_hmac(secret: bytes) -> str:
    """Signed with a secret: what confuses a checker that takes the algorithm from the token."""
    said = unsigned({"alg": "HS256", "typ": "JWT", "kid": "rsa"}, claims()).rpartition(".")[0]
    made = hmac.new(secret, said.encode(), hashlib.sha256).digest()
    return f"{said}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}"


def signed_bytes(payload: bytes) -> str:
    """Rightly signed, whatever it says."""
    return jwt.PyJWS().encode(payload, RSA, "RS256", {"kid": "rsa"})


def changed(made: str, **other: Any) -> str:
    """The same signature over other claims."""
    head, _, signature = made.split(".")
    said = unsigned({}, claims(**other)).split(".")[1]
    return f"{head}.{said}.{signature}"


@pytest.mark.parametrize("why", WRONG)
async def test_a_wrong_token_lets_nobody_in(known: Site, why: str) -> None:
    """And is never the server's own mistake."""
    answer = await said_to(known, WRONG[why]())
    assert answer.status == 401
    challenge = answer.fields["www-authenticate"]
    assert 'error="invalid_token"' in challenge
    assert "resource_metadata" not in challenge


async def test_without_a_token_one_is_asked_for(known: Site) -> None:
    """Without a word of where to get it."""
    answer = await known.client().ask("tools/list")
    assert (answer.status, answer.fields["www-authenticate"]) == (401, 'Bearer realm="sent-mcp"')
    assert (await known.get("/.well-known/oauth-protected-resource")).status == 404


@dataclass
class Provider:
    """Serves keys, and counts how often it is asked."""

    body: bytes = field(default_factory=lambda: json.dumps(KEYS).encode())
    status: int = 200
    asked: int = 0

    @asynccontextmanager
    async def served(self) -> AsyncGenerator[str]:
        """Where it is."""
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked += 1
                self.send_response(provider.status)
                self.send_header("Location", "http://127.0.0.1:1/")
                self.send_header("Content-Length", str(len(provider.body)))
                self.end_headers()
                self.wfile.write(provider.body)

            def log_message(self, format: str, *args: object) -> None:
                """Says nothing."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_address[1]}/jwks"
            finally:
                await run_sync(server.shutdown)
                thread.join()


async def test_keys_of_a_url_are_asked_for_once(url: str) -> None:
    """And not again for tokens whose key is unknown, whoever sends how many."""
    provider = Provider()
    async with provider.served() as keys, inside(url, http=settings(keys)) as site:
        assert provider.asked == 0
        for _ in range(3):
            assert (await said_to(site, token())).status == 200
        assert provider.asked == 1
        for n in range(10):
            assert (await said_to(site, token(f"no-such-{n}", key=OTHER))).status == 401
        assert provider.asked <= 2
        assert (await said_to(site, "..")).status == 401


async def test_new_keys_of_a_url_are_found(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider that changes them goes on; the old one is accepted no more once it is gone."""
    provider = Provider()
    keeps = jwt.PyJWKClient.__init__

    def impatient(self: jwt.PyJWKClient, *given: Any, **named: Any) -> None:
        keeps(self, *given, **{**named, "cooldown_duration": 0})

    monkeypatch.setattr(jwt.PyJWKClient, "__init__", impatient)
    async with provider.served() as keys, inside(url, http=settings(keys)) as site:
        assert (await said_to(site, token())).status == 200
        provider.body = json.dumps({"keys": [public("new", OTHER, "RS256")]}).encode()
        assert (await said_to(site, token("new", key=OTHER, algorithm="RS256"))).status == 200
        assert (await said_to(site, token())).status == 401


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"{}"),
        (404, b""),
        (302, b""),
        (200, b""),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'{"keys": []}'),
        (200, b'{"keys": [{"kty": "odd"}]}'),
        (200, b"[" * 100_000),
        (200, b"\xff"),
    ],
)
async def test_while_there_are_no_keys_nobody_is_told_their_token_is_wrong(
    url: str, status: int, body: bytes
) -> None:
    """It may be right: call again. Once there are keys, it is."""
    provider = Provider(body, status)
    async with provider.served() as keys, inside(url, http=settings(keys)) as site:
        answer = await said_to(site, token())
        assert answer.status == 503
        assert int(answer.fields["retry-after"]) > 0
        assert "www-authenticate" not in answer.fields
        assert (await site.get("/readyz")).status == 200
        provider.body, provider.status = json.dumps(KEYS).encode(), 200
        assert (await said_to(site, token())).status == 200


async def test_keys_that_were_read_are_used_while_their_url_is_away(url: str) -> None:
    """For five minutes."""
    provider = Provider()
    async with inside(url, http=settings("http://127.0.0.1:1/jwks")) as site:
        assert (await said_to(site, token())).status == 503
    async with provider.served() as keys, inside(url, http=settings(keys)) as site:
        assert (await said_to(site, token())).status == 200
        provider.status = 500
        assert (await said_to(site, token("ec"))).status == 200
        assert (await said_to(site, token(key=OTHER))).status == 401


async def test_a_single_key_needs_no_name(url: str, home: Path) -> None:
    """As a file of one's own making often has it."""
    file = home / "jwks.json"
    only = public("", RSA, "RS256")
    del only["kid"]
    file.write_text(json.dumps({"keys": [only]}))
    async with inside(url, http=settings(file)) as site:
        assert (await said_to(site, token(None))).status == 200
        assert (await said_to(site, token(None, key=OTHER))).status == 401


async def test_a_secret_among_the_keys_is_not_used(url: str, home: Path) -> None:
    """Whoever can check with it could also sign."""
    file, secret = home / "jwks.json", "s" * 32
    coded = base64.urlsafe_b64encode(secret.encode()).rstrip(b"=").decode()
    shared = {"kty": "oct", "k": coded, "kid": "shared", "alg": "HS256"}
    file.write_text(json.dumps({"keys": [shared, *KEYS["keys"]]}))
    async with inside(url, http=settings(file)) as site:
        made = jwt.encode(claims(), secret, "HS256", {"kid": "shared"})
        assert (await said_to(site, made)).status == 401
        assert (await said_to(site, token())).status == 200


async def test_a_subject_is_a_caller(home: Path, url: str) -> None:
    """In a process of its own: approvals, audit, and what is printed."""
    audit, file = home / "audit.jsonl", home / "jwks.json"
    file.write_text(json.dumps(KEYS))
    flags = ["--auth", "jwt", "--jwt-issuer", ISSUER, "--jwt-audience", AUDIENCE]
    given = {"SENT_MCP_AUDIT_LOG": str(audit), "SENT_MCP_LOG_LEVEL": "INFO"}
    made = token(sub="anna@example.com")
    with started(home, *flags, "--jwt-jwks", str(file), **reaching(url), **given) as site:
        anna, ben = site.bearer(made), site.bearer(token(sub="ben"))
        found = await anna.call("find_contact_by_phone", phone_number=SEEDED)
        contact = {"contact_id": found["contact"]["id"]}
        asked = (await anna.call("delete_contact", **contact))["confirmation_token"]
        stolen = await ben.call("delete_contact", **contact, confirmation_token=asked)
        assert stolen["status"] == "token_rejected"
        # A newer token of the same subject is the same caller.
        later = site.bearer(token("ec", sub="anna@example.com"))
        done = await later.call("delete_contact", **contact, confirmation_token=asked)
        assert done["status"] == "deleted"
        assert (await said_to(site, token(key=OTHER))).status == 401
        lines = await lines_of(audit, 3)
    callers = [line["caller"] for line in lines]
    assert callers == ["jwt:anna@example.com", "jwt:ben", "jwt:anna@example.com"]
    assert made not in site.stderr
    assert KEY not in site.stderr
    assert "Traceback" not in site.stderr


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"\xff", b"[" * 100_000, PEM, b'{"keys": []}'])
def test_a_file_without_keys_is_refused(home: Path, raw: bytes) -> None:
    """Whatever else it holds."""
    file = home / "jwks.json"
    file.write_bytes(raw)
    with pytest.raises(SettingsError, match=f"--jwt-jwks: {file} holds no JSON Web Key Set"):
        jwt_credentials(settings(file))


def test_it_is_refused_at_start(home: Path) -> None:
    """In a sentence, and before anybody is told where the server is."""
    file = home / "jwks.json"
    file.write_bytes(PEM)
    ran = Shell(home).run(
        *("serve", "--demo", "--transport", "http", "--port", "0", "--auth", "jwt"),
        *("--jwt-issuer", ISSUER, "--jwt-audience", AUDIENCE, "--jwt-jwks", str(file)),
    )
    assert (ran.code, ran.out) == (2, "")
    assert f"--jwt-jwks: {file} holds no JSON Web Key Set" in ran.err
    assert "Traceback" not in ran.err
    assert "Serving" not in ran.err
