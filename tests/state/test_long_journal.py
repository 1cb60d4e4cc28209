"""A state file in which a day of many sends is written down."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from sent_mcp.state import NewSend, SqliteState

FEW, MANY = 200, 20_000
MOST_SLOWER = 12.0
"""A hundred times as many sends; without an index each took more than a hundred times as long."""


def fill(file: Path, first: int, last: int, now: float) -> None:
    """Sends of three texts to a person each."""
    rows = [("mine", f"{n:064x}", f"m{n}", now, n, f"{n % 3:064x}") for n in range(first, last)]
    with closing(sqlite3.connect(file)) as database, database:
        database.executemany(
            "INSERT INTO messages (account, recipient, message_id, at, send, content)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            rows,
        )
        database.executemany(
            "INSERT INTO sends (account, body, idempotency_key, at, open)"
            " VALUES ('mine', ?, 'key', ?, 0)",
            [(row[1], now) for row in rows],
        )


async def fastest(state: SqliteState) -> float:
    """Seconds that the questions of one send take, the counting of the day left out."""
    found: list[float] = []
    for place in range(9):
        recipient = f"{place:064x}"
        began = time.perf_counter()
        assert await state.earlier("mine", f"{place % 3:064x}", [recipient])
        assert await state.last_to("mine", recipient)
        assert await state.last_to("mine", "nobody") is None
        assert await state.open_send("mine", "no such body") is None
        found.append(time.perf_counter() - began)
    return min(found)


async def test_a_send_looks_only_at_what_it_is_about(tmp_path: Path) -> None:
    """However much went out that day."""
    file, now = tmp_path / "state.sqlite", time.time()
    store = SqliteState(file)
    assert isinstance(await store.start_send(NewSend("else", "b", "c", ("a",), "k"), 9, []), int)
    fill(file, 0, FEW, now)
    before = await fastest(store)
    fill(file, FEW, MANY, now)
    after = await fastest(store)
    await store.aclose()
    assert after < MOST_SLOWER * before, (before, after)
