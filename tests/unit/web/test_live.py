"""Live streams over a real server: every page hears, slow ones are dropped, and the server stops at once."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import uvicorn

from agent.services.shop import Shop
from agent.web import live
from agent.web.app import create_app
from agent.web.hub import QUEUE_MAX, Hub
from agent.web.server import Server
from tests.integration.running import wait_for
from tests.unit.web.conftest import PINS


@contextmanager
def serving(shop: Shop, hub: Hub) -> Iterator[tuple[str, Server, threading.Thread]]:
    """Serve a shop on a free port from a thread."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(create_app(shop, hub=hub), log_level="critical", timeout_graceful_shutdown=5)
    server = Server(config, hub)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", server, thread
    finally:
        server.should_exit = True
        thread.join(10)


@contextmanager
def logged_in(url: str, till: str = "1") -> Iterator[httpx.Client]:
    """The cashier's browser at a till."""
    with httpx.Client(base_url=url, headers={"Origin": url}, timeout=5, trust_env=False) as client:
        answer = client.post("/api/v1/session", json={"staff": "07", "pin": PINS["07"], "till": till})
        client.headers["X-Storebox-CSRF"] = answer.json()["csrf"]
        yield client


def next_event(lines: Iterator[str]) -> dict[str, Any]:
    for line in lines:
        if line.startswith("data: "):
            event: dict[str, Any] = json.loads(line.removeprefix("data: "))
            return event
    raise AssertionError("the stream ended")


def until_open(hub: Hub, streams: int = 1) -> None:
    deadline = time.monotonic() + 5
    while hub.streams != streams:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_page_hears_of_its_till_and_not_of_others(open_shop: Shop, hub: Hub) -> None:
    with serving(open_shop, hub) as (url, _, _), logged_in(url) as page, page.stream("GET", "/api/v1/live") as stream:
        lines = stream.iter_lines()
        until_open(hub)
        hub.publish("state", {"till": "2"})
        hub.publish("scan", {"till": "1", "action": "refused", "code": "item.unknown", "values": {"code": "77"}})
        event = next_event(lines)
        assert (event["kind"], event["error"]["code"]) == ("scan", "item.unknown")
        assert event["error"]["title"]["zh"]
        hub.publish("lamps", {})
        assert next_event(lines)["kind"] == "lamps"


def test_the_display_hears_that_something_is_new_and_nothing_else(open_shop: Shop, hub: Hub) -> None:
    with (
        serving(open_shop, hub) as (url, _, _),
        httpx.stream("GET", f"{url}/api/v1/display/1/live", trust_env=False) as stream,
    ):
        lines = stream.iter_lines()
        until_open(hub)
        hub.publish("scan", {"till": "1", "text": "secret"})
        hub.publish("state", {"till": "1"})
        assert next_event(lines) == {"kind": "state", "till": "1"}


def test_streams_need_a_session_and_end_with_it(open_shop: Shop, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "KEEP_ALIVE_S", 0.1)
    with serving(open_shop, hub) as (url, _, _):
        assert httpx.get(f"{url}/api/v1/live", trust_env=False).status_code == 401
        with logged_in(url) as page, page.stream("GET", "/api/v1/live") as stream:
            lines = stream.iter_lines()
            assert ": here" in (next(lines), next(lines), next(lines), next(lines))
            assert page.delete("/api/v1/session").status_code == 200
            assert all(not line.startswith("data:") for line in lines)


def test_posts_are_answered_while_many_pages_listen(open_shop: Shop, hub: Hub) -> None:
    with serving(open_shop, hub) as (url, _, _), logged_in(url) as page:
        streams = [page.stream("GET", "/api/v1/live") for _ in range(20)]
        for stream in streams:
            stream.__enter__()
        until_open(hub, 20)
        started = time.monotonic()
        assert page.post("/api/v1/basket/lines", json={"code": "D001"}).status_code == 200
        assert time.monotonic() - started < 2
        for stream in streams:
            stream.__exit__(None, None, None)


def test_the_server_stops_at_once_with_pages_open(open_shop: Shop, hub: Hub) -> None:
    with (
        serving(open_shop, hub) as (url, server, thread),
        logged_in(url) as page,
        page.stream("GET", "/api/v1/live") as stream,
    ):
        until_open(hub)
        started = time.monotonic()
        server.should_exit = True
        assert list(stream.iter_lines())[:1] == ["retry: 1000"]
        thread.join(10)
        assert time.monotonic() - started < 2


def test_a_slow_page_is_dropped_and_the_others_are_not() -> None:
    async def run() -> None:
        hub = Hub()
        slow, quick = hub.subscribe("1"), hub.subscribe("1")
        heard = 0
        for number in range(QUEUE_MAX + 1):
            hub.publish("state", {"number": number})
            await asyncio.sleep(0)
            heard += 1 if quick.queue.get_nowait() else 0
        assert slow.ended and not quick.ended
        assert heard == QUEUE_MAX + 1
        assert [event async for event in slow.events(0.1)] == []

    asyncio.run(run())


def test_publishing_to_a_loop_that_ended_is_no_error() -> None:
    hub = Hub()

    async def subscribe() -> None:
        hub.subscribe()

    asyncio.run(subscribe())
    hub.publish("state", {})
    assert hub.streams == 0


def test_a_closed_hub_ends_new_streams_too() -> None:
    async def run() -> None:
        hub = Hub()
        hub.close()
        assert [event async for event in hub.subscribe().events(0.1)] == []

    asyncio.run(run())


class ToldHub(Hub):
    """Says when the server began to stop."""

    def __init__(self) -> None:
        super().__init__()
        self.ended = threading.Event()

    def close(self) -> None:
        super().close()
        self.ended.set()


def test_who_was_taken_before_the_stop_is_answered(shop: Shop) -> None:
    """A restart under load: the connection is there, its request still on the way."""
    hub = ToldHub()
    with serving(shop, hub) as (url, server, thread):
        host, _, port = url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port))) as connection:
            wait_for(lambda: server.server_state.connections)
            server.should_exit = True
            assert hub.ended.wait(5)
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            connection.settimeout(5)
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        thread.join(10)
        assert not thread.is_alive()
