"""Where the API key comes from: a variable, or a file that is read each time it is asked for."""

import errno
import os
import stat
from pathlib import Path

from pydantic import SecretStr

from sent_mcp import setting_values as values
from sent_mcp.errors import SettingsError

_FILE_MOST = 4096


def read_key(key: SecretStr | None, file: Path | None, place: str = "SENT_API_KEY") -> str:
    """The key itself, which stands in `place`, else what is in the file.

    Raises SettingsError (MISSING_KEY, KEY_FILE, PLACEHOLDER_KEY).
    """
    if key is not None:
        return _checked(key.get_secret_value(), place)
    if file is None:
        raise SettingsError("SENT_API_KEY is not set", code="MISSING_KEY")
    where = "the file named by SENT_API_KEY_FILE"
    try:
        text = _start_of(file.expanduser())
    except (OSError, RuntimeError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise SettingsError(f"{where} cannot be read: {reason}", code="KEY_FILE") from error
    return _checked(text.rstrip("\r\n"), where)


def _start_of(path: Path) -> str:
    # Opening a FIFO would wait for its writer, and the whole server with it.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, encoding="utf-8-sig") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        return file.read(_FILE_MOST)


def _checked(value: str, where: str) -> str:
    problem = values.key_problem(value)
    if problem:
        raise SettingsError(f"{where} {problem}", code="PLACEHOLDER_KEY")
    return value
