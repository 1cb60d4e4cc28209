"""The keys of an identity provider (RFC 7517), as far as they are public and for signatures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from pydantic_core import from_json

from sent_mcp.serving.http.fetched_keys import NotKeysError

MOST_TRIED = 10
"""Keys that are tried on one token: those of a set without names."""
_ALGORITHMS = {
    ("RSA", ""): ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("OKP", "Ed25519"): ("EdDSA",),
    ("OKP", "Ed448"): ("EdDSA",),
}
"""By type and curve. Whoever can check such a signature cannot make it."""
_LEAST_RSA_BITS = 2048
"""RFC 7518, 3.3."""
PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey | Ed448PublicKey


def is_accepted(algorithm: object) -> bool:
    """Whether tokens may be signed so."""
    return any(algorithm in each for each in _ALGORITHMS.values())


@dataclass(frozen=True)
class Key:
    """The public half of one key, and the algorithms it is for."""

    name: str | None
    algorithms: Sequence[str]
    public: PublicKey


class KeySet:
    """The usable keys of a JSON Web Key Set (RFC 7517)."""

    def __init__(self, raw: bytes) -> None:
        """Leaves out what is unusable here. Raises ValueError when nothing remains."""
        found: object = from_json(raw)
        entries = cast("dict[str, object]", found).get("keys") if isinstance(found, dict) else None
        listed = cast("list[object]", entries) if isinstance(entries, list) else []
        self._keys = [key for each in listed if (key := _usable(each)) is not None]
        if not self._keys:
            raise NotKeysError("no JSON Web Key Set with a key that is usable here")

    def knows(self, name: str | None) -> bool:
        """Whether a key is called so."""
        return name is not None and any(key.name == name for key in self._keys)

    def fitting(self, name: str | None, algorithm: str) -> Sequence[Key]:
        """The keys that may have signed a token with such a header, ten at most.

        They are those of that name; else the only one that fits, if no name is given; else those
        without a name.
        """
        fit = [key for key in self._keys if algorithm in key.algorithms]
        if name is None and len(fit) == 1:
            return fit
        wanted = name if self.knows(name) else None
        return [key for key in fit if key.name == wanted][:MOST_TRIED]


def _usable(entry: object) -> Key | None:
    """The key that an entry of a set holds; None if it is for something else, or not public."""
    said = cast("dict[str, Any]", entry) if isinstance(entry, dict) else {}
    name, only = said.get("kid"), said.get("alg")
    if said.get("use", "sig") != "sig" or not isinstance(name, str | None):
        return None
    kind = _ALGORITHMS.get((str(said.get("kty")), str(said.get("crv", ""))), ())
    algorithms = [each for each in kind if only in (None, each)]
    if not algorithms:
        return None
    try:
        public: object = jwt.PyJWK(said, algorithms[0]).key
    except (jwt.PyJWTError, ValueError, TypeError, LookupError, UnsupportedAlgorithm):
        return None
    # With a private half, whoever can read the set could sign.
    if not isinstance(public, PublicKey):
        return None
    if isinstance(public, RSAPublicKey) and public.key_size < _LEAST_RSA_BITS:
        return None
    return Key(name, algorithms, public)
