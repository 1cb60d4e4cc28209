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
_GAP = r"(?:[\s().\-/\u00a0\u2010-\u2015]|%2[089DEFdef]){0,3}"
_DIGITS = re.compile(rf"\d(?:{_GAP}\d){{8,}}")
_EMULATED = {
    "1": ("415555####", "212555####", "416555####"),
    "33": ("61234567#",),
    "44": ("2079460###", "7700900###", "7911123456"),
    "46": ("70174061#",),
    "49": ("30231251##", "15112345678"),
    "52": ("551234567#",),
    "55": ("1199612340#", "11987654321"),
    "61": ("49157010#", "412345678"),
    "91": ("987654321#",),
}
"""The numbers that the emulator and the tests have, by country, with a # for any digit."""
_BLOCK = rf"(?:1{_GAP})?(?:646|415){_GAP}[2-9]\d\d{_GAP}\d{{4}}"
"""Those that tests make up by the thousand. So few digits of them are known that they must be
grouped as people group them, or not at all."""
_SPELLED = "|".join(
    rf"(?:(?:(?:00|011)?{country}|0){_GAP})?(?:{'|'.join(map(_GAP.join, numbers))})"
    for country, numbers in _EMULATED.items()
).replace("#", r"\d")
_KNOWN = re.compile(rf"(?:(?<!\d)|(?<=%2[089]))(?:{_SPELLED}|{_BLOCK})(?!\d)")
_ID = re.compile(r"[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|[\da-f]{16,}", re.IGNORECASE)
"""Whatever digits stand in one, they are nobody's number."""
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
    """Full numbers: with a plus any, else those of somebody who is known.

    Digits beside one may be something else, as in the log of a web server; a number that stands
    within more digits, or within an id, is none.
    """
    yield from (match[0] for match in _E164.finditer(line))
    known = [
        match for run in _DIGITS.finditer(line) for match in _KNOWN.finditer(line, *run.span())
    ]
    ids = [match.span() for match in _ID.finditer(line)] if known else []
    for match in known:
        if not any(begin <= match.start() < end for begin, end in ids):
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
