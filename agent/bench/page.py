"""What an open till page does to a box: its files once, a live stream, and the state every few seconds."""

import threading
from types import TracebackType
from typing import Any, Self

import requests

STATE_EVERY_S = 3.0
TIMEOUT_S = 10.0


class Page:
    """A logged-in page, open from entering to leaving."""

    def __init__(self, url: str, staff: str, pin: str, till: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.trust_env = False
        self._closing = threading.Event()
        self._stream: requests.Response | None = None
        self._thread = threading.Thread(target=self._watch, name="page", daemon=True)
        self.fetched = 0
        login = {"staff": staff, "pin": pin, "till": till}
        answer = self._session.post(f"{url}/api/v1/session", json=login, headers={"Origin": url}, timeout=TIMEOUT_S)
        answer.raise_for_status()

    def __enter__(self) -> Self:
        self._session.get(self._url, timeout=TIMEOUT_S)
        self._stream = self._session.get(f"{self._url}/api/v1/live", stream=True, timeout=TIMEOUT_S)
        self._stream.raise_for_status()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._thread.join(TIMEOUT_S)
        if self._stream is not None:
            self._stream.close()
        self._session.close()

    def _watch(self) -> None:
        while not self._closing.is_set():
            self._get("state")
            self._get("catalog")
            self.fetched += 1
            self._closing.wait(STATE_EVERY_S)

    def _get(self, what: str) -> Any:
        answer = self._session.get(f"{self._url}/api/v1/{what}", timeout=TIMEOUT_S)
        answer.raise_for_status()
        return answer.json()
