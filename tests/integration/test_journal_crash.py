"""Killed at any moment or out of disk: what was acknowledged is there, once, and the chain holds."""

import random
import subprocess
import sys
import threading
from pathlib import Path

from agent.store.connection import open_reader
from agent.store.verify import verify, verify_tail
from tests.unit.store.support import VIEWS, KeySigner, enrolled, noted, writer_on

ROUNDS = 6
ROOT = Path(__file__).parents[2]


def started(path: Path, *arguments: int) -> "subprocess.Popen[str]":
    """Start a trading process."""
    command = [sys.executable, "-m", "tests.unit.store.trading_child", str(path), *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def acknowledged(lines: list[str]) -> dict[str, int]:
    """Return key and number of every complete acknowledgement."""
    words = [line.split() for line in lines if line.endswith("\n")]
    return {line[2]: int(line[1]) for line in words if line[0] == "done"}


def check(path: Path, acks: dict[str, int]) -> None:
    """Compare what was acknowledged with what is there."""
    assert verify_tail(path).ok
    assert verify(path, VIEWS).ok
    reader = open_reader(path)
    stored = dict(reader.execute("SELECT key, CAST(answer AS INTEGER) FROM answer"))
    appended = reader.execute("SELECT count(*) FROM journal WHERE kind = 'test.summed'").fetchone()[0]
    counted = reader.execute("SELECT value FROM counter WHERE name = 'sale'").fetchone()
    reader.close()
    assert acks.items() <= stored.items()
    assert len(stored) == appended == (counted[0] if counted else 0)


def test_a_killed_box_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    path = enrolled(tmp_path, key=KeySigner())
    chance = random.Random(7)
    acks: dict[str, int] = {}
    for turn in range(ROUNDS):
        child = started(path, turn * 1_000_000)
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        killer = threading.Timer(chance.uniform(0.01, 0.25), child.kill)
        killer.start()
        lines = child.stdout.readlines()
        child.wait(10)
        killer.cancel()
        child.stdout.close()
        acks |= acknowledged(lines)
        check(path, acks)
    assert len(acks) > 20


def test_a_full_disk_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    path = enrolled(tmp_path, key=KeySigner())
    child = started(path, 0, 1_500_000)
    assert child.stdout is not None
    lines = child.stdout.readlines()
    child.wait(20)
    child.stdout.close()
    refused = [line.split()[1] for line in lines if line.startswith("refused")]
    assert refused
    assert set(refused) <= {"store.disk_full", "store.disk_fault", "store.unavailable", "store.commit_failed"}
    acks = acknowledged(lines)
    assert len(acks) > 20
    check(path, acks)
    writer = writer_on(path)
    writer.run(noted("room again"))
    writer.close()
    assert verify(path, VIEWS).ok
