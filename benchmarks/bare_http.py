"""The emulated API asked by a client that does nothing else: what no server can be faster than."""

import http.client
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class BareHttp:
    """One connection that stays open."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(settings["SENT_BASE_URL"]).netloc)
        self._headers = {"x-api-key": settings["SENT_API_KEY"]}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._connection.close()

    def get(self, path: str) -> tuple[float, bytes]:
        """The seconds until a whole answer was there, and the answer."""
        began = time.perf_counter()
        self._connection.request("GET", path, headers=self._headers)
        response = self._connection.getresponse()
        body = response.read()
        seconds = time.perf_counter() - began
        if response.status != http.client.OK:
            raise RuntimeError(f"the emulated API answered {response.status}: {body.decode()}")
        return seconds, body


def per_second(settings: Mapping[str, str], path: str, *, count: int, connections: int) -> float:
    """How often the emulated API itself answers so many connections at once."""
    each = -(-count // connections)

    def ask() -> None:
        with BareHttp(settings) as bare:
            for _ in range(each):
                bare.get(path)

    threads = [threading.Thread(target=ask) for _ in range(connections)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return each * connections / (time.perf_counter() - began)
