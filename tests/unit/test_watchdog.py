"""Telling the service manager: states arrive, a loop that does not work gives no sign."""

import asyncio
import os
import socket
import threading
from collections.abc import Iterator

import pytest

from agent.watchdog import Notifier, Roll, interval_s, signs_of_life


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    name = f"storebox-watchdog-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(f"\0{name}")
        receiver.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        yield receiver


def test_states_arrive_and_children_do_not_inherit_the_socket(manager: socket.socket) -> None:
    Notifier.from_environment().tell("READY=1", "STATUS=here")
    assert manager.recv(100) == b"READY=1\nSTATUS=here"
    assert "NOTIFY_SOCKET" not in os.environ


def test_nobody_asked_and_nobody_listens_are_both_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    Notifier.from_environment().tell("READY=1")
    Notifier("@storebox-nobody").tell("READY=1")


@pytest.mark.parametrize(
    ("allowed", "meant_for", "expected"),
    [("30000000", "", 15.0), ("30000000", "this process", 15.0), ("30000000", "1", None), ("", "", None)],
)
def test_the_interval_is_half_of_what_is_allowed(
    allowed: str, meant_for: str, expected: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", allowed)
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()) if meant_for == "this process" else meant_for)
    assert interval_s() == expected


def test_only_work_gives_a_sign(manager: socket.socket) -> None:
    answers = iter([None, OSError("disk"), None])

    def works() -> None:
        answer = next(answers, None)
        if answer is not None:
            raise answer

    async def some_time() -> None:
        task = asyncio.create_task(signs_of_life(Notifier.from_environment(), 0.05, works))
        await asyncio.sleep(0.14)
        task.cancel()

    asyncio.run(some_time())
    manager.setblocking(False)
    signs = 0
    with pytest.raises(BlockingIOError):
        while manager.recv(100) == b"WATCHDOG=1":
            signs += 1
    assert signs == 2


def test_a_thread_that_died_is_named() -> None:
    """Only those of the kind that began after the roll's earlier ones are called."""
    ends = threading.Event()
    before = threading.Thread(target=ends.wait, name="printer of before", daemon=True)
    before.start()
    earlier = threading.enumerate()
    lives = threading.Thread(target=ends.wait, name="printer one", daemon=True)
    dies, other = (threading.Event() for _ in range(2))
    mortal = threading.Thread(target=dies.wait, name="scanner two", daemon=True)
    stranger = threading.Thread(target=other.wait, name="background", daemon=True)
    for thread in (lives, mortal, stranger):
        thread.start()
    roll = Roll(("printer ", "scanner "), earlier)
    roll.call()
    other.set()
    stranger.join()
    roll.call()
    dies.set()
    mortal.join()
    with pytest.raises(RuntimeError, match="scanner two"):
        roll.call()
    ends.set()
    lives.join()
    before.join()
    with pytest.raises(RuntimeError, match="printer one, scanner two"):
        roll.call()
