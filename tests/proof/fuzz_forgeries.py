"""Tokens and sealed states that nobody gave out: made of a true one, or signed again.

What is signed is put together here a second time, so that a forgery differs from the true one in
one thing only. Whoever uses it must see that with the true secret the true one comes of it.
"""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from pydantic import JsonValue

from sent_mcp.client import ApiKey
from sent_mcp.emulator.account import PROFILES
from sent_mcp.guard import token as tokens
from sent_mcp.tools import TOOLS
from sent_mcp.tools.arguments import Change, parse
from tests.door import KEY
from tests.proof.untrusted_strings import TEXTS

OTHER_SECRET: Final = "t" * 40
OTHER_KEY: Final = "sk_test_of_somebody_else"
PROFILE, *_ = PROFILES
_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_CALLERS: Final = ("", "anna", "Local", "local ", "demo")
Forgery = tuple[str, str]
"""What kind it is, and what a call brings."""


@dataclass(frozen=True)
class Signed:
    """Everything that is in one token, or without `words` in one sealed state."""

    secret: bytes
    words: str | None
    approval: str
    tool: str
    arguments: Mapping[str, JsonValue]
    account: str
    caller: str = "local"
    purpose: tuple[str, ...] | None = None
    """Another one than is right."""

    @classmethod
    def of(
        cls, true: str, secret: str, tool: str, given: Mapping[str, object], url: str
    ) -> "Signed":
        """What a true one of the operator's own must be made of."""
        words, mark, packed = true.rpartition(" cf_")
        raw = _unpacked(packed if mark else true.removeprefix("form_"))
        approval = raw[: tokens.ID_BYTES].hex()
        arguments, account = _exact(tool, given), account_of(url)
        return cls(secret.encode(), words if mark else None, approval, tool, arguments, account)

    @property
    def text(self) -> str:
        """As a host brings it."""
        right = ("form/v1",) if self.words is None else ("confirm/v1", self.words)
        purpose: list[JsonValue] = [*(right if self.purpose is None else self.purpose)]
        bound: list[JsonValue] = [self.tool, dict(self.arguments), self.account, self.caller]
        signature = bytes.fromhex(tokens.digest(self.secret, purpose, self.approval, bound))
        raw = bytes.fromhex(self.approval) + signature[: tokens.MAC_BYTES]
        packed = base64.urlsafe_b64encode(raw).decode().rstrip("=")
        return f"form_{packed}" if self.words is None else f"{self.words} cf_{packed}"

    def forged(self, url: str) -> Iterator[Forgery]:
        """Signed again with one thing changed, always the same number of them."""
        for secret in (b"", OTHER_SECRET.encode(), b"secret", KEY.encode(), self.secret[:-1]):
            yield "signed with another secret", replace(self, secret=secret).text
        words = self.words or ""
        for purpose in ((), ("confirm/v1",), ("confirm/v2", words), *_purposes_of_others(words)):
            yield "signed for another purpose", replace(self, purpose=purpose).text
        for account in ("", *_other_accounts(url), self.account.strip(), "demo"):
            yield "signed for another account", replace(self, account=account).text
        for caller in _CALLERS:
            yield "signed for another caller", replace(self, caller=caller).text
        for tool in ("create_contact", "update_contact", ""):
            yield "signed for another tool", replace(self, tool=tool).text
        for arguments in ({}, {**self.arguments, "dry_run": False}, {"to": ["+14155550106"]}):
            yield "signed for other arguments", replace(self, arguments=arguments).text
        yield "signed for no approval", replace(self, approval=tokens.new_approval_id()).text
        other_kind = "delete" if self.words is None else None
        yield "signed as the other kind", replace(self, words=other_kind).text


def account_of(url: str, key: str = KEY, profile: str = "") -> str:
    """An account as the server names it in what it signs."""
    return f"{ApiKey(lambda: key).fingerprint()} {url} {profile}"


def _other_accounts(url: str) -> tuple[str, ...]:
    return (
        account_of(url, OTHER_KEY),
        account_of(url, profile=PROFILE),
        account_of(url.replace("127.0.0.1", "localhost")),
    )


def _purposes_of_others(words: str) -> tuple[tuple[str, ...], ...]:
    """Those of the other kind; of a state's that has no words."""
    return (("form/v1",), ("form/v1", words)) if words else (("confirm/v1", ""), ("form/v2",))


def _exact(tool: str, given: Mapping[str, object]) -> dict[str, JsonValue]:
    (model,) = (each.offer.arguments for each in TOOLS if each.offer.name == tool)
    parsed = parse(model, tool, given, None)
    assert isinstance(parsed, Change), tool
    return parsed.exact()


def _unpacked(packed: str) -> bytes:
    return base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))


def changed(random: Random, true: str) -> Iterator[Forgery]:
    """What can be made of a true one without the secret."""
    mark = " cf_" if " cf_" in true else "form_"
    words, _, packed = true.rpartition(mark)
    for _ in range(8):
        yield from _misspelled(random, true)
    yield "other words", f"nothing at all{mark}{packed}"
    yield "more words", f"please {words}{mark}{packed}"
    yield "no words", f"cf_{packed}"
    yield "of the other kind", f"form_{packed}" if words else f"delete cf_{packed}"
    yield "twice", true + " " + true
    yield "in other letters", true.swapcase()
    yield "padded", true + "=="
    yield "in usual base64", words + mark + packed.replace("-", "+").replace("_", "/") + "="
    raw = _unpacked(packed)
    none = base64.urlsafe_b64encode(bytes(len(raw))).decode().rstrip("=")
    yield "nothing but zeros", f"{words}{mark}{none}"
    yield "an id without a signature", words + mark + base64.urlsafe_b64encode(raw[:9]).decode()
    yield "very long", true * 40
    yield "huge", "A" * 1_000_000
    for name, text in random.sample([*TEXTS.items()], 4):
        yield name, text[:400] + true


def _misspelled(random: Random, true: str) -> Iterator[Forgery]:
    at = random.randrange(len(true))
    other = random.choice(_ALPHABET.replace(true[at], ""))
    yield "another character", true[:at] + other + true[at + 1 :]
    yield "one character less", true[:at] + true[at + 1 :]
    yield "one character more", true[:at] + random.choice(_ALPHABET + " =\n\0") + true[at:]
    yield "cut", true[:at]
    yield "cut in front", true[at + 1 :]
