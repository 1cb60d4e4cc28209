"""Text from outside, made harmless: what cannot be seen is made visible, what is long is cut."""

import re
import unicodedata

_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def quoted(text: str, limit: int = 200) -> str:
    """Text from outside in quotes, cut at `limit` characters, what is invisible made visible."""
    return f'"{visible(text, limit)}"'


def visible(text: str, limit: int = 200) -> str:
    """The same without quotes, for what stands where nothing else can: a name, an id, a number."""
    shown = text[:limit]
    if shown.isprintable() and (shown.isascii() or not _INVISIBLE.search(shown)):
        # Nearly every text, and many of them in one answer.
        shown = shown.replace("\\", "\\\\").replace('"', '\\"')
    else:
        shown = "".join(_visible(character) for character in shown)
    return shown + "…" if len(text) > limit else shown


def _visible(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character == " ":
        return character
    if unicodedata.category(character)[0] in "CZ" or _INVISIBLE.match(character):
        return "\\n" if character == "\n" else f"\\u{{{ord(character):x}}}"
    return character
