"""What a run of `sent-mcp check` found out, kept beside its output until that is written."""

import os
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple, Self

from pydantic import TypeAdapter, ValidationError

from sent_mcp.cli.outcome import UsageError
from sent_mcp.private_file import NotPrivateError, close_to_others, open_own
from sent_mcp.reach import Sighting, Verdict, Verdicts

if sys.platform != "win32":
    import fcntl

SUFFIX = ".part"
_LONGEST_HEADER = 1000


class JournalError(UsageError):
    """The output or its journal cannot be used; the text says why and what to do."""


class _Header(NamedTuple):
    """The first line: what the journal belongs to."""

    fingerprint: str
    began: datetime


class _Line(NamedTuple):
    """One number; the rest is missing for one that is no contact."""

    number: str
    contact_id: str | None = None
    whatsapp: Verdict = "unknown"
    sms: Verdict = "unknown"
    opt_out: bool = False
    record_date: datetime | None = None


_HEADER = TypeAdapter(_Header)
_LINE = TypeAdapter(_Line)


class Journal:
    """The numbers decided so far, in a private file that one run at a time may hold.

    A number Sent may still be looking for is not kept: a later run asks again.
    """

    def __init__(self, path: Path, file: BinaryIO, fingerprint: str) -> None:
        self.path = path
        self.began = datetime.now(UTC).replace(microsecond=0)
        self.kept: dict[str, Sighting | None] = {}
        self.count = 0
        self._file = file
        self._read(fingerprint)

    @classmethod
    def open(cls, path: Path, fingerprint: str) -> Self:
        """Begin a journal, or go on with the one that is there for the same fingerprint.

        Raises JournalError: it cannot be written, is in use, or belongs to something else.
        """
        try:
            while True:
                file = os.fdopen(open_own(path, os.O_RDWR), "r+b")
                try:
                    _lock(file)
                    # The run that held it may have finished and removed it meanwhile.
                    if os.fstat(file.fileno()).st_nlink:
                        return cls(path, file, fingerprint)
                except (OSError, JournalError):
                    file.close()
                    raise
                file.close()
        except BlockingIOError:
            raise JournalError(f"another run is at work on it ({str(path)!r} is locked)") from None
        except NotPrivateError as error:
            raise JournalError(f"{str(path)!r} {error}") from error
        except OSError as error:
            raise JournalError(f"{str(path)!r} cannot be written: {error.strerror}") from error

    def add(self, number: str, seen: Sighting | None) -> None:
        """Append one number; it is safe after `flush`. Raises OSError."""
        if seen is None:
            line = _Line(number)
        elif seen.looking:
            return
        else:
            said = seen.verdicts
            line = _Line(
                number, seen.contact_id, said.whatsapp, said.sms, seen.opt_out, seen.record_date
            )
        self._file.write(_LINE.dump_json(line) + b"\n")
        self.count += 1

    def flush(self) -> None:
        """Hand everything to the operating system: a killed process loses none of it."""
        self._file.flush()

    def close(self, *, remove: bool) -> None:
        """Let go of it; a finished or empty one is removed."""
        with suppress(OSError):
            if remove and sys.platform != "win32":
                # While it is locked: another run must not begin in a file about to go.
                self.path.unlink()
            self._file.close()
            if remove and sys.platform == "win32":
                self.path.unlink()

    def _read(self, fingerprint: str) -> None:
        whole = self._file.readline(_LONGEST_HEADER)
        if not whole:
            self._begin(fingerprint)
            return
        found = self._header(whole)
        if found.fingerprint != fingerprint:
            raise self._refused(
                "is the journal of a run with another input, column, region or account"
            )
        self.began = found.began
        end = self._read_lines(len(whole))
        self.count = len(self.kept)
        # Only now: until here, it might have been a file that is none of ours.
        close_to_others(self._file.fileno())
        self._file.seek(end)
        self._file.truncate()

    def _header(self, line: bytes) -> _Header:
        try:
            if line.endswith(b"\n"):
                return _HEADER.validate_json(line)
        except ValidationError:
            pass
        raise JournalError(
            f"{str(self.path)!r} is no journal of this command: move it, or choose another --out"
        )

    def _read_lines(self, end: int) -> int:
        """Read every whole line; where the last one ends."""
        for line in self._file:
            if not line.endswith(b"\n"):
                # Torn by a kill.
                break
            try:
                entry = _LINE.validate_json(line)
            except ValidationError:
                raise self._refused("is damaged") from None
            self.kept[entry.number] = _sighting(entry)
            end += len(line)
        return end

    def _begin(self, fingerprint: str) -> None:
        close_to_others(self._file.fileno())
        try:
            self._file.write(_HEADER.dump_json(_Header(fingerprint, self.began)) + b"\n")
            self._file.flush()
        except OSError:
            # Half a first line would be refused by the next run.
            with suppress(OSError):
                self.path.unlink()
            raise

    def _refused(self, what: str) -> JournalError:
        return JournalError(f"{str(self.path)!r} {what}: delete it, or choose another --out")


def _sighting(entry: _Line) -> Sighting | None:
    if entry.contact_id is None:
        return None
    said = Verdicts(entry.whatsapp, entry.sms)
    return Sighting(entry.contact_id, said, entry.opt_out, entry.record_date, looking=False)


def _lock(file: BinaryIO) -> None:
    if sys.platform != "win32":
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
