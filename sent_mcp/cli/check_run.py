"""One run of `sent-mcp check`, from the rows of a sheet to what is written about them."""

import signal
import sys
from array import array
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import anyio
from rich.console import Console

from sent_mcp.cli.check_draft import write_file
from sent_mcp.cli.check_input import Sheet
from sent_mcp.cli.check_journal import Journal
from sent_mcp.cli.check_output import Format, Report, write_stdout
from sent_mcp.cli.check_progress import Bars, OnCount
from sent_mcp.cli.check_rows import Answers, Numbered, number_rows
from sent_mcp.cli.check_summary import summary
from sent_mcp.cli.outcome import DONE, FAILED, print_error
from sent_mcp.client import Connections, SentClient
from sent_mcp.errors import SentError
from sent_mcp.moments import moment
from sent_mcp.reach import Sighting, check_numbers

STOPPED = 128
"""Plus the number of the signal, as shells have it."""


class Run:
    """What is known so far. `journal` is None where nothing is to be kept.

    `connections` are those of the client, and closed with the end of the work.
    """

    def __init__(
        self,
        sheet: Sheet,
        region: str | None,
        client: SentClient,
        connections: Connections,
        journal: Journal | None,
    ) -> None:
        self._sheet = sheet
        self._region = region
        self._connections = connections
        self._bulk = client.bulk(share=1.0)
        self._journal = journal
        self._numbered = Numbered((), (), array("i"))
        self._answers = Answers(journal.kept if journal else {})
        self._decided = len(self._answers)
        self._as_of: datetime | None = None
        self._trouble: SentError | OSError | None = None
        self._scope = anyio.CancelScope()
        self._can_report = True
        self._finished = False
        self.code: int | None = None
        """The exit code, once it is over."""

    async def work(self) -> None:
        """Read every number and find out about those that are not decided yet. Raises nothing."""
        try:
            with Bars(Console(stderr=True), shown=sys.stderr.isatty()) as bars:
                reading = bars.reading(self._sheet.count)
                self._numbered = await number_rows(self._sheet, self._region, reading)
                self._say_where_it_goes_on()
                open_numbers = [n for n in self._numbered.numbers if n not in self._answers]
                decided = len(self._numbered.numbers) - len(open_numbers)
                every = len(self._numbered.numbers)
                asking = bars.checking(every, decided, lambda: self._bulk.requests)
                with self._scope:
                    await self._ask(open_numbers, asking)
        finally:
            with anyio.CancelScope(shield=True):
                await self._connections.aclose()

    def end_stopped(self, by: signal.Signals) -> None:
        """Say what is decided and kept."""
        print(f"Stopped: {self._kept()}", file=sys.stderr)
        self.code = STOPPED + by

    def end(self, out: Path | None, form: Format) -> None:
        """Write the rows and the summary."""
        self.code = self._end(out, form)

    def _end(self, out: Path | None, form: Format) -> int:
        self._finished = len(self._answers) == len(self._numbered.numbers)
        if self._trouble is not None and not self._finished:
            self._print_trouble(self._trouble)
        report = Report(self._sheet, self._numbered, self._answers, self._unanswered())
        left = out is not None and not self._finished and out.exists()
        written = self._can_report and not left and self._write(report, out, form)
        self._finished = self._finished and written
        if written or left:
            for line in self._ending(out, left=left):
                print(line, file=sys.stderr)
        return DONE if self._finished else FAILED

    def _ending(self, out: Path | None, *, left: bool) -> Iterator[str]:
        """What came of it, where it was written, and what is still to do."""
        if self._can_report:
            yield from summary(self._numbered, self._answers, self._bulk.requests, self._oldest())
        if left:
            yield f"{str(out)!r} is left as it is: {self._not_checked()}"
            return
        if out is not None:
            yield f"Written to {str(out)!r}."
        if not self._finished:
            yield f"Not finished: {self._kept()}"

    def _oldest(self) -> datetime | None:
        """When the first answer was read, also one of an earlier run."""
        times = [self._as_of]
        if self._journal is not None and self._journal.kept:
            times.append(self._journal.began)
        return min((each for each in times if each is not None), default=None)

    def _not_checked(self) -> str:
        every = len(self._numbered.numbers)
        reason = self._unanswered().removeprefix("not checked: ")
        again = "goes on" if self._journal is not None and self._journal.count else "begins anew"
        return (
            f"{every - len(self._answers):,} of {every:,} numbers could not be checked"
            f" ({reason}); the same command {again}"
        )

    def close(self) -> None:
        """Let go of the journal; it stays while there is something in it to go on with."""
        if self._journal is not None:
            self._journal.close(remove=self._finished or not self._journal.count)

    async def _ask(self, numbers: list[str], advance: OnCount) -> None:
        before = self._decided

        async def on_progress(count: int) -> None:
            self._keep(Journal.flush)
            await advance(before + count)

        try:
            checked = await check_numbers(
                self._bulk,
                numbers,
                on_progress=on_progress,
                on_found=self._decide,
                on_absent=self._decide,
            )
        except SentError as error:
            self._trouble, self._can_report = error, False
            return
        # Not one by one as they come: beside the engine's own notes they would be there twice.
        self._answers.update(checked.found)
        self._answers.update(dict.fromkeys(checked.absent))
        self._as_of = checked.as_of
        self._trouble = self._trouble or checked.trouble
        self._keep(Journal.flush)

    def _decide(self, number: str, seen: Sighting | None = None) -> None:
        self._decided += 1
        self._keep(lambda journal: journal.add(number, seen))

    def _keep(self, write: Callable[[Journal], None]) -> None:
        """Write to the journal, if there is one; when that fails, all ends."""
        if self._journal is None or isinstance(self._trouble, OSError):
            return
        try:
            write(self._journal)
        except OSError as error:
            self._trouble, self._can_report = error, False
            self._scope.cancel()

    def _write(self, report: Report, out: Path | None, form: Format) -> bool:
        where = "standard output" if out is None else f"--out: {str(out)!r}"
        marked = form == "csv" and self._sheet.source.is_marked
        try:
            if out is None:
                write_stdout(lambda stream: report.write(stream, form), form)
            else:
                write_file(out, lambda stream: report.write(stream, form), marked=marked)
        except OSError as error:
            said = f"{where} cannot be written: {error.strerror}. {self._kept()}"
            print(said, file=sys.stderr)
            return False
        return True

    def _print_trouble(self, trouble: SentError | OSError) -> None:
        if isinstance(trouble, SentError):
            print_error(str(trouble), as_json=False)
        elif self._journal is not None:
            where = str(self._journal.path)
            print(f"--out: {where!r} cannot be written: {trouble.strerror}.", file=sys.stderr)

    def _unanswered(self) -> str:
        if isinstance(self._trouble, SentError):
            return f"not checked: {self._trouble.code}"
        if isinstance(self._trouble, OSError):
            return "not checked: the journal cannot be written"
        return "not checked: the address book changed too much meanwhile"

    def _kept(self) -> str:
        of_all = f" of {len(self._numbered.numbers):,}" if len(self._numbered) else ""
        known = f"{self._decided:,}{of_all} numbers are decided"
        if self._journal is None:
            return f"{known}; without --out FILE nothing is kept to go on with."
        if not self._journal.count:
            return f"{known}; the same command begins anew."
        where = str(self._journal.path)
        return f"{known} and kept in {where!r}; the same command goes on from there."

    def _say_where_it_goes_on(self) -> None:
        if self._journal is not None and self._answers:
            began = moment(self._journal.began)
            print(
                f"Going on: {len(self._answers):,} of {len(self._numbered.numbers):,} numbers"
                f" were decided by a run that began at {began}.",
                file=sys.stderr,
            )
