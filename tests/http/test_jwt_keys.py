"""The keys of an identity provider: which of a set are used, and for which tokens."""

import base64
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from sent_mcp.serving.http.jwt_keys import MOST_TRIED
from tests.http.identity import (
    KEYS,
    NEW,
    OLD,
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
    trusting,
)
from tests.http.sites import inside
from tests.http.wire import Site

pytestmark = pytest.mark.usefixtures("patient")
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


def nameless(name: str) -> str:
    """A token that is signed with that key and does not say so."""
    key, algorithm = PRIVATE[name]
    return token(None, key=key, algorithm=algorithm)


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
