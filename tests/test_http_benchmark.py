"""The benchmark over HTTP counts right answers only, and leaves no process. No time is asserted."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from benchmarks import http_calls, http_processes
from benchmarks.emulated import KEY, emulated
from benchmarks.http_load import Found, Load, run
from benchmarks.http_questions import API, HANDSHAKE, MODERN, Asked
from benchmarks.http_servers import ours, reference, served
from benchmarks.http_wire import HOST, Numbered, WrongAnswerError, answer_in, message_in
from benchmarks.questions import questions
from benchmarks.sizes import QUICK

HEAD = b"HTTP/1.1 200 OK\r\nDate: now\r\nMcp-Session-Id: one\r\n"
ASKED = Asked(port=1, era=MODERN, contact="c", key="k")


@pytest.fixture(scope="module")
def api() -> Iterator[tuple[dict[str, str], Asked]]:
    """The settings that reach an emulated API, and a contact asked of it."""
    with emulated(150) as api:
        port = urlsplit(api.url).port
        assert port is not None
        (question, _) = questions(api)
        yield api.environment(), Asked(port, API, question.ids[0], KEY)


def found(asked: Asked, clients: int, server: int) -> Found:
    return asyncio.run(run(Load(asked, clients=clients, seconds=0.1, server=server)))


@pytest.mark.parametrize("command", [ours, reference])
def test_both_servers_answer_many_clients_in_both_eras(
    command: Callable[[int, int], Sequence[str]],
    api: tuple[dict[str, str], Asked],
    tmp_path: Path,
) -> None:
    settings, asked = api
    state = {"SENT_MCP_STATE": str(tmp_path / "state.sqlite")}
    with served(command, 2, {**settings, **state}) as server:
        for era in (HANDSHAKE, MODERN):
            result = found(replace(asked, port=server.port, era=era), 4, server.pid)
            assert len(result.milliseconds) >= 20
        assert server.memory() > 10
        assert len(http_processes.tree(server.pid, http_processes.running())) >= 2
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((HOST, server.port))


def test_the_api_itself_can_be_asked(api: tuple[dict[str, str], Asked]) -> None:
    assert len(found(api[1], 2, os.getpid()).milliseconds) >= 20


def test_a_contact_that_is_not_there_ends_the_run(api: tuple[dict[str, str], Asked]) -> None:
    nobody = replace(api[1], contact="00000000-0000-4000-8000-000000000000")
    with pytest.raises(BaseExceptionGroup) as raised:
        found(nobody, 2, os.getpid())
    assert raised.group_contains(WrongAnswerError, match="^404: ")


def test_every_case_has_its_rows() -> None:
    rows = [*http_calls.rows(QUICK)]
    assert Counter(row.unit for row in rows) == {"calls/s": 4, "ms": 8, "MB": 4, "%": 4}
    assert {row.measure for row in rows if row.note} == {
        row.measure for row in rows if "2 workers, 2025-11-25" in row.measure
    }
    assert all(row.other for row in rows)


def test_a_server_that_does_not_start_says_why() -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no such option')"]
    with ExitStack() as stack, pytest.raises(RuntimeError, match="no such option"):
        stack.enter_context(served(lambda port, workers: command, 1, {}))


def test_an_answer_is_whole_once_its_last_byte_is_there() -> None:
    whole = HEAD + b"Content-Length: 2\r\n\r\n{}"
    assert [answer_in(whole[:end]) for end in range(len(whole))] == [None] * len(whole)
    answer = answer_in(whole)
    assert answer is not None
    assert (answer.head.status, answer.head.session, answer.body) == (200, "one", b"{}")


def test_an_answer_in_chunks_is_whole_once_the_last_chunk_is_there() -> None:
    # The first chunk ends as the last one does.
    whole = HEAD + b"Transfer-Encoding: chunked\r\n\r\n7\r\n{}0\r\n\r\n\r\n2;x=y\r\nab\r\n0\r\n\r\n"
    assert [answer_in(whole[:end]) for end in range(len(whole))] == [None] * len(whole)
    answer = answer_in(whole)
    assert answer is not None
    assert answer.body == b"{}0\r\n\r\nab"


def test_more_than_one_answer_is_wrong() -> None:
    with pytest.raises(WrongAnswerError, match="more than one"):
        answer_in(HEAD + b"Content-Length: 2\r\n\r\n{}HTTP/1.1")


def test_the_last_message_of_a_stream_is_the_answer() -> None:
    events = b': ping\r\n\r\nevent: message\r\ndata: {"id":1}\r\n\r\ndata: {"id":2}\r\n\r\n'
    assert message_in(events) == {"id": 2}
    assert message_in(b'{"id":3}') == {"id": 3}
    with pytest.raises(WrongAnswerError, match="no message"):
        message_in(b"[]")


def test_an_id_is_replaced_and_nothing_else() -> None:
    numbered = Numbered.of(b'{"x":1000000,"id":1000000}', 1_000_000)
    assert numbered is not None
    assert numbered.with_id(1_000_001) == b'{"x":1000000,"id":1000001}'
    assert Numbered.of(b"{}", 1) is None


@pytest.mark.parametrize(
    "result",
    [
        '{"structuredContent":{"contact":{"id":"other"}}}',
        '{"structuredContent":{"id":"c"},"isError":true}',
        '{"content":[{"type":"text","text":"c"}]}',
    ],
)
def test_a_result_without_the_contact_is_wrong(result: str) -> None:
    with pytest.raises(WrongAnswerError):
        ASKED.check(f'{{"id":7,"result":{result}}}'.encode(), 7)


def test_a_result_with_the_contact_is_right_for_its_own_call() -> None:
    for shape in ('{"contact":{"id":"c"}}', '{"id":"c"}'):
        body = f'{{"id":7,"result":{{"structuredContent":{shape}}}}}'.encode()
        ASKED.check(body, 7)
        with pytest.raises(WrongAnswerError, match="not the contact"):
            ASKED.check(body, 8)


@pytest.mark.skipif(shutil.which("ps") is None, reason="there is no ps")
def test_processes_are_found_without_proc_too(monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-c", "input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
        here = http_processes.tree(os.getpid(), http_processes.running())
        monkeypatch.setattr(http_processes, "_PROC", Path("nowhere"))
        processes = http_processes.running()
        assert child.pid in here
        assert child.pid in http_processes.tree(os.getpid(), processes)
        assert http_processes.seconds([os.getpid()], processes) > 0
        child.communicate(b"\n")
