"""What is known so far of the numbers that were asked about."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sent_mcp.models import Contact
from sent_mcp.reach.verdict import Verdicts, is_young, verdicts


@dataclass(frozen=True, slots=True)
class Sighting:
    """A contact as it was read: small, because there may be a hundred thousand.

    `looking`: it is so young that Sent may still find WhatsApp; ask again in a minute.
    """

    contact_id: str
    verdicts: Verdicts
    opt_out: bool
    record_date: datetime | None
    looking: bool


OnFound = Callable[[str, Sighting], None]
OnAbsent = Callable[[str], None]


class Sightings:
    """Numbers that are contacts, numbers that certainly are not, and numbers still open."""

    def __init__(self, numbers: Iterable[str], on_found: OnFound, on_absent: OnAbsent) -> None:
        self.found: dict[str, Sighting] = {}
        self.absent: list[str] = []
        self.as_of: datetime | None = None
        # By itself, so that what was given is kept, not a copy for each contact.
        self._open = {number: number for number in numbers}
        self._all = len(self._open)
        self._on_found = on_found
        self._on_absent = on_absent

    def __len__(self) -> int:
        """How many numbers are still open."""
        return len(self._open)

    @property
    def open(self) -> list[str]:
        """The numbers of which nothing is known yet, in order."""
        return list(self._open)

    @property
    def decided(self) -> int:
        """How many are no longer open."""
        return self._all - len(self._open)

    def is_open(self, number: str) -> bool:
        """Whether nothing is known of it yet."""
        return number in self._open

    def read(self, at: datetime | None) -> None:
        """An answer came, with this time by Sent's clock: the earliest is how old all may be."""
        times = [each for each in (self.as_of, at) if each is not None]
        self.as_of = min(times, default=None)

    def see(self, contact: Contact, read_at: datetime | None) -> None:
        """Note a contact, if it was asked about."""
        number = "+" + "".join(filter(str.isdigit, contact.e164))
        if number not in self._open:
            return
        number = self._open.pop(number)
        said = verdicts(contact, read_at)
        self.found[number] = sighting = Sighting(
            contact.id,
            said,
            contact.opt_out or False,
            _lean(contact.updated_at or contact.created_at),
            said.whatsapp == "unknown" and is_young(contact, read_at),
        )
        self._on_found(number, sighting)

    def miss(self, number: str) -> None:
        """Sent says that this is no contact."""
        if number in self._open:
            del self._open[number]
            self.absent.append(number)
            self._on_absent(number)

    def miss_the_rest(self) -> None:
        """The whole address book was read: what is still open is no contact."""
        for number in self.open:
            self.miss(number)


def _lean(moment: datetime | None) -> datetime | None:
    """The same time; in UTC, without a time zone object of its own."""
    in_utc = moment is not None and moment.utcoffset() == timedelta(0)
    return moment.replace(tzinfo=UTC) if moment is not None and in_utc else moment
