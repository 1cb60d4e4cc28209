"""What nobody may read in what is kept: keys, tokens and passwords, and the numbers of people.

Logs, stderr of a server, audit logs, traces and state files are kept; results are not, but no key
is in them either. Whoever finds something here says where, and shows it only masked.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

_SECRETS = {
    # A key, whatever stands before it; one of some other kind.
    "sk_": re.compile(r"sk_(?:live|test)_[\w\-]{3,}|(?<![A-Za-z0-9_])sk_\w{6,}"),
    # The header.
    "earer ": re.compile(r"[Bb]earer +(?!realm=|\[key\])[\w.~+/=\-]{8,}"),
    # A token of an identity provider.
    "eyJ": re.compile(r"\beyJ[\w\-]{8,}\.[\w\-]{8,}\.[\w\-]{8,}"),
    # A URL with a password.
    "://": re.compile(r"://[^\s/@:'\"]*:(?![<*$%{])[^\s/@'\"]+@"),
}
"""By a part of it that is looked for first, which takes no time."""
_E164 = re.compile(r"(?:\+|%2B|\\u002b)[1-9]\d{7,14}(?!\d)", re.IGNORECASE)
_GAP = r"(?:[\s().\-/\u00a0\u2010-\u2015]|%20|%2D){0,3}"
_DIGITS = re.compile(rf"(?<![\da-f\-])\(?\d(?:{_GAP}\d){{8,15}}(?![\da-f\-])", re.IGNORECASE)
_EMULATED = re.compile(
    r"(?:1?(?:415555|212555|416555)\d{4}|1?(?:646|415)[2-9]\d{6}"
    r"|(?:44|0)?(?:2079460\d{3}|7700900\d{3}|7911123456)|(?:33|0)?61234567\d|(?:61|0)?49157010\d"
    r"|(?:46|0)?70174061\d|(?:49|0)?30231251\d{2}|(?:91|0)?987654321\d|(?:55|0)?1199612340\d"
    r"|(?:52|0)?551234567\d)"
)
"""The numbers that the emulator and the tests have, with or without their country's prefix."""
_SECRET_VARIABLES = ("API_KEY", "SECRET", "TOKEN", "PASSWORD")
_SHORTEST_SECRET = 7
_PLACEHOLDER = re.compile(r"[$<{\"'\s]|your|xxxx", re.IGNORECASE)
"""What is named in full when somebody forgot to replace it."""
_PASSWORDS = ("hunter2", "r3disword", "wr0ng", "s3cret", "p@ss/w#rd")
"""Of Redis servers in the tests."""


@dataclass
class Watch:
    """What was found since somebody asked, and which values are known to be secret."""

    found: list[str] = field(default_factory=list[str])
    scanned: int = 0
    known: set[str] = field(default_factory=lambda: {*_PASSWORDS})

    def know(self, settings: Mapping[str, object]) -> None:
        """The values of these settings are secret, where their names say so."""
        for name, value in settings.items():
            if isinstance(value, str):
                self.known.update(_secrets_of(name.upper(), value))

    def see(self, where: str, text: str, *, numbers: bool = True) -> None:
        """Keep what is wrong with a text that is kept, or with `numbers` unset with any text."""
        self.scanned += text.count("\n") + 1
        if next(self.leaks(text, numbers=numbers), None) is None:
            return
        for line in text.splitlines():
            for leak in self.leaks(line, numbers=numbers):
                shown = line.strip().replace(leak, shape(leak))
                self.found.append(f"{where}: {shape(leak)} in {shape(shown)[:300]!r}")

    def leaks(self, line: str, *, numbers: bool = True) -> Iterator[str]:
        """Every secret, and with `numbers` every full number."""
        for part, secret in _SECRETS.items():
            if part in line:
                yield from (match[0] for match in secret.finditer(line))
        yield from (secret for secret in self.known if secret in line)
        if numbers:
            yield from numbers_in(line)

    def take(self) -> list[str]:
        """What was found, which is forgotten here."""
        found, self.found = self.found, []
        return found

    def forget(self) -> None:
        """The settings of one test mean nothing in the next."""
        self.known = {*_PASSWORDS}


WATCH = Watch()
"""Of this process."""


def numbers_in(line: str) -> Iterator[str]:
    """Full numbers: with a plus any, else those of somebody who is known."""
    yield from (match[0] for match in _E164.finditer(line))
    for match in _DIGITS.finditer(line):
        if _EMULATED.fullmatch(re.sub(r"%20|%2D|\D", "", match[0], flags=re.IGNORECASE)):
            yield match[0]


def shape(leak: str) -> str:
    """A text whose digits nobody can read, and of a secret only the beginning."""
    hidden = leak
    for secret in _SECRETS.values():
        hidden = secret.sub(lambda match: f"{match[0][:8]}...", hidden)
    return re.sub(r"\d", "#", hidden)


def _secrets_of(name: str, value: str) -> Iterator[str]:
    if not name.endswith(("_FILE", "_URL")) and any(part in name for part in _SECRET_VARIABLES):
        found = [part.rpartition(":")[2] for part in value.split(",")]
    elif "://" in value and "@" in value:
        found = [unquote(urlsplit(value).password or "")]
    else:
        found = []
    for each in found:
        if len(each) >= _SHORTEST_SECRET and not _PLACEHOLDER.search(each):
            yield each
