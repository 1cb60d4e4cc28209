"""The benchmarks run, and measure nothing but right answers. No time is asserted here."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import JsonValue

from benchmarks.answers import Called, Tools
from benchmarks.emulated import Emulated, emulated
from benchmarks.pairs import in_turns
from benchmarks.pipe import VERSIONS, Conversation, started
from benchmarks.questions import Question, questions
from benchmarks.results import PACKAGES, Figure, Report, Row, Target, compared
from benchmarks.servers import COMMON, FLOOR, OURS, REFERENCE, ROOT, Server
from benchmarks.table import lines
from benchmarks.tokens import tokens
from tests.documentation import RESULTS

Structure = dict[str, JsonValue]
NUMBERS = "`check_phone_numbers`, 100 numbers, 500 contacts"
COMMAND = "`sent-mcp check`, 1,100 numbers, 500 contacts"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, str]:
    """A quick run of everything: what it wrote, and what it printed."""
    path = tmp_path_factory.mktemp("run") / "results.json"
    command = [sys.executable, "-m", "benchmarks", "--quick", "--json", str(path)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.stderr.count("Traceback"), done.returncode) == (0, 0), done.stderr
    return Report.model_validate_json(path.read_bytes()), done.stdout


@pytest.fixture(scope="module")
def rows(run: tuple[Report, str]) -> dict[tuple[str, str], Row]:
    """Its rows, by what was measured and in what."""
    return {(row.measure, row.unit): row for row in run[0].rows}


@pytest.fixture(scope="module")
def api() -> Iterator[Emulated]:
    """An emulated API in a process of its own."""
    with emulated(150) as api:
        yield api


@pytest.fixture
def reference(api: Emulated) -> Iterator[Conversation]:
    """The plain server, greeted."""
    with started(REFERENCE, api.environment()) as conversation:
        conversation.open()
        yield conversation


def done(server: Conversation, tool: str, arguments: Structure) -> Structure:
    """The structured result of a call that must not fail."""
    called = Called.model_validate(server.call(tool, arguments).result)
    assert not called.is_error, called.text
    assert called.structured is not None
    return called.structured


def test_every_benchmark_has_its_rows(run: tuple[Report, str]) -> None:
    counts: dict[str, int] = {}
    for row in run[0].rows:
        counts[row.benchmark] = counts.get(row.benchmark, 0) + 1
    check = counts.pop("check")
    assert counts == {"cold": 5, "call": 4, "throughput": 1, "memory": 2, "tokens": 9}
    assert check == 6


def test_one_benchmark_can_be_run_alone() -> None:
    command = [sys.executable, "-m", "benchmarks", "tokens", "--quick"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {line.split(" | ")[0] for line in printed.splitlines()[2:]} == {"| tokens"}


def test_what_is_written_is_what_is_printed(run: tuple[Report, str]) -> None:
    report, printed = run
    assert printed.splitlines() == [*lines(report.rows)]
    assert report.quick


def test_both_servers_and_the_floor_are_in_the_rows_that_compare_them(
    rows: dict[tuple[str, str], Row],
) -> None:
    row = rows["start to `tools/list`, 2025-11-25", "ms"]
    assert row.other is not None
    assert row.ratio is not None
    assert row.floor is not None
    assert (row.ours.runs, row.other.runs, row.ratio.runs, row.floor.runs) == (2, 2, 2, 2)


def test_the_recorded_run_has_the_rows_of_today(run: tuple[Report, str]) -> None:
    """Otherwise: `python -m benchmarks --json benchmarks/results.json`, on a quiet machine."""

    def names(report: Report) -> set[tuple[str, str, bool]]:
        alike = [row for row in report.rows if row.benchmark not in ("memory", "check")]
        return {(row.benchmark, row.measure, row.headline) for row in alike}

    recorded = Report.model_validate_json(RESULTS.read_text(encoding="utf-8"))
    assert names(recorded) == names(run[0])


def test_every_target_is_judged(run: tuple[Report, str]) -> None:
    judged = [row.met for row in run[0].rows if row.target]
    assert len(judged) == 16
    assert None not in judged


def test_the_machine_is_described_but_not_named(run: tuple[Report, str]) -> None:
    machine = run[0].machine
    assert set(PACKAGES) <= set(machine.packages)
    assert machine.processors >= 1
    assert not [word for word in run[0].model_dump_json().split('"') if word.startswith("/")]


def test_a_list_costs_as_many_requests_as_the_address_book_has_pages(
    rows: dict[tuple[str, str], Row],
) -> None:
    """Five, of 500 contacts, by the tool and by the command."""
    assert rows[NUMBERS, "requests"].ours.median == 5
    assert rows[COMMAND, "requests"].ours.median == 5


def test_one_call_per_number_costs_as_many_requests_as_numbers(
    rows: dict[tuple[str, str], Row],
) -> None:
    """And many times the tokens."""
    one_by_one = [rows[measure, "requests"].other for measure in (NUMBERS, COMMAND)]
    assert [figure and figure.median for figure in one_by_one] == [100, 1100]
    ratio = rows[NUMBERS, "tokens"].ratio
    assert ratio is not None
    assert ratio.median < 0.1


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("server", [OURS, REFERENCE], ids=lambda server: server.name)
def test_both_servers_answer_both_versions_of_the_protocol(
    server: Server, version: str, api: Emulated
) -> None:
    with started(server, api.environment(), version) as conversation:
        conversation.open()
        listed = Tools.model_validate(conversation.list_tools().result)
        assert [tool["name"] for tool in listed.named(*COMMON)] == [
            tool["name"] for tool in listed.tools if tool["name"] in COMMON
        ]
        for question in questions(api):
            question.read(conversation.call(question.tool, question.arguments).result)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_floor_lists_its_tools(version: str) -> None:
    with started(FLOOR, {}, version) as conversation:
        conversation.open()
        assert len(Tools.model_validate(conversation.list_tools().result).tools) == 1


def test_the_reference_creates_finds_changes_and_deletes(reference: Conversation) -> None:
    number = "+14155550911"
    made = done(reference, "create_contact", {"phone_number": number})
    found = done(reference, "find_contact_by_phone", {"phone_number": number})
    assert made["id"] == found["id"]
    changes: Structure = {"contact_id": made["id"], "opt_out": True}
    assert done(reference, "update_contact", changes)["opt_out"] is True
    assert done(reference, "delete_contact", {"contact_id": made["id"]}) == {"deleted": True}
    gone = reference.call("get_contact", {"contact_id": made["id"]}).result
    assert gone["isError"] is True


def test_the_reference_sends_and_filters(reference: Conversation) -> None:
    sent = done(reference, "send_message", {"to": ["+14155550102"], "text": "Hello"})
    assert sent["status"] == "QUEUED"
    page = done(reference, "list_contacts", {"search": "+14155550102", "channel": "whatsapp"})
    assert isinstance(page["contacts"], list)
    assert len(page["contacts"]) == 1


def test_many_calls_at_once_are_all_answered(reference: Conversation, api: Emulated) -> None:
    question, _ = questions(api)
    _, results = reference.call_many(question.tool, question.arguments, count=40, outstanding=16)
    assert len([question.read(result) for result in results]) == 40


def test_another_contact_is_no_answer() -> None:
    question = Question("get_contact", {}, "", lambda structure: [str(structure["id"])], ["one"])
    right: Structure = {"content": [{"text": "one"}], "structuredContent": {"id": "one"}}
    question.read(right)
    wrongs: list[Structure] = [
        {"structuredContent": {"id": "two"}},
        {"content": [{"text": "nobody"}]},
        {"isError": True},
    ]
    for wrong in wrongs:
        with pytest.raises(RuntimeError, match="get_contact"):
            question.read(right | wrong)


def test_a_server_that_ends_says_why() -> None:
    with pytest.raises(RuntimeError, match="floor ended: not a server"), started(FLOOR, {}) as one:
        one.call("get_contact", {})


def test_a_server_that_fails_at_its_end_is_no_measurement(tmp_path: Path) -> None:
    script = tmp_path / "failing.py"
    script.write_text("import sys; sys.stdin.read(); sys.exit('cannot close')")
    failing = Server("failing", (sys.executable, str(script)))
    ends = pytest.raises(RuntimeError, match="failing ended with 1: cannot close")
    with ends, started(failing, {}):
        pass


def test_sides_take_turns_and_warm_ups_do_not_count() -> None:
    order: list[str] = []

    def side(name: str) -> int:
        order.append(name)
        return len(order)

    found = in_turns([lambda: side("a"), lambda: side("b")], runs=2, warm_ups=1)
    assert order == ["a", "b"] * 3
    assert found == [[3, 5], [4, 6]]


def test_a_ratio_is_of_pairs_and_a_figure_of_runs() -> None:
    row = compared("call", "it", "ms", [1, 2, 9], [2, 4, 18], target=Target(limit=0.6, stretch=0.4))
    assert row.ours == Figure(median=2, quartiles=(1.5, 5.5), runs=3)
    assert row.ratio == Figure(median=0.5, quartiles=(0.5, 0.5), runs=3)
    assert row.met == "yes"


def test_a_target_is_met_missed_or_exceeded() -> None:
    low = Target(limit=20, stretch=10)
    assert [low.met_by(value) for value in (21, 20, 10)] == ["no", "yes", "stretch"]
    high = Target(limit=2, stretch=4, higher=True)
    assert [high.met_by(value) for value in (1.9, 2, 4)] == ["no", "yes", "stretch"]


def test_tokens_are_those_of_the_real_vocabulary() -> None:
    assert tokens("Which of these numbers are on WhatsApp?") == 9
    assert tokens("+14155550102") == 5
