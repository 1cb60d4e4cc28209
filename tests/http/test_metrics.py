"""What Prometheus reads at `/metrics`: real scrapes of real servers, of one process and of two."""

import os
import signal
import time
from collections.abc import Container, Mapping
from pathlib import Path

import anyio
from prometheus_client.parser import text_string_to_metric_families

from sent_mcp import __version__
from tests.door import SEEDED
from tests.http.sites import ANNA, TOKENS, reaching, started
from tests.http.wire import MODERN, Site, request
from tests.serving.held import Gate, behind
from tests.serving.wire import Message

AUTHORIZATION = {"Authorization": f"Bearer {ANNA}"}
_AS_LONG_AS_IT_TAKES = 30
_OLD_ENOUGH = 5.5
"""Seconds after which a worker that dies is started again, and does not end the server."""


class Scrape:
    """One page, read as Prometheus reads it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._values = {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def value(self, name: str, **labels: str) -> float:
        """What is counted under these labels; nothing is 0."""
        return self._values.get((f"sent_mcp_{name}", *sorted(labels.items())), 0)

    def of(self, name: str) -> float:
        """The sum over all labels."""
        return sum(value for key, value in self._values.items() if key[0] == f"sent_mcp_{name}")


async def scraped(site: Site, fields: Mapping[str, str] | None = None) -> Scrape:
    """A page, on a connection of its own."""
    answer = await site.ask(request(fields=fields, method="GET", path="/metrics"))
    assert answer.status == 200, answer
    assert answer.fields["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.fields["cache-control"] == "no-store"
    return Scrape(answer.body.decode())


async def test_calls_and_requests_are_counted(home: Path, url: str) -> None:
    """By tool and outcome, by method and status; right after the answer."""
    with started(home, **reaching(url)) as site:
        client = site.client()
        found = await client.call("find_contact_by_phone", phone_number=SEEDED)
        contact = found["contact"]["id"]
        await client.call("get_contact", contact_id=contact)
        await client.refused("get_contact", contact_id="00000000-0000-4000-8000-000000000000")
        asked = await client.call("delete_contact", contact_id=contact)
        await client.call("delete_contact", contact_id=contact, confirmation_token="wrong")
        token = asked["confirmation_token"]
        await client.call("delete_contact", contact_id=contact, confirmation_token=token)
        await client.ask("tools/call", {"name": SEEDED, "arguments": {}})
        page = await scraped(site)
    calls = "tool_calls_total"
    assert page.value(calls, tool="find_contact_by_phone", outcome="ok") == 1
    assert page.value(calls, tool="get_contact", outcome="ok") == 1
    assert page.value(calls, tool="get_contact", outcome="error") == 1
    assert page.value(calls, tool="delete_contact", outcome="asked") == 1
    assert page.value(calls, tool="delete_contact", outcome="declined") == 1
    assert page.value(calls, tool="delete_contact", outcome="ok") == 1
    assert page.value(calls, tool="unknown", outcome="error") == 1
    assert page.of(calls) == 7
    assert page.value("tool_seconds_count", tool="get_contact") == 2
    assert 0 < page.value("tool_seconds_sum", tool="get_contact") < _AS_LONG_AS_IT_TAKES
    assert page.value("api_requests_total", method="DELETE", status="204") == 1
    assert page.value("api_requests_total", method="GET", status="404") == 1
    assert page.value("api_seconds_count") == page.of("api_requests_total")
    assert page.value("info", version=__version__) == 1


async def test_a_form_is_a_question_too(home: Path, url: str) -> None:
    """A host that can ask its user gets no token; the call is counted as asked all the same."""
    able: Message = {"io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}}}
    with started(home, **reaching(url)) as site:
        client = site.client(MODERN)
        contact = (await client.call("find_contact_by_phone", phone_number=SEEDED))["contact"]["id"]
        arguments = {"contact_id": contact}
        params: Message = {"name": "delete_contact", "arguments": arguments, "_meta": able}
        answer = await client.ask("tools/call", params)
        assert answer.result["resultType"] == "input_required"
        page = await scraped(site)
    assert page.value("tool_calls_total", tool="delete_contact", outcome="asked") == 1


async def test_http_requests_are_counted_by_known_paths(home: Path, url: str) -> None:
    """Whatever else is asked for has one name together, and the page does not count itself."""
    with started(home, **reaching(url)) as site:
        await site.client().ask("tools/list")
        for path in ("/healthz", "/readyz", "/nothing", f"/{SEEDED}", "/metrics/"):
            await site.get(path)
        await scraped(site)
        page = await scraped(site)
    requests = "http_requests_total"
    assert page.value(requests, path="/mcp", status="200") == 1
    assert page.value(requests, path="/healthz", status="200") == 1
    assert page.value(requests, path="/readyz", status="200") == 1
    assert page.value(requests, path="/metrics", status="200") == 1
    assert page.value(requests, path="other", status="404") == 3
    assert page.of(requests) == 7
    assert page.value("http_under_way") == 0


async def test_only_who_may_call_may_read(home: Path, url: str) -> None:
    """The same token, the same refusals; and there is nothing but to read."""
    with started(home, **reaching(url), **TOKENS) as site:
        for fields in ({}, {"Authorization": "Bearer wrong"}):
            refused = await site.ask(request(fields=fields, method="GET", path="/metrics"))
            assert refused.status == 401
            assert b"sent_mcp_" not in refused.body
            assert "www-authenticate" in refused.fields
        elsewhere = {**AUTHORIZATION, "Host": "evil.example"}
        assert (await site.ask(_get(elsewhere))).status == 421
        posted = await site.ask(request(b"{}", AUTHORIZATION, path="/metrics"))
        assert (posted.status, posted.fields["allow"]) == (405, "GET")
        page = await scraped(site, AUTHORIZATION)
    assert page.value("http_requests_total", path="/metrics", status="401") == 2


def _get(fields: Mapping[str, str]) -> bytes:
    return request(fields=fields, method="GET", path="/metrics")


async def test_nobody_is_in_it(home: Path, url: str) -> None:
    """No number, no id, no name and no token."""
    with started(home, **reaching(url), **TOKENS) as site:
        client = site.bearer(ANNA)
        found = await client.call("find_contact_by_phone", phone_number=SEEDED)
        await client.ask("tools/call", {"name": SEEDED, "arguments": {}})
        page = await scraped(site, AUTHORIZATION)
    for secret in (SEEDED[1:], SEEDED[2:], found["contact"]["id"], "anna", ANNA, "sk_test"):
        assert secret not in page.text


async def test_a_call_that_was_given_up_is_counted_as_cancelled(home: Path) -> None:
    """It was under way before; a client of 2026-07-28 cancels by hanging up."""
    gate = Gate()
    async with behind(gate) as variables:
        with started(home, **variables) as site:
            async with site.connected() as connection:
                await connection.say(site.client(MODERN).call_bytes("list_contacts"))
                await gate.arrived.wait()
                assert (await scraped(site)).value("http_under_way") == 1
            await gate.left.wait()
            with anyio.fail_after(_AS_LONG_AS_IT_TAKES):
                while not (page := await scraped(site)).of("tool_calls_total"):
                    pass
            assert page.value("tool_calls_total", tool="list_contacts", outcome="cancelled") == 1
            assert page.value("api_requests_total", method="GET", status="none") == 1
            assert page.value("http_requests_total", path="/mcp", status="none") == 1
            assert page.value("http_under_way") == 0


async def test_one_page_shows_all_workers(home: Path, url: str) -> None:
    """Whichever of them answers; their folder is gone when they are."""
    temporary = home / "tmp"
    temporary.mkdir()
    variables = {**reaching(url, home / "state"), "TMPDIR": str(temporary)}
    with started(home, "--workers", "2", **variables) as site:
        await _both_serve(site, temporary)
        for _ in range(20):
            await site.client().call("find_contact_by_phone", phone_number=SEEDED)
        pages = [await scraped(site) for _ in range(10)]
        site.signal(signal.SIGTERM)
        assert await site.ended() == 128 + signal.SIGTERM
    assert [page.of("tool_calls_total") for page in pages] == [20] * 10
    assert {page.value("api_requests_total", method="GET", status="200") for page in pages} == {20}
    assert pages[-1].value("http_requests_total", path="/metrics", status="200") == 9
    assert {page.value("info", version=__version__) for page in pages} == {1}
    assert list(temporary.iterdir()) == []


async def _both_serve(site: Site, temporary: Path, but: Container[int] = ()) -> list[int]:
    """Wait until two workers count that are none of these; their process ids."""
    with anyio.fail_after(_AS_LONG_AS_IT_TAKES):
        while len(found := [each for each in _serving(temporary) if each not in but]) < 2:
            await site.get("/healthz")
    return found


def _serving(temporary: Path) -> list[int]:
    files = temporary.glob("*/gauge_livesum_*.db")
    return [int(each.stem.rpartition("_")[2]) for each in files]


async def test_a_dead_workers_calls_are_not_under_way(home: Path) -> None:
    """What it had counted stays."""
    gate = Gate("")
    temporary = home / "tmp"
    temporary.mkdir()
    async with behind(gate) as variables:
        variables |= {"SENT_MCP_STATE": str(home / "state"), "TMPDIR": str(temporary)}
        with started(home, "--workers", "2", **variables) as site:
            workers = await _both_serve(site, temporary)
            began = time.monotonic()
            await site.client().call("find_contact_by_phone", phone_number=SEEDED)
            gate.close("GET /v3/contacts")
            async with site.connected() as connection:
                await connection.say(site.client().call_bytes("list_contacts"))
                await gate.arrived.wait()
                assert (await scraped(site)).value("http_under_way") == 1
                while time.monotonic() - began < _OLD_ENOUGH:
                    await scraped(site)
                for worker in workers:
                    os.kill(worker, signal.SIGKILL)
            await _both_serve(site, temporary, but=workers)
            page = await scraped(site)
    assert page.value("http_under_way") == 0
    assert page.value("tool_calls_total", tool="find_contact_by_phone", outcome="ok") == 1


async def test_a_folder_of_somebody_elses_is_left_alone(home: Path, url: str) -> None:
    """The variable may be there for another program."""
    folder = home / "others"
    folder.mkdir()
    with started(home, **reaching(url), PROMETHEUS_MULTIPROC_DIR=str(folder)) as site:
        await site.client().call("find_contact_by_phone", phone_number=SEEDED)
        assert (await scraped(site)).of("tool_calls_total") == 1
    assert list(folder.iterdir()) == []
