"""Tokens of an identity provider: only such as are signed, meant for here, and still valid."""

import base64
import hashlib
import hmac
import json
import logging
import time
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sent_mcp.errors import SettingsError
from sent_mcp.serving.http import wrong_keys
from sent_mcp.serving.http.jwt_credentials import LONGEST_TOKEN, jwt_credentials
from tests.cli.conftest import Shell
from tests.door import KEY, SEEDED
from tests.http.identity import (
    AUDIENCE,
    ISSUER,
    KEYS,
    OTHER,
    PRIVATE,
    RSA,
    claims,
    key_set,
    said_to,
    settings,
    token,
)
from tests.http.sites import inside, lines_of, reaching, started
from tests.http.wire import ERAS, Site

PEM = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def unsigned(header: object, said: object, signature: bytes = b"") -> str:
    """Whatever somebody writes by hand."""

    def part(value: object) -> str:
        raw = value if isinstance(value, bytes) else json.dumps(value).encode()
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    return f"{part(header)}.{part(said)}.{part(signature)}"


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many wrong ones are tried here."""
    monkeypatch.setattr(wrong_keys, "FREE_TRIES", 1_000)


@pytest.fixture(scope="module")
async def known(shared_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Site]:
    """A server with the keys in a file."""
    file = tmp_path_factory.mktemp("keys") / "jwks.json"
    file.write_bytes(key_set(*KEYS))
    async with inside(shared_url, http=settings(file)) as site:
        yield site


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    "make",
    [
        *(lambda name=name: token(name) for name in PRIVATE),
        lambda: token(None),
        lambda: token(aud=["https://other.example", AUDIENCE]),
        lambda: token(exp=int(time.time()) - 5),
        lambda: token(nbf=int(time.time()) + 5),
        lambda: token(sub="x" * 256, scope="read", azp=["odd", "client"]),
        lambda: " " + token(),
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
    "a subject that is long": lambda: token(sub="x" * 257),
    "a subject of two lines": lambda: token(sub="anna\nben"),
    "a subject that rings": lambda: token(sub="anna\a"),
    "a subject that is written backwards": lambda: token(sub="\u202eanna"),
    "a subject with half a character": lambda: token(sub="\ud800"),
    "signed by another": lambda: token(key=OTHER),
    "signed by another of its own name": lambda: token("other", key=OTHER, algorithm="RS256"),
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
    "a beginning that is none": lambda: signed_bytes(json.dumps(claims(nbf=[1])).encode()),
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
    "extensions": lambda: extended(),
    "a long one": lambda: token(padding="x" * LONGEST_TOKEN),
}


def by_hmac(secret: bytes) -> str:
    """Signed with a secret: what confuses a checker that takes the algorithm from the token."""
    said = unsigned({"alg": "HS256", "typ": "JWT", "kid": "rsa"}, claims()).rpartition(".")[0]
    made = hmac.new(secret, said.encode(), hashlib.sha256).digest()
    return f"{said}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}"


def signed_bytes(payload: bytes) -> str:
    """Rightly signed, whatever it says."""
    return jwt.PyJWS().encode(payload, RSA, "RS256", {"kid": "rsa"})


def extended() -> str:
    """Rightly signed, in a way that only who knows the extension can understand."""
    return jwt.encode(claims(), RSA, "RS256", {"kid": "rsa", "crit": ["odd"], "odd": 1})


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


async def test_an_expired_token_is_told_so(known: Site, caplog: pytest.LogCaptureFixture) -> None:
    """Its owner can get a newer one; of others only the operator learns what is wrong."""
    caplog.set_level(logging.INFO, "sent_mcp.serving")
    answer = await said_to(known, token(exp=NOW - 120))
    assert answer.error["message"] == "The token has expired"
    assert 'error_description="The token has expired"' in answer.fields["www-authenticate"]
    for wrong in (token(exp=NOW - 120, key=OTHER), token(aud="https://other.example")):
        assert (await said_to(known, wrong)).error["message"] == "The token is not accepted"
    said = [each.getMessage() for each in caplog.records if "token was refused" in each.msg]
    names = [each.removeprefix("a token was refused: ").split()[0] for each in said]
    assert names == ["ExpiredSignatureError", "InvalidSignatureError", "InvalidAudienceError"]


async def test_a_subject_is_a_caller(home: Path, url: str) -> None:
    """In a process of its own: approvals, audit, and what is printed."""
    audit, file = home / "audit.jsonl", home / "jwks.json"
    file.write_bytes(key_set(*KEYS))
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
