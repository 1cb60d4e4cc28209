"""What an import answers with: counts that add up, and what is left."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Self

from pydantic import BaseModel, Field, JsonValue

from sent_mcp.errors import OutcomeUnknownError
from sent_mcp.guard import Stopped
from sent_mcp.state import StoredImport
from sent_mcp.tools.import_question import contacts
from sent_mcp.tools.import_run import Imported
from sent_mcp.tools.number_arguments import InvalidRow, invalid_lines
from sent_mcp.tools.results import ChangeResult, next_call

TOOL = "import_contacts"
MOST_FAILED_SHOWN = 50
BUDGET_EXHAUSTED = "BUDGET_EXHAUSTED"
_CHANNELS = "Channels of new contacts are known in about a minute."


class FailedRow(BaseModel):
    """A number that was not created, and the code of why."""

    phone_number: str
    code: str


class ImportResult(ChangeResult):
    """What became of the whole list so far; `counts` and `remaining` add up to its input.

    `failed` shows the first 50, `invalid` the first 20.
    """

    counts: dict[str, int] | None = None
    invalid: list[InvalidRow] | None = None
    failed: list[FailedRow] | None = None
    remaining: int | None = None
    import_id: str | None = None
    changed: int = Field(default=0, exclude=True)

    @property
    def ids(self) -> tuple[str, ...]:
        """That of the import; a used approval tells it again."""
        return () if self.import_id is None else (self.import_id,)

    @property
    def changes(self) -> int:
        """See ChangeResult."""
        return self.changed

    @classmethod
    def stopped(cls, stopped: Stopped, tool: str, exact: Mapping[str, JsonValue]) -> Self:
        """See ChangeResult; an approval that was used names the import that goes on."""
        said = super().stopped(replace(stopped, ids=()), tool, exact)
        if not stopped.ids:
            return said
        following = {"import_id": stopped.ids[0], "next": next_import(stopped.ids[0])}
        return said.model_copy(update=following)

    def details(self) -> Iterable[str]:
        """See Result."""
        if self.counts is None:
            return
        counted = [*self.counts.items(), ("remaining", self.remaining)]
        yield ", ".join(f"{name} {count}" for name, count in counted)
        yield from failed_lines(self.failed or [], self.counts["failed"])
        yield from invalid_lines(self.invalid or [], self.counts["invalid"])


def failed_lines(rows: Iterable[FailedRow], total: int) -> Iterator[str]:
    """One line per code; what was left out is counted."""
    by_code: dict[str, list[str]] = {}
    for row in rows:
        by_code.setdefault(row.code, []).append(row.phone_number)
    for code, numbers in by_code.items():
        yield f"Failed, {code} ({len(numbers)}): {' '.join(numbers)}"
    left_out = total - sum(map(len, by_code.values()))
    if left_out:
        yield f"Failed, not shown here: {left_out}"


def next_import(import_id: str) -> str:
    """The call that goes on."""
    return next_call(TOOL, import_id=import_id)


def result(found: StoredImport, status: str, message: str) -> ImportResult:
    """A result with what is known of an import."""
    return ImportResult(
        status=status,
        message=message,
        counts=dict(found.counts),
        invalid=[InvalidRow(input=text, reason=reason) for text, reason in found.invalid],
        failed=[
            FailedRow(phone_number=number, code=code)
            for number, code in found.failed[:MOST_FAILED_SHOWN]
        ],
        remaining=len(found.numbers),
    )


def imported(found: StoredImport, done: Imported, *, kept: bool) -> ImportResult:
    """The result of one call; `found` is the import after it, `kept` whether it can go on."""
    status = "imported" if found.counts["created"] else "unchanged"
    said = result(found, status, " ".join(_sentences(found, done, kept)))
    following: dict[str, object] = {"changed": done.created + done.doubtful}
    if found.numbers:
        following["status"] = "partial"
    if found.numbers and kept:
        following |= {"import_id": found.import_id, "next": next_import(found.import_id)}
    return said.model_copy(update=following)


def _sentences(found: StoredImport, done: Imported, kept: bool) -> Iterator[str]:
    yield _created(done)
    if done.created != found.counts["created"]:
        yield f"In all {found.counts['created']} were."
    if done.created:
        yield _CHANNELS
    if done.doubtful:
        of = f"Of {done.doubtful}{' more' if done.created else ''}"
        yield f"{of} it is not known; none is created twice by a repetition."
    if found.numbers:
        yield f"Not done: {contacts(len(found.numbers))}, because {_why(done)}"
        yield _how_on(found, done, kept)


def _created(done: Imported) -> str:
    failed = f"; {len(done.failed)} failed" if done.failed else ""
    if done.created:
        were = "contact was" if done.created == 1 else "contacts were"
        return f"{done.created} {were} created{failed}."
    # Where an answer was lost, "nothing" would be more than is known.
    return f"{'No contact is known to be' if done.doubtful else 'Nothing was'} created{failed}."


def _why(done: Imported) -> str:
    error = done.trouble
    if error is None:
        return "the time for one call was up."
    if isinstance(error, OutcomeUnknownError):
        error = error.cause
    advice = "" if error.code == BUDGET_EXHAUSTED else error.advice
    return f"of {error.code}, {error.sentence.rstrip('.')}. {advice}".rstrip()


def _how_on(found: StoredImport, done: Imported, kept: bool) -> str:
    if not kept:
        return "Call again with the same list; what is a contact by now stays as it is."
    until = datetime.fromtimestamp(found.expires_at, UTC).strftime("%H:%M UTC")
    if not found.agreed:
        return f"Until {until} this import can go on, and may be asked about then."
    full = done.trouble is not None and done.trouble.code == BUDGET_EXHAUSTED
    waits = "; the call waits for the budget by itself" if full else ""
    return f"Until {until} this import can go on without another question{waits}."
