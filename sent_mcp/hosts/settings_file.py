"""A host's file of settings: read, kept beside, and replaced whole or not at all."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sent_mcp.hosts.host import HostError

_PRIVATE = 0o600
_PERMISSIONS = 0o777
_OF_OTHERS = 0o077
_MARK = b"\xef\xbb\xbf"
_MOST_BACKUPS = 100
_MOST_MEGABYTES = 64
# What takes the place of the file after the first look is neither followed nor waited for.
_SAFELY = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC"))


@dataclass(frozen=True)
class SettingsFile:
    """The file as it was found. `text` is None where there was none."""

    path: Path
    text: str | None
    mode: int = _PRIVATE
    marked: bool = False
    """Whether it starts with a byte order mark."""

    @staticmethod
    def read(path: Path) -> "SettingsFile":
        """Read the file. Raises HostError for one that is not an ordinary file of the user's."""
        try:
            _refuse(path, path.lstat())
            with open(path, "rb", opener=_open_safely) as stream:
                found = os.fstat(stream.fileno())
                _refuse(path, found)
                data = stream.read()
        except FileNotFoundError:
            _refuse_folder(path.parent)
            return SettingsFile(path, None)
        except OSError as error:
            raise _cannot("read", path, error) from error
        marked = data.startswith(_MARK)
        text = _decoded(path, data.removeprefix(_MARK))
        return SettingsFile(path, text, stat.S_IMODE(found.st_mode) & _PERMISSIONS, marked)

    @property
    def is_open_to_others(self) -> bool:
        """Whether its permissions let anybody else read or change it."""
        return os.name == "posix" and bool(self.mode & _OF_OTHERS)

    def backups(self) -> Iterator["SettingsFile"]:
        """The copies that are beside it, the oldest first."""
        for path in self._backup_paths():
            if not path.exists():
                return
            with suppress(HostError):
                yield SettingsFile.read(path)

    def back_up(self) -> Path | None:
        """Copy it beside itself, under a name that nothing has, unless there is a copy like it.

        Returns where; None where there is nothing to copy. Raises HostError.
        """
        if self.text is None:
            return None
        for backup in self.backups():
            if backup.text == self.text and backup.marked == self.marked:
                return backup.path
        for path in self._backup_paths():
            try:
                _create(path, self._encoded(self.text), self.mode)
            except FileExistsError:
                continue
            except OSError as error:
                raise _cannot("write", path, error) from error
            return path
        raise HostError(f"there are too many backups of {self.path}; take some away")

    def replace(self, text: str, *, private: bool) -> None:
        """Put the text in the place of the file, with its permissions, or for its owner alone.

        Raises HostError, also for a file that has changed since it was read.
        """
        draft = self.path.with_name(f".{self.path.name}.sent-mcp-{os.getpid()}")
        try:
            _create(draft, self._encoded(text), _PRIVATE if private else self.mode)
            try:
                self._refuse_if_changed()
                draft.replace(self.path)
            finally:
                draft.unlink(missing_ok=True)
        except OSError as error:
            raise _cannot("write", self.path, error) from error

    def remove(self) -> None:
        """Take the file away. Raises HostError, also where it has changed since it was read."""
        self._refuse_if_changed()
        try:
            self.path.unlink()
        except OSError as error:
            raise _cannot("remove", self.path, error) from error

    def _refuse_if_changed(self) -> None:
        if SettingsFile.read(self.path) != self:
            raise HostError(f"{self.path} has just been changed; run this again")

    def _encoded(self, text: str) -> bytes:
        return (_MARK if self.marked else b"") + text.encode()

    def _backup_paths(self) -> Iterator[Path]:
        name = f"{self.path.name}.sent-mcp-backup"
        yield self.path.with_name(name)
        for number in range(2, _MOST_BACKUPS):
            yield self.path.with_name(f"{name}-{number}")


def _create(path: Path, data: bytes, mode: int) -> None:
    """Write a new file; what is there is neither followed nor overwritten."""
    with open(path, "xb", opener=_open_private) as stream:
        try:
            stream.write(data)
            stream.flush()
            if hasattr(os, "fchmod"):
                os.fchmod(stream.fileno(), mode)
            os.fsync(stream.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def _open_private(name: str, flags: int) -> int:
    return os.open(name, flags, _PRIVATE)


def _open_safely(name: str, flags: int) -> int:
    return os.open(name, flags | _SAFELY)


def _refuse(path: Path, found: os.stat_result) -> None:
    if stat.S_ISLNK(found.st_mode):
        raise HostError(
            f"{path} is a symbolic link to {os.readlink(path)}, which this command does not "
            "follow; --print shows the entry, to be put where the file is kept"
        )
    if not stat.S_ISREG(found.st_mode):
        raise HostError(f"{path} is not an ordinary file")
    if found.st_nlink > 1:
        raise HostError(
            f"{path} has a second name (a hard link), which would be left behind; "
            "--print shows the entry, to be put there by hand"
        )
    if found.st_size > _MOST_MEGABYTES * 1_000_000:
        raise HostError(f"{path} has more than {_MOST_MEGABYTES} MB, which no settings have")
    _refuse_if_foreign(path, found)


def _refuse_folder(folder: Path) -> None:
    """With sudo, a new file in it would be root's, which its host could not read."""
    with suppress(FileNotFoundError):
        _refuse_if_foreign(folder, folder.stat())


def _refuse_if_foreign(path: Path, found: os.stat_result) -> None:
    if hasattr(os, "geteuid") and found.st_uid != os.geteuid():
        raise HostError(f"{path} belongs to somebody else; run this as its owner")


def _decoded(path: Path, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise HostError(f"{path} cannot be read: line {line} is not UTF-8") from error


def _cannot(what: str, path: Path, error: OSError) -> HostError:
    return HostError(f"cannot {what} {path}: {error.strerror or error}")
