"""Phone numbers made unreadable: carefully in what a model reads, without mercy in logs."""

import re

_GAP = r"[\s().\-/\u00b7\u2010-\u2015\u2212]{0,3}"
_DIGIT = r"(?!\d{4}-\d\d-\d\d)\d"
_FOR_MODELS = re.compile(
    rf"""
      \+\d{{7,15}}(?!\d)                       # E.164, whatever follows it
    | \+[\s(]{{0,2}}\d(?:{_GAP}{_DIGIT}){{6,14}}  # with a plus, in any spelling
    | (?<![\w.+\-/])(?<!\d:)\(?{_DIGIT}(?:{_GAP}{_DIGIT}){{7,16}}(?![\w\-]|:\d)  # no id, no time
    """,
    re.VERBOSE,
)
_LOG_GAP = (
    r"(?:[\s().,\-_/+\u00b7\u2010-\u2015\u2212]|%2[089BDF]|%C2%A0|%E2%80%9[0-5]"
    r"|\\x[0-9a-f]{2}|\\u[0-9a-f]{4}){0,3}"
)
_IN_LOGS = re.compile(rf"(?:\+|%2B)?\(?\d(?:{_LOG_GAP}\d){{6,}}", re.IGNORECASE)
_ID = re.compile(r"(?<![\w\-])([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![\w\-])", re.I)
_FEWEST = 7
_KEY = re.compile(
    r"sk_(?:live|test)_[\w\-]+"
    r"|(?<=bearer )[^\s\"',]+"
    r"|(?P<name>(?:x-api-key|api_key)[\"']?\s*[:=,]\s*b?[\"']?)[^\s\"',)]+",
    re.IGNORECASE,
)


def mask_numbers(text: str) -> str:
    """`text` with all but the ends of every phone number made stars; ids and times stay."""
    return _FOR_MODELS.sub(lambda match: _masked(match[0]), text)


def mask_digits(text: str) -> str:
    """`text` with stars for all digits but the last two, if it has enough for a phone number."""
    count = sum(character.isdigit() for character in text)
    if count < _FEWEST:
        return text
    hidden = iter(range(count))
    return "".join(
        "*" if character.isdigit() and next(hidden) < count - 2 else character for character in text
    )


def mask_log(text: str) -> str:
    """`text` without anything that looks like a phone number or an API key."""
    return _IN_LOGS.sub(lambda match: _masked(match[0]), mask_keys(text))


def mask_log_but_ids(text: str) -> str:
    """The same, but UUIDs stay whole, and nothing else that somebody gives as an id."""
    others = _ID.split(text)
    others[::2] = map(mask_log, others[::2])
    return "".join(others)


def mask_keys(text: str) -> str:
    """`text` without anything that looks like an API key."""
    return _KEY.sub(lambda match: f"{match['name'] or ''}[key]", text)


def _masked(number: str) -> str:
    plus = "+" if number.startswith("+") else ""
    digits = re.sub(r"%[0-9a-f]{2}|\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|\D", "", number, flags=re.I)
    shown = max(1, min(4, len(digits) - 6))
    return f"{plus}{digits[:shown]}{'*' * (len(digits) - shown - 2)}{digits[-2:]}"
