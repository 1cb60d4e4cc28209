"""Phone numbers made unreadable: lightly in what a model reads, without mercy in logs."""

import re

_INTERNATIONAL = re.compile(r"\+\d[\d\s().\-]{5,}\d")
_IN_LOGS = re.compile(r"(?:\+|%2B|\b00)?\(?\d[\d\s().\-]{6,}\d", re.IGNORECASE)
_KEY = re.compile(r"\bsk_(?:live|test)_\w+|(?<=x-api-key: )\S+", re.IGNORECASE)


def mask_numbers(text: str) -> str:
    """`text` with every number that starts with a plus cut to its first five and last two signs."""
    return _INTERNATIONAL.sub(lambda match: _masked(match[0]), text)


def mask_log(text: str) -> str:
    """`text` without anything that looks like a phone number or an API key."""
    return _IN_LOGS.sub(lambda match: _masked(match[0]), _KEY.sub("[key]", text))


def _masked(number: str) -> str:
    digits = "".join(character for character in number if character.isdigit())
    plus = "+" if number.startswith("+") else ""
    return f"{plus}{digits[:4]}{'*' * (len(digits) - 6)}{digits[-2:]}"
