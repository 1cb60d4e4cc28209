"""Text from outside, made harmless: what cannot be seen is made visible, what is long is cut.

`visible` is for a place that ends by itself, like a value in JSON; within a sentence or a column
stand `named` and `quoted`. Whatever is said then goes through `one_line` or `in_lines`, so that
what somebody forgot begins no line and hides nothing either.
"""

import re
import unicodedata

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pydantic import JsonValue

LONGEST_NAME = 120
_INVISIBLE = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U000e0000-\U000e0fff"
)
# Unicode, confusables of the quotation mark: what a person may take for the end of a quotation.
_LIKE_QUOTES = (
    "\u02ba\u02dd\u02ee\u02f6\u05f4\u201c-\u201f\u2033\u2036\u275d\u275e\u301d-\u301f\uff02"
)
_HIDDEN = re.compile(f"[{_INVISIBLE}]")
_PLAIN = re.compile(r"[ !#-\[\]-~]*")
_SPECIAL = re.compile(rf'["\\{_LIKE_QUOTES}]')
_WORD = re.compile(r"([A-Za-z0-9_.+/-]|\[\d{1,4}\]){1,64}", re.ASCII)
_NUMBER = re.compile(r"(tel:)?[0-9+(][0-9+()./ -]{1,30}[0-9)]")


def quoted(text: str, limit: int | None = 200) -> str:
    """Text from outside in quotes, cut at `limit` characters, what is invisible made visible."""
    return f'"{visible(text, limit)}"'


def named(text: str, limit: int = LONGEST_NAME) -> str:
    """The same for a name within a sentence: a plain word or number stands there without quotes."""
    return delimited(visible(text, limit))


def delimited(shown: str) -> str:
    """What is visible already, in quotes unless it is a plain word or number."""
    return shown if _NUMBER.fullmatch(shown) else cell(shown)


def cell(shown: str) -> str:
    """The same for a column, which ends at the next space."""
    return shown if _WORD.fullmatch(shown) else f'"{shown}"'


def visible(text: str, limit: int | None = 200) -> str:
    """The same without quotes, for what stands where nothing else can: a name, an id, a number."""
    head = text if limit is None else text[:limit]
    if _PLAIN.fullmatch(head):
        # Nearly every text, and many of them in one answer.
        return head + "…" if len(head) < len(text) else head
    shown, left = [_first(head[0])], limit
    shown += [_shown(character) for character in head[1:]]
    if left is None:
        return "".join(shown)
    kept: list[str] = []
    for each in shown:
        left -= len(each)
        if left < 0:
            break
        kept.append(each)
    return "".join(kept) + ("…" if len(kept) < len(text) else "")


def one_line(text: str) -> str:
    """The text with whatever is invisible or ends a line made visible, and nothing else changed."""
    if text.isprintable() and (text.isascii() or not _HIDDEN.search(text)):
        return text
    return "".join(map(_seen, text))


def in_lines(text: str) -> str:
    """The same for text of several lines."""
    return "\n".join(map(one_line, text.split("\n")))


def harmless(value: "JsonValue") -> "JsonValue":
    """The same for everything in a JSON value, in which no text has several lines."""
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, list):
        return [harmless(each) for each in value]
    if isinstance(value, dict):
        return {one_line(name): harmless(each) for name, each in value.items()}
    return value


def _first(character: str) -> str:
    # A combining mark would change the quotation mark before it.
    is_mark = unicodedata.category(character)[0] == "M"
    return _escape(character) if is_mark else _shown(character)


def _shown(character: str) -> str:
    return "\\" + character if _SPECIAL.match(character) else _seen(character)


def _seen(character: str) -> str:
    if character == " ":
        return character
    if unicodedata.category(character)[0] in "CZ" or _HIDDEN.match(character):
        return "\\n" if character == "\n" else _escape(character)
    return character


def _escape(character: str) -> str:
    return f"\\u{{{ord(character):x}}}"
