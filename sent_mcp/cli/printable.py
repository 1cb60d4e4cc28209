"""What a command shows of names that others may have chosen: files, folders, variables."""


def printable(text: str) -> str:
    """One line in which nothing moves a terminal's cursor, and nothing is hidden.

    Whatever is no printable character, half a character of a name that is no UTF-8 included,
    stands there as its number: `\\u{1b}`.
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else f"\\u{{{ord(each):x}}}" for each in text)
