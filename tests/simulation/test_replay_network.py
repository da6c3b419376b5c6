"""The way to headquarters fails in every manner during a replay: trade goes on, and headquarters ends complete."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pysqlite3 import dbapi2 as sqlite3

from agent.replay.surroundings import Surroundings, program
from agent.store import views
from agent.store.verify import verify
from sync.hq.database import DATABASE_FILE
from sync.hq.office import Office
from tests.proxy import Proxy
from tests.surroundings import Around, Replay, around, new_replay, running, same_entries, some_baskets, summary_of

__all__ = ["around"]
PHASE_BASKETS = 45
FAULTS = ("refused", "black_hole", "slow", "garbage", "error_500", "cut")
SPEED_RATIO_MIN = 0.4
"""A fault of the network may not slow the counter: measured around 1, with room for a busy machine."""


def port_of(url: str) -> int:
    """Return the port of a URL."""
    return int(url.rsplit(":", 1)[1])


@pytest.fixture
def proxy(around: Around) -> Iterator[Proxy]:
    with Proxy(port_of(around.hq_url)) as made:
        yield made


def recorded(replay: Replay) -> int:
    """Return how many baskets are in the journal."""
    if not replay.journal.exists():
        return 0
    try:
        return int(replay.one("SELECT (SELECT count(*) FROM view_sale) + (SELECT count(*) FROM view_refund)"))
    except sqlite3.Error as error:
        print(f"not readable yet: {error}")
        return 0


def wait_for(replay: Replay, process: "object", baskets: int, timeout_s: float = 90) -> float:
    """Wait until so many baskets are recorded; return the seconds that it took."""
    start_s = time.monotonic()
    while recorded(replay) < baskets:
        assert time.monotonic() - start_s < timeout_s, f"{recorded(replay)} of {baskets} baskets"
        assert running(process), process.communicate()  # type: ignore[arg-type, attr-defined]
        time.sleep(0.02)
    return time.monotonic() - start_s


def wait_until(holds: Callable[[], bool], timeout_s: float = 60) -> None:
    """Wait until something is so."""
    end_s = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < end_s
        time.sleep(0.02)


def acknowledged(replay: Replay) -> int:
    """Return up to which entry the box knows headquarters to be."""
    return int(replay.one("SELECT coalesce((SELECT next_seq FROM receipt ORDER BY id DESC LIMIT 1), 1)")) - 1


@pytest.mark.slow
def test_no_fault_of_the_network_slows_the_counter(around: Around, proxy: Proxy, tmp_path: Path) -> None:
    phases = ("open", "open", *random.Random(1).sample(FAULTS, len(FAULTS)), "open")
    baskets = some_baskets(PHASE_BASKETS * (len(phases) + 1))
    replay = new_replay(around, tmp_path, baskets, hq_url=proxy.url)
    process = replay.start()
    wait_for(replay, process, 5)
    took_s: dict[str, list[float]] = {}
    for number, mode in enumerate(phases, 1):
        proxy.switch(mode)
        before = acknowledged(replay)
        took_s.setdefault(mode, []).append(wait_for(replay, process, 5 + PHASE_BASKETS * number))
        if mode not in ("open", "slow"):
            assert acknowledged(replay) - before <= 500  # at most what was under way
    speeds = {mode: len(times) * PHASE_BASKETS / sum(times) for mode, times in took_s.items()}
    print({mode: round(speed, 1) for mode, speed in speeds.items()})
    faulty = len(FAULTS) * PHASE_BASKETS / sum(sum(took_s[mode]) for mode in FAULTS)
    assert faulty >= SPEED_RATIO_MIN * speeds["open"]
    summary = summary_of(process)
    assert summary["completed"] + summary["refunded"] == len(baskets)
    assert summary["hq_acked"] == summary["journal_entries"]
    assert not list(same_entries(replay))
    assert verify(replay.journal, views).fault is None


def test_a_whole_replay_offline_reaches_headquarters_later(around: Around, proxy: Proxy, tmp_path: Path) -> None:
    baskets = some_baskets(40)
    replay = new_replay(around, tmp_path, baskets, hq_url=proxy.url)
    replay.finish("--limit", "1")
    proxy.switch("refused")
    summary = replay.finish("--no-drain")
    assert summary["completed"] + summary["refunded"] == 40
    assert summary["slips_printed"] == 40
    assert summary["hq_acked"] < summary["journal_entries"]
    proxy.switch("open")
    again = replay.finish()
    assert again["hq_acked"] == again["journal_entries"]
    assert not list(same_entries(replay))


def restored_hq(children: Surroundings, name: str, folder: Path) -> str:
    """Start headquarters on a state folder and return its URL."""
    line = children.start(name, [program("storebox-hq"), "serve", "--state", str(folder), "--port", "0"])
    return line.split()[-1]


@pytest.mark.slow
def test_headquarters_restored_from_an_older_backup(around: Around, tmp_path: Path) -> None:
    folder = tmp_path / "hq"
    folder.mkdir()
    with Surroundings(tmp_path) as first, Surroundings(tmp_path) as second:
        url = restored_hq(first, "first", folder)
        with closing(Office.open(folder)) as office, Proxy(port_of(url)) as proxy:
            own = Around(tmp_path, around.children, url, folder, around.wallet_url, office)
            replay = new_replay(own, tmp_path, some_baskets(260), hq_url=proxy.url)
            replay.options = ("--no-wallet",)
            process = replay.start()
            wait_for(replay, process, 60)
            backup = tmp_path / "backup.db"
            source, copy = sqlite3.connect(str(folder / DATABASE_FILE)), sqlite3.connect(str(backup))
            source.backup(copy)
            held = copy.execute("SELECT count(*) FROM entry").fetchone()[0]
            source.close()
            copy.close()
            wait_until(lambda: acknowledged(replay) > held)
            proxy.switch("refused")
            office.close()
            first.__exit__(None, None, None)
            for end in ("", "-wal", "-shm"):
                (folder / f"{DATABASE_FILE}{end}").unlink(missing_ok=True)
            backup.rename(folder / DATABASE_FILE)
            proxy.target = port_of(restored_hq(second, "second", folder))
            proxy.switch("open")
            summary = summary_of(process)
            assert summary["hq_acked"] == summary["journal_entries"]
            own.office = Office.open(folder)
            assert not list(same_entries(replay))
            own.office.close()
            back = replay.query("SELECT a.next_seq, b.next_seq FROM receipt a JOIN receipt b ON b.id = a.id + 1")
            assert any(after < before for before, after in back)
            assert replay.one("SELECT count(*) FROM journal WHERE kind = 'hq.rolled_back'") == 1
            assert verify(replay.journal, views).fault is None
